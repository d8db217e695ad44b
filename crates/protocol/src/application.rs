//! The contract that a server calls and an application fulfils.

use std::{fmt, future::Future, sync::Arc};

use crate::{Body, BoxError, HttpScope, Response, State, WebSocketScope, websocket::Handshake};

/// What a server serves: one call per protocol, and the two ends of its life.
///
/// It is ASGI's contract with a type for each part. Where ASGI has a dictionary and two callables for
/// everything, this has a method with arguments and a result for each protocol, so that a request costs no
/// channel and a mistake doesn't compile. The methods are written as `async fn`:
///
/// # Examples
///
/// ```
/// use nuages_protocol::{Application, Body, BoxError, HttpScope, Response};
///
/// struct Hello;
///
/// impl Application for Hello {
///     async fn http(&self, scope: HttpScope, _body: Body) -> Result<Response, BoxError> {
///         Ok(Response::new(format!("hello, {}", scope.uri.path()).into()))
///     }
/// }
/// ```
///
/// An application without startup and shutdown can be a closure: [`app_fn`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an application",
    label = "a server can't serve this",
    note = "implement `nuages_protocol::Application` for it, or make one from an async closure: `app_fn(|scope, body| async move {{ .. }})`"
)]
pub trait Application: Send + Sync + 'static {
    /// Answers one HTTP request.
    ///
    /// The response may be returned before the body was read. Its own body is sent as it comes, as fast as the
    /// client takes it.
    ///
    /// # Errors
    ///
    /// An error is answered with 500, logged by the server, and ends the connection. What the client did wrong
    /// while it sent its body (a [`BodyError`](crate::BodyError) anywhere in the chain of sources) is answered
    /// with that error's [`status`](crate::BodyError::status) and is no fault in the log. A panic is answered
    /// as an error is.
    ///
    /// # Cancel safety
    ///
    /// When the client goes away, the future is dropped at its current `.await`. Work that has to be finished
    /// nevertheless belongs into a task of its own.
    fn http(&self, scope: HttpScope, body: Body) -> impl Future<Output = Result<Response, BoxError>> + Send;

    /// Answers one WebSocket: the handshake, and then everything until it is closed.
    ///
    /// Without it a WebSocket is denied with 403, as ASGI has it where an application closes before it accepts.
    ///
    /// # Errors
    ///
    /// An error before the handshake was answered is answered as one of [`http`](Self::http) is; one after it closes
    /// the WebSocket with 1011. Either is logged, unless it is that the client went away.
    ///
    /// # Cancel safety
    ///
    /// The future is dropped when the server ends; the client's going away is something that it reads.
    fn websocket(
        &self,
        scope: WebSocketScope,
        handshake: Handshake,
    ) -> impl Future<Output = Result<(), BoxError>> + Send {
        let _ = scope;
        drop(handshake);
        async { Ok(()) }
    }

    /// Runs once, before the server accepts its first connection: open pools, warm caches.
    ///
    /// What it returns is in the scope of every request and WebSocket, each with a shallow copy of its own.
    ///
    /// # Errors
    ///
    /// An error keeps the server from starting: `serve` returns it, and [`shutdown`](Self::shutdown) isn't called.
    ///
    /// # Cancel safety
    ///
    /// The future is dropped if the server is asked to stop meanwhile.
    fn startup(&self) -> impl Future<Output = Result<State, BoxError>> + Send {
        async { Ok(State::new()) }
    }

    /// Runs once, after the last request: close pools, flush what is buffered.
    ///
    /// # Errors
    ///
    /// An error is returned by `serve`.
    fn shutdown(&self) -> impl Future<Output = Result<(), BoxError>> + Send {
        async { Ok(()) }
    }
}

impl<T: Application> Application for Arc<T> {
    fn http(&self, scope: HttpScope, body: Body) -> impl Future<Output = Result<Response, BoxError>> + Send {
        T::http(self, scope, body)
    }

    fn websocket(
        &self,
        scope: WebSocketScope,
        handshake: Handshake,
    ) -> impl Future<Output = Result<(), BoxError>> + Send {
        T::websocket(self, scope, handshake)
    }

    fn startup(&self) -> impl Future<Output = Result<State, BoxError>> + Send {
        T::startup(self)
    }

    fn shutdown(&self) -> impl Future<Output = Result<(), BoxError>> + Send {
        T::shutdown(self)
    }
}

/// Makes an [`Application`] from an async function or closure.
///
/// # Examples
///
/// ```
/// use nuages_protocol::{Response, app_fn};
///
/// let app = app_fn(|scope, body| async move {
///     let sent = body.collect(1024).await?;
///     Ok(Response::new(format!("{} got {} bytes", scope.uri.path(), sent.len()).into()))
/// });
/// # let _ = app;
/// ```
pub fn app_fn<F, Fut>(function: F) -> AppFn<F>
where
    F: Fn(HttpScope, Body) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Response, BoxError>> + Send,
{
    AppFn { function }
}

/// An [`Application`] that is one function; [`app_fn`] makes it.
#[derive(Clone, Copy)]
pub struct AppFn<F> {
    function: F,
}

impl<F> fmt::Debug for AppFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppFn")
            .field("function", &std::any::type_name::<F>())
            .finish()
    }
}

impl<F, Fut> Application for AppFn<F>
where
    F: Fn(HttpScope, Body) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Response, BoxError>> + Send,
{
    fn http(&self, scope: HttpScope, body: Body) -> impl Future<Output = Result<Response, BoxError>> + Send {
        (self.function)(scope, body)
    }
}
