//! Events that are received, as dictionaries.

use super::fields::{Fields, Written, as_bytes, as_number, as_string};
use crate::event::{
    CustomEvent, EventError, HttpRequest, ReceiveEvent, Value, WebSocketData, WebSocketDisconnect,
};

impl ReceiveEvent {
    /// The event as the dictionary that ASGI describes.
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_protocol::event::{HttpRequest, ReceiveEvent, Value};
    ///
    /// let event = ReceiveEvent::from(HttpRequest::new("bonsoir"));
    /// let Value::Map(map) = event.to_value() else { unreachable!() };
    /// assert_eq!(map["type"], "http.request".into());
    /// assert_eq!(map["more_body"], false.into());
    /// ```
    pub fn to_value(&self) -> Value {
        let written = Written::new(self.kind());
        match self {
            Self::HttpRequest(part) => written
                .with("body", part.body.clone())
                .with("more_body", part.more_body),
            Self::HttpDisconnect
            | Self::WebSocketConnect
            | Self::LifespanStartup
            | Self::LifespanShutdown => written,
            Self::WebSocketReceive(data) => with_data(written, data),
            Self::WebSocketDisconnect(end) => {
                written.with("code", end.code).with("reason", end.reason.clone())
            }
            Self::Custom(event) => written.with_all(&event.fields),
        }
        .into()
    }

    /// The event that a dictionary describes, with ASGI's defaults for what it leaves out. Keys that ASGI doesn't
    /// know are passed over; a type that it doesn't know is a [`Custom`](Self::Custom) event.
    ///
    /// # Errors
    ///
    /// What is missing, or has the wrong type.
    pub fn from_value(value: Value) -> Result<Self, EventError> {
        let mut fields = Fields::read(value)?;
        Ok(match fields.kind() {
            "http.request" => Self::HttpRequest(HttpRequest {
                body: fields.bytes("body")?,
                more_body: fields.flag("more_body")?,
            }),
            "http.disconnect" => Self::HttpDisconnect,
            "websocket.connect" => Self::WebSocketConnect,
            "websocket.receive" => Self::WebSocketReceive(data(&mut fields)?),
            "websocket.disconnect" => Self::WebSocketDisconnect(WebSocketDisconnect {
                code: fields.optional("code", as_number)?.unwrap_or(1005),
                reason: fields.string("reason")?,
            }),
            "lifespan.startup" => Self::LifespanStartup,
            "lifespan.shutdown" => Self::LifespanShutdown,
            _ => {
                let (kind, fields) = fields.into_parts();
                Self::Custom(CustomEvent { kind, fields })
            }
        })
    }
}

pub(super) fn with_data(written: Written, data: &WebSocketData) -> Written {
    match data {
        WebSocketData::Text(text) => written.with("text", text.clone()),
        WebSocketData::Bytes(bytes) => written.with("bytes", bytes.clone()),
    }
}

/// Exactly one of `text` and `bytes` is there and not null.
pub(super) fn data(fields: &mut Fields) -> Result<WebSocketData, EventError> {
    let text = fields.optional("text", as_string)?;
    let bytes = fields.optional("bytes", as_bytes)?;
    match (text, bytes) {
        (Some(text), None) => Ok(WebSocketData::Text(text)),
        (None, Some(bytes)) => Ok(WebSocketData::Bytes(bytes)),
        (None, None) | (Some(_), Some(_)) => Err(EventError::new(format!(
            "`{}` needs exactly one of `text` and `bytes`",
            fields.kind()
        ))),
    }
}
