//! Validators of fields: what `#[field(validators = [..])]` takes, and people's input is checked by.
//!
//! A validator is a function of a reference to the field's value. It runs at `full_clean()`, not at each save.
//!
//! # Examples
//!
//! ```
//! use nuages_orm::prelude::*;
//! use nuages_orm::validators::{Invalid, min_value};
//!
//! fn even(number: &i32) -> Result<(), Invalid> {
//!     if number % 2 == 0 { Ok(()) } else { Err(Invalid::new("even", format!("{number} is odd"))) }
//! }
//!
//! #[model]
//! struct Pair { id: i64, #[field(validators = [min_value(2), even])] shoes: i32 }
//!
//! # fn main() -> nuages_orm::Result<()> {
//! # let db = Database::connect("sqlite::memory:").wait()?;
//! # nuages_orm::create_tables(&db, &[Pair::meta()]).wait()?;
//! # db.sync_scope(|| {
//! let refused = Pair::create().shoes(1).full_clean().wait().unwrap_err();
//! let codes: Vec<_> = refused.field_errors().iter().map(|error| error.code).collect();
//! assert_eq!(codes, ["min_value", "even"]);
//! # Ok::<(), nuages_orm::Error>(()) }) }
//! ```

use std::fmt::Display;

/// Why a value is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Invalid {
    /// The reason, in a word.
    pub code: &'static str,
    /// What people are told.
    pub message: String,
}

impl Invalid {
    /// A reason, and what people are told.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

impl From<&str> for Invalid {
    fn from(message: &str) -> Self {
        Self::new("invalid", message)
    }
}

impl From<String> for Invalid {
    fn from(message: String) -> Self {
        Self::new("invalid", message)
    }
}

/// Not less than this.
pub fn min_value<T: PartialOrd + Display>(least: T) -> impl Fn(&T) -> Result<(), Invalid> {
    move |value| {
        if *value < least {
            return Err(Invalid::new(
                "min_value",
                format!("Ensure this value is greater than or equal to {least}."),
            ));
        }
        Ok(())
    }
}

/// Not more than this.
pub fn max_value<T: PartialOrd + Display>(most: T) -> impl Fn(&T) -> Result<(), Invalid> {
    move |value| {
        if *value > most {
            return Err(Invalid::new(
                "max_value",
                format!("Ensure this value is less than or equal to {most}."),
            ));
        }
        Ok(())
    }
}

/// A text of at least so many characters.
pub fn min_length<T: AsRef<str>>(least: usize) -> impl Fn(&T) -> Result<(), Invalid> {
    move |value| {
        let length = value.as_ref().chars().count();
        if length < least {
            let message = format!("Ensure this value has at least {least} characters (it has {length}).");
            return Err(Invalid::new("min_length", message));
        }
        Ok(())
    }
}

/// Letters, digits, hyphens and underscores, of ASCII.
///
/// # Errors
///
/// It has others, or none.
pub fn slug<T: AsRef<str>>(value: &T) -> Result<(), Invalid> {
    let text = value.as_ref();
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if text.is_empty() || !text.chars().all(known) {
        let message =
            "Enter a valid \u{201c}slug\u{201d} consisting of letters, numbers, underscores or hyphens.";
        return Err(Invalid::new("slug", message));
    }
    Ok(())
}

/// An address that browsers accept for e-mail: <https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address>.
///
/// # Errors
///
/// It is none.
pub fn email<T: AsRef<str>>(value: &T) -> Result<(), Invalid> {
    let refused = || Err(Invalid::new("email", "Enter a valid email address."));
    let Some((local, domain)) = value.as_ref().rsplit_once('@') else {
        return refused();
    };
    let signs = |c: char| c.is_ascii_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c);
    if local.is_empty()
        || !local.chars().all(signs)
        || !(domain == "localhost" || domain.contains('.') && is_host(domain))
    {
        return refused();
    }
    Ok(())
}

/// A URL with a scheme of the web or of FTP, and a host.
///
/// # Errors
///
/// It is none.
pub fn url<T: AsRef<str>>(value: &T) -> Result<(), Invalid> {
    let refused = || Err(Invalid::new("url", "Enter a valid URL."));
    let text = value.as_ref();
    let Some((scheme, rest)) = text.split_once("://") else {
        return refused();
    };
    let known = ["http", "https", "ftp", "ftps"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known));
    if !known || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return refused();
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host_and_port = authority.rsplit('@').next().unwrap_or_default();
    if let Some(address) = host_and_port.strip_prefix('[') {
        let address = address.split(']').next().unwrap_or_default();
        return if address.parse::<std::net::Ipv6Addr>().is_ok() {
            Ok(())
        } else {
            refused()
        };
    }
    let (host, port) = host_and_port.split_once(':').unwrap_or((host_and_port, "0"));
    if !is_host(host) || port.parse::<u16>().is_err() {
        return refused();
    }
    Ok(())
}

/// Labels of up to 63 characters: letters of any script, digits, and hyphens inside.
fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    host.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_what_is_none() {
        for good in [
            "a@example.org",
            "django.reinhardt+jazz@example.co.uk",
            "root@localhost",
        ] {
            assert!(email(&good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a",
            "@example.org",
            "a b@example.org",
            "a@b",
            "a@-b.org",
            "a@example..org",
        ] {
            assert!(email(&bad).is_err(), "{bad}");
        }
        for good in [
            "https://example.org",
            "http://localhost:8000/a?b=c#d",
            "ftp://u:p@example.org/",
            "http://[::1]:80/",
            "https://\u{e9}cole.fr/",
        ] {
            assert!(url(&good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "example.org",
            "javascript://a",
            "http://",
            "http://a b/",
            "http://-a.org",
            "http://a:99999/",
            "http://[::x]/",
        ] {
            assert!(url(&bad).is_err(), "{bad}");
        }
        assert!(
            slug(&"gypsy-jazz_42").is_ok()
                && slug(&"gypsy jazz").is_err()
                && slug(&"\u{e9}").is_err()
                && slug(&"").is_err()
        );
    }
}
