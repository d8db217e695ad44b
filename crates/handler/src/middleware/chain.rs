//! The way of a request through its layers to the view, and of the response back.

use std::sync::Arc;

use http::StatusCode;

use super::{Kind, Layer, Next};
use crate::error::{Error, settle};
use crate::handler::Shared;
use crate::hook::ViewCall;
use crate::methods::Selected;
use crate::panic::{caught, caught_future};
use crate::request::Request;
use crate::response::Response;
use crate::template::{DeferredTemplate, take_template};
use crate::urls::Endpoint;
use crate::view::{BoxFuture, Kind as ViewKind, View, run_sync};

/// Runs the layers of `route` from `start` on.
///
/// Neutral layers run right here, one after the other; the first layer of another kind gets the rest as its [`Next`]. What
/// comes back from each layer is a response: errors and panics have become pages at its boundary. Only around the layers of a single view they have not:
/// there they are still on their way.
pub(crate) async fn run(route: &Arc<Endpoint>, start: usize, request: Request) -> Response {
    let layers = &*route.layers;
    let mut at = start;
    let mut early = before(layers, &mut at, &request);
    while early.is_none() && wants_form(layers, at, &request) {
        // Boxed, as all that few requests need: the future of each would have room for it.
        early = match Box::pin(request.form().into_future()).await {
            // What is no form has no fields; what can't be read at all is the answer.
            Err(error) if error.status() != StatusCode::UNSUPPORTED_MEDIA_TYPE => Some(error.into()),
            Ok(_) | Err(_) => {
                before_one(layers, &mut at, &request).or_else(|| before(layers, &mut at, &request))
            }
        };
    }
    let mut response = match early {
        Some(response) => response,
        None => caught_future(step(route, at, request.clone())).await,
    };
    if route.inner {
        if !response.has_problem() {
            response = after(layers, start, &mut at, &request, response);
        }
        return response;
    }
    response = boundary(route, &request, response).await;
    while at > start {
        response = after(layers, start, &mut at, &request, response);
        if response.has_problem() {
            response = Box::pin(settle(route, &request, response)).await;
        }
    }
    response
}

/// Whether the next layer is a neutral one that wants the form read before.
fn wants_form(layers: &[Layer], at: usize, request: &Request) -> bool {
    match layers.get(at).map(|layer| &layer.kind) {
        Some(Kind::Neutral(layer)) if !request.method().is_safe() => {
            caught(|| layer.needs_form(request)).unwrap_or(true)
        }
        _ => false,
    }
}

/// Runs neutral layers on the way in, until one answers, wants the form, or is not neutral. `at` is moved behind those that ran.
///
/// A panic is caught once for all of them, not around each.
fn before(layers: &[Layer], at: &mut usize, request: &Request) -> Option<Response> {
    let safe = request.method().is_safe();
    let ran = caught(|| {
        while let Some(Kind::Neutral(layer)) = layers.get(*at).map(|layer| &layer.kind) {
            if !safe && layer.needs_form(request) {
                return None;
            }
            *at += 1;
            if let Some(response) = layer.before(request) {
                return Some(response);
            }
        }
        None
    });
    ran.unwrap_or_else(|panic| Some(Response::from_problem(panic.into())))
}

/// The same for one layer, whose form was read.
fn before_one(layers: &[Layer], at: &mut usize, request: &Request) -> Option<Response> {
    let Some(Kind::Neutral(layer)) = layers.get(*at).map(|layer| &layer.kind) else {
        return None;
    };
    *at += 1;
    caught(|| layer.before(request)).unwrap_or_else(|panic| Some(Response::from_problem(panic.into())))
}

/// Runs neutral layers on the way out, from the one before `at` to the one at `start`, or until a response holds an error.
fn after(layers: &[Layer], start: usize, at: &mut usize, request: &Request, response: Response) -> Response {
    let ran = caught(|| {
        let mut response = response;
        while *at > start && !response.has_problem() {
            *at -= 1;
            if let Kind::Neutral(layer) = &layers[*at].kind {
                response = layer.after(request, response);
            }
        }
        response
    });
    ran.unwrap_or_else(|panic| Response::from_problem(panic.into()))
}

/// Makes a page of what is none yet.
async fn boundary(route: &Arc<Endpoint>, request: &Request, mut response: Response) -> Response {
    // A middleware that answers by a template: no hooks are around it.
    if let Some(template) = take_template(&mut response) {
        response = caught(|| template.render(request, response))
            .unwrap_or_else(|panic| Err(panic.into()))
            .unwrap_or_else(Response::from);
    }
    if response.has_problem() {
        response = Box::pin(settle(route, request, response)).await;
    }
    response
}

