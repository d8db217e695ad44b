//! A blocking application for whoever calls [`Application`]s.

use std::{
    fmt,
    future::{IntoFuture as _, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::Arc,
    task::Poll,
};

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use nuages_bridge::{SyncScope, sync_to_async};
use tokio::sync::oneshot;

use super::{
    Chunks, SyncApplication, SyncRequest,
    chunks::Inner,
    stream::{Job, Outlet, SyncStream, outlet},
};
use crate::{
    Application, Body, BoxError, HttpScope, Response, State,
    event::{EventError, declared_length},
};

/// How often a header may come in a request.
const MAX_SAME_HEADER: usize = 100;

/// A [`SyncApplication`] as an [`Application`]; [`SyncApplication::into_application`] makes it.
///
/// All code of a request runs on one thread: the call, and the iterator of its response.
pub struct FromSync<A> {
    app: Arc<A>,
    max_same_header: Option<usize>,
}

/// Among a request's extensions: code of another application is around this one, and may wait for it on the thread of the request.
///
/// Who mounts applications inserts it. A blocking one is called on another thread then, since a thread that waits for a response can't also be the one that
/// makes its body: it would wait for itself to read it.
#[derive(Clone, Copy, Debug)]
pub struct InsideAnother;

impl<A: SyncApplication> FromSync<A> {
    pub(super) fn new(app: A) -> Self {
        Self {
            app: Arc::new(app),
            max_same_header: Some(MAX_SAME_HEADER),
        }
    }

    /// How often one header may come in a request; `None` for as often as it likes. Default: 100. A request with more is
    /// answered with 400.
    #[must_use]
    pub fn max_same_header(mut self, times: Option<usize>) -> Self {
        self.max_same_header = times;
        self
    }
}

impl<A> fmt::Debug for FromSync<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromSync")
            .field("app", &std::any::type_name::<A>())
            .field("max_same_header", &self.max_same_header)
            .finish()
    }
}

impl<A: SyncApplication> Application for FromSync<A> {
    fn http(&self, scope: HttpScope, body: Body) -> impl Future<Output = Result<Response, BoxError>> + Send {
        let refused = self
            .max_same_header
            .is_some_and(|times| has_more_than(&scope.headers, times));
        let app = Arc::clone(&self.app);
        async move {
            if refused {
                return Ok(too_many());
            }
            SyncScope::new().run(answer(app, scope, body)).await
        }
    }

    async fn startup(&self) -> Result<State, BoxError> {
        let app = Arc::clone(&self.app);
        sync_to_async(move || app.startup()).await?
    }

    async fn shutdown(&self) -> Result<(), BoxError> {
        let app = Arc::clone(&self.app);
        sync_to_async(move || app.shutdown()).await?
    }
}

/// One pass over the headers, however many there are.
fn has_more_than(headers: &HeaderMap, times: usize) -> bool {
    headers.len() > times
        && headers
            .keys()
            .any(|name| headers.get_all(name).iter().count() > times)
}

fn too_many() -> Response {
    let mut response = Response::new("a header came too often".into());
    *response.status_mut() = StatusCode::BAD_REQUEST;
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, text);
    response
}

async fn answer<A: SyncApplication>(app: Arc<A>, scope: HttpScope, body: Body) -> Result<Response, BoxError> {
    let (head, mut begun) = oneshot::channel();
    let method = scope.method.clone();
    let inside_another = scope.extensions.get::<InsideAnother>().is_some();
    let request = SyncRequest::new(scope, body);
    // One job for all of it: what the call leaves on its thread, the iterator finds there.
    let call = sync_to_async(move || respond(&*app, &method, request, head));
    let mut job: Job = if inside_another {
        Box::pin(call.parallel().into_future())
    } else {
        Box::pin(call.into_future())
    };
    let streamed = |(head, outlet): (http::Response<()>, Outlet), job| {
        head.map(|()| Body::new(SyncStream::new(outlet, job)))
    };
    // A panic that comes with the answer of the job must not hide that the response had begun.
    let ended = tokio::select! {
        biased;
        Ok(begun) = &mut begun => return Ok(streamed(begun, job)),
        ended = poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| job.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }) => ended,
    };
    // It may have begun and ended since this task looked.
    if let Ok(begun) = begun.try_recv() {
        return Ok(streamed(
            begun,
            Box::pin(async move { ended.unwrap_or_else(|panic| resume_unwind(panic)) }),
        ));
    }
    ended
        .unwrap_or_else(|panic| resume_unwind(panic))??
        .ok_or_else(|| EventError::new("the response was lost on its way").into())
}

type Head = oneshot::Sender<(http::Response<()>, Outlet)>;

/// Calls the application, on its thread. A response of one piece is returned; any other is sent from here, chunk by chunk.
fn respond<A: SyncApplication>(
    app: &A,
    method: &Method,
    request: SyncRequest,
    head: Head,
) -> Result<Option<Response>, BoxError> {
    let mut response = app.call(request)?;
    response.headers_mut().remove(header::TRANSFER_ENCODING);
    let declared = declared_length(response.headers())?;
    let (parts, Chunks { inner }) = response.into_parts();
    let bodiless =
        *method == Method::HEAD || matches!(parts.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    match inner {
        _ if bodiless => Ok(Some(Response::from_parts(parts, Body::empty()))),
        Inner::Full(mut bytes) => {
            if let Some(declared) = declared {
                if (bytes.len() as u64) < declared {
                    return Err(short(bytes.len() as u64, declared));
                }
                // Never more than was declared.
                bytes.truncate(declared as usize);
            }
            Ok(Some(Response::from_parts(parts, bytes.into())))
        }
        Inner::Iter(chunks) => {
            let (inlet, outlet) = outlet(declared);
            if head
                .send((http::Response::from_parts(parts, ()), outlet))
                .is_err()
            {
                return Ok(None);
            }
            let mut sent = 0_u64;
            for chunk in chunks {
                let mut chunk = chunk?;
                if let Some(declared) = declared {
                    let left = declared - sent;
                    chunk.truncate(usize::try_from(left).unwrap_or(usize::MAX).min(chunk.len()));
                }
                sent += chunk.len() as u64;
                if !inlet.send(chunk) || Some(sent) == declared {
                    return Ok(None);
                }
            }
            match declared {
                Some(declared) if sent < declared => Err(short(sent, declared)),
                _ => Ok(None),
            }
        }
    }
}

fn short(sent: u64, declared: u64) -> BoxError {
    EventError::new(format!(
        "the body ends after {sent} bytes; its content-length is {declared}"
    ))
    .into()
}
