//! The headers in which a proxy says for whom it speaks.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::TrustedPeers;
use crate::{Address, ConnectionInfo, Scheme};

/// Which headers a trusted proxy sets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ForwardedHeaders {
    /// `X-Forwarded-For` and `X-Forwarded-Proto`, as most proxies do.
    #[default]
    XForwarded,
    /// `Forwarded`, as [RFC 7239](https://www.rfc-editor.org/rfc/rfc7239) has it.
    Forwarded,
}

/// Whom to believe, and what to read.
#[derive(Clone, Debug)]
pub(in crate::server) struct Trusted {
    pub(in crate::server) peers: TrustedPeers,
    pub(in crate::server) headers: ForwardedHeaders,
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// What one proxy says of the peer in front of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Hop {
    /// `None` where the proxy keeps it to itself.
    client: Option<(IpAddr, u16)>,
    scheme: Option<Scheme>,
}

/// Puts the client and the scheme that trusted proxies tell in place of the connection's own.
pub(in crate::server) fn forwarded(trusted: &Trusted, headers: &HeaderMap, info: &mut ConnectionInfo) {
    if !trusted.peers.trusts_peer(info.client.as_ref()) {
        return;
    }
    let hops = match trusted.headers {
        ForwardedHeaders::XForwarded => x_forwarded(headers),
        ForwardedHeaders::Forwarded => rfc_7239(headers),
    };
    // From the nearest proxy outwards: each hop was written by one that is trusted, until one is named that isn't.
    for hop in hops.iter().rev() {
        if let Some(scheme) = hop.scheme {
            info.scheme = scheme;
        }
        let Some((ip, port)) = hop.client else {
            info.client = None;
            return;
        };
        info.client = Some(Address::Inet(SocketAddr::new(ip.to_canonical(), port)));
        if !trusted.peers.trusts(ip) {
            return;
        }
    }
}

/// The values of a header, also where it is repeated. What isn't text says nothing.
fn values<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .iter()
        .map(|value: &HeaderValue| value.to_str().unwrap_or("?"))
}

/// The parts of a header that is a list without quotes.
fn parts<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    values(headers, name).flat_map(|value| value.split(','))
}

fn x_forwarded(headers: &HeaderMap) -> Vec<Hop> {
    let schemes: Vec<_> = parts(headers, &X_FORWARDED_PROTO).map(scheme).collect();
    let clients: Vec<_> = parts(headers, &X_FORWARDED_FOR).collect();
    let mut hops: Vec<_> = clients
        .iter()
        .map(|client| Hop {
            client: node(client),
            scheme: None,
        })
        .collect();
    if schemes.len() == hops.len() {
        for (hop, scheme) in hops.iter_mut().zip(schemes) {
            hop.scheme = scheme;
        }
    } else if let (Some(last), Some(scheme)) = (hops.last_mut(), schemes.last()) {
        // One for the whole chain, by the proxy that is nearest.
        last.scheme = *scheme;
    }
    hops
}

fn rfc_7239(headers: &HeaderMap) -> Vec<Hop> {
    let element = |element| {
        let mut hop = Hop::default();
        for pair in split(element, ';') {
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            let value = unquoted(value.trim());
            match name.trim().to_ascii_lowercase().as_str() {
                "for" => hop.client = node(&value),
                "proto" => hop.scheme = scheme(&value),
                _ => {}
            }
        }
        hop
    };
    values(headers, &header::FORWARDED)
        .flat_map(|value| split(value, ','))
        .map(element)
        .collect()
}

fn scheme(text: &str) -> Option<Scheme> {
    match text.trim().to_ascii_lowercase().as_str() {
        "http" | "ws" => Some(Scheme::Http),
        "https" | "wss" => Some(Scheme::Https),
        _ => None,
    }
}

/// An address as proxies write it, with or without a port, with or without brackets.
fn node(text: &str) -> Option<(IpAddr, u16)> {
    let text = text.trim();
    if let Ok(ip) = text.parse() {
        return Some((ip, 0));
    }
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Some((address.ip(), address.port()));
    }
    let (host, _obfuscated_port) = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => text.split_once(':')?,
    };
    host.parse().ok().map(|ip| (ip, 0))
}

/// Splits at a separator that is not inside of quotes.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |char| {
        if escaped {
            escaped = false;
        } else if quoted && char == '\\' {
            escaped = true;
        } else if char == '"' {
            quoted = !quoted;
        }
        char == separator && !quoted
    })
    .map(str::trim)
}

fn unquoted(text: &str) -> String {
    match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(inner) => {
            let mut escaped = false;
            inner
                .chars()
                .filter(|&char| {
                    escaped = !escaped && char == '\\';
                    !escaped
                })
                .collect()
        }
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
