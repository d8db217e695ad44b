//! Layers of tower as middleware.

use std::convert::Infallible;
use std::panic::Location;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use nuages_bridge as bridge;
use nuages_protocol::{Body, BoxError};
use tower::Service;

use super::{Kind, Layer, Next};
use crate::error::Error;
use crate::mount::call_when_ready;
use crate::name::short;
use crate::request::Request;
use crate::response::Response;
use crate::view::BoxFuture;

/// What a layer of tower is put around: the layers inside it, down to the view.
#[derive(Clone, Debug)]
pub struct TowerNext {
    _made_here: (),
}

/// Among the values of the request on its way through a layer: what it goes on to.
#[derive(Clone)]
struct Inside {
    request: Request,
    /// Taken by the call, of which there is one.
    next: Arc<Mutex<Option<Next>>>,
}

/// Among the values of a response on its way out: the error of a view whose own layer this is.
#[derive(Clone)]
struct OnItsWay(Error);

/// A layer called twice for one request, as a retry is.
#[derive(Debug, thiserror::Error)]
#[error("a tower layer passed on a request that it did not get, or passed one on twice: a view runs once")]
struct NotOurs;

impl<B> Service<http::Request<B>> for TowerNext
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: http::Request<B>) -> Self::Future {
        let inside = request.extensions_mut().remove::<Inside>();
        let taken = inside.and_then(|inside| {
            let next = inside
                .next
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take()?;
            Some((inside.request, next))
        });
        Box::pin(async move {
            let Some((original, next)) = taken else {
                return Ok(with_error(NotOurs.into()));
            };
            let (parts, body) = request.into_parts();
            let changed = original.changed(parts.into(), Body::new(body));
            Ok(match next.run(changed).await {
                Ok(response) => response.into_http(),
                Err(error) => with_error(error),
            })
        })
    }
}

/// A response for the layer, with the error for whoever is outside of it.
fn with_error(error: Error) -> http::Response<Body> {
    let mut response = http::Response::new(Body::empty());
    *response.status_mut() = error.status();
    response.extensions_mut().insert(OnItsWay(error));
    response
}

/// Makes a middleware of a layer of tower, for [`Urls::middleware`](crate::Urls::middleware) and [`View::layer`](crate::View::layer); for a whole application there is
/// [`App::layer`](crate::App::layer).
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, Urls, tower_layer};
/// use tower_http::cors::CorsLayer;
///
/// let api = Urls::new().middleware(tower_layer(CorsLayer::permissive())).path("books/", || "all books");
/// let client = Client::new(App::new().urls(Urls::new().include("api/", api)));
/// let response = client.get("/api/books/").header("origin", "https://example.com").wait()?;
/// assert_eq!(response.header("access-control-allow-origin"), Some("*"));
/// # Ok::<(), nuages_handler::Error>(())
/// ```
#[track_caller]
pub fn tower_layer<L, B>(layer: L) -> Layer
where
    L: tower::Layer<TowerNext>,
    L::Service: Service<http::Request<Body>, Response = http::Response<B>> + Clone + Send + Sync + 'static,
    <L::Service as Service<http::Request<Body>>>::Error: Into<BoxError>,
    <L::Service as Service<http::Request<Body>>>::Future: Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let (name, added) = (short(std::any::type_name::<L>()), Location::caller());
    let service = layer.layer(TowerNext { _made_here: () });
    let run = move |request: Request, next: Next| -> BoxFuture<'static, Response> {
        let service = service.clone();
        let answer = async move {
            let (mut scope, body) = request.parts_for_another();
            scope.extensions.insert(Inside {
                request,
                next: Arc::new(Mutex::new(Some(next))),
            });
            let request = http::Request::from_parts(scope.into(), body);
            match call_when_ready(service, request).await {
                Ok(mut response) => match response.extensions_mut().remove::<OnItsWay>() {
                    Some(OnItsWay(error)) => error.into(),
                    None => Response::from(response.map(Body::new)),
                },
                Err(error) => Error::from_boxed(error.into()).into(),
            }
        };
        Box::pin(bridge::async_frame(answer).named(name, added))
    };
    Layer::new(Kind::Async(Arc::new(run)), name.into())
}
