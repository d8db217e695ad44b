//! What a program is told from outside.

use std::env::{self, VarError};
use std::fmt;

/// What a program is told from outside: where to listen, which database to use and, with phase 2, everything about the application itself.
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
    /// The settings of the application, for `App::settings`; their variables begin with `NUAGES_`.
    #[cfg(feature = "phase2")]
    pub app: nuages_handler::Settings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            bind: "127.0.0.1:8000".to_owned(),
            database_url: "sqlite:db.sqlite3".to_owned(),
            #[cfg(feature = "phase2")]
            app: nuages_handler::Settings::default(),
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
        Self::check(Self::read(defaults, |name| env::var(name)))
    }

    /// What a TOML file says, and what the environment says instead of it.
    ///
    /// `bind` and `database_url` stand at the top of the file, beside the [settings of the application](nuages_handler::Settings).
    ///
    /// # Errors
    ///
    /// As [`from_env`](Self::from_env); where the file can't be read, or has a key that no setting has.
    #[cfg(feature = "phase2")]
    pub fn from_file(path: impl AsRef<std::path::Path>) -> Result<Self, SettingsError> {
        let mut reader = nuages_handler::SettingsReader::new().file(path).environment();
        let mut settings = Self::default();
        reader.value("", "bind", &mut settings.bind);
        reader.value("", "database_url", &mut settings.database_url);
        let (mut settings, mut mistakes) = Self::read_own(settings, |name| env::var(name));
        settings.app = reader.section(settings.app);
        if let Err(error) = reader.finish() {
            mistakes.extend_from_slice(error.mistakes());
        }
        Self::check((settings, mistakes))
    }

    fn check((settings, mistakes): (Self, Vec<String>)) -> Result<Self, SettingsError> {
        if mistakes.is_empty() {
            Ok(settings)
        } else {
            Err(SettingsError { mistakes })
        }
    }

    fn read(defaults: Self, get: impl Fn(&str) -> Result<String, VarError>) -> (Self, Vec<String>) {
        #[cfg_attr(
            not(feature = "phase2"),
            expect(unused_mut, reason = "phase 1 has no more settings")
        )]
        let (mut settings, mut mistakes) = Self::read_own(defaults, get);
        #[cfg(feature = "phase2")]
        {
            let mut reader = nuages_handler::SettingsReader::new().environment();
            settings.app = reader.section(settings.app);
            if let Err(error) = reader.finish() {
                mistakes.extend_from_slice(error.mistakes());
            }
        }
        (settings, mistakes)
    }

    fn read_own(defaults: Self, get: impl Fn(&str) -> Result<String, VarError>) -> (Self, Vec<String>) {
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
            #[cfg(feature = "phase2")]
            app: defaults.app,
        };
        (settings, mistakes)
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
        let read = |get: fn(&str) -> Result<String, VarError>| {
            Settings::check(Settings::read_own(Settings::default(), get))
        };
        let none = read(|_| Err(VarError::NotPresent)).unwrap();
        assert_eq!(none, Settings::default());
        let set = read(|name| Ok(name.to_lowercase())).unwrap();
        assert_eq!(
            (set.bind.as_str(), set.database_url.as_str()),
            ("bind", "database_url")
        );
        let empty = read(|_| Ok(" ".to_owned())).unwrap_err().to_string();
        assert!(
            empty.contains("`BIND`") && empty.contains("`DATABASE_URL`") && empty.contains("unset"),
            "{empty}"
        );
    }

    #[cfg(feature = "phase2")]
    #[test]
    fn a_file_has_all_settings_and_its_mistakes_are_told_together() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("shop.toml");
        std::fs::write(
            &file,
            "bind = \"0.0.0.0:80\"\nallowed_hosts = [\"example.com\"]\n[security]\nhsts = \"1h\"\n",
        )
        .unwrap();
        let settings = Settings::from_file(&file).unwrap();
        assert_eq!(settings.bind, "0.0.0.0:80");
        assert_eq!(settings.app.allowed_hosts, ["example.com"]);
        assert_eq!(settings.app.security.hsts.as_secs(), 3600);
        std::fs::write(&file, "bnd = \"x\"\nprepend_www = \"perhaps\"").unwrap();
        let error = Settings::from_file(&file).unwrap_err().to_string();
        assert!(
            error.contains("do you mean `bind`?") && error.contains("`prepend_www`"),
            "{error}"
        );
    }
}
