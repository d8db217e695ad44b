//! An application for whoever calls blocking ones.

use std::{fmt, future::poll_fn, pin::Pin};

use http_body::Body as _;
use nuages_bridge::async_to_sync;

use super::{Chunks, SyncApplication, SyncRequest, SyncResponse};
use crate::{Application, BoxError, State};

/// An [`Application`] as a [`SyncApplication`], for layers that block.
///
/// # Examples
///
/// ```
/// use http::{Method, Uri};
/// use nuages_protocol::{HttpScope, Response, app_fn};
/// use nuages_protocol::sync::{SyncApplication as _, SyncRequest, ToSync};
///
/// let app = ToSync::new(app_fn(|_, _| async { Ok(Response::new("bonsoir".into())) }));
/// let scope = HttpScope::new(Method::GET, Uri::from_static("/"));
/// let response = app.call(SyncRequest::new(scope, "")).unwrap();
/// assert_eq!(response.status(), 200);
/// ```
pub struct ToSync<A> {
    app: A,
}

impl<A: Application> ToSync<A> {
    /// This application, for code that blocks.
    pub fn new(app: A) -> Self {
        Self { app }
    }
}

impl<A> fmt::Debug for ToSync<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToSync")
            .field("app", &std::any::type_name::<A>())
            .finish()
    }
}

impl<A: Application> SyncApplication for ToSync<A> {
    fn call(&self, request: SyncRequest) -> Result<SyncResponse, BoxError> {
        let SyncRequest { scope, body } = request;
        let response = async_to_sync(self.app.http(scope, body.into_inner()))??;
        Ok(response.map(|mut body| {
            if body.is_end_stream() {
                return Chunks::empty();
            }
            // Trailers have no place among chunks.
            Chunks::try_new(std::iter::from_fn(move || {
                loop {
                    let frame = async_to_sync(poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)));
                    let frame = match frame {
                        Ok(frame) => frame?,
                        Err(error) => return Some(Err(error.into())),
                    };
                    match frame.map(http_body::Frame::into_data) {
                        Ok(Ok(data)) => return Some(Ok(data)),
                        Ok(Err(_trailers)) => {}
                        Err(error) => return Some(Err::<_, BoxError>(error)),
                    }
                }
            }))
        }))
    }

    fn startup(&self) -> Result<State, BoxError> {
        async_to_sync(self.app.startup())?
    }

    fn shutdown(&self) -> Result<(), BoxError> {
        async_to_sync(self.app.shutdown())?
    }
}
