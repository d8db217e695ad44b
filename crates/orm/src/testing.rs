//! The models of the crate's own tests, by hand: what `#[model]` would make of a small bookshop.

#[cfg(feature = "sqlite")]
#[path = "../tests/common/mod.rs"]
pub(crate) mod common;

use crate::meta::{ColumnMeta, ModelMeta, OnDelete, RelationMeta};
use crate::query::{Expr, Operator, Select};
use crate::{Kind, Value};

pub(crate) static COUNTRY: ModelMeta = ModelMeta::new("Country", "country").columns(&[
    ColumnMeta::new("id", "id", Kind::BigInt).automatic(),
    ColumnMeta::new("name", "name", Kind::Text)
        .max_length(20)
        .unique(),
]);

pub(crate) static AUTHOR: ModelMeta = ModelMeta::new("Author", "author")
    .columns(&[
        ColumnMeta::new("id", "id", Kind::BigInt).automatic(),
        ColumnMeta::new("name", "name", Kind::Text)
            .max_length(120)
            .index(),
        ColumnMeta::new("country", "country_id", Kind::BigInt).references(&AUTHOR_COUNTRY),
    ])
    .relations(&[&AUTHOR_COUNTRY, &AUTHOR_BOOKS]);

pub(crate) static BOOK: ModelMeta = ModelMeta::new("Book", "book")
    .columns(&[
        ColumnMeta::new("id", "id", Kind::BigInt).automatic(),
        ColumnMeta::new("title", "title", Kind::Text).max_length(200),
        ColumnMeta::new("price", "price", Kind::Decimal).digits(8, 2),
        ColumnMeta::new("stock", "stock", Kind::Int).check("stock >= 0"),
        ColumnMeta::new("subtitle", "subtitle", Kind::Text).nullable(true),
        ColumnMeta::new("author", "author_id", Kind::BigInt).references(&BOOK_AUTHOR),
        ColumnMeta::new("editor", "editor_id", Kind::BigInt)
            .nullable(true)
            .references(&BOOK_EDITOR),
    ])
    .relations(&[&BOOK_AUTHOR, &BOOK_EDITOR])
    .unique_together(&[&["title", "author_id"]]);

pub(crate) static AUTHOR_COUNTRY: RelationMeta = RelationMeta::foreign_key(
    "country",
    || &AUTHOR,
    || &COUNTRY,
    "country_id",
    "id",
    OnDelete::Protect,
);
pub(crate) static AUTHOR_BOOKS: RelationMeta =
    RelationMeta::reverse("books", || &AUTHOR, || &BOOK, "id", "author_id");
pub(crate) static BOOK_AUTHOR: RelationMeta = RelationMeta::foreign_key(
    "author",
    || &BOOK,
    || &AUTHOR,
    "author_id",
    "id",
    OnDelete::Cascade,
);
pub(crate) static BOOK_EDITOR: RelationMeta = RelationMeta::foreign_key(
    "editor",
    || &BOOK,
    || &AUTHOR,
    "editor_id",
    "id",
    OnDelete::SetNull,
)
.nullable();

pub(crate) fn col(column: &'static str) -> Expr {
    over(&[], column)
}

pub(crate) fn over(path: &[&'static RelationMeta], column: &'static str) -> Expr {
    Expr::Column {
        path: path.into(),
        column,
    }
}

pub(crate) fn value(value: impl Into<Value>) -> Expr {
    Expr::Value(value.into())
}

pub(crate) fn binary(left: Expr, operator: Operator, right: Expr) -> Expr {
    Expr::Binary(Box::new(left), operator, Box::new(right))
}

pub(crate) fn eq(left: Expr, right: Expr) -> Expr {
    binary(left, Operator::Eq, right)
}

pub(crate) fn not(expr: Expr) -> Expr {
    Expr::Not(Box::new(expr))
}

/// `SELECT columns FROM model WHERE filter`
pub(crate) fn select(
    model: &'static ModelMeta,
    columns: impl IntoIterator<Item = Expr>,
    filter: Option<Expr>,
) -> Select {
    let mut select = Select::from(model);
    select.columns = columns.into_iter().collect();
    select.filter = filter;
    select
}
