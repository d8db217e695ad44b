//! Whether a request asks for a WebSocket, and properly so (RFC 6455, section 4.2.1; RFC 8441, section 5).

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header, request::Parts};

use super::{
    WebSocketConfig,
    accept::{Offer, answer_to_key},
    deflate,
};
use crate::{Body, Response};

/// Whether a request of HTTP/1 asks for a WebSocket, well or badly. One of HTTP/2 says it by its `:protocol`.
pub(crate) fn asks_for_one(headers: &HeaderMap) -> bool {
    has_token(headers, &header::UPGRADE, "websocket")
}

/// What can be offered to the application, without its transport; or what the client is told.
pub(crate) fn check(parts: &Parts, config: &Arc<WebSocketConfig>) -> Result<Offer, Refusal> {
    let headers = &parts.headers;
    let key = if parts.version == Version::HTTP_2 {
        version(headers)?;
        None
    } else {
        Some(check_http1(parts)?)
    };
    let compression = deflate::agree(headers, &config.compression).and_then(|(agreed, answer)| {
        let value = HeaderValue::try_from(answer).ok()?;
        Some((agreed, value))
    });
    Ok(Offer {
        key,
        compression,
        subprotocols: Vec::new(),
        transport: Box::pin(std::future::pending()),
        config: Arc::clone(config),
    })
}

fn check_http1(parts: &Parts) -> Result<HeaderValue, Refusal> {
    let headers = &parts.headers;
    let bad = |text| {
        Err(Refusal {
            status: StatusCode::BAD_REQUEST,
            text,
        })
    };
    if parts.version != Version::HTTP_11 {
        return bad("a WebSocket needs HTTP/1.1 or 2");
    }
    if parts.method != Method::GET {
        return bad("a WebSocket is asked for by GET");
    }
    if headers.get_all(header::HOST).iter().count() != 1 {
        return bad("a WebSocket needs one Host header");
    }
    if !has_token(headers, &header::CONNECTION, "upgrade") {
        return bad("a WebSocket needs `Connection: Upgrade`");
    }
    version(headers)?;
    let mut keys = headers.get_all(header::SEC_WEBSOCKET_KEY).iter();
    let (Some(key), None) = (keys.next(), keys.next()) else {
        return bad("a WebSocket needs one Sec-WebSocket-Key");
    };
    if BASE64_STANDARD.decode(key).map(|key| key.len()) != Ok(16) {
        return bad("a Sec-WebSocket-Key is 16 bytes in base64");
    }
    HeaderValue::try_from(answer_to_key(key.as_bytes()))
        .or_else(|_| bad("a Sec-WebSocket-Key is 16 bytes in base64"))
}

/// There is one version; a client with another is told so (section 4.4).
fn version(headers: &HeaderMap) -> Result<(), Refusal> {
    if headers
        .get(header::SEC_WEBSOCKET_VERSION)
        .is_some_and(|version| version == "13")
    {
        return Ok(());
    }
    Err(Refusal {
        status: StatusCode::UPGRADE_REQUIRED,
        text: "a WebSocket needs version 13",
    })
}

fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|part| part.trim().eq_ignore_ascii_case(token))
}

/// What a request is told that asks for a WebSocket badly.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    text: &'static str,
}

impl From<Refusal> for Response {
    fn from(refusal: Refusal) -> Self {
        let mut response = Self::new(Body::from(refusal.text));
        *response.status_mut() = refusal.status;
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        if refusal.status == StatusCode::UPGRADE_REQUIRED {
            headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        }
        response
    }
}
