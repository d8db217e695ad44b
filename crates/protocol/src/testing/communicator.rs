//! A conversation with an event application.

use std::{fmt, future::Future, pin::Pin, time::Duration};

use nuages_bridge as bridge;
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, timeout_at},
};

use crate::{
    BoxError,
    event::{EventApplication, ReceiveEvent, Receiver, Scope, SendError, SendEvent, Sender, Sink, Source},
};

/// Runs an event application, and speaks with it event by event: asgiref's `ApplicationCommunicator`.
///
/// The application starts with the first call, in a [`Context`](nuages_bridge::Context) that is empty. Where it has failed, the next call
/// says so. Whatever is offered by the scope is up to the test, the debugging extension included.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use nuages_protocol::{HttpScope, event::{HttpResponseBody, HttpResponseStart, SendEvent, event_fn}};
/// use nuages_protocol::testing::ApplicationCommunicator;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// let app = event_fn(|_scope, _receive, send| async move {
///     send.send(HttpResponseStart::new(200)).await?;
///     Ok(send.send(HttpResponseBody::new("bonsoir")).await?)
/// });
/// let mut communicator = ApplicationCommunicator::new(app, HttpScope::default());
/// let second = Duration::from_secs(1);
/// assert_eq!(communicator.receive_output(second).await?.kind(), "http.response.start");
/// let body = communicator.receive_output(second).await?;
/// assert_eq!(body, SendEvent::from(HttpResponseBody::new("bonsoir")));
/// communicator.wait(second).await?;
/// # Ok(())
/// # }
/// ```
pub struct ApplicationCommunicator {
    input: mpsc::UnboundedSender<ReceiveEvent>,
    output: mpsc::UnboundedReceiver<SendEvent>,
    /// What came while nothing was expected.
    early: Option<SendEvent>,
    call: Call,
}

type Starting = Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>>;

enum Call {
    /// Not started yet.
    Waiting(Option<Starting>),
    Running(JoinHandle<Result<(), BoxError>>),
    Ended,
}

impl ApplicationCommunicator {
    /// Prepares a call of the application with this scope.
    pub fn new(app: impl EventApplication, scope: impl Into<Scope>) -> Self {
        let (input, received) = mpsc::unbounded_channel();
        let (sent, output) = mpsc::unbounded_channel();
        let scope = scope.into();
        let receive = Receiver::new(Input(received));
        let send = Sender::new(Output(sent));
        let call = async move { app.call(scope, receive, send).await };
        let call = bridge::Context::empty().scope(bridge::SyncScope::new().run(bridge::async_frame(call)));
        Self {
            input,
            output,
            early: None,
            call: Call::Waiting(Some(Box::pin(call))),
        }
    }

    fn start(&mut self) {
        if let Call::Waiting(call) = &mut self.call
            && let Some(call) = call.take()
        {
            self.call = Call::Running(tokio::spawn(call));
        }
    }

    /// Gives the application an event to receive.
    ///
    /// # Errors
    ///
    /// The application's, if it has failed meanwhile.
    pub async fn send_input(&mut self, event: impl Into<ReceiveEvent>) -> Result<(), CommunicatorError> {
        self.start();
        // An application that has returned reads no more, which is no mistake of the test.
        drop(self.input.send(event.into()));
        self.failure().await
    }

    /// The next event that the application sends.
    ///
    /// # Errors
    ///
    /// The application's, if it has failed and everything that it had sent was received;
    /// [`is_timeout`](CommunicatorError::is_timeout) if nothing comes in time, after which the application is cancelled.
    pub async fn receive_output(&mut self, timeout: Duration) -> Result<SendEvent, CommunicatorError> {
        self.start();
        if let Some(event) = self.early.take() {
            return Ok(event);
        }
        let deadline = Instant::now() + timeout;
        match timeout_at(deadline, self.output.recv()).await {
            Ok(Some(event)) => Ok(event),
            Ok(None) => {
                self.wait(deadline.saturating_duration_since(Instant::now()))
                    .await?;
                Err(Kind::Ended.into())
            }
            Err(_) => {
                self.cancel();
                Err(Kind::Timeout(timeout).into())
            }
        }
    }

