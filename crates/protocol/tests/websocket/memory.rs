//! A WebSocket to an application without a server, in both call styles.

use http::Uri;
use nuages_protocol::{
    WebSocketScope,
    websocket::{self, Message},
};

use crate::support::{accepting, echo, sockets};

fn scope() -> WebSocketScope {
    WebSocketScope::new(Uri::from_static("/chat/"))
}

#[tokio::test]
async fn async_code_talks_to_an_application() {
    let mut socket = websocket::connect(echo(), scope()).await.unwrap();
    for message in [Message::from("bonsoir"), Message::from(vec![0; 500_000])] {
        socket.send(message.clone()).await.unwrap();
        assert_eq!(socket.recv().await.unwrap(), Some(message));
    }
    socket.close(1000, "").await.unwrap();
    assert_eq!(socket.recv().await.unwrap(), None);
    assert_eq!(socket.closed().unwrap().code, 1000);
}

#[test]
fn sync_code_talks_to_an_application_without_a_runtime() {
    let mut socket = websocket::connect(echo(), scope()).wait().unwrap();
    socket.send("bonsoir").wait().unwrap();
    assert_eq!(socket.recv().wait().unwrap(), Some("bonsoir".into()));
    socket.close(1000, "").wait().unwrap();
    assert_eq!(socket.recv().wait().unwrap(), None);
}

#[tokio::test]
async fn a_denial_is_an_error_with_the_response() {
    let app = sockets(|_, handshake| async move {
        handshake.deny(
            http::Response::builder()
                .status(404)
                .body("no such room".into())?,
        );
        Ok(())
    });
    let error = websocket::connect(app, scope()).await.unwrap_err();
    assert!(error.is_denied());
    assert_eq!(error.status().unwrap(), 404);
    assert_eq!(error.into_response().unwrap().into_body(), "no such room");
}

#[tokio::test]
async fn a_failure_closes_with_1011() {
    let app = accepting(|_| async { Err("a fault".into()) });
    let mut socket = websocket::connect(app, scope()).await.unwrap();
    assert_eq!(socket.recv().await.unwrap(), None);
    assert_eq!(socket.closed().unwrap().code, 1011);
}

#[tokio::test]
async fn the_subprotocol_is_agreed_on() {
    let app = sockets(|_, handshake| async move {
        let socket = handshake.subprotocol("b").accept().await?;
        socket.send("hello").await?;
        Ok(())
    });
    let mut scope = scope();
    scope.subprotocols = vec!["a".to_owned(), "b".to_owned()];
    let mut socket = websocket::connect(app, scope).await.unwrap();
    assert_eq!(socket.subprotocol(), Some("b"));
    assert_eq!(socket.recv().await.unwrap(), Some("hello".into()));
}

#[tokio::test]
async fn no_message_is_lost_when_receiving_is_given_up() {
    let app = accepting(|socket| async move {
        for n in 0..100 {
            socket.send(n.to_string()).await?;
            tokio::task::yield_now().await;
        }
        Ok(())
    });
    let mut socket = websocket::connect(app, scope()).await.unwrap();
    let mut got = Vec::new();
    loop {
        tokio::select! {
            message = async { socket.recv().await } => match message.unwrap() {
                Some(message) => got.extend(message.into_text()),
                None => break,
            },
            () = tokio::task::yield_now() => {}
        }
    }
    assert_eq!(got, (0..100).map(|n| n.to_string()).collect::<Vec<_>>());
}
