//! The streams of an HTTP/2 connection, each in a task of its own, of which none waits for its client for ever.
//!
//! HTTP/2 has a window for each stream, which a client may leave closed while the connection is as lively as can be. hyper asks a body for
//! its next part only when the client has taken the last, and hands each stream's future to an executor: so this one sees how long
//! a client takes, and gives the stream up. What is dropped is reset, and its neighbours go on.

use std::{
    cell::Cell,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::server::config::Limits;

/// What the body of a response did when it was last polled.
#[derive(Clone, Copy, Debug)]
enum Body {
    /// It gave a part of so many bytes.
    Gave(usize),
    /// It has nothing yet.
    Waits,
}

thread_local! {
    static LAST: Cell<Option<Body>> = const { Cell::new(None) };
}

/// Notes what the body of a response has done, for the stream that is being polled, if it is one's.
pub(in crate::server) fn note(given: Option<usize>) {
    LAST.set(Some(given.map_or(Body::Waits, Body::Gave)));
}

/// Spawns the streams of connections.
#[derive(Clone, Debug)]
pub(in crate::server) struct Streams {
    timeout: Duration,
    least_rate: f64,
}

impl Streams {
    pub(in crate::server) fn new(limits: &Limits) -> Self {
        Self {
            timeout: limits.write_timeout,
            least_rate: f64::from(limits.min_write_rate.max(1)),
        }
    }

    /// How long a client may take for so many bytes.
    fn patience(&self, bytes: usize) -> Duration {
        self.timeout + Duration::from_secs_f64(bytes as f64 / self.least_rate)
    }
}

impl<F> hyper::rt::Executor<F> for Streams
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, future: F) {
        drop(tokio::spawn(Watched {
            future,
            streams: self.clone(),
            late: None,
        }));
    }
}

pin_project! {
    struct Watched<F> {
        #[pin]
        future: F,
        streams: Streams,
        // Rings when the client has taken too long. Made for streams that ever wait for theirs.
        late: Option<Pin<Box<Sleep>>>,
    }
}

impl<F: Future<Output = ()>> Future for Watched<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        LAST.set(None);
        if this.future.poll(cx).is_ready() {
            return Poll::Ready(());
        }
        match LAST.take() {
            Some(Body::Gave(bytes)) => {
                let until = Instant::now() + this.streams.patience(bytes);
                match this.late {
                    Some(late) => late.as_mut().reset(until),
                    None => *this.late = Some(Box::pin(sleep_until(until))),
                }
            }
            Some(Body::Waits) => *this.late = None,
            None => {}
        }
        let late = this
            .late
            .as_mut()
            .is_some_and(|late| late.as_mut().poll(cx).is_ready());
        if late {
            tracing::debug!("a client took too long for a part of a response; its stream is reset");
            return Poll::Ready(());
        }
        Poll::Pending
    }
}
