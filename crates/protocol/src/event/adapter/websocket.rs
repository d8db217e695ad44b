//! One WebSocket: its messages become events, and the application's events messages.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
};

use http::Method;
use tokio::sync::{oneshot, watch};

use super::exchange::{Exchange, Failure};
use crate::{
    BodyError, BoxError, Response, WebSocketScope,
    event::{
        EventApplication, EventError, HttpResponseBody, HttpResponseStart, Offered, ReceiveEvent, Receiver,
        SendError, SendEvent, Sender, Sink, Source, WebSocketAccept, WebSocketClose, WebSocketData,
        WebSocketDisconnect, extension,
    },
    websocket::{Handshake, Message, WebSocketError, WebSocketReceiver, WebSocketSender, close_code},
};

static OFFERED: LazyLock<Offered> = LazyLock::new(|| Offered::new().with(extension::DENIAL_RESPONSE));

/// Calls the application where it is: whoever drives the WebSocket drives it too, and cancels it some time after the end.
pub(super) async fn answer<A: EventApplication>(
    app: &Arc<A>,
    mut scope: WebSocketScope,
    handshake: Handshake,
) -> Result<(), BoxError> {
    if scope.extensions.get::<Offered>().is_none() {
        scope.extensions.insert(OFFERED.clone());
    }
    let socket = Arc::new(Socket {
        phase: Mutex::new(Phase::Connecting(handshake)),
        receiver: watch::Sender::new(Ready::No),
        taken: Mutex::new(None),
    });
    let receive = Receiver::new(Messages {
        ready: socket.receiver.subscribe(),
        socket: Arc::clone(&socket),
        connected: false,
        receiver: None,
        ended: None,
    });
    let send = Sender::new(Answers(Arc::clone(&socket)));
    let ended = app.call(scope.into(), receive, send).await;
    let unanswered = socket.end(&ended);
    match ended {
        // That the client had gone is nobody's fault.
        Err(error) if BodyError::status_of(error.as_ref()).is_some() => Ok(()),
        Ok(()) if unanswered => Err(EventError::new(
            "the application returned without an answer to the handshake; send `websocket.accept` or `websocket.close`",
        )
        .into()),
        ended => ended,
    }
}

/// How far a WebSocket has come, as the application's events took it.
enum Phase {
    Connecting(Handshake),
    /// Another event deals with the handshake at this moment.
    Answering,
    /// A response is sent in place of a WebSocket.
    Denying(Denial),
    Open(WebSocketSender),
    Closed,
}

struct Denial {
    exchange: Arc<Exchange>,
    /// Until the response has begun.
    begins: Option<(oneshot::Receiver<Result<Response, Failure>>, Handshake)>,
}

/// Whether there is something to receive from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ready {
    No,
    Open,
    Never,
}

/// What is to be done for an event that has a place.
#[expect(
    clippy::large_enum_variant,
    reason = "it is there for one call, and handed over once"
)]
enum Step {
    Done,
    Accept(Handshake, WebSocketAccept),
    Respond(Arc<Exchange>, SendEvent),
    Send(WebSocketSender, Message),
    Close(WebSocketSender, WebSocketClose),
}

struct Socket {
    phase: Mutex<Phase>,
    receiver: watch::Sender<Ready>,
    /// What the application receives from, until it does.
    taken: Mutex<Option<WebSocketReceiver>>,
}

