//! Middleware as a type, with Django's hooks beside its call.

use std::fmt;
use std::future::{Future, IntoFuture, ready};
use std::sync::Arc;

use nuages_bridge as bridge;

use super::{IntoMiddleware, Kind, Layer, Next};
use crate::error::{Error, Result};
use crate::name::short;
use crate::panic::caught;
use crate::request::Request;
use crate::response::{IntoResponse, Response};
use crate::template::DeferredTemplate;
use crate::view::{BoxFuture, View, run_sync};

/// A sync middleware with hooks: its methods may block, and run on the request's thread.
///
/// The order of the hooks, and what each sees, are Django's: [`process_view`](Self::process_view) runs from the outermost middleware to the
/// innermost, after all of them were called and right before the view; the other two run from the innermost outwards.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, Error, Middleware, Request, Response, Urls};
///
/// struct OutOfStock;
///
/// impl Middleware for OutOfStock {
///     fn process_exception(&self, _request: &Request, error: &Error) -> Option<Response> {
///         error.downcast_ref::<std::num::ParseIntError>().map(|_| Response::new(409).body("no such number"))
///     }
/// }
///
/// fn count() -> Result<String, std::num::ParseIntError> { "many".parse::<i64>().map(|n| n.to_string()) }
///
/// let client = Client::new(App::new().middleware(OutOfStock).urls(Urls::new().path("", count)));
/// assert_eq!(client.get("/").wait()?.status(), 409);
/// # Ok::<(), nuages_handler::Error>(())
/// ```
pub trait Middleware: Send + Sync + 'static {
    /// Around everything inside; it goes on by `next.run(request).wait()`.
    ///
    /// # Errors
    ///
    /// What goes wrong is answered as an error of a view is.
    fn call(&self, request: Request, next: Next) -> Result<Response> {
        next.run(request).wait()
    }

    /// Right before the view: a response is the answer, and the view does not run.
    ///
    /// # Errors
    ///
    /// What goes wrong is answered as an error of a view is, but no [`process_exception`](Self::process_exception) sees it.
    fn process_view(&self, request: &Request, view: &View) -> Result<Option<Response>> {
        let _ = (request, view);
        Ok(None)
    }

    /// After the view failed, or the rendering of its template: the first response is the answer. It sees every error of a view, a 404
    /// that the view made too, but not the 404 of a path without a route.
    fn process_exception(&self, request: &Request, error: &Error) -> Option<Response> {
        let _ = (request, error);
        None
    }

    /// After the view gave a [`TemplateResponse`](crate::TemplateResponse), before it is rendered.
    fn process_template_response(
        &self,
        request: &Request,
        response: &mut Response,
        template: &mut DeferredTemplate,
    ) {
        let _ = (request, response, template);
    }
}

/// An async middleware with hooks; see [`Middleware`] for their order.
///
/// The methods are written as `async fn`.
pub trait AsyncMiddleware: Send + Sync + 'static {
    /// Around everything inside; it goes on by `next.run(request).await`.
    ///
    /// # Errors
    ///
    /// What goes wrong is answered as an error of a view is.
    fn call(&self, request: Request, next: Next) -> impl Future<Output = Result<Response>> + Send {
        next.run(request).into_future()
    }

    /// Right before the view: a response is the answer, and the view does not run.
    ///
    /// # Errors
    ///
    /// As for [`Middleware::process_view`].
    fn process_view(
        &self,
        request: &Request,
        view: &View,
    ) -> impl Future<Output = Result<Option<Response>>> + Send {
        let _ = (request, view);
        ready(Ok(None))
    }

    /// After the view failed; see [`Middleware::process_exception`].
    fn process_exception(
        &self,
        request: &Request,
        error: &Error,
    ) -> impl Future<Output = Option<Response>> + Send {
        let _ = (request, error);
        ready(None)
    }

    /// After the view gave a [`TemplateResponse`](crate::TemplateResponse), before it is rendered.
    fn process_template_response(
        &self,
        request: &Request,
        response: &mut Response,
        template: &mut DeferredTemplate,
    ) -> impl Future<Output = ()> + Send {
        let _ = (request, response, template);
        ready(())
    }
}

/// The hooks of a middleware that is sync or async.
#[derive(Clone)]
pub(crate) enum Hooks {
    Sync(Arc<dyn Middleware>),
    Async(Arc<dyn AsyncHooks>),
}

/// [`AsyncMiddleware`], such that a chain can hold any.
pub(crate) trait AsyncHooks: Send + Sync {
    fn view<'a>(&'a self, request: &'a Request, view: &'a View) -> BoxFuture<'a, Result<Option<Response>>>;
    fn exception<'a>(&'a self, request: &'a Request, error: &'a Error) -> BoxFuture<'a, Option<Response>>;
    fn template<'a>(
        &'a self,
        request: &'a Request,
        response: &'a mut Response,
        template: &'a mut DeferredTemplate,
    ) -> BoxFuture<'a, ()>;
}

