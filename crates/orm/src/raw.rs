//! SQL written by hand, with bound values.

use std::borrow::Cow;
use std::fmt;

use crate::database::{Database, Decode, Target};
use crate::driver::Call;
use crate::placeholders::{code, numbered, positional};
use crate::pool::Purpose;
use crate::{ColumnType, Dialect, Error, Op, Result, Row, Value};

/// SQL written by hand, for what querysets don't say.
///
/// The text is part of the program, so that nothing a user typed can get into it: values are bound, in the order of `$1`, `$2`, which mean the same on every
/// database. It joins the transaction around it like every other call.
///
/// # Examples
///
/// ```
/// use nuages_orm::{Database, Result, raw};
///
/// # fn main() -> Result<()> {
/// # let db = Database::connect("sqlite::memory:").wait()?;
/// # db.sync_scope(|| -> Result<()> {
/// raw("CREATE TABLE record (title text, year integer)").execute().wait()?;
/// raw("INSERT INTO record (title, year) VALUES ($1, $2)").bind("Nuages").bind(1940).execute().wait()?;
///
/// let rows: Vec<(String, i32)> = raw("SELECT title, year FROM record WHERE year < $1").bind(1950).fetch().wait()?;
/// assert_eq!(rows, [("Nuages".to_owned(), 1940)]);
/// # Ok(())
/// # })
/// # }
/// ```
pub fn raw(sql: &'static str) -> Raw {
    Raw {
        sql: Cow::Borrowed(sql),
        values: Vec::new(),
        using: None,
    }
}

/// As [`raw`], for a text that is put together while the program runs.
///
/// Whoever can write a part of it can do what they want with the database. Bind values, and let only names that you know in.
pub fn raw_trusted(sql: String) -> Raw {
    Raw {
        sql: Cow::Owned(sql),
        values: Vec::new(),
        using: None,
    }
}

/// A statement written by hand: see [`raw`].
#[derive(Clone)]
#[must_use = "a statement does nothing until it is fetched or executed"]
pub struct Raw {
    sql: Cow<'static, str>,
    values: Vec<Value>,
    using: Option<Database>,
}

impl Raw {
    /// Binds the next value.
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// In this database, and not the current one.
    pub fn using(mut self, database: &Database) -> Self {
        self.using = Some(database.clone());
        self
    }

    /// Runs it and gives its rows, as tuples of what their columns hold.
    ///
    /// # Errors
    ///
    /// The database's, and a decode error that names the column where the tuple has other types.
    pub fn fetch<R: FromRow>(self) -> Op<'static, Vec<R>> {
        Op::leaf("raw", async move {
            let Prepared {
                target,
                sql,
                values,
                purpose,
            } = prepare(self)?;
            let decode = Decode::new(R::from_row as DecodeRow<R>, None);
            let call = Call::rows(sql, values, Box::new(decode));
            let decoded: Decode<R, DecodeRow<R>> = target.rows(call, purpose).await?;
            Ok(decoded.into_rows())
        })
    }

    /// Runs it and gives the number of rows that it changed.
    ///
    /// # Errors
    ///
    /// The database's.
    pub fn execute(self) -> Op<'static, u64> {
        Op::leaf("raw", async move {
            let Prepared {
                target,
                sql,
                values,
                purpose,
            } = prepare(self)?;
            target.count(Call::count(sql, values), purpose).await
        })
    }
}

/// How a row becomes an `R`.
type DecodeRow<R> = fn(&dyn Row) -> Result<R>;

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Raw")
            .field("sql", &self.sql)
            .finish_non_exhaustive()
    }
}

/// A row as a Rust type: a tuple of column types, in the order of the columns.
#[diagnostic::on_unimplemented(
    message = "a row of hand-written SQL cannot become `{Self}`",
    label = "not a tuple of types that columns hold",
    note = "name a tuple, also for one column: `let rows: Vec<(i64,)> = raw(..).fetch().await?`"
)]
pub trait FromRow: Send + Sized + 'static {
    /// Decodes a row.
    ///
    /// # Errors
    ///
    /// A decode error that names the column.
    fn from_row(row: &dyn Row) -> Result<Self>;
}

