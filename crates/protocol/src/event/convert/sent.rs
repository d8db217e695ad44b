//! Events that are sent, as dictionaries.

use std::path::PathBuf;

use http::StatusCode;

use super::{
    fields::{self, Fields, Written, as_bytes, as_list, as_map, as_number, as_string},
    received::{data, with_data},
};
use crate::event::{
    CustomEvent, EventError, HttpResponseBody, HttpResponseDebug, HttpResponseEarlyHint,
    HttpResponsePathSend, HttpResponseStart, HttpResponseTrailers, SendEvent, Value, WebSocketAccept,
    WebSocketClose, WebSocketHttpResponseBody, WebSocketHttpResponseStart,
};

impl SendEvent {
    /// The event as the dictionary that ASGI describes.
    ///
    /// # Errors
    ///
    /// For an open file (`http.response.zerocopysend`), which lives in its process alone, a path that is no
    /// text, and a header or a status that was not valid when the event was made.
    pub fn to_value(&self) -> Result<Value, EventError> {
        let written = Written::new(self.kind());
        Ok(match self {
            Self::HttpResponseStart(start) => {
                start.invalid.check()?;
                written
                    .with("status", start.status.as_u16())
                    .with("headers", fields::headers(&start.headers))
                    .with("trailers", start.trailers)
            }
            Self::HttpResponseBody(part) => written
                .with("body", part.body.clone())
                .with("more_body", part.more_body),
            Self::HttpResponseTrailers(trailers) => {
                trailers.invalid.check()?;
                written
                    .with("headers", fields::headers(&trailers.headers))
                    .with("more_trailers", trailers.more_trailers)
            }
            Self::HttpResponsePathSend(file) => written.with("path", fields::path(&file.path)?),
            Self::HttpResponseZeroCopySend(_) => {
                return Err(EventError::new(
                    "an open file can't leave its process; send it by its path, or its bytes",
                ));
            }
            Self::HttpResponseEarlyHint(hint) => {
                let links = hint.links.iter().cloned().map(Value::from).collect::<Vec<_>>();
                written.with("links", links)
            }
            Self::HttpResponseDebug(debug) => written.with("info", debug.info.clone()),
            Self::WebSocketAccept(accept) => {
                accept.invalid.check()?;
                written
                    .with("subprotocol", accept.subprotocol.clone())
                    .with("headers", fields::headers(&accept.headers))
            }
            Self::WebSocketSend(data) => with_data(written, data),
            Self::WebSocketClose(close) => written
                .with("code", close.code)
                .with("reason", close.reason.clone()),
            Self::WebSocketHttpResponseStart(start) => {
                start.invalid.check()?;
                written
                    .with("status", start.status.as_u16())
                    .with("headers", fields::headers(&start.headers))
            }
            Self::WebSocketHttpResponseBody(part) => written
                .with("body", part.body.clone())
                .with("more_body", part.more_body),
            Self::LifespanStartupComplete | Self::LifespanShutdownComplete => written,
            Self::LifespanStartupFailed(message) | Self::LifespanShutdownFailed(message) => {
                written.with("message", message.clone())
            }
            Self::Custom(event) => written.with_all(&event.fields),
        }
        .into())
    }

    /// The event that a dictionary describes, with ASGI's defaults for what it leaves out. Keys that ASGI doesn't
    /// know are passed over; a type that it doesn't know is a [`Custom`](Self::Custom) event.
    ///
    /// # Errors
    ///
    /// What is missing, or has the wrong type or a header that is none; and for what can't come from elsewhere: an
    /// open file (`http.response.zerocopysend`) and a push, which no server here offers.
    pub fn from_value(value: Value) -> Result<Self, EventError> {
        let mut fields = Fields::read(value)?;
        Ok(match fields.kind() {
            "http.response.start" => Self::HttpResponseStart(HttpResponseStart {
                status: status(&mut fields)?,
                headers: fields.headers("headers")?,
                trailers: fields.flag("trailers")?,
                ..HttpResponseStart::default()
            }),
            "http.response.body" => Self::HttpResponseBody(HttpResponseBody {
                body: fields.bytes("body")?,
                more_body: fields.flag("more_body")?,
            }),
            "http.response.trailers" => Self::HttpResponseTrailers(HttpResponseTrailers {
                headers: fields.headers("headers")?,
                more_trailers: fields.flag("more_trailers")?,
                ..HttpResponseTrailers::default()
            }),
            "http.response.pathsend" => Self::HttpResponsePathSend(HttpResponsePathSend {
                path: PathBuf::from(fields.required("path", as_string)?),
            }),
            "http.response.zerocopysend" => {
                return Err(EventError::new("an open file can't come from another process"));
            }
            "http.response.push" => {
                return Err(EventError::new(
                    "`http.response.push` is not offered; send links by `http.response.early_hint`",
                ));
            }
            "http.response.early_hint" => Self::HttpResponseEarlyHint(HttpResponseEarlyHint {
                links: fields
                    .optional("links", |links| {
                        as_list(links)?.into_iter().map(as_bytes).collect()
                    })?
                    .unwrap_or_default(),
            }),
            "http.response.debug" => Self::HttpResponseDebug(HttpResponseDebug {
                info: fields.required("info", as_map)?,
            }),
            "websocket.accept" => Self::WebSocketAccept(WebSocketAccept {
                subprotocol: fields.optional("subprotocol", as_string)?,
                headers: fields.headers("headers")?,
                ..WebSocketAccept::default()
            }),
            "websocket.send" => Self::WebSocketSend(data(&mut fields)?),
            "websocket.close" => Self::WebSocketClose(WebSocketClose {
                code: fields.optional("code", as_number)?.unwrap_or(1000),
                reason: fields.string("reason")?,
            }),
            "websocket.http.response.start" => Self::WebSocketHttpResponseStart(WebSocketHttpResponseStart {
                status: status(&mut fields)?,
                headers: fields.headers("headers")?,
                ..WebSocketHttpResponseStart::default()
            }),
            "websocket.http.response.body" => Self::WebSocketHttpResponseBody(WebSocketHttpResponseBody {
                body: fields.bytes("body")?,
                more_body: fields.flag("more_body")?,
            }),
            "lifespan.startup.complete" => Self::LifespanStartupComplete,
            "lifespan.startup.failed" => Self::LifespanStartupFailed(fields.string("message")?),
            "lifespan.shutdown.complete" => Self::LifespanShutdownComplete,
            "lifespan.shutdown.failed" => Self::LifespanShutdownFailed(fields.string("message")?),
            _ => {
                let (kind, fields) = fields.into_parts();
                Self::Custom(CustomEvent { kind, fields })
            }
        })
    }
}

fn status(fields: &mut Fields) -> Result<StatusCode, EventError> {
    fields.required("status", |value| {
        StatusCode::from_u16(as_number(value)?).map_err(|_| "a status of HTTP")
    })
}
