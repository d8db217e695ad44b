//! Signals: what other parts of a program may want to know of each request.

mod finish;
mod receiver;

pub(crate) use self::finish::Finish;
pub use self::receiver::IntoReceiver;
pub(crate) use self::receiver::{Receiver, send};
use crate::error::Error;
use crate::request::Request;

/// Who listens to what.
#[derive(Clone, Debug, Default)]
pub(crate) struct Signals {
    pub(crate) started: Vec<Receiver<Request>>,
    pub(crate) finished: Vec<Receiver<Request>>,
    pub(crate) exception: Vec<Receiver<(Request, Error)>>,
}

/// Tells that a request failed, to whoever wants to know.
pub(crate) async fn send_exception(signals: &Signals, request: &Request, error: &Error) {
    if !signals.exception.is_empty() {
        send(
            "got_request_exception",
            &signals.exception,
            (request.clone(), error.clone()),
        )
        .await;
    }
}
