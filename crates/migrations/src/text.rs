//! Names and pieces of SQL.

/// `OrderLine`: `order_line`, as `#[model]` names tables.
pub(crate) fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    let mut previous_lower = false;
    let chars: Vec<char> = name.chars().collect();
    for (index, c) in chars.iter().enumerate() {
        let next_lower = chars.get(index + 1).is_some_and(|next| next.is_lowercase());
        if c.is_uppercase() && index > 0 && (previous_lower || next_lower) && !snake.ends_with('_') {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
        previous_lower = c.is_lowercase() || c.is_numeric();
    }
    snake
}

/// A piece of SQL: a word, something quoted, or a single character.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Token<'a> {
    /// An identifier or a keyword, as it stands there.
    Word(&'a str),
    /// In double quotes or backticks, with these.
    Quoted(&'a str),
    /// A text in single quotes, with these.
    Literal(&'a str),
    /// Space and comments.
    Space(&'a str),
    /// Anything else.
    Other(&'a str),
}

impl<'a> Token<'a> {
    pub(crate) fn text(&self) -> &'a str {
        let (Self::Word(text)
        | Self::Quoted(text)
        | Self::Literal(text)
        | Self::Space(text)
        | Self::Other(text)) = *self;
        text
    }

    /// The name that it is, if it is one.
    pub(crate) fn name(&self) -> Option<String> {
        match self {
            Self::Word(word) => Some((*word).to_owned()),
            Self::Quoted(quoted) => {
                let inner = &quoted[1..quoted.len() - 1];
                Some(match quoted.as_bytes()[0] {
                    b'"' => inner.replace("\"\"", "\""),
                    b'`' => inner.replace("``", "`"),
                    _ => inner.to_owned(),
                })
            }
            _ => None,
        }
    }

    pub(crate) fn is(&self, keyword: &str) -> bool {
        matches!(self, Self::Word(word) if word.eq_ignore_ascii_case(keyword))
    }
}

/// Takes SQL apart. Together, the tokens are the text.
pub(crate) fn tokens<'a>(sql: &'a str) -> Vec<Token<'a>> {
    let mut tokens = Vec::new();
    let bytes = sql.as_bytes();
    let mut at = 0;
    while at < sql.len() {
        let start = at;
        let rest = &sql[at..];
        let first = rest.chars().next().unwrap_or(' ');
        let token: fn(&'a str) -> Token<'a> = if rest.starts_with("--") {
            at += rest.find('\n').unwrap_or(rest.len());
            Token::Space
        } else if rest.starts_with("/*") {
            at += rest.find("*/").map_or(rest.len(), |end| end + 2);
            Token::Space
        } else if first.is_whitespace() {
            at += first.len_utf8();
            Token::Space
        } else if matches!(first, '\'' | '"' | '`' | '[') {
            let end = if first == '[' { b']' } else { bytes[at] };
            at += 1;
            while at < sql.len() {
                if bytes[at] == end {
                    at += 1;
                    // A doubled quote is one of the text.
                    if first == '[' || bytes.get(at) != Some(&end) {
                        break;
                    }
                }
                at += 1;
            }
            at = at.min(sql.len());
            if first == '\'' || !sql[start..at].ends_with(end as char) || at - start < 2 {
                Token::Literal
            } else {
                Token::Quoted
            }
        } else if first.is_alphanumeric() || first == '_' {
            at += rest
                .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
                .unwrap_or(rest.len());
            Token::Word
        } else {
            at += first.len_utf8();
            Token::Other
        };
        tokens.push(token(&sql[start..at]));
    }
    tokens
}

/// A condition in which a column has another name.
pub(crate) fn rename_identifier(sql: &str, old: &str, new: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    for token in tokens(sql) {
        match token {
            Token::Word(word) if word == old => out.push_str(new),
            Token::Quoted(_) if token.name().as_deref() == Some(old) => out.push_str(&quoted(new)),
            _ => out.push_str(token.text()),
        }
    }
    out
}

/// A name in double quotes, which all three databases understand (MariaDB's sessions are set so).
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Several names, quoted, with commas between them.
pub(crate) fn quoted_list<S: AsRef<str>>(names: &[S]) -> String {
    let names: Vec<_> = names.iter().map(|name| quoted(name.as_ref())).collect();
    names.join(", ")
}

/// A text as a literal of SQL.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_named_as_by_the_macro() {
        for (name, table) in [
            ("Book", "book"),
            ("OrderLine", "order_line"),
            ("HTTPLog", "http_log"),
            ("A", "a"),
        ] {
            assert_eq!(snake_case(name), table);
        }
    }

    #[test]
    fn only_the_column_itself_is_renamed_in_a_condition() {
        let sql = r#"stock >= 0 AND "stock" <> 'stock' AND stock_max > stock -- stock"#;
        assert_eq!(
            rename_identifier(sql, "stock", "amount"),
            r#"amount >= 0 AND "amount" <> 'stock' AND stock_max > amount -- stock"#
        );
    }

    #[test]
    fn tokens_are_the_text() {
        let sql = "CREATE TABLE \"a\"\"b\" (x int /* , */ DEFAULT 'it''s', [y z] text)";
        let together: String = tokens(sql).iter().map(Token::text).collect();
        assert_eq!(together, sql);
    }
}