macro_rules! tuple {
    ($($type:ident $index:tt),*) => {
        impl<$($type: ColumnType),*> FromRow for ($($type,)*) {
            fn from_row(row: &dyn Row) -> Result<Self> {
                const LENGTH: usize = [$($index),*].len();
                if row.len() != LENGTH {
                    return Err(Error::decode(
                        row.name(0),
                        format!("the row has {} columns, and {LENGTH} are expected", row.len()),
                    ));
                }
                Ok(($($type::from_row(row, $index)?,)*))
            }
        }
    };
}

tuple!(A 0);
tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);
tuple!(A 0, B 1, C 2, D 3, E 4);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);

/// A statement, as its database takes it.
struct Prepared {
    target: Target,
    sql: Cow<'static, str>,
    values: Vec<Value>,
    purpose: Purpose,
}

fn prepare(raw: Raw) -> Result<Prepared> {
    let target = Target::find(raw.using)?;
    let purpose = purpose(&raw.sql, target.is_pinned())?;
    let mut values = raw.values;
    let sql = match target.database.dialect() {
        Dialect::Sqlite => numbered(&raw.sql).map_or(raw.sql, Cow::Owned),
        Dialect::Postgres => raw.sql,
        Dialect::MariaDb => positional(&raw.sql, &mut values)?.map_or(raw.sql, Cow::Owned),
    };
    Ok(Prepared {
        target,
        sql,
        values,
        purpose,
    })
}

/// What a statement does, by its first word. Whatever is not known to read may write.
///
/// # Errors
///
/// The statement would change the connection for its next user. One that is pinned is made new before.
fn purpose(sql: &str, pinned: bool) -> Result<Purpose> {
    let words = code(sql);
    let mut words = words
        .split(|c: char| !c.is_ascii_alphabetic() && c != '_')
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_uppercase);
    let first = words.next().unwrap_or_default();
    match first.as_str() {
        "SELECT" | "VALUES" | "EXPLAIN" | "SHOW" | "TABLE" => Ok(Purpose::Read),
        "WITH" if !words.any(|word| matches!(word.as_str(), "INSERT" | "UPDATE" | "DELETE" | "MERGE")) => {
            Ok(Purpose::Read)
        }
        "BEGIN" | "START" | "COMMIT" | "END" | "ROLLBACK" | "ABORT" | "SAVEPOINT" | "RELEASE" => {
            Err(Error::configuration(format!(
                "`{first}` would leave the transaction of a pooled connection to its next user: use `atomic(..)`"
            )))
        }
        "SET" if !pinned && words.next().as_deref() != Some("LOCAL") => Err(Error::configuration(
            "`SET` would change a pooled connection for its next user: write `SET LOCAL ..` inside `atomic(..)`, or take a `pinned_connection(..)`",
        )),
        _ => Ok(Purpose::Write),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_write_waits_for_its_turn() {
        for sql in [
            "SELECT 1",
            " /* INSERT */ select 1",
            "WITH a AS (SELECT 1) SELECT * FROM a",
            "(SELECT 1)",
        ] {
            assert_eq!(purpose(sql, false).unwrap(), Purpose::Read, "{sql}");
        }
        for sql in [
            "INSERT INTO a VALUES (1)",
            "with a as (select 1) delete from b",
            "PRAGMA user_version = 3",
            "VACUUM",
        ] {
            assert_eq!(purpose(sql, false).unwrap(), Purpose::Write, "{sql}");
        }
    }

    #[test]
    fn what_would_outlive_the_call_is_refused() {
        for sql in [
            "BEGIN",
            "commit",
            "-- now\nROLLBACK",
            "SET search_path TO x",
            "savepoint a",
        ] {
            assert!(purpose(sql, false).unwrap_err().is_configuration(), "{sql}");
        }
        assert!(purpose("SET LOCAL statement_timeout = 5", false).is_ok());
    }
}