    /// Whether the application sends nothing for this long. What it sends is kept for
    /// [`receive_output`](Self::receive_output).
    pub async fn receive_nothing(&mut self, timeout: Duration) -> bool {
        self.start();
        if self.early.is_some() {
            return false;
        }
        match tokio::time::timeout(timeout, self.output.recv()).await {
            Ok(Some(event)) => {
                self.early = Some(event);
                false
            }
            // One that has ended sends nothing more.
            Ok(None) | Err(_) => true,
        }
    }

    /// Waits until the application has ended.
    ///
    /// # Errors
    ///
    /// The application's; [`is_timeout`](CommunicatorError::is_timeout) if it does not end in time, after which it is cancelled.
    pub async fn wait(&mut self, timeout: Duration) -> Result<(), CommunicatorError> {
        self.start();
        let Call::Running(task) = &mut self.call else {
            return Ok(());
        };
        match tokio::time::timeout(timeout, task).await {
            Ok(ended) => {
                self.call = Call::Ended;
                match ended {
                    Ok(Ok(())) => Ok(()),
                    Ok(Err(error)) => Err(Kind::Application(error).into()),
                    Err(error) => match error.try_into_panic() {
                        Ok(payload) => std::panic::resume_unwind(payload),
                        Err(error) => Err(Kind::Application(error.into()).into()),
                    },
                }
            }
            Err(_) => {
                self.cancel();
                Err(Kind::Timeout(timeout).into())
            }
        }
    }

    /// Ends the application where it is, as its drop does.
    pub fn cancel(&mut self) {
        if let Call::Running(task) = std::mem::replace(&mut self.call, Call::Ended) {
            task.abort();
        }
    }

    /// The error of an application that has ended.
    async fn failure(&mut self) -> Result<(), CommunicatorError> {
        match &self.call {
            Call::Running(task) if task.is_finished() => self.wait(Duration::MAX).await,
            _ => Ok(()),
        }
    }
}

impl Drop for ApplicationCommunicator {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl fmt::Debug for ApplicationCommunicator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApplicationCommunicator").finish_non_exhaustive()
    }
}

struct Input(mpsc::UnboundedReceiver<ReceiveEvent>);

impl Source for Input {
    fn next(&mut self) -> Pin<Box<dyn Future<Output = ReceiveEvent> + Send + '_>> {
        Box::pin(async {
            match self.0.recv().await {
                Some(event) => event,
                None => std::future::pending().await,
            }
        })
    }
}

struct Output(mpsc::UnboundedSender<SendEvent>);

impl Sink for Output {
    fn send(&self, event: SendEvent) -> Pin<Box<dyn Future<Output = Result<(), SendError>> + Send + '_>> {
        let sent = self.0.send(event).map_err(|_| SendError::disconnected());
        Box::pin(std::future::ready(sent))
    }
}

/// Why a conversation with an application went no further.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct CommunicatorError {
    kind: Kind,
}

#[derive(Debug, thiserror::Error)]
enum Kind {
    #[error("nothing came within {0:?}; the application was cancelled")]
    Timeout(Duration),
    #[error("the application has ended; nothing more will come")]
    Ended,
    #[error("the application failed")]
    Application(#[source] BoxError),
}

impl From<Kind> for CommunicatorError {
    fn from(kind: Kind) -> Self {
        Self { kind }
    }
}

impl CommunicatorError {
    /// Whether nothing came in time.
    pub fn is_timeout(&self) -> bool {
        matches!(self.kind, Kind::Timeout(_))
    }

    /// Whether the application has ended, and well.
    pub fn is_ended(&self) -> bool {
        matches!(self.kind, Kind::Ended)
    }

    /// Whether the application failed; its error is the source.
    pub fn is_application(&self) -> bool {
        matches!(self.kind, Kind::Application(_))
    }
}
