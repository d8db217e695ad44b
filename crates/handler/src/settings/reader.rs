//! Where settings come from: code, then files, then the environment.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use super::MASK;
use super::section::SettingsSection;
use super::value::{RawSetting, SettingValue};

/// What the names of variables begin with.
const PREFIX: &str = "NUAGES_";

/// Reads settings: what code has as the default, what a file says instead, and what the environment says instead of both.
///
/// The variable of the key `security.hsts` is `NUAGES_SECURITY_HSTS`. A variable that is almost called like a setting is a mistake; one that is like none is somebody
/// else's. A mistake ends nothing: [`finish`](Self::finish) tells all of them.
///
/// # Examples
///
/// ```
/// use nuages_handler::{Settings, SettingsReader};
///
/// let mut reader = SettingsReader::new().toml("shop.toml", "debugg = true\n[security]\nhsts = \"a year\"");
/// let settings = reader.section(Settings::default());
/// assert_eq!(
///     reader.finish().unwrap_err().to_string(),
///     "the settings have 2 mistakes\n  \
///      - `security.hsts` in shop.toml is \"a year\": expected a time such as `250ms`, `30s`, `5m`, `12h`, `365d`; a bare number is seconds\n  \
///      - `debugg` in shop.toml is no setting: do you mean `debug`?",
/// );
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "a reader does nothing until it reads a section"]
pub struct SettingsReader {
    values: BTreeMap<String, Entry>,
    known: Vec<String>,
    mistakes: Vec<String>,
}

#[derive(Clone)]
struct Entry {
    raw: RawSetting,
    /// The words for where it stands: "`debug` in shop.toml".
    place: String,
    used: bool,
}

/// A value may be a secret.
impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)
    }
}

impl SettingsReader {
    /// A reader that knows of nothing but defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes over what a TOML file says. That there is none is a mistake as well; see [`file_if_there`](Self::file_if_there).
    pub fn file(mut self, path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        match fs::read_to_string(path) {
            Ok(text) => self.toml(&path.display().to_string(), &text),
            Err(error) => {
                self.mistakes
                    .push(format!("{} can't be read: {error}", path.display()));
                self
            }
        }
    }

    /// Takes over what a TOML file says, if there is such a file.
    pub fn file_if_there(self, path: impl AsRef<Path>) -> Self {
        if path.as_ref().exists() {
            self.file(path)
        } else {
            self
        }
    }

    /// Takes over what a text in TOML says; `name` is what messages call it.
    pub fn toml(mut self, name: &str, text: &str) -> Self {
        match text.parse::<toml::Table>() {
            Ok(table) => self.table("", name, &table),
            Err(error) => {
                let line = error.span().map_or(1, |span| {
                    text[..span.start.min(text.len())].lines().count().max(1)
                });
                self.mistakes
                    .push(format!("{name}, line {line}, is no TOML: {}", error.message()));
            }
        }
        self
    }

    fn table(&mut self, prefix: &str, name: &str, table: &toml::Table) {
        for (field, value) in table {
            let key = Self::key(prefix, field);
            let raw = match value {
                toml::Value::Table(inner) => {
                    self.table(&key, name, inner);
                    continue;
                }
                toml::Value::Array(parts) => RawSetting::List(parts.iter().map(text_of).collect()),
                value => RawSetting::One(text_of(value)),
            };
            let place = format!("`{key}` in {name}");
            self.values.insert(
                key,
                Entry {
                    raw,
                    place,
                    used: false,
                },
            );
        }
    }

    /// Takes over what the environment says, in variables whose names begin with `NUAGES_`.
    pub fn environment(self) -> Self {
        self.variables(std::env::vars_os().filter_map(|(name, value)| {
            let name = name.into_string().ok()?;
            // A value that is no text is as much of a mistake as any other wrong value.
            Some((name, value.to_string_lossy().into_owned()))
        }))
    }

