//! WebSockets by events.

use http::Uri;
use nuages_protocol::{
    Application, Body, BoxError, HttpScope, Response, WebSocketScope,
    event::{
        EventApplication as _, HttpResponseStart, Lifespan, ReceiveEvent, Receiver, Scope, SendError,
        SendEvent, Sender, ToEvents, WebSocketAccept, WebSocketClose, WebSocketData, WebSocketDisconnect,
        WebSocketHttpResponseBody, WebSocketHttpResponseStart, event_fn, extension,
    },
    websocket::{self, Handshake, Message, WebSocket, WebSocketError},
};
use tokio::sync::mpsc;

fn scope() -> WebSocketScope {
    let mut scope = WebSocketScope::new(Uri::from_static("/chat/"));
    scope.subprotocols = vec!["chat.v2".to_owned(), "chat.v1".to_owned()];
    scope
}

async fn open<F, Fut>(function: F) -> Result<WebSocket, WebSocketError>
where
    F: Fn(WebSocketScope, Receiver, Sender) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
{
    let function = std::sync::Arc::new(function);
    let app = event_fn(move |scope: Scope, receive, send| {
        let function = std::sync::Arc::clone(&function);
        async move {
            assert!(scope.offers(extension::DENIAL_RESPONSE));
            let Scope::WebSocket(scope) = scope else {
                return Err(scope.unsupported());
            };
            function(scope, receive, send).await
        }
    });
    websocket::connect(app.into_application().lifespan(Lifespan::Off), scope()).await
}

/// A function that tells a test what it saw.
fn telling<T>() -> (mpsc::UnboundedSender<T>, mpsc::UnboundedReceiver<T>) {
    mpsc::unbounded_channel()
}

#[tokio::test]
async fn messages_go_both_ways_after_the_handshake() {
    let mut socket = open(|scope, mut receive, send| async move {
        assert_eq!(scope.subprotocols, ["chat.v2", "chat.v1"]);
        assert_eq!(receive.next().await, ReceiveEvent::WebSocketConnect);
        send.send(
            WebSocketAccept::new()
                .subprotocol("chat.v1")
                .header("x-room", "jazz"),
        )
        .await?;
        loop {
            match receive.next().await {
                ReceiveEvent::WebSocketReceive(data) => send.send(data).await?,
                _ => return Ok(()),
            }
        }
    })
    .await
    .unwrap();
    assert_eq!(socket.subprotocol(), Some("chat.v1"));
    for message in [
        Message::from("bonsoir"),
        Message::from(vec![0, 1, 2]),
        Message::from(""),
    ] {
        socket.send(message.clone()).await.unwrap();
        assert_eq!(socket.recv().await.unwrap(), Some(message));
    }
}

#[tokio::test]
async fn a_close_before_accept_and_an_end_without_an_answer_deny() {
    let denied = open(|_, mut receive, send| async move {
        receive.next().await;
        send.send(WebSocketClose::default()).await?;
        assert!(
            send.send(WebSocketAccept::new())
                .await
                .unwrap_err()
                .is_disconnected()
        );
        assert!(matches!(
            receive.next().await,
            ReceiveEvent::WebSocketDisconnect(_)
        ));
        Ok(())
    })
    .await
    .unwrap_err();
    assert_eq!(denied.status().map(|status| status.as_u16()), Some(403));
    for fails in [false, true] {
        let denied = open(move |_, _, _| async move {
            if fails {
                Err("the string broke".into())
            } else {
                Ok(())
            }
        })
        .await
        .unwrap_err();
        assert_eq!(
            denied.status().map(|status| status.as_u16()),
            Some(500),
            "{fails}"
        );
    }
}

#[tokio::test]
async fn a_denial_has_a_status_headers_and_a_body_in_parts() {
    let (tell, mut told) = telling();
    let denied = open(move |_, mut receive, send| {
        let tell = tell.clone();
        async move {
            receive.next().await;
            let bad = WebSocketHttpResponseStart::new(200);
            tell.send(send.send(bad).await.unwrap_err().is_refused())?;
            send.send(WebSocketHttpResponseStart::new(401).header("x-why", "members only"))
                .await?;
            tell.send(send.send(WebSocketAccept::new()).await.unwrap_err().is_refused())?;
            send.send(WebSocketHttpResponseBody::new("members ").more())
                .await?;
            tell.send(
                send.send(WebSocketData::from("?"))
                    .await
                    .unwrap_err()
                    .is_refused(),
            )?;
            Ok(send.send(WebSocketHttpResponseBody::new("only")).await?)
        }
    })
    .await
    .unwrap_err();
    let response = denied.into_response().unwrap();
    assert_eq!(response.status(), 401);
    assert_eq!(response.headers()["x-why"], "members only");
    for _ in 0..3 {
        assert_eq!(told.recv().await, Some(true));
    }
}

#[tokio::test]
async fn an_acceptance_that_is_not_valid_is_refused() {
    for accept in [
        WebSocketAccept::new().subprotocol("chat.v3"),
        WebSocketAccept::new().header("sec-websocket-protocol", "chat.v1"),
        WebSocketAccept::new().header("x split", "a"),
    ] {
        let (tell, mut told) = telling();
        let denied = open(move |_, mut receive, send| {
            let (tell, accept) = (tell.clone(), accept.clone());
            async move {
                receive.next().await;
                let error: SendError = send.send(accept).await.unwrap_err();
                tell.send(error.is_refused())?;
                Err(error.into())
            }
        })
        .await;
        assert!(denied.is_err());
        assert_eq!(told.recv().await, Some(true));
    }
}

