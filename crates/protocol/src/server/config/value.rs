//! Values as text: how each kind of setting is read and written.

use std::{path::PathBuf, str::FromStr, time::Duration};

use crate::server::{AccessLog, BindAddress, ForwardedHeaders, TrustedPeers};

/// A value that can be read from the environment and from a file. An error is the end of a sentence that begins with the key.
pub(super) trait Setting: Sized {
    fn read(values: &[String]) -> Result<Self, String>;
    fn show(&self) -> String;
}

fn one(values: &[String]) -> Result<&str, String> {
    match values {
        [value] => Ok(value.trim()),
        _ => Err(format!("takes one value, not {}", values.len())),
    }
}

macro_rules! numbers {
    ($($type:ty)+) => {$(
        impl Setting for $type {
            fn read(values: &[String]) -> Result<Self, String> {
                let value = one(values)?;
                let bytes = bytes(value).ok_or_else(|| {
                    format!("takes a whole number, with a unit if it is a size (`64KiB`), not `{value}`")
                })?;
                Self::try_from(bytes).map_err(|_too_large| format!("is at most {}, not `{value}`", Self::MAX))
            }

            fn show(&self) -> String {
                self.to_string()
            }
        }
    )+};
}

numbers!(u32 u64 usize);

/// A number, which may have a unit of size.
fn bytes(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|char: char| char.is_ascii_alphabetic());
    let factor = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        _ => return None,
    };
    let digits: String = digits.trim_end().chars().filter(|&char| char != '_').collect();
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

impl Setting for bool {
    fn read(values: &[String]) -> Result<Self, String> {
        match one(values)?.to_ascii_lowercase().as_str() {
            "true" | "on" | "yes" | "1" => Ok(true),
            "false" | "off" | "no" | "0" => Ok(false),
            other => Err(format!("is `true` or `false`, not `{other}`")),
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Setting for Duration {
    fn read(values: &[String]) -> Result<Self, String> {
        let value = one(values)?;
        let digits = value.trim_end_matches(|char: char| char.is_ascii_alphabetic());
        let factor = match &value[digits.len()..] {
            "" | "s" => 1.0,
            "ms" => 0.001,
            "m" | "min" => 60.0,
            "h" => 3600.0,
            _ => f64::NAN,
        };
        let seconds = digits.trim_end().parse::<f64>().unwrap_or(f64::NAN) * factor;
        Self::try_from_secs_f64(seconds).map_err(|_| {
            format!("is a time, in seconds or with a unit (`500ms`, `30`, `2min`), not `{value}`")
        })
    }

    fn show(&self) -> String {
        if self.subsec_nanos() == 0 {
            self.as_secs().to_string()
        } else {
            format!("{}ms", self.as_secs_f64() * 1000.0)
        }
    }
}

impl Setting for String {
    fn read(values: &[String]) -> Result<Self, String> {
        one(values).map(str::to_owned)
    }

    fn show(&self) -> String {
        self.clone()
    }
}

/// Mode bits, in octal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode(pub u32);

impl From<u32> for Mode {
    fn from(bits: u32) -> Self {
        Self(bits)
    }
}

impl Setting for Mode {
    fn read(values: &[String]) -> Result<Self, String> {
        let value = one(values)?;
        u32::from_str_radix(value.trim_start_matches("0o"), 8)
            .ok()
            .filter(|&bits| bits <= 0o777)
            .map(Self)
            .ok_or_else(|| format!("is the mode of a file in octal (`660`), not `{value}`"))
    }

    fn show(&self) -> String {
        format!("{:o}", self.0)
    }
}

impl Setting for Option<PathBuf> {
    fn read(values: &[String]) -> Result<Self, String> {
        one(values).map(|value| (!value.is_empty()).then(|| value.into()))
    }

    fn show(&self) -> String {
        self.as_ref()
            .map(|path| path.display().to_string())
            .unwrap_or_default()
    }
}

/// A list may come as one text with commas.
fn items(values: &[String]) -> impl Iterator<Item = &str> {
    values
        .iter()
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

impl Setting for Vec<BindAddress> {
    fn read(values: &[String]) -> Result<Self, String> {
        items(values)
            .map(|item| BindAddress::from_str(item).map_err(|error| error.to_string()))
            .collect()
    }

    fn show(&self) -> String {
        let items: Vec<_> = self.iter().map(ToString::to_string).collect();
        items.join(",")
    }
}

impl Setting for TrustedPeers {
    fn read(values: &[String]) -> Result<Self, String> {
        Self::new(items(values)).map_err(|error| error.to_string())
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Setting for ForwardedHeaders {
    fn read(values: &[String]) -> Result<Self, String> {
        match one(values)? {
            "x-forwarded" => Ok(Self::XForwarded),
            "forwarded" => Ok(Self::Forwarded),
            other => Err(format!("is `x-forwarded` or `forwarded`, not `{other}`")),
        }
    }

    fn show(&self) -> String {
        match self {
            Self::XForwarded => "x-forwarded",
            Self::Forwarded => "forwarded",
        }
        .to_owned()
    }
}

impl Setting for Option<AccessLog> {
    fn read(values: &[String]) -> Result<Self, String> {
        match one(values)? {
            "off" => Ok(None),
            "common" => Ok(Some(AccessLog::Common)),
            "combined" => Ok(Some(AccessLog::Combined)),
            "json" => Ok(Some(AccessLog::Json)),
            other => Err(format!("is `off`, `common`, `combined` or `json`, not `{other}`")),
        }
    }

    fn show(&self) -> String {
        match self {
            None => "off",
            Some(AccessLog::Common) => "common",
            Some(AccessLog::Combined) => "combined",
            Some(AccessLog::Json) => "json",
        }
        .to_owned()
    }
}

#[cfg(feature = "tls")]
impl Setting for crate::server::ClientAuth {
    fn read(values: &[String]) -> Result<Self, String> {
        match one(values)? {
            "off" => Ok(Self::Off),
            "optional" => Ok(Self::Optional),
            "required" => Ok(Self::Required),
            other => Err(format!("is `off`, `optional` or `required`, not `{other}`")),
        }
    }

    fn show(&self) -> String {
        match self {
            Self::Off => "off",
            Self::Optional => "optional",
            Self::Required => "required",
        }
        .to_owned()
    }
}

/// Stands for the kinds of client authentication in a build that has no TLS.
#[cfg(not(feature = "tls"))]
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoTls {
    Off,
}

#[cfg(not(feature = "tls"))]
impl Setting for NoTls {
    fn read(values: &[String]) -> Result<Self, String> {
        match one(values)? {
            "off" => Ok(Self::Off),
            _ => Err("needs the feature `tls` of nuages-protocol".to_owned()),
        }
    }

    fn show(&self) -> String {
        "off".to_owned()
    }
}
