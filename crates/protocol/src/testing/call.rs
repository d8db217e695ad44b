//! One request, without a socket.

use nuages_bridge as bridge;

use crate::{Application, Body, BoxError, HttpScope, Response};

/// Calls an application as a server does: in a context and with a sync thread of the request's own.
///
/// # Examples
///
/// ```
/// use nuages_protocol::{Response, app_fn, testing};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// let app = app_fn(|scope, _body| async move { Ok(Response::new(scope.uri.path().to_owned().into())) });
/// let response = testing::http(&app, http::Request::get("/books/").body("")?).await?;
/// assert_eq!(response.into_body().collect(1024).await?, "/books/");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// The application's.
pub async fn http<A, B>(app: &A, request: http::Request<B>) -> Result<Response, BoxError>
where
    A: Application,
    B: Into<Body>,
{
    let (parts, body) = request.into_parts();
    let (scope, body) = (HttpScope::from(parts), body.into());
    let call = bridge::async_frame(async move { app.http(scope, body).await });
    bridge::Context::empty()
        .scope(bridge::SyncScope::new().run(call))
        .await
}
