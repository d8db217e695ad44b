//! What is put around a single view: middleware of its own, a name, a promise, and values that outer layers look for.

use std::borrow::Cow;
use std::panic::Location;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use http::Method;
use nuages_bridge as bridge;

use super::{Kind, View};
use crate::middleware::IntoMiddleware;
use crate::name::for_ever;

/// Marks a view whose unsafe requests need no proof against forgery; middleware that asks for one finds it by
/// [`Request::view_value`](crate::Request::view_value). For what other programs call, which log in by a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CsrfExempt;

impl View {
    /// Puts middleware around this view alone; the one that is put on last is outermost.
    ///
    /// Unlike middleware of the application it is inside of the conversion of errors: where the view fails, [`Next::run`](crate::Next::run) gives its error, and what a
    /// neutral middleware does after the view is left out.
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_handler::{App, Client, IntoView, Next, Request, Response, Result, Urls};
    ///
    /// async fn stamp(request: Request, next: Next) -> Result<Response> {
    ///     Ok(next.run(request).await?.header("x-seen", "yes"))
    /// }
    ///
    /// fn home() -> &'static str { "bonsoir" }
    ///
    /// let urls = Urls::new().path("", home.into_view().layer(stamp));
    /// assert_eq!(Client::new(App::new().urls(urls)).get("/").wait()?.header("x-seen"), Some("yes"));
    /// # Ok::<(), nuages_handler::Error>(())
    /// ```
    #[must_use]
    #[track_caller]
    pub fn layer<M>(self, middleware: impl IntoMiddleware<M>) -> Self {
        let layer = middleware.into_middleware();
        let (name, attributes) = (self.name.clone(), self.attributes.clone());
        let (layers, view) = match self {
            Self {
                kind: Kind::Layered(mut layers, view),
                ..
            } => {
                layers.insert(0, layer);
                (layers, view)
            }
            view => (vec![layer], Box::new(view)),
        };
        Self {
            attributes,
            ..Self::new(Kind::Layered(layers, view), name, crate::extract::Needs::NOTHING)
        }
    }

    /// Says what the plan and the logs call this view; without it, that is the function's own name.
    #[must_use]
    pub fn named(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.set_name(&name.into());
        self
    }

    #[expect(clippy::ptr_arg, reason = "what is borrowed for ever stays so")]
    fn set_name(&mut self, name: &Cow<'static, str>) {
        self.name = name.clone();
        if let Kind::Layered(_, view) = &mut self.kind {
            view.set_name(name);
        }
    }

    /// Runs this sync view wherever its neighbours do, on the event loop too, without a thread: its author promises that it never blocks.
    ///
    /// A `.wait()` in it is refused, as in any async code, and a debug build (or `NUAGES_DEBUG=1`) reports it by name when it holds up the
    /// loop. For what takes microseconds: a page of what is in memory, a redirect, a health check. An async view stays as it is.
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_handler::{App, IntoView, Urls};
    ///
    /// fn health() -> &'static str { "ok" }
    ///
    /// let plan = App::new().urls(Urls::new().path("health/", health.into_view().inline()).name("health")).plan()?;
    /// assert_eq!(plan.route("health").hops(), 0);
    /// # Ok::<(), nuages_handler::BuildError>(())
    /// ```
    #[must_use]
    #[track_caller]
    pub fn inline(mut self) -> Self {
        let place = Location::caller();
        self.kind = match self.kind {
            Kind::Sync(f) => {
                let name = for_ever(&self.name);
                Kind::Neutral(Arc::new(move |request| {
                    in_async_frame(name, place, || f(request.clone()))
                }))
            }
            Kind::Methods(methods) => Kind::Methods(methods.map(Self::inline)),
            Kind::Layered(layers, view) => Kind::Layered(layers, Box::new(view.inline())),
            other => other,
        };
        self
    }

    /// Keeps a value by its type with this view, for middleware outside of it: it finds the value by [`Request::view_value`](crate::Request::view_value).
    #[must_use]
    pub fn with_value<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
        Arc::make_mut(self.attributes.get_or_insert_default()).insert(value);
        self
    }

    /// The value of the view that answers this method, of those by method.
    pub fn value<T: Clone + Send + Sync + 'static>(&self, method: &Method) -> Option<T> {
        let own = self
            .attributes
            .as_ref()
            .and_then(|attributes| attributes.get::<T>());
        if let Some(own) = own {
            return Some(own.clone());
        }
        match &self.kind {
            Kind::Methods(methods) => methods.find(method)?.value(method),
            Kind::Layered(_, view) => view.value(method),
            Kind::Inner(route) => route.view.value(method),
            Kind::Sync(_) | Kind::Async(_) | Kind::Neutral(_) => None,
        }
    }
}

/// Runs plain code as async code is polled: what would block is refused in it.
fn in_async_frame<T>(name: &'static str, place: &'static Location<'static>, f: impl FnOnce() -> T) -> T {
    let mut frame = pin!(bridge::async_frame(async { f() }).named(name, place));
    match frame.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("nothing is awaited in it"),
    }
}
