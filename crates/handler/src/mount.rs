//! Other applications below a prefix: tower services, axum routers, applications of the protocol.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Uri;
use nuages_bridge as bridge;
use nuages_protocol::sync::InsideAnother;
use nuages_protocol::{Application, Body, BoxError, HttpScope, State};
use tower::Service;

use crate::error::Error;
use crate::name::short;
use crate::request::Request;
use crate::response::Response;
use crate::view::{BoxFuture, View};

type BoxResult<'a> = Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send + 'a>>;

/// The life of an application that is mounted.
pub(crate) trait Mounted: Send + Sync {
    fn startup(&self) -> BoxResult<'_>;
    fn shutdown(&self) -> BoxResult<'_>;
}

struct Mounting<A> {
    application: A,
    /// What its startup gave, for its requests.
    state: OnceLock<State>,
}

impl<A: Application> Mounted for Mounting<A> {
    fn startup(&self) -> BoxResult<'_> {
        Box::pin(async {
            let state = self.application.startup().await?;
            // A second start, of another server of the same process, changes nothing.
            let _ = self.state.set(state);
            Ok(())
        })
    }

    fn shutdown(&self) -> BoxResult<'_> {
        Box::pin(self.application.shutdown())
    }
}

/// What is put below a prefix: a view, and a life if it has one.
#[derive(Clone)]
pub(crate) struct Mount {
    pub(crate) view: View,
    pub(crate) life: Option<Arc<dyn Mounted>>,
}

impl std::fmt::Debug for Mount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mount")
            .field("view", &self.view)
            .finish_non_exhaustive()
    }
}

/// An application of the protocol.
#[track_caller]
pub(crate) fn of_application<A: Application>(application: A) -> Mount {
    let place = Location::caller();
    let name = short(std::any::type_name::<A>());
    let mounting = Arc::new(Mounting {
        application,
        state: OnceLock::new(),
    });
    let life: Arc<dyn Mounted> = Arc::clone(&mounting) as Arc<dyn Mounted>;
    let call = move |request: Request| -> BoxFuture<'static, Response> {
        let mounting = Arc::clone(&mounting);
        let answer = async move {
            let (mut scope, body) = request.into_mounted();
            if let Some(state) = mounting.state.get() {
                scope.state = state.clone();
            }
            match mounting.application.http(scope, body).await {
                Ok(response) => Response::from(response),
                Err(error) => Error::from_boxed(error).into(),
            }
        };
        Box::pin(bridge::async_frame(answer).named(name, place))
    };
    Mount {
        view: View::of_async(name, call),
        life: Some(life),
    }
}

/// A tower service.
#[track_caller]
pub(crate) fn of_service<S, B>(service: S) -> Mount
where
    S: Service<http::Request<Body>, Response = http::Response<B>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let place = Location::caller();
    let name = short(std::any::type_name::<S>());
    let call = move |request: Request| -> BoxFuture<'static, Response> {
        let service = service.clone();
        let answer = async move {
            let (mut scope, body) = request.into_mounted();
            scope.uri = without_prefix(&scope.uri, scope.root_path.len());
            let request = http::Request::from_parts(scope.into(), body);
            match call_when_ready(service, request).await {
                Ok(response) => Response::from(response.map(Body::new)),
                Err(error) => Error::from_boxed(error.into()).into(),
            }
        };
        Box::pin(bridge::async_frame(answer).named(name, place))
    };
    Mount {
        view: View::of_async(name, call),
        life: None,
    }
}

/// Calls a service as soon as it is ready.
pub(crate) async fn call_when_ready<S, R>(mut service: S, request: R) -> Result<S::Response, S::Error>
where
    S: Service<R>,
{
    std::future::poll_fn(|cx: &mut Context<'_>| -> Poll<Result<(), S::Error>> { service.poll_ready(cx) })
        .await?;
    service.call(request).await
}

/// The target without the first bytes of its path, which ended at a slash or at the path's end.
fn without_prefix(uri: &Uri, length: usize) -> Uri {
    let path = uri.path().get(length..).unwrap_or("/");
    let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
    let slash = if path.starts_with('/') { "" } else { "/" };
    let target = format!("{slash}{path}{query}");
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = target.parse().ok();
    Uri::from_parts(parts).unwrap_or_else(|_| uri.clone())
}

impl Request {
    /// The scope and the body for an application that is mounted at the route which answers this request.
    fn into_mounted(self) -> (HttpScope, Body) {
        let (mut scope, body) = self.parts_for_mounted();
        let prefix = self.mount_prefix();
        scope.root_path = prefix.to_owned().into();
        scope.extensions.insert(InsideAnother);
        (scope, body)
    }

    /// The path up to where what is mounted has its own.
    fn mount_prefix(&self) -> &str {
        let rest = self.params().last().map_or(0, |(_, rest)| rest.len());
        let path = self.uri().path();
        path.get(..path.len() - rest)
            .unwrap_or(path)
            .trim_end_matches('/')
    }
}
