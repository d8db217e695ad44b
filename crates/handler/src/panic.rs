//! Panics of views and middleware become errors, so that neither a thread nor a connection dies of one.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::RefCell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Once};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::error::{Error, backtrace};
use crate::response::Response;

/// A panic of a view or a middleware, as the source of the [`Error`] that it became.
#[derive(Clone, Debug)]
pub struct Panic {
    message: String,
    location: Option<String>,
    /// Where it was, and where it was waited for, if that is another thread.
    backtrace: Option<Arc<Backtrace>>,
    awaited: Option<Arc<Backtrace>>,
}

impl Panic {
    fn new(payload: &(dyn Any + Send)) -> Self {
        let text = text_of(payload);
        let seen = SEEN.try_with(|seen| seen.borrow_mut().take()).ok().flatten();
        // A panic that goes on from another thread was not seen here: what was is another one, of long ago.
        let seen = seen.filter(|seen| seen.message == text);
        let (location, backtrace) = seen.map_or((None, None), |seen| (Some(seen.location), seen.backtrace));
        Self {
            message: text.unwrap_or_else(|| "a panic whose payload is no text".to_owned()),
            location,
            backtrace,
            awaited: None,
        }
    }

    /// What the panic said.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The file, line and column of it, if they are known: not of a panic that crossed a hop of the view's own.
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }

    /// The way to the panic, where `RUST_BACKTRACE=1` asks for it, and in debug mode.
    pub fn backtrace(&self) -> Option<&Backtrace> {
        self.backtrace.as_deref()
    }

    /// The way to the code that awaited it, where sync code panicked that async code had sent to a thread.
    pub fn awaited_backtrace(&self) -> Option<&Backtrace> {
        self.awaited.as_deref()
    }

    /// Remembers that this is where the panicking code was waited for.
    #[cold]
    pub(crate) fn awaited_here(mut self) -> Self {
        self.awaited = captured(backtrace());
        self
    }
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "panicked: {}", self.message)
    }
}

impl std::error::Error for Panic {}

fn captured(backtrace: Backtrace) -> Option<Arc<Backtrace>> {
    (backtrace.status() == BacktraceStatus::Captured).then(|| Arc::new(backtrace))
}

fn text_of(payload: &(dyn Any + Send)) -> Option<String> {
    let text = payload
        .downcast_ref::<&'static str>()
        .map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
}

/// What the panic hook saw of the last panic of this thread.
struct Seen {
    message: Option<String>,
    location: String,
    backtrace: Option<Arc<Backtrace>>,
}

thread_local! {
    static SEEN: RefCell<Option<Seen>> = const { RefCell::new(None) };
}

/// Has panics of views tell where they were: only a panic hook gets to know. The hook that was there still says what it says.
pub(crate) fn watch_panics() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let seen = Seen {
                message: text_of(info.payload()),
                location: info.location().map_or_else(String::new, ToString::to_string),
                backtrace: captured(backtrace()),
            };
            let _ = SEEN.try_with(|slot| slot.borrow_mut().replace(seen));
            before(info);
        }));
    });
}

/// Runs plain code.
pub(crate) fn caught<T>(f: impl FnOnce() -> T) -> Result<T, Panic> {
    // What the code had in its hands when it panicked is dropped or behind a lock that tells; nothing of ours is.
    catch_unwind(AssertUnwindSafe(f)).map_err(|payload| Panic::new(&*payload))
}

/// Polls a future.
pub(crate) fn caught_future<F: Future<Output = Response>>(future: F) -> Caught<F> {
    Caught { future }
}

pin_project! {
    // A struct and no `async fn`, which would have room for the future twice.
    pub(crate) struct Caught<F> {
        #[pin]
        future: F,
    }
}

impl<F: Future<Output = Response>> Future for Caught<F> {
    type Output = Response;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let future = self.project().future;
        caught(|| future.poll(cx))
            .unwrap_or_else(|panicked| Poll::Ready(Response::from_problem(Error::from(panicked))))
    }
}
