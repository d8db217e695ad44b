//! What happens when a response has ended.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use nuages_protocol::{Body, BoxError};

use super::Response;
use crate::off_loop::later;

impl Response {
    /// Runs `close` once, when the body was sent to its end, or the client has gone, or the body was replaced by another.
    ///
    /// It is for what the body needed, and nobody can be told of an error there. It may block: on an event loop it goes to a thread.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    /// use nuages_handler::{App, Client, Response, Urls};
    ///
    /// static OPEN: AtomicUsize = AtomicUsize::new(1);
    ///
    /// fn export() -> Response {
    ///     Response::iter(["a", "b"]).on_close(|| { OPEN.fetch_sub(1, Ordering::Relaxed); })
    /// }
    ///
    /// let client = Client::new(App::new().urls(Urls::new().path("", export)));
    /// assert_eq!(client.get("/").wait()?.text(), "ab");
    /// while OPEN.load(Ordering::Relaxed) > 0 { std::thread::yield_now(); }
    /// # Ok::<(), nuages_handler::Error>(())
    /// ```
    pub fn on_close(self, close: impl FnOnce() + Send + 'static) -> Self {
        self.map_body(|body| {
            Body::new(Closing {
                body,
                close: Some(Box::new(close)),
            })
        })
    }
}

struct Closing {
    body: Body,
    close: Option<Box<dyn FnOnce() + Send>>,
}

impl Closing {
    fn close(&mut self) {
        if let Some(close) = self.close.take() {
            later(close);
        }
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        self.close();
    }
}

impl http_body::Body for Closing {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(frame, Poll::Ready(None | Some(Err(_)))) {
            self.close();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
