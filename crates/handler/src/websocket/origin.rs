//! Whose pages may open a WebSocket: the guard against cross-site WebSocket hijacking.

use std::borrow::Cow;

use http::{Uri, header};

use crate::request::Request;

/// By default the host's own, and clients that are no browsers, which send no `Origin`.
#[derive(Clone, Debug, Default)]
pub(super) struct Origins {
    others: Vec<Cow<'static, str>>,
    all: bool,
}

impl Origins {
    pub(super) fn allow(&mut self, origin: Cow<'static, str>) {
        self.others.push(origin);
    }

    pub(super) fn allow_all(&mut self) {
        self.all = true;
    }

    pub(super) fn admit(&self, request: &Request) -> bool {
        if self.all || !request.headers().contains_key(header::ORIGIN) {
            return true;
        }
        let Some(origin) = request.header(header::ORIGIN) else {
            return false;
        };
        let listed = |other: &Cow<'_, str>| other.trim_end_matches('/').eq_ignore_ascii_case(origin);
        self.others.iter().any(listed) || is_of_host(origin, request.host())
    }
}

/// Whether an origin is of this host, whatever its scheme: a proxy in front may be who speaks TLS.
fn is_of_host(origin: &str, host: Option<&str>) -> bool {
    let Ok(origin) = origin.parse::<Uri>() else {
        return false;
    };
    let usual = match origin.scheme_str() {
        Some("http") => ":80",
        Some("https") => ":443",
        _ => return false,
    };
    let (Some(authority), Some(host)) = (origin.authority(), host) else {
        return false;
    };
    let without_usual = |host: &str| host.strip_suffix(usual).unwrap_or(host).to_ascii_lowercase();
    without_usual(authority.as_str()) == without_usual(host)
}

#[cfg(test)]
mod tests {
    use super::is_of_host;

    #[test]
    fn an_origin_is_compared_by_host_and_port() {
        for (origin, host) in [
            ("http://example.com", "example.com"),
            ("https://example.com", "example.com"),
            ("https://Example.com", "example.COM:443"),
            ("http://example.com:80", "example.com"),
            ("http://localhost:8000", "localhost:8000"),
            ("http://[::1]:8000", "[::1]:8000"),
        ] {
            assert!(is_of_host(origin, Some(host)), "{origin} {host}");
        }
        for (origin, host) in [
            ("https://evil.com", "example.com"),
            ("https://example.com.evil.com", "example.com"),
            ("https://evil-example.com", "example.com"),
            ("http://example.com:8000", "example.com"),
            ("https://example.com:80", "example.com"),
            ("null", "null"),
            ("file://example.com", "example.com"),
            ("example.com", "example.com"),
        ] {
            assert!(!is_of_host(origin, Some(host)), "{origin} {host}");
        }
        assert!(!is_of_host("https://example.com", None));
    }
}