impl<A: AsyncMiddleware> AsyncHooks for A {
    fn view<'a>(&'a self, request: &'a Request, view: &'a View) -> BoxFuture<'a, Result<Option<Response>>> {
        Box::pin(bridge::async_frame(self.process_view(request, view)))
    }

    fn exception<'a>(&'a self, request: &'a Request, error: &'a Error) -> BoxFuture<'a, Option<Response>> {
        Box::pin(bridge::async_frame(self.process_exception(request, error)))
    }

    fn template<'a>(
        &'a self,
        request: &'a Request,
        response: &'a mut Response,
        template: &'a mut DeferredTemplate,
    ) -> BoxFuture<'a, ()> {
        Box::pin(bridge::async_frame(
            self.process_template_response(request, response, template),
        ))
    }
}

impl Layer {
    /// Runs the layer's hook before the view; an error of it is the answer.
    pub(super) async fn process_view(&self, request: &Request, view: &View) -> Option<Response> {
        let answer = match (&self.kind, &self.hooks) {
            (Kind::Neutral(layer), _) => {
                caught(|| layer.process_view(request, view)).unwrap_or_else(|panic| Err(panic.into()))
            }
            (_, Some(Hooks::Sync(hooks))) => {
                let (hooks, request, view) = (Arc::clone(hooks), request.clone(), view.clone());
                run_sync(move || hooks.process_view(&request, &view))
                    .await
                    .and_then(|answer| answer)
            }
            (_, Some(Hooks::Async(hooks))) => hooks.view(request, view).await,
            _ => Ok(None),
        };
        answer.unwrap_or_else(|error| Some(error.into()))
    }

    /// Runs the layer's hook for an error of the view. A hook that fails is the error from then on.
    pub(super) async fn process_exception(&self, request: &Request, error: &Error) -> Option<Response> {
        match (&self.kind, &self.hooks) {
            (Kind::Neutral(layer), _) => caught(|| layer.process_exception(request, error))
                .unwrap_or_else(|panic| Some(Error::from(panic).into())),
            (_, Some(Hooks::Sync(hooks))) => {
                let (hooks, request, error) = (Arc::clone(hooks), request.clone(), error.clone());
                run_sync(move || hooks.process_exception(&request, &error))
                    .await
                    .unwrap_or_else(|error| Some(error.into()))
            }
            (_, Some(Hooks::Async(hooks))) => hooks.exception(request, error).await,
            _ => None,
        }
    }

    /// Runs the layer's hook for a template that waits to be rendered.
    pub(super) async fn process_template_response(
        &self,
        request: &Request,
        mut response: Response,
        mut template: DeferredTemplate,
    ) -> Result<(Response, DeferredTemplate)> {
        match (&self.kind, &self.hooks) {
            (Kind::Neutral(layer), _) => {
                caught(|| layer.process_template_response(request, &mut response, &mut template))?;
            }
            (_, Some(Hooks::Sync(hooks))) => {
                let (hooks, request) = (Arc::clone(hooks), request.clone());
                return run_sync(move || {
                    hooks.process_template_response(&request, &mut response, &mut template);
                    (response, template)
                })
                .await;
            }
            (_, Some(Hooks::Async(hooks))) => hooks.template(request, &mut response, &mut template).await,
            _ => {}
        }
        Ok((response, template))
    }
}

/// Marks a [`Middleware`].
#[derive(Debug)]
pub struct SyncStruct;

/// Marks an [`AsyncMiddleware`].
#[derive(Debug)]
pub struct AsyncStruct;

impl<S: Middleware> IntoMiddleware<SyncStruct> for S {
    fn into_middleware(self) -> Layer {
        let middleware = Arc::new(self);
        let call = Arc::clone(&middleware);
        let mut layer = Layer::new(
            Kind::Sync(Arc::new(move |request, next| {
                call.call(request, next).into_response()
            })),
            short(std::any::type_name::<S>()).into(),
        );
        layer.hooks = Some(Hooks::Sync(middleware));
        layer
    }
}

impl<A: AsyncMiddleware> IntoMiddleware<AsyncStruct> for A {
    #[track_caller]
    fn into_middleware(self) -> Layer {
        let name = short(std::any::type_name::<A>());
        let added = std::panic::Location::caller();
        let middleware = Arc::new(self);
        let call = Arc::clone(&middleware);
        let run = move |request, next| -> BoxFuture<'static, Response> {
            let call = Arc::clone(&call);
            let frame = bridge::async_frame(async move { call.call(request, next).await.into_response() });
            Box::pin(frame.named(name, added))
        };
        let mut layer = Layer::new(Kind::Async(Arc::new(run)), name.into());
        layer.hooks = Some(Hooks::Async(middleware));
        layer
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sync(_) => "Hooks (sync)",
            Self::Async(_) => "Hooks (async)",
        })
    }
}
