//! The types that a setting may have, and how each is read from text.

use std::fmt;
use std::time::Duration;

use super::MASK;
use crate::response::SameSite;

/// A value as a file or the environment has it, before it is known what it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RawSetting {
    /// One value, as text.
    One(String),
    /// A list, as only a file can have it; a variable lists values with commas between them.
    List(Vec<String>),
}

/// A type that a setting may have.
pub trait SettingValue: Sized {
    /// What is expected, for the message about a value that is something else.
    const EXPECTED: &'static str;

    /// Whether the value must not be shown.
    const SECRET: bool = false;

    /// Reads the value; `None` where it is something else.
    fn from_raw(raw: &RawSetting) -> Option<Self> {
        match raw {
            RawSetting::One(text) => Self::from_text(text.trim()),
            RawSetting::List(_) => None,
        }
    }

    /// Reads the value out of one text.
    fn from_text(text: &str) -> Option<Self>;

    /// The value as text, masked if it is a secret.
    fn show(&self) -> String;
}

/// A value that is shown nowhere: neither by `{:?}`, nor on the debug page, nor in a message about a mistake.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A secret.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// What it is, for whoever needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether nothing was set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for Secret {
    fn from(value: &str) -> Self {
        Self::new(value)
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self(value)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "(not set)" } else { MASK })
    }
}

impl SettingValue for Secret {
    const EXPECTED: &'static str = "a text";
    const SECRET: bool = true;

    fn from_text(text: &str) -> Option<Self> {
        Some(Self::new(text))
    }

    fn show(&self) -> String {
        format!("{self:?}")
    }
}

impl SettingValue for String {
    const EXPECTED: &'static str = "a text";

    fn from_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }

    fn show(&self) -> String {
        self.clone()
    }
}

impl SettingValue for bool {
    const EXPECTED: &'static str = "`true` or `false`";

    fn from_text(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Some(true),
            "false" | "0" | "no" | "off" => Some(false),
            _ => None,
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

macro_rules! numbers {
    ($($Number:ty, $expected:literal);* $(;)?) => {
        $(
            impl SettingValue for $Number {
                const EXPECTED: &'static str = $expected;

                fn from_text(text: &str) -> Option<Self> {
                    text.replace('_', "").parse().ok()
                }

                fn show(&self) -> String {
                    self.to_string()
                }
            }
        )*
    };
}
numbers! {
    u16, "a whole number up to 65535";
    u32, "a whole number";
    u64, "a whole number";
    usize, "a whole number";
    i64, "a whole number";
    f64, "a number";
}

const UNITS: [(&str, f64); 6] = [
    ("ms", 0.001),
    ("s", 1.0),
    ("m", 60.0),
    ("h", 3_600.0),
    ("d", 86_400.0),
    ("w", 604_800.0),
];

impl SettingValue for Duration {
    const EXPECTED: &'static str =
        "a time such as `250ms`, `30s`, `5m`, `12h`, `365d`; a bare number is seconds";

    fn from_text(text: &str) -> Option<Self> {
        let digits = text
            .find(|c: char| !(c.is_ascii_digit() || c == '.'))
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let number: f64 = number.parse().ok()?;
        let unit = match unit.trim() {
            "" => 1.0,
            unit => UNITS.iter().find(|(name, _)| *name == unit)?.1,
        };
        Self::try_from_secs_f64(number * unit).ok()
    }

    fn show(&self) -> String {
        let millis = self.as_millis();
        for (name, seconds) in UNITS.iter().rev() {
            // Units are whole numbers of milliseconds.
            let unit = (seconds * 1000.0) as u128;
            if millis > 0 && millis.is_multiple_of(unit) {
                return format!("{}{name}", millis / unit);
            }
        }
        "0s".to_owned()
    }
}

impl SettingValue for SameSite {
    const EXPECTED: &'static str = "`strict`, `lax` or `none`";

    fn from_text(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "strict" => Some(Self::Strict),
            "lax" => Some(Self::Lax),
            "none" => Some(Self::None),
            _ => None,
        }
    }

    fn show(&self) -> String {
        format!("{self:?}").to_ascii_lowercase()
    }
}

/// What is empty is `None`.
impl<T: SettingValue> SettingValue for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;
    const SECRET: bool = T::SECRET;

    fn from_text(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(None);
        }
        T::from_text(text).map(Some)
    }

    fn show(&self) -> String {
        self.as_ref().map(T::show).unwrap_or_default()
    }
}

/// In a variable, with commas between them.
impl<T: SettingValue> SettingValue for Vec<T> {
    const EXPECTED: &'static str = "a list; in a variable, with commas between its parts";
    const SECRET: bool = T::SECRET;

    fn from_raw(raw: &RawSetting) -> Option<Self> {
        match raw {
            RawSetting::One(text) => Self::from_text(text.trim()),
            RawSetting::List(parts) => parts.iter().map(|part| T::from_text(part.trim())).collect(),
        }
    }

    fn from_text(text: &str) -> Option<Self> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(T::from_text).collect()
    }

    fn show(&self) -> String {
        let parts: Vec<String> = self.iter().map(T::show).collect();
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        for (text, seconds) in [
            ("30", 30.0),
            ("250ms", 0.25),
            ("5m", 300.0),
            ("1.5h", 5400.0),
            ("365d", 31_536_000.0),
        ] {
            assert_eq!(
                Duration::from_text(text),
                Some(Duration::from_secs_f64(seconds)),
                "{text}"
            );
        }
        for text in ["", "m", "-1", "1y", "1e400", "five"] {
            assert_eq!(Duration::from_text(text), None, "{text}");
        }
        assert_eq!(Duration::from_secs(60 * 60 * 24 * 364).show(), "52w");
        assert_eq!(Duration::from_millis(1500).show(), "1500ms");
        assert_eq!(Duration::ZERO.show(), "0s");
    }

    #[test]
    fn a_secret_shows_nowhere() {
        let secret = Secret::from("swordfish");
        assert!(!format!("{secret:?} {:?} {}", Some(&secret), secret.show()).contains("swordfish"));
        assert_eq!(secret.expose(), "swordfish");
    }

    #[test]
    fn lists_are_read_from_files_and_from_variables() {
        let parts = || vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(
            Vec::from_raw(&RawSetting::One(" a, b,".to_owned())),
            Some(parts())
        );
        assert_eq!(Vec::from_raw(&RawSetting::List(parts())), Some(parts()));
        assert_eq!(Vec::<u16>::from_raw(&RawSetting::List(parts())), None);
    }
}
