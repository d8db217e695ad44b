//! A response that a test reads as it comes.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use http_body::Body as _;
use nuages_bridge::async_frame;
use nuages_protocol::Body;

use crate::error::{Error, Op, Result};

/// A response whose body is still on its way. Dropping it is what a visitor does who goes away.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, Response, Urls};
///
/// async fn news() -> Response {
///     Response::new(200).header("content-type", "text/event-stream").body("id: 7\ndata: bonsoir\n\n")
/// }
///
/// let client = Client::new(App::new().urls(Urls::new().path("news/", news)));
/// let mut stream = client.get("/news/").stream().wait()?;
/// let event = stream.next_event().wait()?.unwrap_or_default();
/// assert_eq!((event.id.as_str(), event.data.as_str()), ("7", "bonsoir"));
/// assert!(stream.next_event().wait()?.is_none());
/// # Ok::<(), nuages_handler::Error>(())
/// ```
pub struct ClientStream {
    status: StatusCode,
    headers: HeaderMap,
    body: Body,
    /// What has come of an event that is not complete.
    text: Vec<u8>,
}

/// One event of a stream of server-sent events (HTML, section 9.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerEvent {
    /// Its type; empty for a plain message.
    pub event: String,
    /// Its lines of data.
    pub data: String,
    /// Its id; empty without one.
    pub id: String,
    /// The time after which to come again, in milliseconds.
    pub retry: Option<u64>,
}

impl ClientStream {
    pub(super) fn new(response: http::Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        Self {
            status: parts.status,
            headers: parts.headers,
            body,
            text: Vec::new(),
        }
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// All headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The next bytes, as they come; `None` at the end.
    #[track_caller]
    pub fn next_chunk(&mut self) -> Op<'_, Option<Bytes>> {
        Op::new("ClientStream::next_chunk", async { self.chunk().await })
    }

    /// The next server-sent event; `None` at the end. Comments, such as those that keep a connection alive, are left out.
    #[track_caller]
    pub fn next_event(&mut self) -> Op<'_, Option<ServerEvent>> {
        Op::new("ClientStream::next_event", async {
            loop {
                while let Some(end) = self.text.windows(2).position(|two| two == b"\n\n") {
                    let rest = self.text.split_off(end + 2);
                    let event = std::mem::replace(&mut self.text, rest);
                    if let Some(event) = parse(&String::from_utf8_lossy(&event)) {
                        return Ok(Some(event));
                    }
                }
                match self.chunk().await? {
                    // Lines may end as they do in Windows; a test need not know.
                    Some(chunk) => self.text.extend(chunk.iter().filter(|byte| **byte != b'\r')),
                    None => return Ok(None),
                }
            }
        })
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>> {
        let body = &mut self.body;
        let next = async_frame(async {
            loop {
                match poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await {
                    None => return Ok(None),
                    Some(Err(error)) => return Err(Error::from_boxed(error)),
                    Some(Ok(frame)) => {
                        if let Ok(data) = frame.into_data() {
                            return Ok(Some(data));
                        }
                    }
                }
            }
        });
        next.await
    }
}

fn parse(text: &str) -> Option<ServerEvent> {
    let mut event = ServerEvent::default();
    let mut data: Option<String> = None;
    let mut known = false;
    for line in text
        .lines()
        .filter(|line| !line.starts_with(':') && !line.is_empty())
    {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        known = true;
        match field {
            "event" => event.event = value.to_owned(),
            "id" => event.id = value.to_owned(),
            "retry" => event.retry = value.parse().ok(),
            "data" => match &mut data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => data = Some(value.to_owned()),
            },
            _ => {}
        }
    }
    event.data = data.unwrap_or_default();
    known.then_some(event)
}

impl fmt::Debug for ClientStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientStream")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_taken_apart() {
        let event = parse("event: sale\ndata: one\ndata: two\nid: 3\nretry: 250\n\n").unwrap();
        assert_eq!(
            event,
            ServerEvent {
                event: "sale".to_owned(),
                data: "one\ntwo".to_owned(),
                id: "3".to_owned(),
                retry: Some(250),
            }
        );
        assert_eq!(parse(": still here\n\n"), None);
    }
}
