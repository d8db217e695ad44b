//! Middleware: code around the views, sync, async or neither.

mod chain;
mod neutral;
mod next;

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use nuages_bridge as bridge;

pub(crate) use self::chain::run;
pub use self::neutral::{Neutral, NeutralMiddleware, neutral};
pub use self::next::Next;
use crate::name::{for_ever, name_of};
use crate::request::Request;
use crate::response::{IntoResponse, Response};
use crate::view::{BoxFuture, Mode};

type SyncLayer = Arc<dyn Fn(Request, Next) -> Response + Send + Sync>;
type AsyncLayer = Arc<dyn Fn(Request, Next) -> BoxFuture<Response> + Send + Sync>;

/// One middleware, as a route's chain holds it.
#[derive(Clone)]
pub struct Layer {
    pub(crate) kind: Kind,
    pub(crate) name: Cow<'static, str>,
}

#[derive(Clone)]
pub(crate) enum Kind {
    Sync(SyncLayer),
    Async(AsyncLayer),
    Neutral(Arc<dyn NeutralMiddleware>),
}

impl Layer {
    /// What kind of code it is.
    pub fn mode(&self) -> Mode {
        match &self.kind {
            Kind::Sync(_) => Mode::Sync,
            Kind::Async(_) => Mode::Async,
            Kind::Neutral(_) => Mode::Neutral,
        }
    }
}

impl fmt::Debug for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layer")
            .field("name", &self.name)
            .field("mode", &self.mode())
            .finish()
    }
}

/// What can stand around the views: a `fn` or an `async fn` of a [`Request`] and [`Next`] that returns a response, or a
/// [`NeutralMiddleware`].
///
/// The parameter `M` is inferred; it is what lets the kinds share one trait.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Next, Request, Response, Result};
///
/// async fn timing(request: Request, next: Next) -> Result<Response> {
///     let started = std::time::Instant::now();
///     let response = next.run(request).await?;
///     Ok(response.header("server-timing", format!("app;dur={}", started.elapsed().as_millis())))
/// }
///
/// fn audit(request: Request, next: Next) -> Result<Response> {
///     println!("{} {}", request.method(), request.path());
///     next.run(request).wait()
/// }
///
/// let app = App::new().middleware(timing).middleware(audit);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a middleware",
    label = "not a middleware: it takes a `Request` and `Next`",
    note = "a middleware is `fn(Request, Next) -> Result<Response>` or the same with `async fn`, or a type that implements `NeutralMiddleware`",
    note = "the future of an `async fn` has to be `Send`: what is no `Send` can't be held across an `.await`"
)]
pub trait IntoMiddleware<M> {
    /// The middleware.
    #[track_caller]
    fn into_middleware(self) -> Layer;
}

/// Marks a `fn`.
#[derive(Debug)]
pub struct SyncMiddleware<R>(PhantomData<R>);

/// Marks an `async fn`.
#[derive(Debug)]
pub struct AsyncMiddleware<R>(PhantomData<R>);

/// Marks a [`NeutralMiddleware`].
#[derive(Debug)]
pub struct NeutralMode;

/// Marks what is a [`Layer`] already.
#[derive(Debug)]
pub struct AsItIs;

#[diagnostic::do_not_recommend]
impl IntoMiddleware<AsItIs> for Layer {
    fn into_middleware(self) -> Layer {
        self
    }
}

impl<F, R> IntoMiddleware<SyncMiddleware<R>> for F
where
    F: Fn(Request, Next) -> R + Send + Sync + 'static,
    R: IntoResponse,
{
    #[track_caller]
    fn into_middleware(self) -> Layer {
        let name = name_of::<F>(Location::caller());
        Layer {
            kind: Kind::Sync(Arc::new(move |request, next| self(request, next).into_response())),
            name,
        }
    }
}

impl<F, Fut> IntoMiddleware<AsyncMiddleware<Fut>> for F
where
    F: Fn(Request, Next) -> Fut + Send + Sync + 'static,
    Fut: Future + Send + 'static,
    Fut::Output: IntoResponse,
{
    #[track_caller]
    fn into_middleware(self) -> Layer {
        let name = name_of::<F>(Location::caller());
        let (called, added) = (for_ever(&name), Location::caller());
        let f = Arc::new(self);
        let layer: AsyncLayer = Arc::new(move |request, next| {
            let f = Arc::clone(&f);
            let frame = bridge::async_frame(async move { f(request, next).await.into_response() });
            Box::pin(frame.named(called, added))
        });
        Layer {
            kind: Kind::Async(layer),
            name,
        }
    }
}

impl<N: NeutralMiddleware> IntoMiddleware<NeutralMode> for N {
    fn into_middleware(self) -> Layer {
        Layer {
            name: self.name(),
            kind: Kind::Neutral(Arc::new(self)),
        }
    }
}
