//! Takes CREATE TABLE and CREATE INDEX apart: SQLite keeps nothing else, and PostgreSQL tells no more of an index.

use crate::schema::{Check, ForeignKey, Index, Table, Unique};
use crate::text::{Token, tokens};

/// The tokens of a list in parentheses, without these, and the place after it.
fn group<'a>(tokens: &[Token<'a>], open: usize) -> (Vec<Token<'a>>, usize) {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.text() {
            "(" if matches!(token, Token::Other(_)) => depth += 1,
            ")" if matches!(token, Token::Other(_)) => {
                depth -= 1;
                if depth == 0 {
                    return (tokens[open + 1..at].to_vec(), at + 1);
                }
            }
            _ => {}
        }
    }
    (tokens.get(open + 1..).unwrap_or_default().to_vec(), tokens.len())
}

/// Parts between the commas that are in no parentheses.
fn split<'a>(tokens: &[Token<'a>]) -> Vec<Vec<Token<'a>>> {
    let mut parts = vec![Vec::new()];
    let mut depth = 0;
    for &token in tokens {
        if let Token::Other(text) = token {
            match text {
                "(" => depth += 1,
                ")" => depth -= 1,
                "," if depth == 0 => {
                    parts.push(Vec::new());
                    continue;
                }
                _ => {}
            }
        }
        if let Some(part) = parts.last_mut() {
            part.push(token);
        }
    }
    parts
}

fn text(tokens: &[Token<'_>]) -> String {
    let text: String = tokens.iter().map(Token::text).collect();
    text.trim().to_owned()
}

/// A condition as it is compared: without quotes that change nothing, and without more space than it needs.
pub(super) fn normalized(tokens: &[Token<'_>]) -> String {
    let mut out = String::new();
    for token in tokens {
        match token {
            Token::Space(_) => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            Token::Quoted(quoted) => {
                let name = token.name().unwrap_or_default();
                let is_plain = name
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
                    && !name.starts_with(|c: char| c.is_ascii_digit());
                out.push_str(if is_plain { &name } else { quoted });
            }
            _ => out.push_str(token.text()),
        }
    }
    out.trim().to_owned()
}

/// The names in a list of columns; what is no plain name has none.
fn names(tokens: &[Token<'_>]) -> Vec<String> {
    split(tokens)
        .iter()
        .filter_map(|part| part.iter().find_map(Token::name))
        .collect()
}

/// Reads tokens one after the other, without the space between them.
struct Reader<'t, 'a> {
    tokens: &'t [Token<'a>],
    at: usize,
}

impl<'a> Reader<'_, 'a> {
    fn peek(&mut self) -> Option<Token<'a>> {
        while matches!(self.tokens.get(self.at), Some(Token::Space(_))) {
            self.at += 1;
        }
        self.tokens.get(self.at).copied()
    }

    fn next(&mut self) -> Option<Token<'a>> {
        let token = self.peek()?;
        self.at += 1;
        Some(token)
    }

    fn take(&mut self, keyword: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.is(keyword));
        if found {
            self.at += 1;
        }
        found
    }

    fn name(&mut self) -> Option<String> {
        self.next()?.name()
    }

    fn group(&mut self) -> Option<Vec<Token<'a>>> {
        if self.peek()?.text() != "(" {
            return None;
        }
        let (inner, after) = group(self.tokens, self.at);
        self.at = after;
        Some(inner)
    }
}

/// Adds what CREATE TABLE of SQLite says of constraints, and which columns are counted up, computed, or compared by a rule of their own.
pub(super) fn constraints(sql: &str, table: &mut Table) {
    let all = tokens(sql);
    let Some(open) = all.iter().position(|token| token.text() == "(") else {
        return;
    };
    let (body, _) = group(&all, open);
    for item in split(&body) {
        let mut reader = Reader { tokens: &item, at: 0 };
        let name = if reader.take("CONSTRAINT") {
            reader.name()
        } else {
            None
        };
        let is_constraint = name.is_some()
            || ["PRIMARY", "UNIQUE", "CHECK", "FOREIGN"]
                .iter()
                .any(|keyword| reader.peek().is_some_and(|token| token.is(keyword)));
        if is_constraint {
            table_constraint(&mut reader, name.unwrap_or_default(), table);
        } else if let Some(column) = reader.name() {
            column_constraints(&mut reader, &column, table);
        }
    }
}

fn table_constraint(reader: &mut Reader<'_, '_>, name: String, table: &mut Table) {
    if reader.take("UNIQUE") {
        let columns = reader.group().map(|list| names(&list)).unwrap_or_default();
        table.uniques.push(Unique {
            name,
            columns,
            ..Unique::default()
        });
    } else if reader.take("CHECK") {
        let sql = reader.group().map(|list| normalized(&list)).unwrap_or_default();
        table.checks.push(Check { name, sql });
    } else if reader.take("FOREIGN") {
        reader.take("KEY");
        let columns = reader.group().map(|list| names(&list)).unwrap_or_default();
        if reader.take("REFERENCES") {
            references(reader, name, columns, table);
        }
    }
}

