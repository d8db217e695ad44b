//! An application for whoever calls event applications.

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::header;
use http_body::{Body as _, Frame};
use tokio::sync::Notify;

use super::{
    EventApplication, HttpResponseBody, HttpResponseStart, HttpResponseTrailers, LifespanScope, ReceiveEvent,
    Receiver, Scope, SendEvent, Sender, extension,
};
use crate::{Application, Body, BoxError, HttpScope, fault::Chain};

/// An [`Application`] as an [`EventApplication`], for layers and servers that speak in events.
///
/// A WebSocket (feature `websocket`) goes through frames in memory; headers that the application adds to its acceptance
/// are left out.
///
/// # Examples
///
/// ```
/// use nuages_protocol::{Response, app_fn, event::{EventApplication as _, ToEvents}};
///
/// let app = app_fn(|_scope, _body| async { Ok(Response::new("bonsoir".into())) });
/// // To events, and back again.
/// let app = ToEvents::new(app).into_application();
/// # let _ = app;
/// ```
pub struct ToEvents<A> {
    app: Arc<A>,
}

impl<A: Application> ToEvents<A> {
    /// This application, by events.
    pub fn new(app: A) -> Self {
        Self { app: Arc::new(app) }
    }
}

impl<A> fmt::Debug for ToEvents<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToEvents")
            .field("app", &std::any::type_name::<A>())
            .finish()
    }
}

impl<A: Application> EventApplication for ToEvents<A> {
    async fn call(&self, scope: Scope, receive: Receiver, send: Sender) -> Result<(), BoxError> {
        match scope {
            Scope::Http(scope) => self.http(scope, receive, send).await,
            Scope::Lifespan(scope) => self.lifespan(scope, receive, send).await,
            #[cfg(feature = "websocket")]
            Scope::WebSocket(scope) => {
                super::pump::websocket(Arc::clone(&self.app), scope, receive, send).await
            }
            scope => Err(scope.unsupported()),
        }
    }
}

impl<A: Application> ToEvents<A> {
    async fn http(&self, scope: HttpScope, receive: Receiver, send: Sender) -> Result<(), BoxError> {
        let trailers = Scope::from(scope.clone()).offers(extension::TRAILERS);
        let request = Arc::new(Request::new(receive));
        let body = Body::new(RequestBody {
            request: Arc::clone(&request),
            ended: false,
        });
        let answer = pin!(async {
            let response = self.app.http(scope, body).await?;
            respond(response, trailers, &send).await
        });
        tokio::select! {
            biased;
            result = answer => result,
            // The application is dropped where its client goes away, as under any server.
            () = request.disconnected() => Ok(()),
        }
    }

    async fn lifespan(
        &self,
        scope: LifespanScope,
        mut receive: Receiver,
        send: Sender,
    ) -> Result<(), BoxError> {
        loop {
            match receive.next().await {
                ReceiveEvent::LifespanStartup => match self.app.startup().await {
                    Ok(state) => {
                        scope.state.replace(state);
                        send.send(SendEvent::LifespanStartupComplete).await?;
                    }
                    Err(error) => {
                        let message = Chain(error.as_ref()).to_string();
                        send.send(SendEvent::LifespanStartupFailed(message)).await?;
                        return Ok(());
                    }
                },
                ReceiveEvent::LifespanShutdown => {
                    let answer = match self.app.shutdown().await {
                        Ok(()) => SendEvent::LifespanShutdownComplete,
                        Err(error) => SendEvent::LifespanShutdownFailed(Chain(error.as_ref()).to_string()),
                    };
                    return Ok(send.send(answer).await?);
                }
                _ => {}
            }
        }
    }
}

/// Sends a response, part by part.
async fn respond(response: crate::Response, trailers: bool, send: &Sender) -> Result<(), BoxError> {
    let (parts, mut body) = response.into_parts();
    let mut start = HttpResponseStart::new(parts.status);
    start.headers = parts.headers;
    // Which of them follow is known at the end alone, and they have to be announced by a header anyway.
    start.trailers = trailers && start.headers.contains_key(header::TRAILER);
    if let Some(length) = body.size_hint().exact().filter(|length| *length > 0)
        && !start.headers.contains_key(header::CONTENT_LENGTH)
    {
        start.headers.insert(header::CONTENT_LENGTH, length.into());
    }
    let trailers = start.trailers;
    send.send(start).await?;
    let mut last = HttpResponseTrailers::new();
    let mut complete = false;
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        match frame?.into_data() {
            Ok(data) => {
                let mut part = HttpResponseBody::new(data);
                complete = body.is_end_stream();
                part.more_body = !complete;
                send.send(part).await?;
            }
            Err(frame) => last.headers.extend(frame.into_trailers().unwrap_or_default()),
        }
    }
    if !complete {
        send.send(HttpResponseBody::default()).await?;
    }
    if trailers {
        send.send(last).await?;
    }
    Ok(())
}

/// What comes from the client: its body, and then that it has gone.
struct Request {
    inbox: Mutex<Inbox>,
    /// Nobody reads the body any more, or it has ended.
    read: Notify,
}

type Waiting = Pin<Box<dyn Future<Output = (ReceiveEvent, Receiver)> + Send>>;

/// The receiver, or the event that it was asked for.
enum Inbox {
    Idle(Receiver),
    Waiting(Waiting),
    Gone,
}

impl Request {
    fn new(receive: Receiver) -> Self {
        Self {
            inbox: Mutex::new(Inbox::Idle(receive)),
            read: Notify::new(),
        }
    }

    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn poll_event(&self, cx: &mut Context<'_>) -> Poll<ReceiveEvent> {
        let mut inbox = self.inbox();
        let mut waiting: Waiting = match std::mem::replace(&mut *inbox, Inbox::Gone) {
            Inbox::Idle(mut receive) => Box::pin(async move {
                let event = receive.next().await;
                (event, receive)
            }),
            Inbox::Waiting(waiting) => waiting,
            Inbox::Gone => return Poll::Ready(ReceiveEvent::HttpDisconnect),
        };
        match waiting.as_mut().poll(cx) {
            Poll::Ready((event, receive)) => {
                *inbox = Inbox::Idle(receive);
                Poll::Ready(event)
            }
            Poll::Pending => {
                *inbox = Inbox::Waiting(waiting);
                Poll::Pending
            }
        }
    }

    /// Waits until the client has gone, once nobody else waits for what it says.
    async fn disconnected(&self) {
        self.read.notified().await;
        while poll_fn(|cx| self.poll_event(cx)).await != ReceiveEvent::HttpDisconnect {}
    }
}

/// The body of the request, as its events bring it.
struct RequestBody {
    request: Arc<Request>,
    ended: bool,
}

impl RequestBody {
    fn end(&mut self) {
        if !std::mem::replace(&mut self.ended, true) {
            self.request.read.notify_one();
        }
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        self.end();
    }
}

impl http_body::Body for RequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        while !self.ended {
            match ready!(self.request.poll_event(cx)) {
                ReceiveEvent::HttpRequest(part) => {
                    if !part.more_body {
                        self.end();
                    }
                    if !part.body.is_empty() {
                        return Poll::Ready(Some(Ok(Frame::data(part.body))));
                    }
                }
                ReceiveEvent::HttpDisconnect => {
                    self.end();
                    *self.request.inbox() = Inbox::Gone;
                    return Poll::Ready(Some(Err(crate::BodyError::disconnected().into())));
                }
                _ => {}
            }
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }
}
