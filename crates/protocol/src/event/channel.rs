//! `receive` and `send`: the two ends that an event application is called with.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use super::{ReceiveEvent, SendError, SendEvent};

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where events come from. A dropped `next` loses nothing.
pub(crate) trait Source: Send {
    fn next(&mut self) -> BoxFuture<'_, ReceiveEvent>;
}

/// Where events go.
pub(crate) trait Sink: Send + Sync {
    fn send(&self, event: SendEvent) -> BoxFuture<'_, Result<(), SendError>>;
}

/// ASGI's `receive`: what the client and the server have to say, one event after the other.
pub struct Receiver {
    source: Box<dyn Source>,
}

impl Receiver {
    pub(crate) fn new(source: impl Source + 'static) -> Self {
        Self {
            source: Box::new(source),
        }
    }

    /// A receiver that asks a function for each event, for servers and for layers that change what an application hears.
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_protocol::event::{HttpRequest, ReceiveEvent, Receiver};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let mut receive = Receiver::from_fn(|| async { HttpRequest::new("bonsoir").into() });
    /// assert_eq!(receive.next().await, ReceiveEvent::HttpRequest(HttpRequest::new("bonsoir")));
    /// # }
    /// ```
    pub fn from_fn<F, Fut>(function: F) -> Self
    where
        F: FnMut() -> Fut + Send + 'static,
        Fut: Future<Output = ReceiveEvent> + Send + 'static,
    {
        Self::new(FromFn {
            function,
            pending: None,
        })
    }

    /// The next event. After the end it is the end again: an `http.disconnect`, a `websocket.disconnect`.
    ///
    /// # Cancel safety
    ///
    /// A dropped future loses no event.
    pub async fn next(&mut self) -> ReceiveEvent {
        self.source.next().await
    }
}

struct FromFn<F, Fut> {
    function: F,
    /// What was asked for by a call whose future was dropped.
    pending: Option<Pin<Box<Fut>>>,
}

impl<F, Fut> Source for FromFn<F, Fut>
where
    F: FnMut() -> Fut + Send,
    Fut: Future<Output = ReceiveEvent> + Send,
{
    fn next(&mut self) -> BoxFuture<'_, ReceiveEvent> {
        Box::pin(async {
            let function = &mut self.function;
            let event = self.pending.get_or_insert_with(|| Box::pin(function())).await;
            self.pending = None;
            event
        })
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}

/// ASGI's `send`: what the application answers. A clone sends to the same place.
#[derive(Clone)]
pub struct Sender {
    sink: Arc<dyn Sink>,
}

impl Sender {
    pub(crate) fn new(sink: impl Sink + 'static) -> Self {
        Self { sink: Arc::new(sink) }
    }

    /// A sender that calls a function with each event, for servers and for layers that change what an application says.
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_protocol::event::{SendEvent, Sender};
    ///
    /// /// Adds a header to whatever an application answers.
    /// fn with_header(send: Sender) -> Sender {
    ///     Sender::from_fn(move |mut event| {
    ///         if let SendEvent::HttpResponseStart(start) = &mut event {
    ///             start.headers.insert("x-guitar", "gypsy".parse().unwrap());
    ///         }
    ///         let send = send.clone();
    ///         async move { send.send(event).await }
    ///     })
    /// }
    /// # let _ = with_header;
    /// ```
    pub fn from_fn<F, Fut>(function: F) -> Self
    where
        F: Fn(SendEvent) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), SendError>> + Send + 'static,
    {
        Self::new(ToFn(function))
    }

    /// Sends an event. It returns once the event is on its way, as fast as the client takes it.
    ///
    /// # Errors
    ///
    /// [`is_disconnected`](SendError::is_disconnected) once the client has gone;
    /// [`is_refused`](SendError::is_refused) for an event that has no place here, such as a second start.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has sent its event as a whole or not at all.
    pub async fn send(&self, event: impl Into<SendEvent>) -> Result<(), SendError> {
        self.sink.send(event.into()).await
    }
}

struct ToFn<F>(F);

impl<F, Fut> Sink for ToFn<F>
where
    F: Fn(SendEvent) -> Fut + Send + Sync,
    Fut: Future<Output = Result<(), SendError>> + Send + 'static,
{
    fn send(&self, event: SendEvent) -> BoxFuture<'_, Result<(), SendError>> {
        Box::pin((self.0)(event))
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}