fn references(reader: &mut Reader<'_, '_>, name: String, columns: Vec<String>, table: &mut Table) {
    let Some(target) = reader.name() else { return };
    let to_columns = reader.group().map(|list| names(&list)).unwrap_or_default();
    let mut key = ForeignKey {
        name,
        columns,
        table: target,
        to_columns,
        on_delete: "NO ACTION".to_owned(),
    };
    loop {
        if reader.take("ON") {
            let is_delete = reader.take("DELETE");
            if !is_delete {
                reader.take("UPDATE");
            }
            let mut action = reader
                .next()
                .map(|token| token.text().to_uppercase())
                .unwrap_or_default();
            if matches!(action.as_str(), "SET" | "NO") {
                let second = reader.next().map(|token| token.text().to_uppercase());
                action = format!("{action} {}", second.unwrap_or_default());
            }
            if is_delete {
                key.on_delete = action;
            }
        } else if reader.take("NOT") || reader.take("DEFERRABLE") || reader.take("MATCH") {
            // They change nothing that is kept.
        } else if reader.take("INITIALLY") {
            reader.next();
        } else {
            break;
        }
    }
    table.foreign_keys.push(key);
}

fn column_constraints(reader: &mut Reader<'_, '_>, column: &str, table: &mut Table) {
    let mut name = String::new();
    while let Some(token) = reader.next() {
        let own = |name: &mut String| std::mem::take(name);
        if token.is("CONSTRAINT") {
            name = reader.name().unwrap_or_default();
        } else if token.is("UNIQUE") {
            table.uniques.push(Unique {
                name: own(&mut name),
                columns: vec![column.to_owned()],
                ..Unique::default()
            });
        } else if token.is("CHECK") {
            let sql = reader.group().map(|list| normalized(&list)).unwrap_or_default();
            table.checks.push(Check {
                name: own(&mut name),
                sql,
            });
        } else if token.is("REFERENCES") {
            references(reader, own(&mut name), vec![column.to_owned()], table);
        } else if token.is("AUTOINCREMENT") {
            if let Some(found) = table.columns.iter_mut().find(|found| found.name == column) {
                found.automatic = true;
            }
        } else if token.is("COLLATE") {
            let collation = reader.name();
            if let Some(found) = table.columns.iter_mut().find(|found| found.name == column) {
                found.collation = collation;
            }
        } else if token.is("AS") {
            let sql = reader.group().map(|list| text(&list)).unwrap_or_default();
            let stored = reader.take("STORED");
            if let Some(found) = table.columns.iter_mut().find(|found| found.name == column) {
                found.generated = Some((sql, stored));
            }
        } else if token.text() == "(" {
            // The length of a type, or a default.
            reader.at -= 1;
            reader.group();
        }
    }
}

/// An index, by the statement that makes it.
pub(super) fn index(sql: &str) -> Index {
    let all = tokens(sql);
    let mut reader = Reader { tokens: &all, at: 0 };
    let mut index = Index::default();
    reader.take("CREATE");
    index.unique = reader.take("UNIQUE");
    reader.take("INDEX");
    index.name = reader.name().unwrap_or_default();
    while let Some(token) = reader.peek() {
        if token.text() == "(" {
            break;
        }
        reader.next();
        if token.is("USING") {
            index.method = reader.name().filter(|method| method != "btree");
        }
    }
    let list = reader.group().unwrap_or_default();
    for part in split(&list) {
        let plain: Vec<&Token<'_>> = part
            .iter()
            .filter(|token| !matches!(token, Token::Space(_)))
            .collect();
        let is_column = match plain.as_slice() {
            [only] => only.name().is_some(),
            [first, second, ..] => first.name().is_some() && second.text() != "(",
            [] => false,
        };
        if is_column && let Some(name) = plain[0].name() {
            index.columns.push(name);
        }
        index.parts.push(normalized(&part));
    }
    if reader.take("INCLUDE") {
        index.include = reader.group().map(|list| names(&list)).unwrap_or_default();
    }
    if reader.take("WHERE") {
        let rest = normalized(&all[reader.at..]);
        // PostgreSQL puts the whole condition into parentheses.
        let inner = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        index.condition = Some(match inner {
            Some(inner) if !inner.contains([')', '(']) => inner.to_owned(),
            _ => rest,
        });
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_are_read_at_columns_and_at_the_table() {
        let mut table = Table::default();
        constraints(
            r#"CREATE TABLE "book" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, title varchar(20) CHECK (title <> ',)'),
               "author_id" bigint NOT NULL REFERENCES "author" ("id") ON UPDATE NO ACTION ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,
               CONSTRAINT "u" UNIQUE ("title", author_id), CONSTRAINT c CHECK ("stock"  >= 0),
               FOREIGN KEY (a, b) REFERENCES other (c, d))"#,
            &mut table,
        );
        assert_eq!(table.checks[0].sql, "title <> ',)'");
        assert_eq!(
            (table.checks[1].name.as_str(), table.checks[1].sql.as_str()),
            ("c", "stock >= 0")
        );
        assert_eq!(table.uniques[0].columns, ["title", "author_id"]);
        assert_eq!(table.foreign_keys[0].on_delete, "SET NULL");
        assert_eq!(table.foreign_keys[1].to_columns, ["c", "d"]);
    }

    #[test]
    fn indexes_are_read_from_their_statement() {
        let index = index(
            "CREATE UNIQUE INDEX i ON public.book USING gin (title DESC, lower(name), b text_ops) INCLUDE (c) WHERE (stock > 0)",
        );
        assert!(index.unique);
        assert_eq!(index.method.as_deref(), Some("gin"));
        assert_eq!(index.parts, ["title DESC", "lower(name)", "b text_ops"]);
        assert_eq!(index.columns, ["title", "b"]);
        assert_eq!(
            (index.include, index.condition.as_deref()),
            (vec!["c".to_owned()], Some("stock > 0"))
        );
    }
}
