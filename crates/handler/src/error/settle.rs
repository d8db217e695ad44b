//! From an error to the response that answers it: the one place where errors are logged, shown and told to whoever listens.

use std::backtrace::Backtrace;
use std::sync::Arc;

use http::StatusCode;
use uuid::Uuid;

use super::page::{explanation, page};
use super::{Error, Failure, Panic, SuspiciousOperation, debug};
use crate::client::TestRequest;
use crate::panic::caught_future;
use crate::request::Request;
use crate::response::Response;
use crate::signals;
use crate::urls::Endpoint;

/// Among a response's values: the log has it already.
#[derive(Clone, Debug)]
struct Logged;

/// Makes the page for a response that holds an error, and logs the error: once, at the boundary that meets it first.
pub(crate) async fn settle(route: &Arc<Endpoint>, request: &Request, mut response: Response) -> Response {
    let Some(error) = response.take_problem() else {
        return response;
    };
    let status = error.status();
    let shared = &route.shared;
    let failure = Failure {
        id: status.is_server_error().then(Uuid::new_v4),
        error,
    };
    log(request, &failure);
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        signals::send_exception(&shared.signals, request, &failure.error).await;
    }
    request.insert(failure.clone());
    let shown = shared.error_views.iter().find(|(of, _)| *of == status);
    match shown {
        Some((_, view)) => {
            let mut page = caught_future(view.call(request.clone())).await;
            match page.take_problem() {
                // The view for errors failed itself: what is left is the plain page, of what went wrong first.
                Some(error) => {
                    let second = Failure {
                        id: failure.id,
                        error: error.with_status(StatusCode::INTERNAL_SERVER_ERROR),
                    };
                    log(request, &second);
                    response.set_page(StatusCode::INTERNAL_SERVER_ERROR, plain_page(&second));
                }
                None => {
                    if page.status() == StatusCode::OK {
                        page = page.status_code(status);
                    }
                    response = page;
                }
            }
        }
        None if shared.settings.debug && wants_debug_page(&failure.error) => {
            response.set_page(status, debug::page(route, request, &failure));
        }
        None => response.set_page(status, plain_page(&failure)),
    }
    for (name, value) in failure.error.headers() {
        response.headers_mut().insert(name, value.clone());
    }
    response.extensions_mut().insert(Logged);
    if status == StatusCode::INTERNAL_SERVER_ERROR
        && request.get::<TestRequest>().is_some_and(|test| test.raise)
    {
        response.extensions_mut().insert(failure);
    }
    response
}

/// Faults of the program, and pages that are not there, have something to tell to whoever works on it. What is said to the visitor is enough
/// for the rest.
fn wants_debug_page(error: &Error) -> bool {
    error.status().is_server_error() || error.is_not_found()
}

fn plain_page(failure: &Failure) -> String {
    match (failure.id, failure.message()) {
        (Some(id), _) => page(
            failure.status(),
            &format!("If you report this, please give this number: {id}"),
        ),
        (None, Some(message)) => page(failure.status(), message),
        (None, None) => page(failure.status(), explanation(failure.status())),
    }
}

/// One line for each error: an error for a fault of the program, a warning for a request that was refused.
fn log(request: &Request, failure: &Failure) {
    let Failure { error, id } = failure;
    let (method, path, status) = (request.method(), request.path(), error.status().as_u16());
    let id = id.map(tracing::field::display);
    if let Some(panic) = error.downcast_ref::<Panic>() {
        tracing::error!(
            target: "nuages::request",
            id, %method, path, status,
            panic = %panic.message(),
            at = panic.location(),
            backtrace = panic.backtrace().map(tracing::field::display),
            awaited = panic.awaited_backtrace().map(tracing::field::display),
            "a view or middleware panicked"
        );
    } else if error.status().is_server_error() {
        let backtrace = error
            .backtrace()
            .map(|backtrace: &Backtrace| tracing::field::display(backtrace));
        tracing::error!(target: "nuages::request", id, %method, path, status, error = %Chain(error), backtrace, "a request failed");
    } else if let Some(suspicious) = error.downcast_ref::<SuspiciousOperation>() {
        let client = request.client().map(tracing::field::display);
        tracing::error!(target: "nuages::security", operation = suspicious.kind(), %method, path, status, client, error = %Chain(error), "a suspicious operation");
    } else {
        tracing::warn!(target: "nuages::request", %method, path, status, error = %Chain(error), "a request was refused");
    }
}

/// Logs a response of 400 and above that a view made itself; one that came of an error is in the log.
pub(crate) fn log_status(request: &Request, response: &Response) {
    let status = response.status();
    if response.extensions().get::<Logged>().is_some() {
        return;
    }
    let (method, path) = (request.method(), request.path());
    if status.is_server_error() {
        tracing::error!(target: "nuages::request", %method, path, status = status.as_u16(), "a request failed");
    } else {
        tracing::warn!(target: "nuages::request", %method, path, status = status.as_u16(), "a request was refused");
    }
}

/// An error with all its sources in one line.
struct Chain<'a>(&'a Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        for cause in self.0.causes() {
            write!(f, ": {cause}")?;
        }
        Ok(())
    }
}
