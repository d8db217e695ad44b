//! The negotiation (RFC 7692, sections 5 and 7.1).

use http::{HeaderMap, header};

use super::{MAX_WINDOW_BITS, MIN_WINDOW_BITS};
use crate::websocket::Compression;

const NAME: &str = "permessage-deflate";
const SERVER_TAKEOVER: &str = "server_no_context_takeover";
const CLIENT_TAKEOVER: &str = "client_no_context_takeover";
const SERVER_BITS: &str = "server_max_window_bits";
const CLIENT_BITS: &str = "client_max_window_bits";

/// What both sides agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Agreed {
    /// Whether the server keeps its window between messages.
    pub(crate) server_takeover: bool,
    /// Whether the client does.
    pub(crate) client_takeover: bool,
    pub(crate) server_bits: u8,
    pub(crate) client_bits: u8,
}

/// The parameters of one element, whoever sent it.
#[derive(Debug, Default)]
struct Parameters {
    no_server_takeover: bool,
    no_client_takeover: bool,
    server_bits: Option<u8>,
    client_bits: Option<ClientBits>,
}

/// A client says that it knows the parameter, or also how large its window is at most.
#[derive(Clone, Copy, Debug)]
enum ClientBits {
    Any,
    Most(u8),
}

impl ClientBits {
    fn limit(self) -> Option<u8> {
        match self {
            Self::Any => None,
            Self::Most(bits) => Some(bits),
        }
    }
}

impl Parameters {
    /// Reads what stands after the name; nothing if a parameter is unknown, comes twice or has no valid value.
    fn parse<'a>(parts: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut parsed = Self::default();
        for part in parts {
            let (name, value) = match part.split_once('=') {
                Some((name, value)) => (name.trim(), Some(unquoted(value.trim()))),
                None => (part, None),
            };
            match (name, value) {
                (SERVER_TAKEOVER, None) if !parsed.no_server_takeover => parsed.no_server_takeover = true,
                (CLIENT_TAKEOVER, None) if !parsed.no_client_takeover => parsed.no_client_takeover = true,
                (SERVER_BITS, Some(value)) if parsed.server_bits.is_none() => {
                    parsed.server_bits = Some(bits(value)?);
                }
                (CLIENT_BITS, None) if parsed.client_bits.is_none() => {
                    parsed.client_bits = Some(ClientBits::Any);
                }
                (CLIENT_BITS, Some(value)) if parsed.client_bits.is_none() => {
                    parsed.client_bits = Some(ClientBits::Most(bits(value)?));
                }
                _ => return None,
            }
        }
        Some(parsed)
    }
}

fn unquoted(value: &str) -> &str {
    value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'))
        .unwrap_or(value)
}

/// 8 to 15, without a zero in front.
fn bits(value: &str) -> Option<u8> {
    let bits: u8 = value.parse().ok()?;
    ((8..=MAX_WINDOW_BITS).contains(&bits) && !value.starts_with(['0', '+'])).then_some(bits)
}

/// Each element of `Sec-WebSocket-Extensions` that is ours, with its parameters.
fn elements(headers: &HeaderMap) -> impl Iterator<Item = (&str, Option<Parameters>)> {
    headers
        .get_all(header::SEC_WEBSOCKET_EXTENSIONS)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|element| !element.is_empty())
        .map(|element| {
            let mut parts = element.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            (name, Parameters::parse(parts))
        })
}

/// The server's choice among a client's offers, and the header that says so.
#[cfg(any(feature = "server", test))]
pub(crate) fn agree(headers: &HeaderMap, config: &Compression) -> Option<(Agreed, String)> {
    if !config.enabled {
        return None;
    }
    elements(headers)
        .filter(|(name, _)| name.eq_ignore_ascii_case(NAME))
        .filter_map(|(_, parameters)| parameters)
        .find_map(|offer| {
            let server_bits = offer
                .server_bits
                .unwrap_or(MAX_WINDOW_BITS)
                .min(config.window_bits);
            if server_bits < MIN_WINDOW_BITS {
                return None;
            }
            // A client that doesn't name the parameter can't be told to use a smaller window.
            let client_bits = match offer.client_bits {
                None => MAX_WINDOW_BITS,
                Some(bits) => bits.limit().unwrap_or(MAX_WINDOW_BITS).min(config.window_bits),
            };
            let agreed = Agreed {
                server_takeover: config.takeover && !offer.no_server_takeover,
                client_takeover: config.takeover && !offer.no_client_takeover,
                server_bits,
                client_bits,
            };
            let mut answer = NAME.to_owned();
            if !agreed.server_takeover {
                answer.push_str("; ");
                answer.push_str(SERVER_TAKEOVER);
            }
            if !agreed.client_takeover {
                answer.push_str("; ");
                answer.push_str(CLIENT_TAKEOVER);
            }
            if server_bits < MAX_WINDOW_BITS || offer.server_bits.is_some() {
                answer.push_str(&format!("; {SERVER_BITS}={server_bits}"));
            }
            if client_bits < MAX_WINDOW_BITS {
                answer.push_str(&format!("; {CLIENT_BITS}={client_bits}"));
            }
            Some((agreed, answer))
        })
}

/// What a client offers.
pub(crate) fn offer(config: &Compression) -> Option<String> {
    config.enabled.then(|| {
        let mut offer = format!("{NAME}; {CLIENT_BITS}");
        if !config.takeover {
            offer.push_str(&format!("; {SERVER_TAKEOVER}; {CLIENT_TAKEOVER}"));
        }
        if config.window_bits < MAX_WINDOW_BITS {
            offer.push_str(&format!("; {SERVER_BITS}={}", config.window_bits));
        }
        offer
    })
}

