//! What is in a database.

mod mariadb;
mod parse;
mod postgres;
mod sqlite;

use nuages_orm::{Database, Dialect, raw};

use crate::schema::{Schema, Table};
use crate::{Op, Result};

/// What stands between the names of a list that comes as one text.
const SEPARATOR: char = '\u{1f}';

/// Reads the tables of a database, or of the schema that its connections are in: columns, constraints, indexes and comments. The record of the migrations
/// is none of them.
///
/// # Errors
///
/// The database's.
///
/// # Examples
///
/// ```
/// use nuages_orm::{Database, raw};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let db = Database::connect("sqlite::memory:").wait()?;
/// raw("CREATE TABLE book (id integer PRIMARY KEY, title text NOT NULL)").using(&db).execute().wait()?;
///
/// let schema = nuages_migrations::introspect(&db).wait()?;
/// assert_eq!(schema.tables["book"].columns[1].name, "title");
/// # Ok(())
/// # }
/// ```
pub fn introspect(database: &Database) -> Op<'static, Schema> {
    let database = database.clone();
    Op::new("introspect", async move {
        let mut schema = Schema::default();
        let tables = match database.dialect() {
            Dialect::Sqlite => sqlite::tables(&database).await?,
            Dialect::Postgres => postgres::tables(&database).await?,
            _ => mariadb::tables(&database).await?,
        };
        for table in tables {
            if table.name != crate::executor::RECORD {
                schema.tables.insert(table.name.clone(), table);
            }
        }
        Ok(schema)
    })
}

/// Whether there is a table of this name.
pub(crate) async fn table_exists(database: &Database, table: &str) -> Result<bool> {
    Ok(!column_names(database, table).await?.is_empty())
}

/// The columns of a table; none where it is not there.
pub(crate) async fn column_names(database: &Database, table: &str) -> Result<Vec<String>> {
    let sql = match database.dialect() {
        Dialect::Sqlite => "SELECT name FROM pragma_table_xinfo($1)",
        Dialect::Postgres => {
            "SELECT column_name::text FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1"
        }
        _ => {
            "SELECT CAST(column_name AS CHAR) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = $1"
        }
    };
    let rows: Vec<(String,)> = raw(sql).bind(table).using(database).fetch().await?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

/// The names in a list that comes as one text.
fn list(joined: &str) -> Vec<String> {
    if joined.is_empty() {
        return Vec::new();
    }
    joined.split(SEPARATOR).map(str::to_owned).collect()
}

/// The table of this name among those read so far.
fn table_of<'a>(tables: &'a mut [Table], name: &str) -> Option<&'a mut Table> {
    tables.iter_mut().find(|table| table.name == name)
}
