//! What a program is told from outside.

use std::env::{self, VarError};
use std::fmt;

/// Where to listen, and which database to use. More comes with the crates that need it; each has its own section.
///
/// # Examples
///
/// ```
/// let settings = nuages::Settings { database_url: "sqlite::memory:".to_owned(), ..Default::default() };
/// assert_eq!(settings.bind, "127.0.0.1:8000");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `BIND`: the address that the server listens on. Default: `127.0.0.1:8000`, this machine alone.
    pub bind: String,
    /// `DATABASE_URL`: the default database. Default: `sqlite:db.sqlite3`, a file in the current folder.
    pub database_url: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            bind: "127.0.0.1:8000".to_owned(),
            database_url: "sqlite:db.sqlite3".to_owned(),
        }
    }
}

impl Settings {
    /// The environment's settings, with the defaults for what it does not set.
    ///
    /// # Errors
    ///
    /// Where a variable is set and empty, or not Unicode: all such mistakes at once.
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::from_env_or(Self::default())
    }

    /// The environment's settings, with a program's own defaults.
    ///
    /// # Errors
    ///
    /// As [`from_env`](Self::from_env).
    pub fn from_env_or(defaults: Self) -> Result<Self, SettingsError> {
        Self::read(defaults, |name| env::var(name))
    }

    fn read(defaults: Self, get: impl Fn(&str) -> Result<String, VarError>) -> Result<Self, SettingsError> {
        let mut mistakes = Vec::new();
        let mut read = |name: &'static str, default: String| match get(name) {
            Ok(value) if value.trim().is_empty() => {
                mistakes.push(format!(
                    "`{name}` is set, but empty: give it a value, or unset it for `{default}`"
                ));
                default
            }
            Ok(value) => value,
            Err(VarError::NotPresent) => default,
            Err(VarError::NotUnicode(_)) => {
                mistakes.push(format!("`{name}` is not valid Unicode"));
                default
            }
        };
        let settings = Self {
            bind: read("BIND", defaults.bind),
            database_url: read("DATABASE_URL", defaults.database_url),
        };
        if mistakes.is_empty() {
            Ok(settings)
        } else {
            Err(SettingsError { mistakes })
        }
    }
}

/// What is wrong with the settings, all of it at once.
#[derive(Debug)]
pub struct SettingsError {
    mistakes: Vec<String>,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.mistakes.join("\n"))
    }
}

impl std::error::Error for SettingsError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_set_has_a_default_and_every_mistake_is_told() {
        let none = Settings::read(Settings::default(), |_| Err(VarError::NotPresent)).unwrap();
        assert_eq!(none, Settings::default());
        let set = Settings::read(Settings::default(), |name| Ok(name.to_lowercase())).unwrap();
        assert_eq!(
            (set.bind.as_str(), set.database_url.as_str()),
            ("bind", "database_url")
        );
        let empty = Settings::read(Settings::default(), |_| Ok(" ".to_owned()))
            .unwrap_err()
            .to_string();
        assert!(
            empty.contains("`BIND`") && empty.contains("`DATABASE_URL`") && empty.contains("unset"),
            "{empty}"
        );
    }
}
