//! Checks of single values, for `#[form(validate = ..)]` and for code of one's own.
//!
//! A validator is a function of a reference to the value. What it returns as its error is what the page says.
//!
//! # Examples
//!
//! ```
//! use nuages_handler::FormData;
//! use nuages_views::Form;
//! use nuages_views::forms::validators;
//!
//! fn even(number: &u32) -> Result<(), String> {
//!     if number % 2 == 0 { Ok(()) } else { Err(format!("{number} is odd.")) }
//! }
//!
//! #[derive(Debug, Form)]
//! struct Page {
//!     #[form(validate = validators::slug)]
//!     address: String,
//!     #[form(validate = even)]
//!     columns: u32,
//! }
//!
//! let sent: FormData = [("address", "minor swing"), ("columns", "3")].into_iter().collect();
//! let form = Page::bind(&sent).validate().unwrap_err();
//! assert_eq!(form.columns.errors, ["3 is odd."]);
//! ```

use super::email::{is_email, is_host};

/// Letters, digits, hyphens and underscores of ASCII: what a `<slug:..>` of a URL takes.
///
/// # Errors
///
/// The message that the page shows.
pub fn slug(text: &str) -> Result<(), &'static str> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if !text.is_empty() && text.bytes().all(fits) {
        Ok(())
    } else {
        Err("Enter a valid “slug” consisting of letters, numbers, underscores or hyphens.")
    }
}

/// An address that mail could be sent to.
///
/// # Errors
///
/// The message that the page shows.
pub fn email(text: &str) -> Result<(), &'static str> {
    if is_email(text) {
        Ok(())
    } else {
        Err("Enter a valid email address.")
    }
}

/// The address of a page: `http` or `https`, a host, and perhaps more. No script, no user and no password.
///
/// # Errors
///
/// The message that the page shows.
pub fn url(text: &str) -> Result<(), &'static str> {
    if is_url(text) {
        Ok(())
    } else {
        Err("Enter a valid URL, such as https://example.org/.")
    }
}

fn is_url(text: &str) -> bool {
    let lower = text.get(..8).unwrap_or(text).to_ascii_lowercase();
    let rest = if lower.starts_with("https://") {
        &text[8..]
    } else if lower.starts_with("http://") {
        &text[7..]
    } else {
        return false;
    };
    if text.len() > 2048
        || text
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || c == '\\')
    {
        return false;
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if let Some(address) = authority.strip_prefix('[') {
        let Some((address, port)) = address.split_once(']') else {
            return false;
        };
        return address.parse::<std::net::Ipv6Addr>().is_ok()
            && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port));
    }
    let (host, port) = authority
        .split_once(':')
        .map_or((authority, None), |(host, port)| (host, Some(port)));
    port.is_none_or(is_port) && (is_host(host) || host.parse::<std::net::Ipv4Addr>().is_ok())
}

fn is_port(port: &str) -> bool {
    port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_told_from_other_texts() {
        for good in [
            "http://example.org",
            "HTTPS://example.org/a?b#c",
            "http://localhost:8000/",
            "https://café.fr/x",
            "http://127.0.0.1:80",
            "https://[::1]:8443/",
        ] {
            assert!(is_url(good), "{good}");
        }
        for bad in [
            "",
            "example.org",
            "javascript:alert(1)",
            "http://",
            "http:///a",
            "ftp://example.org",
            "http://a b.org",
            "http://user:password@example.org",
            "https://example.org:99999/",
            "https://example.org\\@evil.org",
            "http://-a.org",
            "http://[::1",
            "https://é",
        ] {
            assert!(!is_url(bad), "{bad}");
        }
    }

    #[test]
    fn slugs_are_what_urls_take() {
        assert!(slug("minor-swing_1937").is_ok());
        assert!(slug("").is_err() && slug("é").is_err() && slug("a b").is_err());
    }
}