/// What a server made of a client's offer; an error if it took what was not offered.
pub(crate) fn accepted(headers: &HeaderMap, config: &Compression) -> Result<Option<Agreed>, &'static str> {
    let mut elements = elements(headers);
    let Some((name, parameters)) = elements.next() else {
        return Ok(None);
    };
    if !config.enabled || !name.eq_ignore_ascii_case(NAME) || elements.next().is_some() {
        return Err("it accepts an extension that was not offered");
    }
    let invalid = "it accepts `permessage-deflate` with invalid parameters";
    let parameters = parameters.ok_or(invalid)?;
    let server_bits = parameters.server_bits.unwrap_or(MAX_WINDOW_BITS);
    let client_bits = match parameters.client_bits {
        None => MAX_WINDOW_BITS,
        Some(bits) => bits.limit().ok_or(invalid)?,
    };
    if server_bits > config.window_bits
        || client_bits < MIN_WINDOW_BITS
        || !(config.takeover || parameters.no_server_takeover)
    {
        return Err(invalid);
    }
    Ok(Some(Agreed {
        server_takeover: !parameters.no_server_takeover,
        client_takeover: config.takeover && !parameters.no_client_takeover,
        server_bits,
        client_bits: client_bits.min(config.window_bits),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::SEC_WEBSOCKET_EXTENSIONS, value.parse().unwrap());
        }
        headers
    }

    fn answer(offers: &[&str], config: &Compression) -> Option<String> {
        agree(&headers(offers), config).map(|(_, answer)| answer)
    }

    #[test]
    fn without_takeover_both_sides_are_told_so() {
        let default = Compression::default();
        let answer = answer(&["permessage-deflate; client_max_window_bits"], &default).unwrap();
        assert_eq!(
            answer,
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
        );
    }

    #[test]
    fn with_takeover_each_side_may_still_decline_its_own() {
        let takeover = Compression::new().context_takeover();
        for (offer, expected) in [
            ("permessage-deflate", "permessage-deflate"),
            (
                "permessage-deflate; server_no_context_takeover",
                "permessage-deflate; server_no_context_takeover",
            ),
            (
                "permessage-deflate; client_no_context_takeover",
                "permessage-deflate; client_no_context_takeover",
            ),
        ] {
            assert_eq!(answer(&[offer], &takeover).unwrap(), expected);
        }
    }

    #[test]
    fn window_bits_are_the_smaller_of_both_wishes() {
        let config = Compression::new().context_takeover().window_bits(12);
        for (offer, expected) in [
            (
                "permessage-deflate",
                "permessage-deflate; server_max_window_bits=12",
            ),
            (
                "permessage-deflate; server_max_window_bits=10; client_max_window_bits",
                "permessage-deflate; server_max_window_bits=10; client_max_window_bits=12",
            ),
            (
                "permessage-deflate; client_max_window_bits=\"9\"",
                "permessage-deflate; server_max_window_bits=12; client_max_window_bits=9",
            ),
        ] {
            assert_eq!(answer(&[offer], &config).unwrap(), expected);
        }
    }

    #[test]
    fn an_offer_that_is_not_valid_is_passed_over() {
        let config = Compression::new().context_takeover();
        for bad in [
            "permessage-deflate; unknown",
            "permessage-deflate; server_no_context_takeover=1",
            "permessage-deflate; server_max_window_bits",
            "permessage-deflate; server_max_window_bits=7",
            "permessage-deflate; server_max_window_bits=16",
            "permessage-deflate; server_max_window_bits=09",
            "permessage-deflate; server_max_window_bits=8",
            "permessage-deflate; client_max_window_bits=x",
            "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
            "x-webkit-deflate-frame",
        ] {
            assert_eq!(answer(&[bad], &config), None, "{bad}");
            let fallback = answer(&[&format!("{bad}, permessage-deflate")], &config);
            assert_eq!(fallback.as_deref(), Some("permessage-deflate"), "{bad}");
            let fallback = answer(&[bad, "permessage-deflate"], &config);
            assert_eq!(fallback.as_deref(), Some("permessage-deflate"), "{bad}");
        }
        assert_eq!(answer(&["permessage-deflate"], &Compression::disabled()), None);
    }

    #[test]
    fn what_our_client_offers_our_server_takes_and_the_client_understands() {
        for config in [
            Compression::new(),
            Compression::new().context_takeover(),
            Compression::new().window_bits(10),
            Compression::new().context_takeover().window_bits(9),
        ] {
            let offered = offer(&config).unwrap();
            for server in [
                Compression::new(),
                Compression::new().context_takeover().window_bits(11),
            ] {
                let (agreed, answer) = agree(&headers(&[&offered]), &server).unwrap();
                let understood = accepted(&headers(&[&answer]), &config).unwrap().unwrap();
                assert_eq!(understood.server_takeover, agreed.server_takeover);
                assert_eq!(understood.server_bits, agreed.server_bits);
                assert!(understood.client_bits <= agreed.client_bits);
                assert!(agreed.client_takeover || !understood.client_takeover);
            }
        }
    }

    #[test]
    fn a_server_that_takes_what_was_not_offered_is_refused() {
        let config = Compression::new();
        for bad in [
            "other",
            "permessage-deflate",
            "permessage-deflate; server_no_context_takeover, permessage-deflate",
            "permessage-deflate; server_no_context_takeover; client_max_window_bits",
            "permessage-deflate; server_no_context_takeover; nonsense",
        ] {
            assert!(accepted(&headers(&[bad]), &config).is_err(), "{bad}");
        }
        let fine = "permessage-deflate; server_no_context_takeover";
        assert!(accepted(&headers(&[fine]), &Compression::disabled()).is_err());
        assert_eq!(accepted(&HeaderMap::new(), &config), Ok(None));
    }
}