#[tokio::test]
async fn what_a_client_closes_with_is_received_after_its_messages_and_sending_then_is_no_fault() {
    let (tell, mut told) = telling();
    let mut socket = open(move |_, mut receive, send| {
        let tell = tell.clone();
        async move {
            receive.next().await;
            send.send(WebSocketAccept::new()).await?;
            for _ in 0..4 {
                tell.send(format!("{:?}", receive.next().await))?;
            }
            let error = send.send(WebSocketData::from("too late")).await.unwrap_err();
            assert!(error.is_disconnected());
            tell.send("disconnected".to_owned())?;
            Err(error.into())
        }
    })
    .await
    .unwrap();
    socket.send("one").await.unwrap();
    socket.send("two").await.unwrap();
    socket.close(4001, "enough").await.unwrap();
    while socket.recv().await.unwrap().is_some() {}
    let end = ReceiveEvent::from(WebSocketDisconnect::new(4001, "enough"));
    for expected in [
        ReceiveEvent::from(WebSocketData::from("one")),
        WebSocketData::from("two").into(),
        end.clone(),
        end,
    ] {
        assert_eq!(told.recv().await.unwrap(), format!("{expected:?}"));
    }
    assert_eq!(told.recv().await.unwrap(), "disconnected");
}

#[tokio::test]
async fn the_application_closes_with_a_code_and_sends_nothing_after_it() {
    let (tell, mut told) = telling();
    let mut socket = open(move |_, mut receive, send| {
        let tell = tell.clone();
        async move {
            receive.next().await;
            send.send(WebSocketAccept::new()).await?;
            send.send(WebSocketData::from("last")).await?;
            tell.send(
                send.send(WebSocketClose::new(1005, ""))
                    .await
                    .unwrap_err()
                    .is_refused(),
            )?;
            send.send(WebSocketClose::new(4002, "the shop closes")).await?;
            tell.send(
                send.send(WebSocketData::from("?"))
                    .await
                    .unwrap_err()
                    .is_disconnected(),
            )?;
            tell.send(
                send.send(WebSocketClose::default())
                    .await
                    .unwrap_err()
                    .is_disconnected(),
            )?;
            Ok(())
        }
    })
    .await
    .unwrap();
    assert_eq!(socket.recv().await.unwrap(), Some("last".into()));
    assert_eq!(socket.recv().await.unwrap(), None);
    let frame = socket.closed().unwrap();
    assert_eq!((frame.code, frame.reason.as_str()), (4002, "the shop closes"));
    for _ in 0..3 {
        assert_eq!(told.recv().await, Some(true));
    }
}

#[tokio::test]
async fn events_of_requests_have_no_place_in_a_websocket() {
    let mut socket = open(|_, mut receive, send| async move {
        receive.next().await;
        let start = || SendEvent::from(HttpResponseStart::new(200));
        assert!(send.send(start()).await.unwrap_err().is_refused());
        assert!(
            send.send(WebSocketData::from("early"))
                .await
                .unwrap_err()
                .is_refused()
        );
        send.send(WebSocketAccept::new()).await?;
        assert!(send.send(start()).await.unwrap_err().is_refused());
        assert!(send.send(WebSocketAccept::new()).await.unwrap_err().is_refused());
        assert!(
            send.send(WebSocketHttpResponseStart::new(401))
                .await
                .unwrap_err()
                .is_refused()
        );
        send.send(WebSocketData::from("fine")).await?;
        receive.next().await;
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(socket.recv().await.unwrap(), Some("fine".into()));
}

/// A typed application with a WebSocket.
struct Typed;

impl Application for Typed {
    async fn http(&self, _scope: HttpScope, _body: Body) -> Result<Response, BoxError> {
        Ok(Response::default())
    }

    async fn websocket(&self, scope: WebSocketScope, handshake: Handshake) -> Result<(), BoxError> {
        match scope.uri.path() {
            "/denied/" => {
                let mut response = Response::new("members only".into());
                *response.status_mut() = http::StatusCode::UNAUTHORIZED;
                handshake.deny(response);
                Ok(())
            }
            "/forbidden/" => Ok(()),
            _ => {
                let mut socket = handshake.subprotocol("chat.v1").accept().await?;
                while let Some(message) = socket.recv().await? {
                    if message.as_text() == Some("close") {
                        socket.close(4003, "as you wish").await?;
                    } else {
                        socket.send(message).await?;
                    }
                }
                Ok(())
            }
        }
    }
}

#[tokio::test]
async fn a_typed_application_has_the_same_websocket_behind_events() {
    let app = || ToEvents::new(Typed).into_application().lifespan(Lifespan::Off);
    let mut socket = websocket::connect(app(), scope()).await.unwrap();
    assert_eq!(socket.subprotocol(), Some("chat.v1"));
    for message in [Message::from("bonsoir"), Message::from(vec![0, 1])] {
        socket.send(message.clone()).await.unwrap();
        assert_eq!(socket.recv().await.unwrap(), Some(message));
    }
    socket.send("close").await.unwrap();
    assert_eq!(socket.recv().await.unwrap(), None);
    assert_eq!(socket.closed().map(|frame| frame.code), Some(4003));
    for (path, status) in [("/denied/", 401), ("/forbidden/", 403)] {
        let denied = websocket::connect(app(), WebSocketScope::new(path.parse().unwrap()))
            .await
            .unwrap_err();
        assert_eq!(
            denied.status().map(|status| status.as_u16()),
            Some(status),
            "{path}"
        );
    }
}