impl Socket {
    fn phase(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The application has ended. Whether it had left the handshake without an answer.
    fn end(&self, ended: &Result<(), BoxError>) -> bool {
        match std::mem::replace(&mut *self.phase(), Phase::Closed) {
            Phase::Connecting(handshake) => {
                // An error is answered by whoever called; otherwise it would be denied here.
                drop(handshake);
                true
            }
            Phase::Denying(denial) => {
                let begun = denial.begins.is_none();
                let result = match ended {
                    Ok(()) => Ok(()),
                    Err(error) => Err(EventError::new(error.to_string()).into()),
                };
                drop(denial.exchange.ended(Ok(result)));
                !begun
            }
            Phase::Answering | Phase::Open(_) | Phase::Closed => false,
        }
    }

    async fn accept(&self, handshake: Handshake, accept: WebSocketAccept) -> Result<(), SendError> {
        let mut handshake = handshake;
        if let Some(name) = accept.subprotocol {
            handshake = handshake.subprotocol(name);
        }
        let mut last = None;
        for (name, value) in accept.headers {
            let name = name.or_else(|| last.clone());
            if let Some(name) = name {
                last = Some(name.clone());
                handshake = handshake.header(name, value);
            }
        }
        match handshake.accept().await {
            Ok(socket) => {
                let (sender, receiver) = socket.split();
                *self.taken.lock().unwrap_or_else(PoisonError::into_inner) = Some(receiver);
                *self.phase() = Phase::Open(sender);
                self.receiver.send_replace(Ready::Open);
                Ok(())
            }
            Err(error) => {
                *self.phase() = Phase::Closed;
                self.receiver.send_replace(Ready::Never);
                Err(refusal(&error))
            }
        }
    }

    async fn send(&self, event: SendEvent) -> Result<(), SendError> {
        match self.step(event)? {
            Step::Done => Ok(()),
            Step::Accept(handshake, accept) => self.accept(handshake, accept).await,
            Step::Respond(exchange, event) => {
                exchange.send(event, None).await?;
                self.deny();
                Ok(())
            }
            Step::Send(sender, message) => sender.send(message).await.map_err(|error| refusal(&error)),
            Step::Close(sender, close) => {
                let closed = sender.close(close.code, &close.reason).await;
                closed.map_err(|error| refusal(&error))?;
                *self.phase() = Phase::Closed;
                Ok(())
            }
        }
    }

    /// What is to be done for an event, if it has a place here.
    fn step(&self, event: SendEvent) -> Result<Step, SendError> {
        let mut phase = self.phase();
        let (next, step) = match (std::mem::replace(&mut *phase, Phase::Answering), event) {
            (Phase::Connecting(handshake), SendEvent::WebSocketAccept(accept)) => {
                match accept.invalid.check() {
                    Ok(()) => (Phase::Answering, Ok(Step::Accept(handshake, accept))),
                    Err(error) => (Phase::Connecting(handshake), Err(error.into())),
                }
            }
            (Phase::Connecting(handshake), SendEvent::WebSocketClose(_)) => {
                drop(handshake);
                self.receiver.send_replace(Ready::Never);
                (Phase::Closed, Ok(Step::Done))
            }
            (Phase::Connecting(handshake), SendEvent::WebSocketHttpResponseStart(start)) => {
                if start.status.as_u16() < 300 {
                    let text = "a WebSocket is denied by a status of 300 or above";
                    (Phase::Connecting(handshake), Err(EventError::new(text).into()))
                } else if let Err(error) = start.invalid.check() {
                    (Phase::Connecting(handshake), Err(error.into()))
                } else {
                    let (head, begins) = oneshot::channel();
                    let exchange = Exchange::new(&Method::GET, false, head);
                    let mut event = HttpResponseStart::new(start.status);
                    event.headers = start.headers;
                    let denial = Denial {
                        exchange: Arc::clone(&exchange),
                        begins: Some((begins, handshake)),
                    };
                    (Phase::Denying(denial), Ok(Step::Respond(exchange, event.into())))
                }
            }
            (Phase::Denying(denial), SendEvent::WebSocketHttpResponseBody(part)) => {
                let mut event = HttpResponseBody::new(part.body);
                event.more_body = part.more_body;
                let step = Step::Respond(Arc::clone(&denial.exchange), event.into());
                (Phase::Denying(denial), Ok(step))
            }
            (Phase::Open(sender), SendEvent::WebSocketSend(data)) => {
                let step = Step::Send(sender.clone(), data.into());
                (Phase::Open(sender), Ok(step))
            }
            (Phase::Open(sender), SendEvent::WebSocketClose(close)) => {
                let step = Step::Close(sender.clone(), close);
                (Phase::Open(sender), Ok(step))
            }
            // ASGI's `OSError`, for whatever comes after the end.
            (
                Phase::Closed,
                SendEvent::WebSocketAccept(_) | SendEvent::WebSocketSend(_) | SendEvent::WebSocketClose(_),
            ) => (Phase::Closed, Err(SendError::disconnected())),
            (before, event) => {
                let when = match before {
                    Phase::Connecting(_) => "before the handshake was answered",
                    Phase::Answering => "while the handshake was answered",
                    Phase::Denying(_) => "in a response that denies the WebSocket",
                    Phase::Open(_) => "in an open WebSocket",
                    Phase::Closed => "after its end",
                };
                let error = EventError::new(format!("`{}` has no place {when}", event.kind()));
                (before, Err(error.into()))
            }
        };
        *phase = next;
        step
    }

    /// Sends a response on its way, once it has begun.
    fn deny(&self) {
        let mut phase = self.phase();
        let Phase::Denying(denial) = &mut *phase else {
            return;
        };
        if let Some((mut begins, handshake)) = denial.begins.take() {
            match begins.try_recv() {
                Ok(Ok(response)) => {
                    handshake.deny(response);
                    self.receiver.send_replace(Ready::Never);
                }
                Ok(Err(_)) | Err(_) => denial.begins = Some((begins, handshake)),
            }
        }
    }
}

fn refusal(error: &WebSocketError) -> SendError {
    if error.is_closed() {
        SendError::disconnected()
    } else {
        SendError::refused(EventError::new(error.to_string()))
    }
}

struct Answers(Arc<Socket>);

impl Sink for Answers {
    fn send(&self, event: SendEvent) -> Pin<Box<dyn Future<Output = Result<(), SendError>> + Send + '_>> {
        Box::pin(self.0.send(event))
    }
}

/// What the application hears.
struct Messages {
    ready: watch::Receiver<Ready>,
    socket: Arc<Socket>,
    connected: bool,
    receiver: Option<WebSocketReceiver>,
    ended: Option<WebSocketDisconnect>,
}

impl Messages {
    async fn event(&mut self) -> ReceiveEvent {
        if !std::mem::replace(&mut self.connected, true) {
            return ReceiveEvent::WebSocketConnect;
        }
        if let Some(ended) = &self.ended {
            return ended.clone().into();
        }
        if self.receiver.is_none() {
            let ready = self.ready.wait_for(|ready| *ready != Ready::No).await;
            if ready.is_ok_and(|ready| *ready == Ready::Open) {
                let mut taken = self.socket.taken.lock().unwrap_or_else(PoisonError::into_inner);
                self.receiver = taken.take();
            }
        }
        let Some(receiver) = &mut self.receiver else {
            return self.end(WebSocketDisconnect::new(close_code::ABNORMAL, ""));
        };
        match poll_fn(|cx| receiver.poll_recv(cx)).await {
            Some(message) => WebSocketData::from(message).into(),
            None => {
                let frame = receiver.closed();
                self.end(frame.map_or_else(WebSocketDisconnect::default, |frame| {
                    WebSocketDisconnect::new(frame.code, frame.reason)
                }))
            }
        }
    }

    fn end(&mut self, ended: WebSocketDisconnect) -> ReceiveEvent {
        self.ended = Some(ended.clone());
        ended.into()
    }
}

impl Source for Messages {
    fn next(&mut self) -> Pin<Box<dyn Future<Output = ReceiveEvent> + Send + '_>> {
        Box::pin(self.event())
    }
}