    /// Takes over variables as if they were the environment's.
    pub fn variables<K: AsRef<str>, V: Into<String>>(
        mut self,
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        for (name, value) in variables {
            let name = name.as_ref();
            let Some(rest) = name.strip_prefix(PREFIX) else {
                continue;
            };
            self.set(
                &variable_key(rest),
                &format!("the variable `{name}`"),
                value.into(),
            );
        }
        self
    }

    /// Takes over one value, of a variable with a name of its own for instance: `place` is what messages call it.
    pub fn set(&mut self, key: &str, place: &str, value: String) {
        let entry = Entry {
            raw: RawSetting::One(value),
            place: place.to_owned(),
            used: false,
        };
        self.values.insert(key.to_owned(), entry);
    }

    /// Notes a mistake that was found elsewhere, to be told with the others.
    pub fn mistake(&mut self, mistake: impl Into<String>) {
        self.mistakes.push(mistake.into());
    }

    /// Reads a section, with `defaults` for what nobody set.
    pub fn section<S: SettingsSection>(&mut self, mut defaults: S) -> S {
        defaults.read(self);
        defaults
    }

    /// The key of a field in a section.
    #[doc(hidden)]
    pub fn key(prefix: &str, field: &str) -> String {
        if prefix.is_empty() {
            field.to_owned()
        } else {
            format!("{prefix}.{field}")
        }
    }

    /// Reads one field.
    #[doc(hidden)]
    pub fn value<T: SettingValue>(&mut self, prefix: &str, field: &str, value: &mut T) {
        let key = Self::key(prefix, field);
        let from_variable = variable_key(&key.replace('.', "_"));
        // Of both the variable counts: it was looked at last.
        for name in [&key, &from_variable] {
            let Some(entry) = self.values.get_mut(name) else {
                continue;
            };
            entry.used = true;
            match T::from_raw(&entry.raw) {
                Some(read) => *value = read,
                None => {
                    let shown = match &entry.raw {
                        _ if T::SECRET => MASK.to_owned(),
                        RawSetting::One(text) => format!("{text:?}"),
                        RawSetting::List(parts) => format!("{parts:?}"),
                    };
                    self.mistakes
                        .push(format!("{} is {shown}: expected {}", entry.place, T::EXPECTED));
                }
            }
        }
        self.known.push(key);
    }

    /// Says what is wrong with all that was read, and with what no section has asked for.
    ///
    /// # Errors
    ///
    /// Where anything is: all of it at once.
    pub fn finish(mut self) -> Result<(), SettingsError> {
        for (key, entry) in self.values.iter().filter(|(_, entry)| !entry.used) {
            let of_variable = key.starts_with(VARIABLE);
            let spelled = |known: &String| {
                if of_variable {
                    variable_key(&known.replace('.', "_"))
                } else {
                    known.clone()
                }
            };
            let near = self
                .known
                .iter()
                .map(|known| (strsim::damerau_levenshtein(key, &spelled(known)), known))
                .min()
                .filter(|(distance, _)| *distance <= 3);
            // Others may have variables that begin so; what is almost a setting is meant to be one.
            if of_variable && near.is_none() {
                continue;
            }
            let mean = near.map_or_else(String::new, |(_, known)| {
                if of_variable {
                    format!(
                        ": do you mean `{PREFIX}{}`?",
                        known.replace('.', "_").to_uppercase()
                    )
                } else {
                    format!(": do you mean `{known}`?")
                }
            });
            self.mistakes.push(format!("{} is no setting{mean}", entry.place));
        }
        if self.mistakes.is_empty() {
            Ok(())
        } else {
            Err(SettingsError {
                mistakes: self.mistakes,
            })
        }
    }
}

/// Marks a key that came from a variable: `_` in its name may be a dot in the key.
const VARIABLE: &str = "$";

fn variable_key(name: &str) -> String {
    format!("{VARIABLE}{}", name.to_lowercase())
}

