//! Settings from the environment and from a file.

#[cfg(feature = "toml")]
use std::path::Path;

use super::{ConfigError, ServerConfig};

/// What the variables of the environment begin with.
const PREFIX: &str = "NUAGES_SERVER_";

impl ServerConfig {
    /// The defaults, changed by the variables of the environment that begin with `NUAGES_SERVER_`.
    ///
    /// # Errors
    ///
    /// Names every variable of that beginning that is unknown or can't be used.
    pub fn from_environment() -> Result<Self, ConfigError> {
        Self::default().with_environment(environment())
    }

    /// These settings, changed by variables of which those count that begin with `NUAGES_SERVER_`.
    ///
    /// # Errors
    ///
    /// Names every variable of that beginning that is unknown or can't be used.
    pub fn with_environment(
        mut self,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut error = ConfigError::default();
        self.read_environment(variables, &mut error);
        self.checked(error)
    }

    fn read_environment(
        &mut self,
        variables: impl IntoIterator<Item = (String, String)>,
        error: &mut ConfigError,
    ) {
        for (variable, value) in variables {
            if let Some(key) = variable.strip_prefix(PREFIX) {
                self.read(&variable, &key.to_ascii_lowercase(), &[value], error);
            }
        }
    }

    fn read(&mut self, written: &str, key: &str, values: &[String], error: &mut ConfigError) {
        match self.set(key, values) {
            Some(Ok(())) => {}
            Some(Err(text)) => error.add(written, &text),
            None => {
                let near = Self::keys()
                    .map(|known| (distance(known, key), known))
                    .min()
                    .filter(|&(distance, _)| distance <= 3);
                match near {
                    Some((_, known)) => error.add(written, &format!("is unknown; did you mean `{known}`?")),
                    None => error.add(written, "is unknown"),
                }
            }
        }
    }

    fn checked(self, mut error: ConfigError) -> Result<Self, ConfigError> {
        if let Err(together) = self.check() {
            error.append(together);
        }
        error.or(self)
    }

    /// These settings, changed by the table `[server]` of a TOML text. Other tables are left to others.
    ///
    /// # Errors
    ///
    /// Names every key that is unknown or can't be used, or what is wrong with the TOML.
    #[cfg(feature = "toml")]
    pub fn with_toml(mut self, text: &str) -> Result<Self, ConfigError> {
        let mut error = ConfigError::default();
        self.read_toml(text, &mut error);
        self.checked(error)
    }

    /// The defaults, changed by a TOML file and then by the environment, as a program reads them at its start.
    ///
    /// # Errors
    ///
    /// Names everything that is wrong in both.
    #[cfg(feature = "toml")]
    pub fn load(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let path = path.as_ref();
        let mut config = Self::default();
        let mut error = ConfigError::default();
        match std::fs::read_to_string(path) {
            Ok(text) => config.read_toml(&text, &mut error),
            Err(io) => error.add(&path.display().to_string(), &format!("can't be read: {io}")),
        }
        config.read_environment(environment(), &mut error);
        config.checked(error)
    }

    #[cfg(feature = "toml")]
    fn read_toml(&mut self, text: &str, error: &mut ConfigError) {
        use toml::de::{DeTable, DeValue};

        let table = match DeTable::parse(text) {
            Ok(table) => table.into_inner(),
            Err(parse) => return error.add("server", &format!("is no TOML: {}", parse.message())),
        };
        let server = match table.get("server").map(toml::Spanned::get_ref) {
            Some(DeValue::Table(server)) => server,
            Some(_) => return error.add("server", "is a table: `[server]`"),
            None => return,
        };
        for (key, value) in server {
            let key = key.get_ref().as_ref();
            match texts(value.get_ref()) {
                Some(values) => self.read(&format!("server.{key}"), key, &values, error),
                None => error.add(
                    &format!("server.{key}"),
                    "is a text, a number, `true`, `false`, or a list of these",
                ),
            }
        }
    }
}

/// What isn't text has no place in a setting.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
}

/// A value of TOML as texts, as the environment would have it.
#[cfg(feature = "toml")]
fn texts(value: &toml::de::DeValue<'_>) -> Option<Vec<String>> {
    use toml::de::DeValue;

    Some(match value {
        DeValue::String(text) => vec![text.as_ref().to_owned()],
        DeValue::Integer(number) => vec![number.as_str().to_owned()],
        DeValue::Float(number) => vec![number.as_str().to_owned()],
        DeValue::Boolean(value) => vec![value.to_string()],
        DeValue::Array(values) => {
            let mut all = Vec::new();
            for value in values {
                all.append(&mut texts(value.get_ref())?);
            }
            all
        }
        DeValue::Datetime(_) | DeValue::Table(_) => return None,
    })
}

/// How many letters have to be changed to make one word of another.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.bytes().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, b) in other.bytes().enumerate() {
            let change = corner + usize::from(a != b);
            corner = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(corner + 1);
        }
    }
    row[other.len()]
}
