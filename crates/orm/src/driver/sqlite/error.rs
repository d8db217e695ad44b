//! SQLite's errors as ours.

use rusqlite::ErrorCode;
use rusqlite::ffi;

use crate::Error;
use crate::error::Violation;

pub(super) fn from_rusqlite(error: rusqlite::Error) -> Error {
    let (code, extended, message) = match &error {
        rusqlite::Error::SqliteFailure(failure, message) => (
            failure.code,
            failure.extended_code,
            message.as_deref().unwrap_or_default(),
        ),
        rusqlite::Error::SqlInputError { error, msg, .. } => (error.code, error.extended_code, msg.as_str()),
        _ => return Error::statement(error),
    };
    match code {
        ErrorCode::ConstraintViolation => {
            let violation = violation(extended, message);
            let (constraint, columns) = broken(message, violation);
            let table = table(message, violation);
            Error::integrity(violation, constraint, columns, Some(error.into())).with_table(table)
        }
        // A reader that would write, after somebody else did.
        ErrorCode::DatabaseBusy if extended == ffi::SQLITE_BUSY_SNAPSHOT => Error::serialization(error),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Error::locked(error),
        ErrorCode::OperationInterrupted => Error::timeout(error),
        ErrorCode::CannotOpen
        | ErrorCode::NotADatabase
        | ErrorCode::DatabaseCorrupt
        | ErrorCode::SystemIoFailure
        | ErrorCode::DiskFull
        | ErrorCode::PermissionDenied => Error::connection(error),
        _ => Error::statement(error),
    }
}

fn violation(extended: i32, message: &str) -> Violation {
    match extended {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => {
            Violation::Unique
        }
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => Violation::ForeignKey,
        // ON DELETE RESTRICT is a trigger inside SQLite.
        ffi::SQLITE_CONSTRAINT_TRIGGER if message.starts_with("FOREIGN KEY") => Violation::ForeignKey,
        ffi::SQLITE_CONSTRAINT_CHECK => Violation::Check,
        ffi::SQLITE_CONSTRAINT_NOTNULL => Violation::NotNull,
        _ => Violation::Other,
    }
}

/// The table in `UNIQUE constraint failed: book.title`.
fn table(message: &str, violation: Violation) -> Option<String> {
    let (_, what) = message.split_once("constraint failed: ")?;
    let named = matches!(violation, Violation::Unique | Violation::NotNull);
    let (table, _) = what.split_once('.').filter(|_| named)?;
    Some(table.to_owned())
}

/// What SQLite says of the broken constraint: `UNIQUE constraint failed: book.title, book.author_id`, `CHECK constraint failed: name`.
fn broken(message: &str, violation: Violation) -> (Option<String>, Vec<String>) {
    let Some((_, what)) = message.split_once("constraint failed: ") else {
        return (None, Vec::new());
    };
    match violation {
        Violation::Unique | Violation::NotNull => match what.strip_prefix("index ") {
            Some(index) => (Some(index.trim_matches('\'').to_owned()), Vec::new()),
            None => {
                let column = |name: &str| {
                    name.rsplit_once('.')
                        .map_or(name, |(_, column)| column)
                        .to_owned()
                };
                (None, what.split(", ").map(column).collect())
            }
        },
        _ => (Some(what.to_owned()), Vec::new()),
    }
}
