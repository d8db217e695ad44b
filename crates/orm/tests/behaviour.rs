//! The behaviour of models, querysets, transactions, hooks and hand-written SQL: one text each, run in both call styles on each database.

#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

#[allow(
    unused_imports,
    unused_macros,
    unreachable_pub,
    reason = "each test file uses what it needs"
)]
mod common;

#[path = "suite/related_models.rs"]
mod related;

use nuages_orm::prelude::*;
use nuages_orm::{BoxError, create_tables};

#[model]
#[derive(Eq, Hash)]
struct Country {
    id: i64,
    #[field(max_length = 80, unique)]
    name: String,
    #[relation(reverse = Author::country)]
    authors: Many<Author>,
}

#[model]
struct Author {
    id: i64,
    #[field(max_length = 120, db_index)]
    name: String,
    #[relation(on_delete = Protect)]
    country: ForeignKey<Country>,
    #[relation(reverse = Book::author)]
    books: Many<Book>,
    #[relation(reverse = Book::editor)]
    edited: Many<Book>,
}

#[model(ordering = [-published, title], unique_together = [[title, author]])]
struct Book {
    id: i64,
    #[field(max_length = 200)]
    title: String,
    subtitle: Option<String>,
    published: Date,
    #[field(default = Decimal::new(990, 2), max_digits = 8, decimal_places = 2)]
    price: Decimal,
    #[field(default = 0, check = "stock >= 0")]
    stock: i32,
    #[relation(on_delete = Cascade)]
    author: ForeignKey<Author>,
    #[relation(on_delete = SetNull)]
    editor: Option<ForeignKey<Author>>,
}

/// A user's method, on books in every loading state.
impl<S: Loading> Book<S> {
    fn shout(&self) -> String {
        self.title.to_uppercase()
    }
}

/// A loaded type by name, as a template's struct needs it.
fn line(book: &With<Book, book::author, With<Author, author::country>>) -> String {
    format!(
        "{} by {} ({})",
        book.shout(),
        book.author.name,
        book.author.country.name
    )
}

/// A name for a condition.
fn in_stock() -> Condition<Book> {
    Book::fields().stock.gt(0)
}

/// A tree, and every type of column.
#[model(table = "sheet_music")]
struct Sheet {
    id: i64,
    flag: bool,
    small: i16,
    medium: i32,
    large: i64,
    bonus: Option<i32>,
    float: f64,
    text: String,
    #[field(max_digits = 8, decimal_places = 2)]
    amount: Option<Decimal>,
    date: Date,
    time: Time,
    datetime: DateTime,
    moment: Timestamp,
    uuid: Uuid,
    bytes: Vec<u8>,
    json: serde_json::Value,
    tempo: Tempo,
    #[field(default = Tempo::Presto)]
    r#type: Option<Tempo>,
    #[serde(skip)]
    secret: Option<String>,
    #[serde(rename = "partOf")]
    #[relation(on_delete = Cascade)]
    parent: Option<ForeignKey<Self>>,
    #[relation(reverse = Sheet::parent)]
    parts: Many<Sheet>,
}

/// A type of the user's own.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
enum Tempo {
    Lento,
    Presto,
}

impl FieldType for Tempo {
    type Stored = String;

    fn to_stored(&self) -> String {
        format!("{self:?}").to_lowercase()
    }

    fn from_stored(stored: String) -> Result<Self, BoxError> {
        match stored.as_str() {
            "lento" => Ok(Tempo::Lento),
            "presto" => Ok(Tempo::Presto),
            other => Err(format!("no tempo is called {other}").into()),
        }
    }
}

/// A type that serde does not know: the model is no less a model.
#[derive(Clone, Debug, PartialEq)]
struct Opaque(i64);

impl FieldType for Opaque {
    type Stored = i64;

    fn to_stored(&self) -> i64 {
        self.0
    }

    fn from_stored(stored: i64) -> Result<Self, BoxError> {
        Ok(Self(stored))
    }
}

#[model]
struct Vault {
    id: i64,
    content: Opaque,
}

fn tables(db: &Database) -> Op<'static, ()> {
    create_tables(
        db,
        &[
            Book::meta(),
            Author::meta(),
            Country::meta(),
            Sheet::meta(),
            Vault::meta(),
        ],
    )
}

fn day(year: i16) -> Date {
    jiff::civil::date(year, 6, 1)
}

/// Two countries, three authors, five books.
macro_rules! shop {
    ($db:expr) => {{
        go!(tables($db))?;
        let belgium = go!(Country::create().name("Belgium"))?;
        let france = go!(Country::create().name("France"))?;
        let django = go!(Author::create().name("Django Reinhardt").country(&belgium))?;
        let stephane = go!(Author::create().name("Stéphane Grappelli").country(&france))?;
        let boris = go!(Author::create().name("Boris Vian").country(france.id))?;
        go!(Book::create()
            .title("Nuages")
            .published(day(1940))
            .author(&django)
            .stock(3)
            .editor(&boris))?;
        go!(Book::create()
            .title("Minor Swing")
            .published(day(1937))
            .author(&django)
            .subtitle("with Stéphane"))?;
        go!(Book::create()
            .title("Belleville")
            .published(day(1942))
            .author(&django)
            .stock(1))?;
        go!(Book::create()
            .title("Mon violon pour tout bagage")
            .published(day(1992))
            .author(&stephane)
            .stock(5))?;
        go!(Book::create()
            .title("L'Écume des jours")
            .published(day(1947))
            .author(&boris)
            .stock(2)
            .editor(&stephane))?;
        (django, stephane, boris)
    }};
}

