//! Views: what answers a request, in a mode of its own.

mod into;

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use nuages_bridge as bridge;

pub(crate) use self::into::AsItIs;
pub use self::into::{Answer, Arguments, IntoView, ViewFn};
use crate::error::Error;
use crate::methods::{Methods, Selected};
use crate::request::Request;
use crate::response::Response;

pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type SyncView = Arc<dyn Fn(Request) -> Response + Send + Sync>;
type AsyncView = Arc<dyn Fn(Request) -> BoxFuture<Response> + Send + Sync>;

/// Which kind of code a view or a middleware is, and so where it may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// A `fn` that may block: it runs on a thread.
    Sync,
    /// An `async fn`: it runs on the event loop, or is polled by the thread that waits for it.
    Async,
    /// Plain code without I/O, which runs wherever its neighbours do.
    Neutral,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sync => "sync",
            Self::Async => "async",
            Self::Neutral => "neutral",
        })
    }
}

/// A view whose kind is known at run time only. [`IntoView`] makes one of a function; libraries return them.
#[derive(Clone)]
pub struct View {
    pub(crate) kind: Kind,
    pub(crate) name: Cow<'static, str>,
    needs_body: bool,
}

#[derive(Clone)]
pub(crate) enum Kind {
    Sync(SyncView),
    Async(AsyncView),
    /// Our own answers: no user code, no I/O.
    Neutral(fn(&Request) -> Response),
    Methods(Methods),
}

impl View {
    pub(crate) fn neutral(name: &'static str, answer: fn(&Request) -> Response) -> Self {
        Self {
            kind: Kind::Neutral(answer),
            name: name.into(),
            needs_body: false,
        }
    }

    pub(crate) fn methods(methods: Methods) -> Self {
        Self {
            kind: Kind::Methods(methods),
            name: "methods".into(),
            needs_body: false,
        }
    }

    /// What kind of code it is; `None` where that depends on the method.
    pub fn mode(&self) -> Option<Mode> {
        match &self.kind {
            Kind::Sync(_) => Some(Mode::Sync),
            Kind::Async(_) => Some(Mode::Async),
            Kind::Neutral(_) => Some(Mode::Neutral),
            Kind::Methods(_) => None,
        }
    }

    /// Answers a request, in the view's own mode.
    pub(crate) async fn call(&self, request: Request) -> Response {
        let mut view = self;
        while let Kind::Methods(methods) = &view.kind {
            match methods.select(request.method()) {
                Selected::View(selected) => view = selected,
                Selected::Answer(answer) => return answer,
            }
        }
        // Before a thread is taken: a slow client holds up none. Boxed, since few requests have a body, and the future of each would
        // have room for reading one.
        if view.needs_body
            && let Err(error) = Box::pin(request.buffer()).await
        {
            return error.into();
        }
        match &view.kind {
            Kind::Sync(f) => {
                let f = Arc::clone(f);
                run_sync(move || f(request)).await
            }
            Kind::Async(f) => f(request).await,
            Kind::Neutral(f) => f(&request),
            Kind::Methods(_) => unreachable!("the loop above ends at another kind"),
        }
    }
}

/// Runs sync code in place on a thread that is waiting for it anyway, else on the request's own thread.
pub(crate) async fn run_sync(f: impl FnOnce() -> Response + Send + 'static) -> Response {
    if bridge::may_block() {
        return bridge::sync_frame(f);
    }
    bridge::sync_to_async(f)
        .await
        .unwrap_or_else(|error| Error::from(error).into())
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View")
            .field("name", &self.name)
            .field("mode", &self.mode())
            .finish_non_exhaustive()
    }
}
