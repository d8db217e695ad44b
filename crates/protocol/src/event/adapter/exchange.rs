//! One request and its response, as both sides know it: the application's task, and whoever called `http`.

use std::{
    any::Any,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use http::{HeaderMap, Method};
use tokio::sync::{mpsc, oneshot, watch};

use super::body::{EventBody, Part};
use crate::{
    Body, BoxError, Response,
    event::{
        EventError, HttpResponseStart, SendError, SendEvent,
        rules::{Phase, Rules, Step},
    },
};

/// Why there is no response.
pub(super) enum Failure {
    Error(BoxError),
    Panic(Box<dyn Any + Send>),
}

/// Whether there is still something to hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    No,
    /// The response is complete.
    Finished,
    /// The client has gone.
    Disconnected,
}

pub(super) struct Exchange {
    out: Mutex<Out>,
    over: watch::Sender<Over>,
}

/// The response, as far as it has come.
struct Out {
    rules: Rules,
    takes_trailers: bool,
    /// The start, held back until its first part comes: a response whose only part is its last needs no stream.
    start: Option<HttpResponseStart>,
    /// Where the head goes, once.
    head: Option<oneshot::Sender<Result<Response, Failure>>>,
    /// Where the parts of the body go, once one was sent that isn't the last.
    parts: Option<mpsc::Sender<Part>>,
    /// Why the body broke off, for whoever reads it.
    failure: Option<BoxError>,
    /// What was wrong with the body of the request.
    request: Option<BoxError>,
}

impl Exchange {
    pub(super) fn new(
        method: &Method,
        takes_trailers: bool,
        head: oneshot::Sender<Result<Response, Failure>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            out: Mutex::new(Out {
                rules: Rules::new(method),
                takes_trailers,
                start: None,
                head: Some(head),
                parts: None,
                failure: None,
                request: None,
            }),
            over: watch::Sender::new(Over::No),
        })
    }

    fn out(&self) -> MutexGuard<'_, Out> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn watch(&self) -> watch::Receiver<Over> {
        self.over.subscribe()
    }

    /// The client has gone, unless it has everything already.
    pub(super) fn disconnected(&self) {
        self.over.send_if_modified(|over| {
            let first = *over == Over::No;
            if first {
                *over = Over::Disconnected;
            }
            first
        });
    }

    /// The body of the request could not be read.
    pub(super) fn request_failed(&self, error: BoxError) {
        self.out().request = Some(error);
    }

    /// How many bytes a file must have that is sent by its path.
    pub(super) fn expected(&self) -> Option<u64> {
        self.out().rules.expected()
    }

    /// Takes an event of the application. `file` is what was opened for it.
    pub(super) async fn send(
        self: &Arc<Self>,
        event: SendEvent,
        mut file: Option<Part>,
    ) -> Result<(), SendError> {
        loop {
            if *self.over.borrow() == Over::Disconnected {
                return Err(SendError::disconnected());
            }
            let parts = self.out().parts.clone();
            // A place for it before it is taken, so that a dropped future has sent all of it or nothing.
            let place = match parts {
                Some(parts) => match parts.reserve_owned().await {
                    Ok(place) => Some(place),
                    // The client has all that was declared; what is more is still checked.
                    Err(_) if *self.over.borrow() == Over::Finished => None,
                    Err(_) => return Err(SendError::disconnected()),
                },
                None => None,
            };
            let mut out = self.out();
            if place.is_none() && out.parts.as_ref().is_some_and(|parts| !parts.is_closed()) {
                // Another task has sent the first part meanwhile.
                continue;
            }
            let step = out.rules.check(event)?;
            let part = match step {
                Step::Ignore => return Ok(()),
                Step::Start(start) => {
                    out.start = Some(start);
                    return Ok(());
                }
                Step::Data(data) => Some(Part::Data(data)),
                Step::File => file.take(),
                Step::Trailers(trailers) => trailers.and_then(|trailers| out.trailers(trailers)),
            };
            let part = part.filter(|part| !part.is_empty() && !out.rules.is_bodiless());
            out.part(self, part, place);
            if out.rules.is_done() {
                out.parts = None;
                drop(out);
                self.finished();
            }
            return Ok(());
        }
    }

    /// The client has everything.
    pub(super) fn finished(&self) {
        self.over.send_if_modified(|over| {
            let first = *over == Over::No;
            if first {
                *over = Over::Finished;
            }
            first
        });
    }

    /// The application has ended. Gives back an error that nobody else hears of.
    pub(super) fn ended(&self, result: Result<Result<(), BoxError>, Box<dyn Any + Send>>) -> Option<Failure> {
        let mut out = self.out();
        out.parts = None;
        let done = out.rules.is_done();
        let failure = match result {
            Ok(Ok(())) if done => return None,
            Ok(Ok(())) => Failure::Error(match (out.request.take(), out.rules.phase()) {
                (Some(error), _) => error,
                (None, Phase::Waiting) => EventError::new(
                    "the application returned without a response; send `http.response.start`",
                )
                .into(),
                (None, _) => EventError::new(
                    "the application returned before its response was complete; its last part has no `more_body`",
                )
                .into(),
            }),
            // What the client did to its request is what there is to answer.
            Ok(Err(error)) => Failure::Error(out.request.take().unwrap_or(error)),
            Err(payload) => Failure::Panic(payload),
        };
        if done || *self.over.borrow() == Over::Finished {
            return Some(failure);
        }
        let Some(head) = out.head.take() else {
            out.failure = Some(into_error(failure));
            return None;
        };
        // After a start there is no other answer: the connection is cut.
        let answer = match out.start.take() {
            Some(start) => Ok(response(start, EventBody::broken(into_error(failure)))),
            None => Err(failure),
        };
        // Whoever waited for it may be gone.
        drop(head.send(answer));
        None
    }

    /// The application's task ends, in order or not.
    pub(super) fn stopped(&self) {
        let mut out = self.out();
        out.parts = None;
    }

    /// The end of a body whose parts have ended: as planned or not.
    pub(super) fn verdict(&self) -> Result<(), BoxError> {
        let mut out = self.out();
        if out.rules.is_done() {
            return Ok(());
        }
        Err(out.failure.take().unwrap_or_else(|| {
            EventError::new("the application was stopped before its response was complete").into()
        }))
    }
}

