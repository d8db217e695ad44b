//! Server-sent events: a response that goes on, <https://html.spec.whatwg.org/multipage/server-sent-events.html>.

use std::fmt::Write as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderValue, header};
use http_body::Frame;
use nuages_protocol::{Body, BoxError};
use serde::Serialize;
use tokio::time::{Instant, Sleep};

use super::stream::{IntoChunk, of_iterator, of_stream};
use super::{IntoResponse, Response};
use crate::error::{Error, Result};

/// One event for the page.
///
/// # Examples
///
/// ```
/// use nuages_handler::Event;
///
/// let event = Event::new("two\nlines").event("news").id("7");
/// assert_eq!(event.to_string(), "event: news\nid: 7\ndata: two\ndata: lines\n\n");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "an event does nothing until it is sent"]
pub struct Event {
    fields: String,
    data: Option<String>,
}

impl Event {
    /// An event with this text, of as many lines as it has.
    pub fn new(data: impl Into<String>) -> Self {
        Self {
            fields: String::new(),
            data: Some(data.into()),
        }
    }

    /// An event with a value as JSON.
    ///
    /// # Errors
    ///
    /// When the value can't be written as JSON.
    pub fn json(value: &(impl Serialize + ?Sized)) -> Result<Self> {
        Ok(Self::new(serde_json::to_string(value)?))
    }

    /// A comment, which pages don't see.
    pub fn comment(text: &str) -> Self {
        let mut event = Self::default();
        for line in lines(text) {
            let _ = writeln!(event.fields, ": {line}");
        }
        event
    }

    /// What kind of event it is: pages listen by this name. Line breaks are left out.
    pub fn event(self, name: &str) -> Self {
        self.field("event", name)
    }

    /// Its id: a browser whose connection broke says which it has seen last, as [`Request::last_event_id`](crate::Request::last_event_id). Line
    /// breaks and NUL are left out.
    pub fn id(self, id: impl std::fmt::Display) -> Self {
        self.field("id", &id.to_string())
    }

    /// How long the browser waits before it comes back after its connection broke.
    pub fn retry(self, time: Duration) -> Self {
        self.field("retry", &time.as_millis().to_string())
    }

    fn field(mut self, name: &str, value: &str) -> Self {
        let value: String = value
            .chars()
            .filter(|c| !matches!(c, '\r' | '\n' | '\0'))
            .collect();
        let _ = writeln!(self.fields, "{name}: {value}");
        self
    }
}

/// The lines of a text, by any of the three breaks that the format knows.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n')
        .flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}

/// As it is sent.
impl std::fmt::Display for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.fields)?;
        if let Some(data) = &self.data {
            for line in lines(data) {
                writeln!(f, "data: {line}")?;
            }
        }
        f.write_str("\n")
    }
}

impl IntoChunk for Event {
    fn into_chunk(self) -> Result<Bytes, Error> {
        Ok(self.to_string().into())
    }
}

/// A response of events that goes on until the client goes, or there are no more.
///
/// While there is none, a comment is sent every 15 seconds, so that nobody on the way takes the connection for dead, and a client that has gone is noticed.
///
/// # Examples
///
/// Of an async stream by [`new`](Self::new), of an iterator that may block by [`iter`](Self::iter):
///
/// ```
/// use nuages_handler::{App, Client, Event, Request, Sse, Urls};
///
/// fn countdown(request: Request) -> Sse {
///     let from = request.last_event_id().and_then(|id| id.parse().ok()).unwrap_or(3_u32);
///     Sse::iter((0..from).rev().map(|n| Event::new(n.to_string()).id(n)))
/// }
///
/// let client = Client::new(App::new().urls(Urls::new().path("", countdown)));
/// let response = client.get("/").header("last-event-id", "2").wait()?;
/// assert_eq!(response.header("content-type"), Some("text/event-stream"));
/// assert_eq!(response.text(), "id: 1\ndata: 1\n\nid: 0\ndata: 0\n\n");
/// # Ok::<(), nuages_handler::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "events are not sent until a view returns them"]
pub struct Sse {
    body: Body,
    keep_alive: Option<Duration>,
}

impl Sse {
    /// The events of an async stream: [`Event`]s or results of them.
    pub fn new<S>(events: S) -> Self
    where
        S: Stream<Item: IntoChunk> + Send + 'static,
    {
        Self::of(of_stream(events))
    }

    /// The events of an iterator of sync code, which may block. It holds a thread while it does; see [`Response::iter`].
    pub fn iter<I>(events: I) -> Self
    where
        I: IntoIterator<Item: IntoChunk, IntoIter: Send + 'static>,
    {
        Self::of(of_iterator(events.into_iter()))
    }

    fn of(body: Body) -> Self {
        Self {
            body,
            keep_alive: Some(Duration::from_secs(15)),
        }
    }

    /// After which silence a comment is sent; `None` for never. Default: 15 seconds.
    pub fn keep_alive(mut self, silence: impl Into<Option<Duration>>) -> Self {
        self.keep_alive = silence.into();
        self
    }
}

impl IntoResponse for Sse {
    fn into_response(self) -> Response {
        let body = match self.keep_alive {
            Some(silence) => Body::new(KeptAlive {
                body: self.body,
                silence,
                sleep: None,
                waits: false,
            }),
            None => self.body,
        };
        let mut response = Response::default().body(body);
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/event-stream"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        // nginx gathers what it passes on otherwise.
        headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
        response
    }
}

struct KeptAlive {
    body: Body,
    silence: Duration,
    /// Made by the first silence.
    sleep: Option<Pin<Box<Sleep>>>,
    waits: bool,
}

impl http_body::Body for KeptAlive {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            self.waits = false;
            return Poll::Ready(frame);
        }
        let silence = self.silence;
        let begins = !std::mem::replace(&mut self.waits, true);
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(silence)));
        if begins {
            sleep.as_mut().reset(Instant::now() + silence);
        }
        if sleep.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.waits = false;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b": keep-alive\n\n")))))
    }
}
