//! The models of the suite on fields, constraints and indexes.

#![allow(dead_code, reason = "a field may only be read by the database")]

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::SignedDuration;
use nuages_orm::prelude::*;
use nuages_orm::validators::{Invalid, max_value, min_value};
use nuages_orm::{Json, now};

/// Integers and floating point of every width.
#[model]
pub(crate) struct Numbers {
    pub(crate) id: i64,
    pub(crate) tiny: i8,
    pub(crate) small: i16,
    pub(crate) medium: i32,
    pub(crate) large: i64,
    pub(crate) byte: u8,
    pub(crate) word: u16,
    pub(crate) dword: u32,
    pub(crate) qword: u64,
    pub(crate) single: f32,
    pub(crate) double: f64,
    #[field(max_digits = 15, decimal_places = 4)]
    pub(crate) exact: Decimal,
}

#[derive(Clone, Copy, Debug, PartialEq, FieldType, serde::Serialize, serde::Deserialize)]
pub(crate) enum Binding {
    HardCover,
    #[choice(value = "pb", label = "Paperback")]
    Paperback,
}

#[derive(Clone, Copy, Debug, PartialEq, FieldType, serde::Serialize, serde::Deserialize)]
#[repr(i16)]
pub(crate) enum Grade {
    Poor = -1,
    Good = 1,
    Mint,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Tuning {
    pub(crate) strings: Vec<String>,
    pub(crate) capo: Option<u8>,
}

/// Texts of every kind, and what is stored as one.
#[model]
pub(crate) struct Item {
    pub(crate) id: i64,
    #[field(slug, unique, error_messages(unique = "this slug is taken"))]
    pub(crate) slug: String,
    #[field(max_length = 20)]
    pub(crate) name: String,
    #[field(email, blank, default = "")]
    pub(crate) email: String,
    #[field(url)]
    pub(crate) url: Option<String>,
    #[field(file)]
    pub(crate) file: Option<String>,
    #[field(image, max_length = 30)]
    pub(crate) image: Option<String>,
    #[field(file_path)]
    pub(crate) path: Option<String>,
    #[field(default = "fr", choices = [("fr", "French"), ("Others", [("nl", "Dutch"), ("rom", "Romani")])])]
    pub(crate) language: String,
    #[field(default = Binding::HardCover)]
    pub(crate) binding: Binding,
    pub(crate) grade: Option<Grade>,
    pub(crate) address: Option<IpAddr>,
    pub(crate) bytes: Option<Vec<u8>>,
    pub(crate) tuning: Option<Json<Tuning>>,
    pub(crate) any: Option<serde_json::Value>,
    pub(crate) odd: Option<Json<BTreeMap<(u8, u8), u8>>>,
}

/// Times, and what gets them by itself.
#[model(get_latest_by = [-made])]
pub(crate) struct Moment {
    pub(crate) id: i64,
    pub(crate) span: SignedDuration,
    pub(crate) date: Option<Date>,
    pub(crate) time: Option<Time>,
    pub(crate) datetime: Option<DateTime>,
    pub(crate) moment: Option<Timestamp>,
    #[field(auto_now_add)]
    pub(crate) made: Timestamp,
    #[field(auto_now)]
    pub(crate) changed: DateTime,
    #[field(auto_now_add)]
    pub(crate) day: Date,
}

/// What the database fills in.
#[model(table = "invoices", comment = "what's owed")]
pub(crate) struct Invoice {
    pub(crate) id: i64,
    #[field(
        max_digits = 8,
        decimal_places = 2,
        db_column = "net_amount",
        db_comment = "without tax, it's said"
    )]
    pub(crate) net: Decimal,
    #[field(db_default = 2)]
    pub(crate) copies: i32,
    #[field(db_default = "it's new")]
    pub(crate) state: String,
    #[field(db_default = now())]
    pub(crate) sent: Timestamp,
    #[field(max_digits = 10, decimal_places = 2, generated = |i| i.net * Decimal::new(2, 0))]
    pub(crate) doubled: Decimal,
    #[field(generated = |i| i.copies + 1)]
    pub(crate) more: i32,
}