/// Runs one layer that is not neutral, or the view.
async fn step(route: &Arc<Endpoint>, at: usize, request: Request) -> Response {
    match route.layers.get(at).map(|layer| &layer.kind) {
        Some(Kind::Async(layer)) => {
            let next = Next::new(Arc::clone(route), at + 1);
            layer(request, next).await
        }
        Some(Kind::Sync(layer)) => {
            let next = Next::new(Arc::clone(route), at + 1);
            let layer = Arc::clone(layer);
            run_sync(move || layer(request, next))
                .await
                .unwrap_or_else(Response::from)
        }
        Some(Kind::Neutral(_) | Kind::Factory(_) | Kind::Unused(_)) => {
            unreachable!(
                "neutral layers are run by the loop that calls this, and the others are gone when an application is built"
            )
        }
        None => answer(route, request).await,
    }
}

/// The view, with the hooks of all layers around it.
async fn answer(route: &Arc<Endpoint>, request: Request) -> Response {
    // A path without a route has no view, and so no hooks.
    if route.is_fallback() {
        return route.view.call(request).await;
    }
    let view = match route.view.select(request.method()) {
        Selected::View(view) => view,
        Selected::Answer(answer) => return answer,
    };
    let mut early = None;
    let mut at = 0;
    while at < route.layers.len() && early.is_none() {
        // Neutral ones right here and together, since most layers are neutral and have no such hook.
        early = caught(|| process_neutral_views(&route.layers, &mut at, &request, view))
            .unwrap_or_else(|panic| Some(Response::from_problem(panic.into())));
        if early.is_none()
            && let Some(layer) = route.layers.get(at)
        {
            at += 1;
            if layer.hooks.is_some() {
                early = Box::pin(layer.process_view(&request, view)).await;
            }
        }
    }
    let mut response = match early {
        Some(response) => response,
        None => {
            // A view inside layers of its own is wrapped there.
            let wrapped = !route.shared.view_hooks.is_empty() && !matches!(view.kind, ViewKind::Inner(_));
            let response = if wrapped {
                Box::pin(caught_future(hooked(
                    &route.shared,
                    0,
                    view.clone(),
                    request.clone(),
                )))
                .await
            } else {
                caught_future(view.call(request.clone())).await
            };
            if response.has_problem() {
                Box::pin(exception(route, &request, response)).await
            } else {
                response
            }
        }
    };
    // Layers of one view alone leave the template to those of the route.
    if !route.inner
        && let Some(template) = take_template(&mut response)
    {
        response = Box::pin(render(route, &request, response, template)).await;
    }
    response
}

/// Runs the hooks of neutral layers until one answers, or up to a layer that is not neutral.
fn process_neutral_views(
    layers: &[Layer],
    at: &mut usize,
    request: &Request,
    view: &View,
) -> Option<Response> {
    while let Some(Kind::Neutral(layer)) = layers.get(*at).map(|layer| &layer.kind) {
        *at += 1;
        match layer.process_view(request, view) {
            Ok(None) => {}
            Ok(Some(response)) => return Some(response),
            Err(error) => return Some(error.into()),
        }
    }
    None
}

/// Runs the view inside the hooks of other crates, from this one on.
fn hooked(shared: &Arc<Shared>, at: usize, view: View, request: Request) -> BoxFuture<'static, Response> {
    let shared = Arc::clone(shared);
    Box::pin(async move {
        let Some(hook) = shared.view_hooks.get(at) else {
            return caught_future(view.call(request)).await;
        };
        let run = hooked(&shared, at + 1, view.clone(), request.clone());
        let call = ViewCall {
            view,
            request: request.clone(),
            run,
        };
        hook.view(&request, call).await.unwrap_or_else(Response::from)
    })
}

/// Asks the layers for an answer to an error of the view, the innermost first.
async fn exception(route: &Arc<Endpoint>, request: &Request, mut response: Response) -> Response {
    let Some(error) = response.take_problem() else {
        return response;
    };
    for layer in route.layers.iter().rev() {
        if let Some(answer) = layer.process_exception(request, &error).await {
            return answer;
        }
    }
    error.into()
}

/// Lets the layers change a template, the innermost first, and renders it.
async fn render(
    route: &Arc<Endpoint>,
    request: &Request,
    mut response: Response,
    mut template: DeferredTemplate,
) -> Response {
    for layer in route.layers.iter().rev() {
        match layer.process_template_response(request, response, template).await {
            Ok(changed) => (response, template) = changed,
            Err(error) => return error.into(),
        }
    }
    let rendered =
        caught(|| template.render(request, response)).unwrap_or_else(|panic| Err(Error::from(panic)));
    match rendered {
        Ok(response) => response,
        Err(error) => exception(route, request, error.into()).await,
    }
}
