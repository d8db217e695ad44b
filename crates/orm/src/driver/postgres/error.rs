//! PostgreSQL's errors as ours, by SQLSTATE.

use sqlx::postgres::PgDatabaseError;

use crate::Error;
use crate::error::Violation;

pub(super) fn from_sqlx(error: sqlx::Error) -> Error {
    let database = match &error {
        sqlx::Error::Database(database) => database.try_downcast_ref::<PgDatabaseError>(),
        sqlx::Error::Encode(_) | sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } => {
            return Error::statement(error);
        }
        // The stream is broken, or does not say what is expected: nothing can be read from it any more.
        _ => return Error::connection(error),
    };
    let Some(database) = database else {
        return Error::statement(error);
    };
    let violation = match database.code() {
        "23505" => Violation::Unique,
        "23503" | "23001" => Violation::ForeignKey,
        "23502" => Violation::NotNull,
        // The second is a text that is too long for its column: SQLite's tables have a check for that.
        "23514" | "22001" => Violation::Check,
        code if code.starts_with("23") => Violation::Other,
        "40001" => return Error::serialization(error),
        "40P01" => return Error::deadlock(error),
        "55P03" => return Error::locked(error),
        "57014" => return Error::timeout(error),
        // The server ends the connection, or cannot serve it.
        "25P03" | "25P04" | "53300" => return Error::connection(error),
        code if code.starts_with("08") || code.starts_with("57P") => return Error::connection(error),
        _ => return Error::statement(error),
    };
    let constraint = database.constraint().map(ToOwned::to_owned);
    let columns = match database.column() {
        Some(column) => vec![column.to_owned()],
        None => database.detail().map(key_columns).unwrap_or_default(),
    };
    let table = database.table().map(ToOwned::to_owned);
    Error::integrity(violation, constraint, columns, Some(error.into())).with_table(table)
}

/// The columns in `Key (title, author_id)=(..) already exists.`: the first parentheses, in every language of the server.
fn key_columns(detail: &str) -> Vec<String> {
    let columns = detail
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(")=("));
    match columns {
        Some((columns, _)) => columns
            .split(", ")
            .map(|name| name.trim_matches('"').to_owned())
            .collect(),
        None => Vec::new(),
    }
}
