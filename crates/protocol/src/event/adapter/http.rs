//! One request: the application runs in a task, and its events become a response.

use std::{
    fs::File,
    future::{Future, poll_fn},
    io::{self, Seek as _},
    panic::resume_unwind,
    pin::{Pin, pin},
    sync::{Arc, LazyLock},
    time::Duration,
};

use http::{HeaderMap, header};
use http_body::Body as _;
use nuages_bridge::{self as bridge, BridgeError, sync_to_async};
use tokio::sync::{oneshot, watch};

use super::{
    body::Part,
    exchange::{Exchange, Failure, Over},
    tasks::Tasks,
};
use crate::{
    Body, BodyError, BoxError, HttpScope, Response,
    event::{
        EventApplication, EventError, HttpRequest, HttpResponsePathSend, HttpResponseZeroCopySend, Offered,
        ReceiveEvent, Receiver, SendError, SendEvent, Sender, Sink, Source, extension,
    },
    panic::{self, catch_unwind},
};

static OFFERED: LazyLock<Offered> = LazyLock::new(|| {
    Offered::new()
        .with(extension::TRAILERS)
        .with(extension::PATH_SEND)
        .with(extension::ZERO_COPY_SEND)
        .with(extension::EARLY_HINT)
});

/// Calls the application in a task of its own. Dropping this future, or the body of its response, is the client's going away.
pub(super) async fn answer<A: EventApplication>(
    app: &Arc<A>,
    tasks: &Tasks,
    disconnect_timeout: Duration,
    mut scope: HttpScope,
    body: Body,
) -> Result<Response, BoxError> {
    if scope.extensions.get::<Offered>().is_none() {
        scope.extensions.insert(OFFERED.clone());
    }
    let (head, answered) = oneshot::channel();
    let exchange = Exchange::new(&scope.method, takes_trailers(&scope.headers), head);
    let mut caller = Caller(Some(Arc::clone(&exchange)));
    let receive = Receiver::new(Request {
        body: Some(body),
        over: exchange.watch(),
        exchange: Arc::clone(&exchange),
    });
    let send = Sender::new(Answer(Arc::clone(&exchange)));
    let (app, token) = (Arc::clone(app), tasks.token());
    bridge::spawn(bridge::async_frame(async move {
        let ending = Ending(&exchange);
        let call = pin!(catch_unwind(app.call(scope.into(), receive, send)));
        let result = tokio::select! {
            biased;
            result = call => result,
            () = outlived(exchange.watch(), disconnect_timeout) => {
                tracing::warn!(
                    timeout = ?disconnect_timeout,
                    "the application went on for too long after its client had gone; it was cancelled"
                );
                return;
            }
        };
        drop(ending);
        if let Some(failure) = exchange.ended(result) {
            report(failure);
        }
        drop(token);
    }));
    match answered.await {
        Ok(Ok(response)) => {
            // From here on it is the body of the response which tells that the client has gone.
            caller.0 = None;
            Ok(response)
        }
        Ok(Err(Failure::Error(error))) => Err(error),
        Ok(Err(Failure::Panic(payload))) => resume_unwind(payload),
        Err(_) => Err(EventError::new("the application was stopped before it answered").into()),
    }
}

/// Whoever waits for the response; gone where it is dropped before.
struct Caller(Option<Arc<Exchange>>);

impl Drop for Caller {
    fn drop(&mut self) {
        if let Some(exchange) = &self.0 {
            exchange.disconnected();
        }
    }
}

/// Has a task that is dropped in the middle end its response too.
struct Ending<'a>(&'a Arc<Exchange>);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.stopped();
    }
}

/// Waits until the client has been gone for this long.
async fn outlived(mut over: watch::Receiver<Over>, longest: Duration) {
    if over.wait_for(|over| *over == Over::Disconnected).await.is_ok() {
        tokio::time::sleep(longest).await;
    }
}

/// Logs what happened after the response, of which nobody else hears.
fn report(failure: Failure) {
    match failure {
        Failure::Error(error) if BodyError::status_of(error.as_ref()).is_some() => {
            tracing::debug!(%error, "the application ended since its client had gone");
        }
        Failure::Error(error) => tracing::error!(%error, "the application failed after its response"),
        Failure::Panic(payload) => {
            tracing::error!(
                panic = panic::message(&payload),
                "the application panicked after its response"
            );
        }
    }
}

/// Whether the client wants trailers (RFC 9110, section 10.1.4).
fn takes_trailers(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::TE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| coding.trim().eq_ignore_ascii_case("trailers"))
}

