//! MariaDB's errors as ours, by their numbers: <https://mariadb.com/kb/en/mariadb-error-code-reference/>.

use sqlx::mysql::MySqlDatabaseError;

use crate::Error;
use crate::error::Violation;

pub(super) fn from_sqlx(error: sqlx::Error) -> Error {
    let database = match &error {
        sqlx::Error::Database(database) => database.try_downcast_ref::<MySqlDatabaseError>(),
        sqlx::Error::Encode(_) | sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } => {
            return Error::statement(error);
        }
        // The stream is broken, or does not say what is expected: nothing can be read from it any more.
        _ => return Error::connection(error),
    };
    let Some(database) = database else {
        return Error::statement(error);
    };
    let message = database.message();
    let (violation, constraint, columns) = match database.number() {
        // `Duplicate entry '..' for key 'name'`
        1022 | 1062 | 1169 | 1586 => {
            let key = message.rsplit_once("for key ").map(|(_, key)| name(key));
            (Violation::Unique, key, Vec::new())
        }
        // `.. (`schema`.`table`, CONSTRAINT `name` FOREIGN KEY (`column`) REFERENCES ..`
        1216 | 1217 | 1451 | 1452 | 1557 => {
            let (constraint, columns) = foreign_key(message);
            (Violation::ForeignKey, constraint, columns)
        }
        // `Column 'name' cannot be null`, `Field 'name' doesn't have a default value`
        1048 | 1364 => (
            Violation::NotNull,
            None,
            quoted(message, '\'').into_iter().collect(),
        ),
        // `CONSTRAINT `name` failed for `schema`.`table``, and MySQL's own
        4025 => (Violation::Check, quoted(message, '`'), Vec::new()),
        3819 => (Violation::Check, quoted(message, '\''), Vec::new()),
        // A text that is too long for its column, or a number that is too large: SQLite's tables have checks for that.
        1264 | 1406 => (
            Violation::Check,
            None,
            quoted(message, '\'').into_iter().collect(),
        ),
        // Lock wait timeout, lock not available.
        1205 | 3572 => return Error::locked(error),
        1213 => return Error::deadlock(error),
        // Read by a newer transaction.
        1020 => return Error::serialization(error),
        1969 | 3024 => return Error::timeout(error),
        // The server ends the connection, or cannot serve it.
        1040 | 1053 | 1077..=1079 | 1152..=1161 | 1184 | 1226 | 1927 | 3169 | 4031 => {
            return Error::connection(error);
        }
        _ => return Error::statement(error),
    };
    let table = table(message);
    Error::integrity(violation, constraint, columns, Some(error.into())).with_table(table)
}

/// `'table.name'` or `'name'` without its quotes and table.
fn name(key: &str) -> String {
    let key = key.trim_matches('\'');
    key.rsplit_once('.').map_or(key, |(_, name)| name).to_owned()
}

/// The table in a message that names it as `schema`.`table`.
fn table(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("`.`")?;
    rest.split_once('`').map(|(table, _)| table.to_owned())
}

/// What stands in the first quotes.
fn quoted(message: &str, quote: char) -> Option<String> {
    message.split(quote).nth(1).map(str::to_owned)
}

fn foreign_key(message: &str) -> (Option<String>, Vec<String>) {
    let Some((_, rest)) = message.split_once("CONSTRAINT ") else {
        return (None, Vec::new());
    };
    let columns = rest
        .split_once("FOREIGN KEY (")
        .and_then(|(_, rest)| rest.split_once(')'));
    let columns = columns.map_or("", |(columns, _)| columns);
    let columns = columns.split(", ").map(|column| column.trim_matches('`'));
    (
        quoted(rest, '`'),
        columns
            .filter(|column| !column.is_empty())
            .map(str::to_owned)
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_from_messages() {
        assert_eq!(name("'book_title_uniq'"), "book_title_uniq");
        assert_eq!(name("'book.book_title_uniq'"), "book_title_uniq");
        assert_eq!(
            quoted("Column 'title' cannot be null", '\'').as_deref(),
            Some("title")
        );
        assert_eq!(
            table("CONSTRAINT `stock_check` failed for `shop`.`book`").as_deref(),
            Some("book")
        );
        assert_eq!(table("Duplicate entry '1' for key 'PRIMARY'"), None);
        let message = "Cannot add or update a child row: a foreign key constraint fails (`shop`.`book`, CONSTRAINT \
            `book_author_id_fk` FOREIGN KEY (`author_id`) REFERENCES `author` (`id`) ON DELETE CASCADE)";
        assert_eq!(
            foreign_key(message),
            (Some("book_author_id_fk".to_owned()), vec!["author_id".to_owned()])
        );
    }
}
