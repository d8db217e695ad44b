//! tower's services as applications, and applications as tower's services.
//!
//! [`FromService`] has a server serve an axum `Router`, or any other service; [`ToService`] puts an application into whatever takes a
//! service: an axum router, a layer of tower-http. One inside the other, a tower layer goes around an application:
//!
//! # Examples
//!
//! ```
//! use nuages_protocol::{Response, app_fn, tower::{FromService, ToService}};
//! use tower::ServiceBuilder;
//! use tower_http::trace::TraceLayer;
//!
//! let app = app_fn(|_scope, _body| async { Ok(Response::new("bonsoir".into())) });
//! let service = ServiceBuilder::new().layer(TraceLayer::new_for_http()).service(ToService::new(app));
//! let app = FromService::new(service);
//! # let _ = app;
//! ```

mod from_service;
mod to_service;

pub use self::{
    from_service::FromService,
    to_service::{ServiceFuture, ToService},
};

/// Among the extensions of a request whose URI has lost the path below which its service is mounted, as tower's
/// services expect it.
#[derive(Clone, Copy, Debug)]
struct BelowRoot;
