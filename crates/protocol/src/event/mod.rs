//! ASGI as written: an application that is called with a scope, and speaks in events.
//!
//! [`EventApplication`] is the contract, [`event_fn`] makes one from an async closure. [`Receiver`] and [`Sender`] are
//! what ASGI calls `receive` and `send`; [`ReceiveEvent`] and [`SendEvent`] are what goes through them. Since an application
//! is called with nothing else, an application can call another, and change what it hears and says on the way.
//!
//! A server serves [`Application`](crate::Application)s. [`EventApplication::into_application`] makes one of an event
//! application, and keeps the rules of the events on the way: what would not be HTTP never reaches the wire.
//! [`ToEvents`] goes the other way.
//!
//! # Examples
//!
//! ```
//! use nuages_protocol::event::{
//!     EventApplication as _, HttpResponseBody, HttpResponseStart, Scope, event_fn,
//! };
//!
//! let app = event_fn(|scope, _receive, send| async move {
//!     let Scope::Http(http) = scope else { return Err(scope.unsupported()) };
//!     send.send(HttpResponseStart::new(200).header("content-type", "text/plain")).await?;
//!     send.send(HttpResponseBody::new(format!("bonsoir, {}", http.uri.path()))).await?;
//!     Ok(())
//! })
//! .into_application();
//! # let _ = app;
//! ```

mod adapter;
mod channel;
mod convert;
mod error;
mod from_application;
mod lifespan;
#[cfg(feature = "websocket")]
mod pump;
mod received;
mod rules;
mod scope;
mod sent;
mod stateless;
mod value;

use std::{fmt, future::Future, sync::Arc};

pub use self::{
    adapter::FromEvents,
    channel::{Receiver, Sender},
    error::{EventError, SendError},
    from_application::ToEvents,
    lifespan::Lifespan,
    received::{CustomEvent, HttpRequest, ReceiveEvent, WebSocketData, WebSocketDisconnect},
    scope::{CustomScope, LifespanScope, LifespanState, Offered, Scope, extension},
    sent::{
        HttpResponseBody, HttpResponseDebug, HttpResponseEarlyHint, HttpResponsePathSend, HttpResponseStart,
        HttpResponseTrailers, HttpResponseZeroCopySend, SendEvent, WebSocketAccept, WebSocketClose,
        WebSocketHttpResponseBody, WebSocketHttpResponseStart,
    },
    stateless::{StatelessServer, serve_stateless},
    value::{Finite, Map, NotFinite, Value},
};
pub(crate) use self::{
    channel::{Sink, Source},
    rules::declared_length,
};
use crate::BoxError;

/// An application as ASGI has it: called once for each request, each WebSocket, and once for its own life.
///
/// # Examples
///
/// A layer around any other application:
///
/// ```
/// use nuages_protocol::{BoxError, event::{EventApplication, Receiver, Scope, Sender}};
///
/// struct Counted<A>(A);
///
/// impl<A: EventApplication> EventApplication for Counted<A> {
///     async fn call(&self, scope: Scope, receive: Receiver, send: Sender) -> Result<(), BoxError> {
///         println!("one more {}", scope.kind());
///         self.0.call(scope, receive, send).await
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event application",
    label = "this has no `call(scope, receive, send)`",
    note = "implement `nuages_protocol::event::EventApplication` for it, make one from an async closure (`event_fn(|scope, receive, send| async move {{ .. }})`), or from an `Application` (`ToEvents::new(app)`)"
)]
pub trait EventApplication: Send + Sync + 'static {
    /// Answers what the scope is about.
    ///
    /// # Errors
    ///
    /// An error before an answer was begun is answered with 500; one after it cuts the connection. Either is logged,
    /// unless it is a [`SendError`] that [`is_disconnected`](SendError::is_disconnected). A scope that is not for it is
    /// refused by [`Scope::unsupported`].
    ///
    /// # Cancel safety
    ///
    /// When the client goes away the application receives it, and may go on for some seconds (10 by default); then the future is dropped.
    fn call(
        &self,
        scope: Scope,
        receive: Receiver,
        send: Sender,
    ) -> impl Future<Output = Result<(), BoxError>> + Send;

    /// This application for a server, or for whatever else takes an [`Application`](crate::Application).
    fn into_application(self) -> FromEvents<Self>
    where
        Self: Sized,
    {
        FromEvents::new(self)
    }
}

impl<T: EventApplication> EventApplication for Arc<T> {
    fn call(
        &self,
        scope: Scope,
        receive: Receiver,
        send: Sender,
    ) -> impl Future<Output = Result<(), BoxError>> + Send {
        T::call(self, scope, receive, send)
    }
}

/// Makes an [`EventApplication`] from an async function or closure.
pub fn event_fn<F, Fut>(function: F) -> EventFn<F>
where
    F: Fn(Scope, Receiver, Sender) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), BoxError>> + Send,
{
    EventFn { function }
}

/// An [`EventApplication`] that is one function; [`event_fn`] makes it.
#[derive(Clone, Copy)]
pub struct EventFn<F> {
    function: F,
}

impl<F> fmt::Debug for EventFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventFn")
            .field("function", &std::any::type_name::<F>())
            .finish()
    }
}

impl<F, Fut> EventApplication for EventFn<F>
where
    F: Fn(Scope, Receiver, Sender) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), BoxError>> + Send,
{
    fn call(
        &self,
        scope: Scope,
        receive: Receiver,
        send: Sender,
    ) -> impl Future<Output = Result<(), BoxError>> + Send {
        (self.function)(scope, receive, send)
    }
}
