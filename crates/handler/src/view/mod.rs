//! Views: what answers a request, in a mode of its own.

mod into;
mod layered;

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::{Extensions, Method};
use nuages_bridge as bridge;

pub(crate) use self::into::AsItIs;
pub use self::into::{Answer, Arguments, IntoView, ViewFn};
pub use self::layered::CsrfExempt;
use crate::error::Error;
use crate::extract::Needs;
use crate::handler::Shared;
use crate::methods::{Methods, Selected};
use crate::middleware::{Layer, run};
use crate::panic::caught;
use crate::request::Request;
use crate::response::Response;
use crate::urls::Endpoint;

/// A future of any type, in a box.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
type SyncView = Arc<dyn Fn(Request) -> Response + Send + Sync>;
type NeutralView = Arc<dyn Fn(&Request) -> Response + Send + Sync>;
#[cfg(feature = "websocket")]
type Probe = fn(&Request) -> Result<(), Error>;
type AsyncView = Arc<dyn Fn(Request) -> BoxFuture<'static, Response> + Send + Sync>;

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
    needs: Needs,
    /// Whether its arguments can be made of a request that asks for a WebSocket, before it is accepted.
    #[cfg(feature = "websocket")]
    probe: Option<Probe>,
    /// What decorators say of it, by type.
    attributes: Option<Arc<Extensions>>,
}

#[derive(Clone)]
pub(crate) enum Kind {
    Sync(SyncView),
    Async(AsyncView),
    /// Our own answers, and sync views that promise not to block.
    Neutral(NeutralView),
    Methods(Methods),
    /// A view with middleware of its own, before the application is built.
    Layered(Vec<Layer>, Box<View>),
    /// The same afterwards.
    Inner(Arc<Endpoint>),
}

impl View {
    fn new(kind: Kind, name: Cow<'static, str>, needs: Needs) -> Self {
        Self {
            kind,
            name,
            needs,
            #[cfg(feature = "websocket")]
            probe: None,
            attributes: None,
        }
    }

    /// Tells whether the view's arguments can be made, but for its WebSocket.
    #[cfg(feature = "websocket")]
    pub(crate) fn probe(&self, request: &Request) -> Result<(), Error> {
        match &self.kind {
            Kind::Layered(_, view) => view.probe(request),
            Kind::Inner(route) => route.view.probe(request),
            _ => self.probe.map_or(Ok(()), |probe| probe(request)),
        }
    }

    pub(crate) fn neutral(name: &'static str, answer: fn(&Request) -> Response) -> Self {
        Self::new(Kind::Neutral(Arc::new(answer)), name.into(), Needs::NOTHING)
    }

    /// Plain code of ours that has another name than its own.
    #[cfg(feature = "websocket")]
    pub(crate) fn of_neutral(
        name: Cow<'static, str>,
        answer: impl Fn(&Request) -> Response + Send + Sync + 'static,
    ) -> Self {
        Self::new(Kind::Neutral(Arc::new(answer)), name, Needs::NOTHING)
    }

    /// Async code of ours that has no function's name.
    pub(crate) fn of_async(
        name: impl Into<Cow<'static, str>>,
        call: impl Fn(Request) -> BoxFuture<'static, Response> + Send + Sync + 'static,
    ) -> Self {
        Self::new(Kind::Async(Arc::new(call)), name.into(), Needs::NOTHING)
    }

    pub(crate) fn methods(methods: Methods) -> Self {
        Self::new(Kind::Methods(methods), "methods".into(), Needs::NOTHING)
    }

    /// What kind of code it is; `None` where that depends on the method.
    pub fn mode(&self) -> Option<Mode> {
        match &self.kind {
            Kind::Sync(_) => Some(Mode::Sync),
            Kind::Async(_) => Some(Mode::Async),
            Kind::Neutral(_) => Some(Mode::Neutral),
            Kind::Methods(_) => None,
            Kind::Layered(_, view) => view.mode(),
            Kind::Inner(route) => route.view.mode(),
        }
    }

    /// What the plan and the log call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The view as an application runs it: what has middleware of its own becomes a route inside the route.
    pub(crate) fn built(mut self, shared: &Arc<Shared>) -> Self {
        self.kind = match self.kind {
            Kind::Layered(layers, view) => {
                let layers = layers
                    .into_iter()
                    .filter_map(|layer| layer.built(&shared.settings))
                    .collect();
                Kind::Inner(Arc::new(Endpoint::inner(
                    layers,
                    view.built(shared),
                    Arc::clone(shared),
                )))
            }
            Kind::Methods(methods) => Kind::Methods(methods.map(|view| view.built(shared))),
            kind => kind,
        };
        self
    }

    /// The view that answers a method, or what is answered without one.
    pub(crate) fn select(&self, method: &Method) -> Selected<'_> {
        let mut view = self;
        while let Kind::Methods(methods) = &view.kind {
            match methods.select(method) {
                Selected::View(selected) => view = selected,
                answer @ Selected::Answer(_) => return answer,
            }
        }
        Selected::View(view)
    }

    /// Answers a request, in the view's own mode.
    pub(crate) async fn call(&self, request: Request) -> Response {
        let view = match self.select(request.method()) {
            Selected::View(view) => view,
            Selected::Answer(answer) => return answer,
        };
        // Before a thread is taken: a slow client holds up none. Boxed, since few requests have a body, and the future of each would
        // have room for reading one.
        if view.needs.is_read_before() {
            Box::pin(request.prepare(view.needs)).await;
        }
        match &view.kind {
            Kind::Sync(f) => {
                let f = Arc::clone(f);
                run_sync(move || f(request))
                    .await
                    .unwrap_or_else(Response::from_problem)
            }
            Kind::Async(f) => f(request).await,
            Kind::Neutral(f) => f(&request),
            Kind::Inner(route) => Box::pin(run(route, 0, request)).await,
            Kind::Layered(_, view) => unreachable!("`{}` was not built", view.name),
            Kind::Methods(_) => unreachable!("`select` ends at another kind"),
        }
    }
}

/// Runs sync code in place on a thread that is waiting for it anyway, else on the request's own thread. A panic of it is an error here.
pub(crate) async fn run_sync<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    if bridge::may_block() {
        return bridge::sync_frame(|| caught(f)).map_err(Error::from);
    }
    match bridge::sync_to_async(move || caught(f)).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(panic)) => Err(panic.awaited_here().into()),
        Err(error) => Err(error.into()),
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View")
            .field("name", &self.name)
            .field("mode", &self.mode())
            .finish_non_exhaustive()
    }
}
