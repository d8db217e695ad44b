//! SQLite, compiled into the program: a blocking driver on rusqlite.

mod decimal;
mod error;
mod functions;
mod json;
mod row;
mod value;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use self::error::from_rusqlite;
use self::row::SqliteRow;
use self::value::Bound;
use super::{BlockingConnection, BlockingDriver, RowSink, Turns};
use crate::{Dialect, Error, Result, Value};

/// How long SQLite itself waits for a lock that another program holds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// As many prepared statements as sqlx keeps on a PostgreSQL connection.
const CACHED_STATEMENTS: usize = 100;

/// A SQLite database: a file, or one in memory that all connections of the driver share.
#[derive(Debug)]
pub(crate) struct SqliteDriver {
    path: String,
    /// A database in memory lives as long as a connection to it is open.
    anchor: Option<std::sync::Mutex<Connection>>,
}

impl SqliteDriver {
    /// From the part of the URL after `sqlite:`.
    pub(crate) fn from_url(rest: &str) -> Result<Self> {
        if let Some((_, options)) = rest.split_once('?') {
            return Err(Error::configuration(format!(
                "`?{options}`: a sqlite URL takes no options; write `sqlite:path/to/file.sqlite3` or `sqlite::memory:`"
            )));
        }
        if rest == ":memory:" {
            return Self::in_memory();
        }
        let path = rest.strip_prefix("//").unwrap_or(rest);
        if path.is_empty() {
            return Err(Error::configuration(
                "`sqlite:` needs a path: write `sqlite:path/to/file.sqlite3` or `sqlite::memory:`",
            ));
        }
        Ok(Self {
            path: path.to_owned(),
            anchor: None,
        })
    }

    fn in_memory() -> Result<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        // The leading slash makes it one database for all connections of the process that name it.
        let path = format!(
            "file:/nuages-{}?vfs=memdb",
            NUMBER.fetch_add(1, Ordering::Relaxed)
        );
        let anchor = open(&path)?;
        Ok(Self {
            path,
            anchor: Some(anchor.into()),
        })
    }
}

impl BlockingDriver for SqliteDriver {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn connect(&self) -> Result<Box<dyn BlockingConnection>> {
        let connection = open(&self.path)?;
        if self.anchor.is_none() {
            // Readers go on while one writes, and the file says so to every program that opens it.
            connection
                .pragma_update(None, "journal_mode", "wal")
                .map_err(from_rusqlite)?;
        }
        Ok(Box::new(SqliteConnection { connection }))
    }

    fn turns(&self) -> Turns {
        match self.anchor {
            // Without a log of its own beside it, a writer shuts out readers.
            Some(_) => Turns::OneWriterNoReaders,
            None => Turns::OneWriter,
        }
    }
}

fn open(path: &str) -> Result<Connection> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        // A connection is used by one thread at a time: its owner's.
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if path.starts_with("file:") {
        flags |= OpenFlags::SQLITE_OPEN_URI;
    }
    let connection = Connection::open_with_flags(path, flags).map_err(|error| {
        Error::connection(format!("the SQLite database {path} cannot be opened: {error}"))
    })?;
    prepare(&connection).map_err(from_rusqlite)?;
    Ok(connection)
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // A misspelt column in double quotes is an error, not a text.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    functions::register(connection)
}

struct SqliteConnection {
    connection: Connection,
}

impl SqliteConnection {
    fn prepared(&self, sql: &str, values: &[Value]) -> Result<rusqlite::CachedStatement<'_>> {
        let mut statement = self.connection.prepare_cached(sql).map_err(from_rusqlite)?;
        if statement.parameter_count() != values.len() {
            return Err(Error::statement(format!(
                "the statement has {} parameters, and {} values are bound",
                statement.parameter_count(),
                values.len()
            )));
        }
        for (index, value) in values.iter().enumerate() {
            let bound = Bound::try_from(value)?;
            statement
                .raw_bind_parameter(index + 1, bound)
                .map_err(from_rusqlite)?;
        }
        Ok(statement)
    }
}

impl BlockingConnection for SqliteConnection {
    fn fetch(&mut self, sql: &str, values: &[Value], sink: &mut dyn RowSink) -> Result<()> {
        let mut statement = self.prepared(sql, values)?;
        let mut refused = None;
        let mut rows = statement.raw_query();
        // To the end also where a row was refused: a statement that writes is only complete then.
        while let Some(row) = rows.next().map_err(from_rusqlite)? {
            if refused.is_none() {
                refused = sink.row(&SqliteRow::new(row)).err();
            }
        }
        refused.map_or(Ok(()), Err)
    }

    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64> {
        let mut statement = self.prepared(sql, values)?;
        if statement.column_count() > 0 {
            // Something like a PRAGMA, or a SELECT whose rows nobody wants.
            let mut rows = statement.raw_query();
            while rows.next().map_err(from_rusqlite)?.is_some() {}
            return Ok(0);
        }
        let changed = statement.raw_execute().map_err(from_rusqlite)?;
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }

    fn batch(&mut self, sql: &str) -> Result<()> {
        if sql == "ROLLBACK" && self.connection.is_autocommit() {
            // Some errors end the transaction by themselves.
            return Ok(());
        }
        self.connection.execute_batch(sql).map_err(from_rusqlite)
    }

    fn interrupt(&self) -> Option<Arc<dyn Fn() + Send + Sync>> {
        let handle = self.connection.get_interrupt_handle();
        Some(Arc::new(move || handle.interrupt()))
    }
}
