//! A line in the log for each request.

use std::time::Instant;

use super::request_id;
use crate::middleware::NeutralMiddleware;
use crate::request::Request;
use crate::response::Response;

/// Logs a line for each request at level `INFO`, under the target `nuages::access`: method, path, status, milliseconds until the response began, and
/// the number that [`RequestId`](crate::RequestId) gave it, if that stands outside of this.
#[derive(Clone, Debug, Default)]
pub struct AccessLog {}

/// Among a request's values.
#[derive(Clone, Copy)]
struct Started(Instant);

impl AccessLog {
    /// The log.
    pub fn new() -> Self {
        Self::default()
    }
}

impl NeutralMiddleware for AccessLog {
    fn before(&self, request: &Request) -> Option<Response> {
        if tracing::enabled!(target: "nuages::access", tracing::Level::INFO) {
            request.insert(Started(Instant::now()));
        }
        None
    }

    fn after(&self, request: &Request, response: Response) -> Response {
        if let Some(Started(started)) = request.get() {
            let milliseconds = started.elapsed().as_secs_f64() * 1000.0;
            tracing::info!(
                target: "nuages::access",
                method = %request.method(),
                path = request.path(),
                status = response.status().as_u16(),
                milliseconds,
                id = request_id(request),
                "request"
            );
        }
        response
    }
}
