//! What is wrong with the settings, all of it at once.

use std::fmt;

/// Settings that can't be used: unknown keys, values of the wrong kind, values that don't go together.
///
/// All of them are named at once.
#[derive(Debug, Default)]
pub struct ConfigError {
    problems: Vec<(String, String)>,
}

impl ConfigError {
    /// The keys that something is wrong with, as they were written.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.problems.iter().map(|(key, _)| key.as_str())
    }

    pub(super) fn add(&mut self, key: &str, text: &str) {
        self.problems.push((key.to_owned(), text.to_owned()));
    }

    pub(super) fn append(&mut self, mut other: Self) {
        self.problems.append(&mut other.problems);
    }

    /// The value, if nothing is wrong.
    pub(super) fn or<T>(self, value: T) -> Result<T, Self> {
        if self.problems.is_empty() {
            Ok(value)
        } else {
            Err(self)
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server's settings can't be used: ")?;
        for (index, (key, text)) in self.problems.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}`{key}` {text}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}
