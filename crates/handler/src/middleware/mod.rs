//! Middleware: code around the views, sync, async or neither.

mod builtin;
mod chain;
mod factory;
mod hooks;
mod neutral;
mod next;
mod tower_layer;

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use nuages_bridge as bridge;

pub(crate) use self::builtin::DEFAULTS;
pub use self::builtin::{
    AccessLog, AllowedHosts, Common, ConcurrencyLimit, ConditionalGet, ContentSecurityPolicy, Csrf,
    RequestId, SecurityHeaders, Timeout, csp_nonce, csrf_exempt, csrf_token, request_id, rotate_csrf_token,
};
pub(crate) use self::chain::run;
pub use self::factory::MiddlewareNotUsed;
pub(crate) use self::hooks::Hooks;
pub use self::hooks::{AsyncMiddleware, Middleware};
pub use self::neutral::{Neutral, NeutralMiddleware, neutral};
pub use self::next::Next;
pub use self::tower_layer::{TowerNext, tower_layer};
use crate::name::{for_ever, name_of};
use crate::request::Request;
use crate::response::{IntoResponse, Response};
use crate::view::{BoxFuture, Mode};

type SyncLayer = Arc<dyn Fn(Request, Next) -> Response + Send + Sync>;
type AsyncLayer = Arc<dyn Fn(Request, Next) -> BoxFuture<'static, Response> + Send + Sync>;

/// One middleware, as a route's chain holds it.
#[derive(Clone)]
pub struct Layer {
    pub(crate) kind: Kind,
    pub(crate) name: Cow<'static, str>,
    /// What a struct has beside its call; a neutral one has it in itself.
    pub(crate) hooks: Option<Hooks>,
}

#[derive(Clone)]
pub(crate) enum Kind {
    Sync(SyncLayer),
    Async(AsyncLayer),
    Neutral(Arc<dyn NeutralMiddleware>),
    /// Made when the application is built, of its settings.
    Factory(factory::Factory),
    /// One that declined, and why.
    Unused(MiddlewareNotUsed),
}

impl Layer {
    /// Says what the plan calls it.
    #[must_use]
    pub fn named(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = name.into();
        self
    }

    fn new(kind: Kind, name: Cow<'static, str>) -> Self {
        Self {
            kind,
            name,
            hooks: None,
        }
    }

    /// What kind of code it is.
    pub fn mode(&self) -> Mode {
        match &self.kind {
            Kind::Sync(_) => Mode::Sync,
            Kind::Async(_) => Mode::Async,
            Kind::Neutral(_) | Kind::Factory(_) | Kind::Unused(_) => Mode::Neutral,
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
/// [`NeutralMiddleware`], a [`Middleware`] or an [`AsyncMiddleware`].
///
/// An `Option` or a `Result` of one is one that may decline: `None` and [`MiddlewareNotUsed`] leave the chain as it was.
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
    note = "a middleware is `fn(Request, Next) -> Result<Response>` or the same with `async fn`, or a type that implements `Middleware`, `AsyncMiddleware` or `NeutralMiddleware`",
    note = "the future of an `async fn` has to be `Send`: what is no `Send` can't be held across an `.await`"
)]
pub trait IntoMiddleware<M> {
    /// The middleware.
    #[track_caller]
    fn into_middleware(self) -> Layer;
}

/// Marks a `fn`.
#[derive(Debug)]
pub struct SyncFunction<R>(PhantomData<R>);

/// Marks an `async fn`.
#[derive(Debug)]
pub struct AsyncFunction<R>(PhantomData<R>);

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

impl<F, R> IntoMiddleware<SyncFunction<R>> for F
where
    F: Fn(Request, Next) -> R + Send + Sync + 'static,
    R: IntoResponse,
{
    #[track_caller]
    fn into_middleware(self) -> Layer {
        let name = name_of::<F>(Location::caller());
        Layer::new(
            Kind::Sync(Arc::new(move |request, next| self(request, next).into_response())),
            name,
        )
    }
}

impl<F, Fut> IntoMiddleware<AsyncFunction<Fut>> for F
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
        Layer::new(Kind::Async(layer), name)
    }
}

impl<N: NeutralMiddleware> IntoMiddleware<NeutralMode> for N {
    fn into_middleware(self) -> Layer {
        let name = self.name();
        Layer::new(Kind::Neutral(Arc::new(self)), name)
    }
}