impl Out {
    fn trailers(&self, trailers: HeaderMap) -> Option<Part> {
        (self.takes_trailers && !trailers.is_empty()).then_some(Part::Trailers(trailers))
    }

    /// Sends a part on its way, the head before the first.
    fn part(&mut self, exchange: &Arc<Exchange>, part: Option<Part>, place: Option<mpsc::OwnedPermit<Part>>) {
        if let Some(place) = place {
            if let Some(part) = part {
                place.send(part);
            }
            return;
        }
        let (Some(start), Some(head)) = (self.start.take(), self.head.take()) else {
            return;
        };
        let response = if self.rules.is_bodiless() {
            response(start, Body::empty())
        } else if self.rules.is_done() && !matches!(part, Some(Part::Trailers(_))) {
            response(start, part.map_or_else(Body::empty, Part::into_body))
        } else {
            let (parts, receiver) = mpsc::channel(1);
            if let Some(part) = part {
                // It is empty, so there is room for one.
                drop(parts.try_send(part));
            }
            self.parts = Some(parts);
            let length = self.rules.expected().filter(|_| !start.trailers);
            response(
                start,
                EventBody::new(Arc::clone(exchange), receiver, length).into(),
            )
        };
        drop(head.send(Ok(response)));
    }
}

fn response(start: HttpResponseStart, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = start.status;
    *response.headers_mut() = start.headers;
    response
}

fn into_error(failure: Failure) -> BoxError {
    match failure {
        Failure::Error(error) => error,
        Failure::Panic(payload) => EventError::new(format!(
            "the application panicked: {}",
            crate::panic::message(&payload)
        ))
        .into(),
    }
}
