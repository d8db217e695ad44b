//! An event application for whoever calls [`Application`]s.

mod body;
mod exchange;
mod http;
mod tasks;
#[cfg(feature = "websocket")]
mod websocket;

use std::{fmt, sync::Arc, time::Duration};

use self::tasks::Tasks;
use super::{EventApplication, Lifespan, lifespan::Life};
use crate::{Application, Body, BoxError, HttpScope, Response, State};

/// How long an application may go on after its client has gone.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// An [`EventApplication`] as an [`Application`]; [`EventApplication::into_application`] makes it.
///
/// Each call runs in a task of its own, so that the application hears of a client that goes away, and may do more work after
/// its response. What the application sends is checked: a response starts once and before its body, its body is as
/// long as it said, and nothing follows its end. What breaks a rule is refused by `send`, and never reaches the wire.
pub struct FromEvents<A> {
    app: Arc<A>,
    lifespan: Lifespan,
    disconnect_timeout: Duration,
    life: Life,
    tasks: Tasks,
}

impl<A: EventApplication> FromEvents<A> {
    pub(crate) fn new(app: A) -> Self {
        Self {
            app: Arc::new(app),
            lifespan: Lifespan::default(),
            disconnect_timeout: DISCONNECT_TIMEOUT,
            life: Life::default(),
            tasks: Tasks::new(),
        }
    }

    /// Whether the application is started and shut down by events. Default: [`Lifespan::Auto`].
    #[must_use]
    pub fn lifespan(mut self, lifespan: Lifespan) -> Self {
        self.lifespan = lifespan;
        self
    }

    /// How long the application may go on after its client has gone, before its future is dropped; also, how long the
    /// shutdown waits for what it still does. Default: 10 seconds.
    #[must_use]
    pub fn disconnect_timeout(mut self, time: Duration) -> Self {
        self.disconnect_timeout = time;
        self
    }
}

impl<A: EventApplication> Application for FromEvents<A> {
    fn http(&self, scope: HttpScope, body: Body) -> impl Future<Output = Result<Response, BoxError>> + Send {
        http::answer(&self.app, &self.tasks, self.disconnect_timeout, scope, body)
    }

    #[cfg(feature = "websocket")]
    fn websocket(
        &self,
        scope: crate::WebSocketScope,
        handshake: crate::websocket::Handshake,
    ) -> impl Future<Output = Result<(), BoxError>> + Send {
        websocket::answer(&self.app, scope, handshake)
    }

    fn startup(&self) -> impl Future<Output = Result<State, BoxError>> + Send {
        self.life.startup(&self.app, self.lifespan)
    }

    async fn shutdown(&self) -> Result<(), BoxError> {
        self.tasks.ended(self.disconnect_timeout).await;
        self.life.shutdown().await
    }
}

impl<A> fmt::Debug for FromEvents<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromEvents")
            .field("app", &std::any::type_name::<A>())
            .field("lifespan", &self.lifespan)
            .field("disconnect_timeout", &self.disconnect_timeout)
            .finish_non_exhaustive()
    }
}