/// A column that is computed when it is read: PostgreSQL has these from version 18 on.
#[model]
pub(crate) struct Person {
    pub(crate) id: i64,
    pub(crate) first: String,
    pub(crate) last: Option<String>,
    #[field(max_length = 200, computed = |p| p.first.concat(" ").concat(p.last))]
    pub(crate) full: String,
}

#[model]
pub(crate) struct Folded {
    pub(crate) id: i64,
    #[field(db_collation = "NOCASE")]
    pub(crate) name: String,
}

/// Rules that every database keeps.
#[model(
    indexes = [index(title, -stock), index(|s| s.title.lower(), name = "shelf_folded"), index(stock, name = "shelf_full", condition = |s| s.stock.gt(5))],
    constraints = [
        unique(title, place, name = "shelf_once"),
        check(|s| s.stock.ge(0) & s.title.ne("it's"), name = "shelf_sane", message = "a shelf holds what is there"),
    ],
)]
pub(crate) struct Shelf {
    pub(crate) id: i64,
    #[field(max_length = 50)]
    pub(crate) title: String,
    pub(crate) place: i32,
    pub(crate) stock: i32,
}

/// Rules of rows that a condition or an expression picks: MariaDB has none.
#[model(constraints = [
    unique(title, name = "draft_open_once", condition = |d| d.open.eq(true)),
    unique(|d| d.title.concat(d.author), name = "draft_together"),
])]
pub(crate) struct Draft {
    pub(crate) id: i64,
    #[field(max_length = 50)]
    pub(crate) title: String,
    #[field(max_length = 50)]
    pub(crate) author: String,
    pub(crate) open: bool,
}

/// Rules that PostgreSQL alone has.
#[model(
    indexes = [index(data, using = Gin, opclasses = ["jsonb_path_ops"]), index(name, using = Hash), index(place, include = [name])],
    constraints = [
        unique(place, deferrable = Deferred, include = [name]),
        unique(name, nulls_distinct = false),
        exclude(|s| s.place, with = ["="], name = "seat_alone", using = BTree, condition = |s| s.place.gt(100)),
    ],
)]
pub(crate) struct Seat {
    pub(crate) id: i64,
    pub(crate) place: i32,
    #[field(max_length = 20)]
    pub(crate) name: Option<String>,
    pub(crate) data: Option<serde_json::Value>,
}

/// Somebody else's table.
#[model(table = "legacy_log", managed = false)]
pub(crate) struct LegacyLog {
    pub(crate) id: i64,
    pub(crate) line: String,
}

/// What is deleted is only hidden.
#[model(default_filter = |n| n.deleted.eq(false))]
pub(crate) struct Note {
    pub(crate) id: i64,
    pub(crate) text: String,
    #[field(default = false)]
    pub(crate) deleted: bool,
}

/// The project's own query-set methods.
pub(crate) trait NoteQueries {
    fn about(self, word: &str) -> Self;
}

impl NoteQueries for QuerySet<Note> {
    fn about(self, word: &str) -> Self {
        self.filter(|n| n.text.icontains(word))
    }
}

fn even(number: &i32) -> Result<(), Invalid> {
    if number % 2 == 0 {
        return Ok(());
    }
    Err(Invalid::new("even", format!("{number} is odd")))
}

/// What is checked before it is written.
#[model]
pub(crate) struct Checked {
    pub(crate) id: i64,
    #[field(validators = [min_value(10), even])]
    pub(crate) even: i32,
    #[field(max_digits = 5, decimal_places = 2)]
    pub(crate) price: Decimal,
    #[field(validators = [max_value(100)])]
    pub(crate) byte: u8,
    #[field(unique_for_date = day)]
    pub(crate) title: String,
    #[field(default = 0, unique_for_year = day)]
    pub(crate) slot: i32,
    pub(crate) day: Date,
}
