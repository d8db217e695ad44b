//! Placeholders: `$1`, `$2` in the texts of users, `?1`, `?2` in those of the compiler, and what a database makes of them.

use crate::{Error, Result, Value};

/// The pieces of a statement.
enum Piece<'a> {
    /// Keywords, names, operators.
    Code(&'a str),
    /// Texts, quoted names and comments.
    Other(&'a str),
}

/// Takes a statement apart, so that what stands in quotes and comments is left alone.
fn pieces(sql: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = sql;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let start = rest.char_indices().find(|&(at, c)| {
            matches!(c, '\'' | '"' | '`') || rest[at..].starts_with("--") || rest[at..].starts_with("/*")
        });
        let (piece, length) = match start {
            None => (Piece::Code(rest), rest.len()),
            Some((0, c)) => {
                let length = other_length(rest, c);
                (Piece::Other(&rest[..length]), length)
            }
            Some((at, _)) => (Piece::Code(&rest[..at]), at),
        };
        rest = &rest[length..];
        Some(piece)
    })
}

/// How long the quoted text or comment is that `text` starts with.
fn other_length(text: &str, first: char) -> usize {
    let end = match first {
        '-' => text.find('\n').map(|at| at + 1),
        '/' => text.find("*/").map(|at| at + 2),
        // A doubled quote ends one text and starts the next one.
        quote => text[1..].find(quote).map(|at| at + 2),
    };
    end.unwrap_or(text.len())
}

/// The statement without its texts, quoted names and comments.
pub(crate) fn code(sql: &str) -> String {
    pieces(sql)
        .map(|piece| match piece {
            Piece::Code(code) => code,
            Piece::Other(_) => " ",
        })
        .collect()
}

/// The statement with `?1` for `$1`: to SQLite, `$1` is a name, numbered by where it comes first. `None` where there is none.
pub(crate) fn numbered(sql: &str) -> Option<String> {
    translate(sql, '$', |number, out| {
        out.push('?');
        out.push_str(number);
        Ok(())
    })
    .ok()
    .flatten()
}

/// The statement with `?` for `$1`, for a database that goes by their order, and the values in that order. `None` where there is none.
///
/// # Errors
///
/// A number has no value.
pub(crate) fn positional(sql: &str, values: &mut Vec<Value>) -> Result<Option<String>> {
    in_order(sql, '$', values)
}

/// As [`positional`], for the placeholders of the compiler.
pub(crate) fn compiled<T: Clone>(sql: &mut String, values: &mut Vec<T>) -> Result<()> {
    if let Some(text) = in_order(sql, '?', values)? {
        *sql = text;
    }
    Ok(())
}

fn in_order<T: Clone>(sql: &str, mark: char, values: &mut Vec<T>) -> Result<Option<String>> {
    let mut order = Vec::with_capacity(values.len());
    let text = translate(sql, mark, |number, out| {
        let index = number
            .parse::<usize>()
            .ok()
            .and_then(|number| number.checked_sub(1))
            .filter(|&index| index < values.len());
        let Some(index) = index else {
            let bound = values.len();
            return Err(Error::configuration(format!(
                "`{mark}{number}` has no value: {bound} were bound with `.bind(..)`"
            )));
        };
        order.push(index);
        out.push('?');
        Ok(())
    })?;
    let in_place = order.len() == values.len() && order.iter().enumerate().all(|(at, &index)| at == index);
    if text.is_some() && !in_place {
        *values = order.into_iter().map(|index| values[index].clone()).collect();
    }
    Ok(text)
}

/// The statement with each `mark` that a number follows written anew. `None` where there is none.
fn translate(
    sql: &str,
    mark: char,
    mut write: impl FnMut(&str, &mut String) -> Result<()>,
) -> Result<Option<String>> {
    if !sql.contains(mark) {
        return Ok(None);
    }
    let mut out = String::with_capacity(sql.len());
    for piece in pieces(sql) {
        match piece {
            Piece::Other(text) => out.push_str(text),
            Piece::Code(code) => {
                let mut rest = code;
                while let Some(at) = rest.find(mark) {
                    let (before, after) = rest.split_at(at);
                    out.push_str(before);
                    let after = &after[mark.len_utf8()..];
                    let digits = after.bytes().take_while(u8::is_ascii_digit).count();
                    match digits {
                        0 => out.push(mark),
                        _ => write(&after[..digits], &mut out)?,
                    }
                    rest = &after[digits..];
                }
                out.push_str(rest);
            }
        }
    }
    Ok(Some(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQL: &str = r#"SELECT $2, '$1', "a$1", 'it''s $1' /* $1 */ FROM t -- $1
            WHERE a = $1 OR b = $2"#;

    #[test]
    fn placeholders_are_translated_outside_of_texts_and_comments() {
        let expected = r#"SELECT ?2, '$1', "a$1", 'it''s $1' /* $1 */ FROM t -- $1
            WHERE a = ?1 OR b = ?2"#;
        assert_eq!(numbered(SQL).as_deref(), Some(expected));
        assert_eq!(numbered("SELECT 1"), None);
    }

    #[test]
    fn where_they_go_by_order_the_values_do_too() {
        let expected = r#"SELECT ?, '$1', "a$1", 'it''s $1' /* $1 */ FROM t -- $1
            WHERE a = ? OR b = ?"#;
        let mut values: Vec<Value> = vec![1.into(), 2.into()];
        assert_eq!(positional(SQL, &mut values).unwrap().as_deref(), Some(expected));
        assert_eq!(values, [Value::Int(2), Value::Int(1), Value::Int(2)]);
        let error = positional("SELECT $3", &mut values.split_off(1)).unwrap_err();
        assert!(
            error.to_string().contains("`$3` has no value: 2 were bound"),
            "{error}"
        );
    }
}