fn text_of(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Float(number) => number.to_string(),
        toml::Value::Boolean(value) => value.to_string(),
        toml::Value::Datetime(time) => time.to_string(),
        // What no setting is: a message about it shows it.
        toml::Value::Array(_) | toml::Value::Table(_) => format!("{value:?}"),
    }
}

/// What is wrong with the settings, all of it at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError {
    mistakes: Vec<String>,
}

impl SettingsError {
    /// Each mistake.
    pub fn mistakes(&self) -> &[String] {
        &self.mistakes
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mistakes.as_slice() {
            [mistake] => f.write_str(mistake),
            mistakes => {
                write!(f, "the settings have {} mistakes", mistakes.len())?;
                mistakes
                    .iter()
                    .try_for_each(|mistake| write!(f, "\n  - {mistake}"))
            }
        }
    }
}

impl std::error::Error for SettingsError {}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::settings::Settings;

    fn read(toml: &str, variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        let mut reader = SettingsReader::new()
            .toml("shop.toml", toml)
            .variables(variables.iter().copied());
        let settings = reader.section(Settings::default());
        reader.finish().map(|()| settings)
    }

    #[test]
    fn the_environment_overrules_the_file_and_the_file_the_code() {
        let toml = "debug = true\nallowed_hosts = [\"a.example\", \"b.example\"]\n[security]\nhsts = 60\n";
        let settings = read(
            toml,
            &[
                ("NUAGES_SECURITY_HSTS", "1h"),
                ("PATH", "/bin"),
                ("NUAGES_TEST_REDIS", "x"),
            ],
        )
        .unwrap();
        assert!(settings.debug);
        assert_eq!(settings.allowed_hosts, ["a.example", "b.example"]);
        assert_eq!(settings.security.hsts, Duration::from_secs(3600));
        assert!(settings.append_slash, "what nobody sets has its default");
    }

    #[test]
    fn every_mistake_is_told_with_its_place_and_what_is_expected() {
        let toml = "debug = \"perhaps\"\n[security]\nframe_options = \"never\"\nhst = 1\n[limits]\nbody = \"much\"\n[nothing]\nlike_it = 1\n";
        let error = read(
            toml,
            &[("NUAGES_DEBUGG", "1"), ("NUAGES_CSRF_COOKIE_SAME_SITE", "always")],
        )
        .unwrap_err();
        let all = error.to_string();
        for part in [
            "`debug` in shop.toml is \"perhaps\": expected `true` or `false`",
            "`security.frame_options` in shop.toml is \"never\": expected `DENY`, `SAMEORIGIN` or `off`",
            "`limits.body` in shop.toml is \"much\": expected a whole number",
            "`security.hst` in shop.toml is no setting: do you mean `security.hsts`?",
            "`nothing.like_it` in shop.toml is no setting",
            "the variable `NUAGES_DEBUGG` is no setting: do you mean `NUAGES_DEBUG`?",
            "the variable `NUAGES_CSRF_COOKIE_SAME_SITE` is \"always\": expected `strict`, `lax` or `none`",
        ] {
            assert!(all.contains(part), "{part}\n{all}");
        }
        assert_eq!(error.mistakes().len(), 7, "{all}");
    }

    #[test]
    fn what_is_no_toml_is_told_with_its_line() {
        let error = read("debug = true\nallowed_hosts = [", &[]).unwrap_err();
        assert!(
            error.to_string().starts_with("shop.toml, line 2, is no TOML: "),
            "{error}"
        );
    }

    #[test]
    fn secrets_are_in_no_message_and_in_no_debug_output() {
        let settings = read(
            "secret_key = \"swordfish\"\nsecret_key_fallbacks = [\"marlin\"]",
            &[],
        )
        .unwrap();
        assert_eq!(settings.secret_key.expose(), "swordfish");
        let shown = format!("{settings:?} {:?}", settings.known());
        assert!(
            !shown.contains("swordfish") && !shown.contains("marlin"),
            "{shown}"
        );
    }
}
