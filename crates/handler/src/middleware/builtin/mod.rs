//! The middleware that sites want from the start. All of it is without I/O or async, so none of it causes a hop.

mod access_log;
mod common;
mod conditional;
mod csp;
mod csrf;
mod hosts;
mod limits;
mod request_id;
mod security;

pub use self::access_log::AccessLog;
pub use self::common::Common;
pub use self::conditional::ConditionalGet;
pub use self::csp::{ContentSecurityPolicy, csp_nonce};
pub use self::csrf::{Csrf, csrf_exempt, csrf_token, rotate_csrf_token};
pub use self::hosts::AllowedHosts;
pub use self::limits::{ConcurrencyLimit, Timeout};
pub use self::request_id::{RequestId, request_id};
pub use self::security::SecurityHeaders;
use super::Layer;

/// What [`App::default_middleware`](crate::App::default_middleware) adds, outermost first.
pub(crate) const DEFAULTS: [fn() -> Layer; 10] = [
    || Layer::from_factory(|_: &_| RequestId::new()),
    || Layer::from_factory(|_: &_| AccessLog::new()),
    || Layer::from_factory(Timeout::from_settings),
    || Layer::from_factory(ConcurrencyLimit::from_settings),
    || Layer::from_factory(AllowedHosts::from_settings),
    || Layer::from_factory(SecurityHeaders::from_settings),
    || Layer::from_factory(ContentSecurityPolicy::from_settings),
    || Layer::from_factory(Common::from_settings),
    || Layer::from_factory(|_: &_| ConditionalGet::new()),
    || Layer::from_factory(|_: &_| Csrf::new()),
];

/// Whether a text is a host by its form: a name or an IP address, maybe with a port. Gives the two apart, the name in lower case.
fn split_host(host: &str) -> Option<(String, Option<&str>)> {
    let host = host.strip_suffix('.').unwrap_or(host);
    let (name, port) = match host.rfind(':') {
        Some(colon) if !host.ends_with(']') => (&host[..colon], Some(&host[colon + 1..])),
        _ => (host, None),
    };
    let is_name = match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        Some(address) => {
            !address.is_empty()
                && address
                    .bytes()
                    .all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.'))
        }
        None => {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
        }
    };
    let is_port = port.is_none_or(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()));
    (is_name && is_port).then(|| (name.trim_end_matches('.').to_ascii_lowercase(), port))
}

/// Whether a host is the pattern, or below it where the pattern begins with a dot; `*` is any.
fn host_matches(pattern: &str, host: &str) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    match pattern.strip_prefix('.') {
        _ if pattern == "*" => true,
        Some(domain) => host == domain || host.ends_with(&pattern),
        None => host == pattern,
    }
}

/// Random letters and digits, as many as asked for.
fn random_text(length: usize) -> String {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    /// The largest multiple of 62 in a byte: what is above would make some letters likelier than others.
    const FAIR: u8 = 248;
    let mut text = String::with_capacity(length);
    let mut random = [0_u8; 64];
    while text.len() < length {
        if let Err(error) = getrandom::fill(&mut random) {
            // Nothing that depends on a secret may go on without randomness.
            panic!("the system has no randomness: {error}");
        }
        let fair = random.iter().filter(|byte| **byte < FAIR);
        let missing = length - text.len();
        text.extend(
            fair.take(missing)
                .map(|byte| char::from(LETTERS[usize::from(byte % 62)])),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_the_form_of_one() {
        for (host, parts) in [
            ("example.com", Some(("example.com", None))),
            ("Example.COM.:8000", Some(("example.com", Some("8000")))),
            ("[::1]:80", Some(("[::1]", Some("80")))),
            ("[::1]", Some(("[::1]", None))),
            ("example.com:", None),
            ("example.com:80a", None),
            ("user@example.com", None),
            ("example.com/path", None),
            ("example.com, evil.com", None),
            ("", None),
            ("[]", None),
        ] {
            let split = split_host(host);
            let split = split.as_ref().map(|(name, port)| (name.as_str(), *port));
            assert_eq!(split, parts, "{host}");
        }
    }

    #[test]
    fn hosts_match_patterns() {
        for (pattern, host, matches) in [
            ("*", "anything", true),
            ("example.com", "example.com", true),
            ("example.com", "www.example.com", false),
            (".example.com", "example.com", true),
            (".Example.com", "www.example.com", true),
            (".example.com", "evilexample.com", false),
        ] {
            assert_eq!(host_matches(pattern, host), matches, "{pattern} {host}");
        }
    }

    #[test]
    fn random_texts_differ() {
        let (one, other) = (random_text(100), random_text(100));
        assert_eq!(one.len(), 100);
        assert_ne!(one, other);
        assert!(one.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }
}