/// The tests of a file, for `waited` and `awaited` alike.
macro_rules! backends {
    ($($name:ident)*) => {$(
        mod $name {
            use $crate::common::Backend;

            #[test]
            fn sqlite_file() {
                super::run(Backend::SqliteFile, super::super::$name);
            }

            #[test]
            fn sqlite_memory() {
                super::run(Backend::SqliteMemory, super::super::$name);
            }

            #[cfg(feature = "postgres")]
            #[test]
            fn postgres() {
                super::run(Backend::Postgres, super::super::$name);
            }

            #[cfg(feature = "mariadb")]
            #[test]
            fn mariadb() {
                super::run(Backend::MariaDb, super::super::$name);
            }
        }
    )*};
}

mod waited {
    macro_rules! each {
        ($query:expr, $($size:tt)*) => {
            $query.iter()$($size)*.collect::<Result<Vec<_>>>()
        };
    }

    macro_rules! go {
        ($op:expr) => {
            $op.wait()
        };
    }

    macro_rules! block {
        ($($body:tt)*) => {
            || { $($body)* }
        };
    }

    macro_rules! tests {
        ($(fn $name:ident($db:ident: Database) $body:block)*) => {
            $(fn $name($db: &Database) -> Result<()> $body)*

            mod run {
                use nuages_orm::{Database, Result};

                use crate::common::{Backend, with_database};

                fn run(backend: Backend, test: fn(&Database) -> Result<()>) {
                    with_database(backend, |options| options, |db| db.sync_scope(|| test(&db)).unwrap());
                }

                backends!($($name)*);
            }
        };
    }

    mod models {
        use super::super::*;

        include!("suite/models.rs");
    }

    mod computed {
        use super::super::*;

        include!("suite/computed.rs");
    }

    mod writes {
        use super::super::*;

        include!("suite/writes.rs");
    }

    mod prefetch {
        use super::super::*;

        include!("suite/prefetch.rs");
    }

    mod relations {
        use super::super::related::*;

        use nuages_orm::prelude::*;

        include!("suite/relations.rs");
    }

    mod subqueries {
        use super::super::*;

        include!("suite/subqueries.rs");
    }

    mod sets {
        use super::super::*;

        include!("suite/sets.rs");
    }

    mod dynamic {
        use super::super::*;

        include!("suite/dynamic.rs");
    }

    mod streams {
        use super::super::*;

        include!("suite/streams.rs");
    }

    mod transactions {
        use nuages_orm::Database;

        include!("suite/transactions.rs");
    }
}

mod awaited {
    macro_rules! each {
        ($query:expr, $($size:tt)*) => {{
            let mut stream = $query.stream()$($size)*;
            let mut all = Vec::new();
            loop {
                match stream.next().await {
                    None => break Ok(all),
                    Some(Ok(row)) => all.push(row),
                    Some(Err(error)) => break Err(error),
                }
            }
        }};
    }

    macro_rules! go {
        ($op:expr) => {
            $op.await
        };
    }

    macro_rules! block {
        ($($body:tt)*) => {
            async || { $($body)* }
        };
    }

    macro_rules! tests {
        ($(fn $name:ident($db:ident: Database) $body:block)*) => {
            $(fn $name($db: &Database) -> std::pin::Pin<Box<dyn Future<Output = Result<()>> + Send + '_>> {
                Box::pin(async move { $body })
            })*

            mod run {
                use std::pin::Pin;

                use nuages_orm::{Database, Result};

                use crate::common::{Backend, on_runtime, with_database};

                type Test = fn(&Database) -> Pin<Box<dyn Future<Output = Result<()>> + Send + '_>>;

                fn run(backend: Backend, test: Test) {
                    with_database(backend, |options| options, |db| on_runtime(db.scope(test(&db))).unwrap());
                }

                backends!($($name)*);
            }
        };
    }

    mod models {
        use super::super::*;

        include!("suite/models.rs");
    }

    mod computed {
        use super::super::*;

        include!("suite/computed.rs");
    }

    mod writes {
        use super::super::*;

        include!("suite/writes.rs");
    }

    mod prefetch {
        use super::super::*;

        include!("suite/prefetch.rs");
    }

    mod relations {
        use super::super::related::*;

        use nuages_orm::prelude::*;

        include!("suite/relations.rs");
    }

    mod subqueries {
        use super::super::*;

        include!("suite/subqueries.rs");
    }

    mod sets {
        use super::super::*;

        include!("suite/sets.rs");
    }

    mod dynamic {
        use super::super::*;

        include!("suite/dynamic.rs");
    }

    mod streams {
        use super::super::*;

        include!("suite/streams.rs");
    }

    mod transactions {
        use nuages_orm::Database;

        include!("suite/transactions.rs");
    }
}
