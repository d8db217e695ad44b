//! The way of a request through its layers to the view, and of the response back.

use std::sync::Arc;

use super::{Kind, Next};
use crate::error::settle;
use crate::panic::{caught, caught_future};
use crate::request::Request;
use crate::response::Response;
use crate::urls::Route;
use crate::view::run_sync;

/// Runs the layers of `route` from `start` on.
///
/// Neutral layers run right here, one after the other; the first layer of another kind gets the rest as its [`Next`]. What
/// comes back from each layer is a response: errors and panics have become pages at its boundary.
pub(crate) async fn run(route: &Arc<Route>, start: usize, request: Request) -> Response {
    let layers = &*route.layers;
    let mut at = start;
    let mut early = None;
    while let Some(Kind::Neutral(layer)) = layers.get(at).map(|layer| &layer.kind) {
        at += 1;
        early = caught(|| layer.before(&request))
            .unwrap_or_else(|panicked| Some(Response::from_problem(panicked)));
        if early.is_some() {
            break;
        }
    }
    let response = match early {
        Some(response) => response,
        None => caught_future(step(route, at, request.clone())).await,
    };
    let mut response = settle(&request, response);
    for layer in layers[start..at].iter().rev() {
        if let Kind::Neutral(layer) = &layer.kind {
            let after = caught(|| layer.after(&request, response)).unwrap_or_else(Response::from_problem);
            response = settle(&request, after);
        }
    }
    response
}

/// Runs one layer that is not neutral, or the view.
async fn step(route: &Arc<Route>, at: usize, request: Request) -> Response {
    match route.layers.get(at).map(|layer| &layer.kind) {
        Some(Kind::Async(layer)) => {
            let next = Next::new(Arc::clone(route), at + 1);
            layer(request, next).await
        }
        Some(Kind::Sync(layer)) => {
            let next = Next::new(Arc::clone(route), at + 1);
            let layer = Arc::clone(layer);
            run_sync(move || layer(request, next)).await
        }
        Some(Kind::Neutral(_)) => unreachable!("neutral layers are run by the loop that calls this"),
        None => route.view.call(request).await,
    }
}
