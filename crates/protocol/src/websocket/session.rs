//! An application and its WebSocket, from the handshake to the end of both.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use http::StatusCode;
use tokio::{
    sync::oneshot,
    time::{Sleep, sleep},
};

use super::{Answer, WebSocketConfig, accept::Ends, close_code, connection::Driver, handshake::forbidden};
use crate::{Body, Response};

/// How an application's call ended; whoever made it has logged it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    Failed,
}

/// What became of an application that has to be logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cancelled {
    /// It neither accepted nor denied.
    Silent,
    /// It went on for too long after the end.
    Late,
}

/// Calls the application and drives its WebSocket, in one task.
#[must_use = "a session does nothing unless it is run"]
pub(crate) struct Session<F> {
    app: Option<Pin<Box<F>>>,
    outcome: Option<Outcome>,
    answer: Option<Answer>,
    respond: Option<oneshot::Sender<Response>>,
    arrival: Option<oneshot::Receiver<Driver>>,
    driver: Option<Driver>,
    /// Whether the client is to be told that the server stops.
    stopping: bool,
    /// Whether nothing is left to wait for but the application.
    over: bool,
    cancelled: Option<Cancelled>,
    timer: Option<Pin<Box<Sleep>>>,
    handshake_timeout: Duration,
    disconnect_timeout: Duration,
}

impl<F: Future<Output = Outcome>> Session<F> {
    /// The answer to the handshake goes to `respond`.
    pub(crate) fn new(
        app: F,
        ends: Ends,
        respond: oneshot::Sender<Response>,
        config: &WebSocketConfig,
    ) -> Self {
        Self {
            app: Some(Box::pin(app)),
            outcome: None,
            answer: Some(ends.answer),
            respond: Some(respond),
            arrival: Some(ends.driver),
            driver: None,
            stopping: false,
            over: false,
            cancelled: None,
            timer: None,
            handshake_timeout: config.handshake_timeout,
            disconnect_timeout: config.disconnect_timeout,
        }
    }

    /// Runs to the end of both; says if the application had to be cancelled.
    pub(crate) async fn run(mut self) -> Option<Cancelled> {
        poll_fn(|cx| self.poll(cx)).await
    }

    /// Closes the WebSocket because the server stops, now or once it is accepted.
    #[cfg_attr(
        not(feature = "server"),
        expect(dead_code, reason = "there is no server to stop")
    )]
    pub(crate) fn stop(&mut self) {
        self.stopping = true;
    }

    /// As [`run`](Self::run).
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Cancelled>> {
        self.poll_app(cx);
        self.poll_answer(cx);
        self.poll_driver(cx);
        if let Some(reason) = self.poll_timer(cx) {
            self.cancelled = Some(reason);
            self.app = None;
            // What it held ends with it.
            self.poll_answer(cx);
            self.poll_driver(cx);
        }
        if self.app.is_none() && self.answer.is_none() && self.arrival.is_none() && self.driver.is_none() {
            Poll::Ready(self.cancelled)
        } else {
            Poll::Pending
        }
    }

    fn poll_app(&mut self, cx: &mut Context<'_>) {
        let Some(app) = &mut self.app else { return };
        if let Some(driver) = &self.driver {
            driver.begin_turn();
        }
        let result = app.as_mut().poll(cx);
        if let Some(driver) = &self.driver {
            driver.end_turn();
        }
        if let Poll::Ready(outcome) = result {
            self.outcome = Some(outcome);
            self.app = None;
            self.timer = None;
        }
    }

    /// Hands the application's answer on.
    fn poll_answer(&mut self, cx: &mut Context<'_>) {
        let Some(answer) = &mut self.answer else { return };
        let response = match Pin::new(&mut answer.answer).poll(cx) {
            Poll::Ready(Ok(response)) => response,
            Poll::Ready(Err(_)) if self.outcome == Some(Outcome::Failed) => {
                plain(StatusCode::INTERNAL_SERVER_ERROR)
            }
            Poll::Ready(Err(_)) => forbidden(),
            Poll::Pending => {
                if let Some(respond) = &mut self.respond
                    && respond.poll_closed(cx).is_ready()
                {
                    self.over = true;
                }
                return;
            }
        };
        self.answer = None;
        self.timer = None;
        if let Some(respond) = self.respond.take()
            && respond.send(response).is_err()
        {
            self.over = true;
        }
    }

    fn poll_driver(&mut self, cx: &mut Context<'_>) {
        if let Some(arrival) = &mut self.arrival
            && let Poll::Ready(result) = Pin::new(arrival).poll(cx)
        {
            self.arrival = None;
            self.over |= result.is_err();
            self.driver = result.ok();
        }
        let Some(driver) = &mut self.driver else { return };
        match self.outcome.take() {
            Some(Outcome::Done) => driver.close(close_code::NORMAL, ""),
            Some(Outcome::Failed) => driver.close(close_code::INTERNAL_ERROR, ""),
            None => {}
        }
        if std::mem::take(&mut self.stopping) {
            driver.dismiss(close_code::RESTART, "the server restarts");
        }
        let done = driver.poll(cx).is_ready();
        self.over |= driver.has_ended();
        if done {
            self.driver = None;
        }
    }

    /// Runs the clock that is due: until the answer, then after the end.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Option<Cancelled> {
        let (time, reason) = if self.app.is_none() && self.answer.is_none() {
            return None;
        } else if self.over {
            (self.disconnect_timeout, Cancelled::Late)
        } else if self.answer.is_some() {
            (self.handshake_timeout, Cancelled::Silent)
        } else {
            self.timer = None;
            return None;
        };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(time)));
        if timer.as_mut().poll(cx).is_pending() {
            return None;
        }
        self.timer = None;
        if reason == Cancelled::Silent
            && let Some(respond) = self.respond.take()
        {
            self.answer = None;
            self.over = true;
            drop(respond.send(plain(StatusCode::SERVICE_UNAVAILABLE)));
        }
        // A handshake that lives on elsewhere has nobody left to answer to.
        self.answer = None;
        self.arrival = None;
        Some(reason)
    }
}

fn plain(status: StatusCode) -> Response {
    let mut response = Response::new(Body::from(status.canonical_reason().unwrap_or_default()));
    *response.status_mut() = status;
    response
}
