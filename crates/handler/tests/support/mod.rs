//! What several tests need: forms with files, and requests in both call styles.
#![allow(dead_code, reason = "each test uses what it needs")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::pin::Pin;
use std::task::{Context, Poll};

use nuages_handler::{Body, Bytes, Client, ClientRequest, ClientResponse};

pub(crate) const BOUNDARY: &str = "----nuages7MA4YWxk";
pub(crate) const MULTIPART: &str = "multipart/form-data; boundary=----nuages7MA4YWxk";

/// A form with files, as a browser writes it.
#[derive(Default)]
pub(crate) struct Form {
    body: Vec<u8>,
}

impl Form {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn field(self, name: &str, value: &str) -> Self {
        self.part(
            &format!("Content-Disposition: form-data; name=\"{name}\""),
            value.as_bytes(),
        )
    }

    pub(crate) fn file(self, field: &str, name: &str, content: &[u8]) -> Self {
        let headers = format!(
            "Content-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\nContent-Type: application/octet-stream"
        );
        self.part(&headers, content)
    }

    pub(crate) fn part(mut self, headers: &str, content: &[u8]) -> Self {
        self.body
            .extend_from_slice(format!("--{BOUNDARY}\r\n{headers}\r\n\r\n").as_bytes());
        self.body.extend_from_slice(content);
        self.body.extend_from_slice(b"\r\n");
        self
    }

    pub(crate) fn end(mut self) -> Bytes {
        self.body
            .extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        self.body.into()
    }

    pub(crate) fn cut(self) -> Bytes {
        self.body.into()
    }
}

pub(crate) fn send(client: &Client, path: &str, form: Bytes) -> ClientRequest {
    // As a visitor sees it: a page, where a test would rather see the error.
    let visitor = client.clone().raise_exceptions(false);
    visitor.post(path).header("content-type", MULTIPART).body(form)
}

/// The same request from async code, and waited for by a plain thread.
pub(crate) async fn both(request: impl Fn() -> ClientRequest + Send + 'static) -> [ClientResponse; 2] {
    let awaited = request().await.unwrap();
    let waited = std::thread::spawn(move || request().wait().unwrap());
    let waited = poll_thread(waited).await;
    [awaited, waited]
}

/// The end of a thread, without blocking the loop that it may need.
async fn poll_thread<T: Send + 'static>(thread: std::thread::JoinHandle<T>) -> T {
    while !thread.is_finished() {
        tokio::task::yield_now().await;
    }
    thread.join().unwrap()
}

/// A body that comes frame by frame, as a channel gives it.
pub(crate) struct Frames(pub(crate) tokio::sync::mpsc::Receiver<Result<Bytes, std::io::Error>>);

impl http_body::Body for Frames {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, std::io::Error>>> {
        self.0
            .poll_recv(cx)
            .map(|frame| frame.map(|frame| frame.map(http_body::Frame::data)))
    }
}

/// A body, and what feeds it.
pub(crate) fn channel() -> (tokio::sync::mpsc::Sender<Result<Bytes, std::io::Error>>, Body) {
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    (sender, Body::new(Frames(receiver)))
}
