//! The life of an event application: its startup and its shutdown, by events.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use nuages_bridge as bridge;
use tokio::{sync::mpsc, task::JoinHandle};

use super::{
    EventApplication, EventError, LifespanScope, ReceiveEvent, Receiver, SendError, SendEvent, Sender, Sink,
    Source,
};
use crate::{BoxError, State, panic};

/// Whether an event application is started and shut down by events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lifespan {
    /// If it wants to: one that fails on the lifespan's scope, or returns without an answer to the startup, is served without. One that
    /// says that its startup failed is not served.
    #[default]
    Auto,
    /// It must: one that fails on the lifespan's scope is not served.
    On,
    /// No: the application is never called with a lifespan's scope.
    Off,
}

/// An application that lives, once it was started.
#[derive(Debug, Default)]
pub(crate) struct Life {
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    events: mpsc::UnboundedSender<ReceiveEvent>,
    answers: mpsc::UnboundedReceiver<SendEvent>,
    call: Call,
}

/// The task in which the application lives; it ends with whoever holds it.
#[derive(Debug)]
struct Call(JoinHandle<Result<(), BoxError>>);

impl Drop for Call {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What came first.
enum Heard {
    Event(SendEvent),
    /// The application ended, and how.
    End(Result<(), BoxError>),
}

impl Running {
    async fn hear(&mut self) -> Heard {
        let Self { answers, call, .. } = self;
        // The sender goes with the task, so that the queue's end is the task's, unless it was handed on.
        let end = tokio::select! {
            biased;
            Some(event) = answers.recv() => return Heard::Event(event),
            end = &mut call.0 => end,
        };
        // What it said with its last breath.
        if let Ok(event) = answers.try_recv() {
            return Heard::Event(event);
        }
        Heard::End(match end {
            Ok(result) => result,
            Err(error) => match error.try_into_panic() {
                Ok(payload) => Err(EventError::new(format!(
                    "the application panicked: {}",
                    panic::message(&payload)
                ))
                .into()),
                Err(error) => Err(error.into()),
            },
        })
    }
}

impl Life {
    pub(crate) async fn startup<A: EventApplication>(
        &self,
        app: &Arc<A>,
        lifespan: Lifespan,
    ) -> Result<State, BoxError> {
        if lifespan == Lifespan::Off {
            return Ok(State::new());
        }
        let scope = LifespanScope::new();
        let state = scope.state.clone();
        let mut running = begin(Arc::clone(app), scope);
        let without = |reason: &dyn std::fmt::Display| {
            tracing::debug!(%reason, "the application has no lifespan; serving it without");
            Ok(State::new())
        };
        match running.hear().await {
            Heard::Event(SendEvent::LifespanStartupComplete) => {
                *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(running);
                Ok(state.snapshot())
            }
            Heard::Event(SendEvent::LifespanStartupFailed(message)) => Err(EventError::new(message).into()),
            Heard::Event(event) => {
                Err(EventError::new(format!("`{}` is no answer to `lifespan.startup`", event.kind())).into())
            }
            Heard::End(Err(error)) if lifespan == Lifespan::Auto => without(&error),
            Heard::End(Ok(())) if lifespan == Lifespan::Auto => without(&"it returned"),
            Heard::End(Err(error)) => Err(error),
            Heard::End(Ok(())) => Err(EventError::new(
                "the application returned without an answer to `lifespan.startup`",
            )
            .into()),
        }
    }

    pub(crate) async fn shutdown(&self) -> Result<(), BoxError> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut running) = running else {
            return Ok(());
        };
        // An application that has ended already hears nothing, and is asked how it ended.
        drop(running.events.send(ReceiveEvent::LifespanShutdown));
        match running.hear().await {
            Heard::Event(SendEvent::LifespanShutdownComplete) | Heard::End(Ok(())) => Ok(()),
            Heard::Event(SendEvent::LifespanShutdownFailed(message)) => Err(EventError::new(message).into()),
            Heard::Event(event) => {
                Err(EventError::new(format!("`{}` is no answer to `lifespan.shutdown`", event.kind())).into())
            }
            Heard::End(Err(error)) => Err(error),
        }
    }
}

fn begin<A: EventApplication>(app: Arc<A>, scope: LifespanScope) -> Running {
    let (events, received) = mpsc::unbounded_channel();
    let (sent, answers) = mpsc::unbounded_channel();
    // There is nobody else who could have taken it.
    drop(events.send(ReceiveEvent::LifespanStartup));
    let receive = Receiver::new(Events(received));
    let send = Sender::new(Answers(sent));
    let call = async move { app.call(scope.into(), receive, send).await };
    let call = Call(tokio::spawn(
        bridge::Context::empty().scope(bridge::async_frame(call)),
    ));
    Running {
        events,
        answers,
        call,
    }
}

struct Events(mpsc::UnboundedReceiver<ReceiveEvent>);

impl Source for Events {
    fn next(&mut self) -> Pin<Box<dyn Future<Output = ReceiveEvent> + Send + '_>> {
        Box::pin(async {
            match self.0.recv().await {
                Some(event) => event,
                None => std::future::pending().await,
            }
        })
    }
}

struct Answers(mpsc::UnboundedSender<SendEvent>);

impl Sink for Answers {
    fn send(&self, event: SendEvent) -> Pin<Box<dyn Future<Output = Result<(), SendError>> + Send + '_>> {
        let taken = match event.kind().strip_prefix("lifespan.") {
            Some(_) => self.0.send(event).map_err(|_| SendError::disconnected()),
            None => Err(EventError::new(format!("`{}` has no place in a lifespan", event.kind())).into()),
        };
        Box::pin(std::future::ready(taken))
    }
}