/// The request, event by event.
struct Request {
    /// What is left of the body.
    body: Option<Body>,
    over: watch::Receiver<Over>,
    exchange: Arc<Exchange>,
}

impl Request {
    async fn event(&mut self) -> ReceiveEvent {
        let Self { body, over, exchange } = self;
        let over = async {
            // An exchange that is dropped is over as well.
            drop(over.wait_for(|over| *over != Over::No).await);
        };
        let Some(reading) = body.as_mut() else {
            over.await;
            return ReceiveEvent::HttpDisconnect;
        };
        let part = tokio::select! {
            biased;
            () = over => {
                *body = None;
                return ReceiveEvent::HttpDisconnect;
            }
            part = next(reading) => part,
        };
        match part {
            Some(Ok(data)) => {
                let more_body = !reading.is_end_stream();
                if !more_body {
                    *body = None;
                }
                let mut event = HttpRequest::new(data);
                event.more_body = more_body;
                event.into()
            }
            Some(Err(error)) => {
                tracing::debug!(%error, "the request's body could not be read");
                exchange.request_failed(error);
                *body = None;
                ReceiveEvent::HttpDisconnect
            }
            None => {
                *body = None;
                HttpRequest::default().into()
            }
        }
    }
}

/// The next bytes of a body, without its trailers, which ASGI has no event for.
async fn next(body: &mut Body) -> Option<Result<bytes::Bytes, BoxError>> {
    loop {
        match poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await? {
            Ok(frame) => {
                if let Ok(data) = frame.into_data() {
                    return Some(Ok(data));
                }
            }
            Err(error) => return Some(Err(error)),
        }
    }
}

impl Source for Request {
    fn next(&mut self) -> Pin<Box<dyn Future<Output = ReceiveEvent> + Send + '_>> {
        Box::pin(self.event())
    }
}

/// The response, event by event.
struct Answer(Arc<Exchange>);

impl Sink for Answer {
    fn send(&self, event: SendEvent) -> Pin<Box<dyn Future<Output = Result<(), SendError>> + Send + '_>> {
        Box::pin(async move {
            match event {
                SendEvent::HttpResponsePathSend(path) => {
                    let file = open(&path, self.0.expected()).await?;
                    self.0.send(path.into(), Some(file)).await
                }
                SendEvent::HttpResponseZeroCopySend(part) => {
                    let (part, file) = measure(part).await?;
                    self.0.send(part.into(), Some(file)).await
                }
                event => self.0.send(event, None).await,
            }
        })
    }
}

/// Opens a file that is to be sent whole, and looks whether it is as long as the response says.
async fn open(event: &HttpResponsePathSend, expected: Option<u64>) -> Result<Part, EventError> {
    let path = event.path.clone();
    let opened: Result<io::Result<_>, BridgeError> = sync_to_async(move || {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        Ok((file, length))
    })
    .parallel()
    .await;
    let name = event.path.display();
    let (file, length) = settled(opened, || format!("`{name}` can't be opened"))?;
    if let Some(expected) = expected.filter(|expected| *expected != length) {
        return Err(EventError::new(format!(
            "`{name}` has {length} bytes; the response's content-length is {expected}"
        )));
    }
    Ok(Part::File(Arc::new(file), 0..length))
}

/// Finds out which part of an open file is meant, and takes a handle of our own on it.
async fn measure(
    mut event: HttpResponseZeroCopySend,
) -> Result<(HttpResponseZeroCopySend, Part), EventError> {
    let (file, offset, count) = (Arc::clone(&event.file), event.offset, event.count);
    let measured: Result<io::Result<_>, BridgeError> = sync_to_async(move || {
        let length = file.metadata()?.len();
        let start = match offset {
            Some(offset) => offset,
            None => (&*file).stream_position()?,
        };
        let end = count.map_or(length, |count| start.saturating_add(count));
        if end > length || start > end {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!("it has {length} bytes; {start} to {end} were to be sent"),
            ));
        }
        // A clone shares the position, which isn't used: blocks are read where they are.
        Ok((file.try_clone()?, start..end))
    })
    .parallel()
    .await;
    let (file, range) = settled(measured, || "the file can't be sent".to_owned())?;
    event.count = Some(range.end - range.start);
    Ok((event, Part::File(Arc::new(file), range)))
}

fn settled<T>(
    result: Result<io::Result<T>, BridgeError>,
    what: impl FnOnce() -> String,
) -> Result<T, EventError> {
    match result {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(EventError::new(format!("{}: {error}", what()))),
        Err(error) => Err(EventError::new(format!("{}: {error}", what()))),
    }
}
