//! The application beside its WebSocket: failures, timeouts, the server's end.

use std::{sync::Arc, time::Duration};

use nuages_protocol::websocket::WebSocketConfig;
use tokio::sync::{Notify, mpsc};

use crate::support::{FIN, Running, TEXT, accepting, close, echo, frame, request, sockets};

/// Tells that it was dropped.
struct Dropped(mpsc::UnboundedSender<&'static str>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.send("dropped").unwrap_or_default();
    }
}

#[tokio::test]
async fn an_application_that_fails_closes_with_1011() {
    let server = Running::start(accepting(|mut socket| async move {
        socket.recv().await?;
        Err("a fault".into())
    }))
    .await;
    let mut raw = server.open().await;
    raw.write(&frame(FIN | TEXT, b"go")).await;
    assert_eq!(raw.frame().await.unwrap().code(), 1011);
    raw.write(&close(1011, "")).await;
    raw.expect_end().await;
}

#[tokio::test]
async fn an_application_that_panics_closes_with_1011_and_the_server_lives_on() {
    let server = Running::start(accepting(|mut socket| async move {
        if socket
            .recv()
            .await?
            .is_some_and(|message| message.as_text() == Some("panic"))
        {
            panic!("as asked");
        }
        Ok(())
    }))
    .await;
    let mut raw = server.open().await;
    raw.write(&frame(FIN | TEXT, b"panic")).await;
    assert_eq!(raw.frame().await.unwrap().code(), 1011);
    let mut raw = server.open().await;
    raw.write(&frame(FIN | TEXT, b"no")).await;
    assert_eq!(raw.frame().await.unwrap().code(), 1000);
}

#[tokio::test]
async fn a_websocket_that_is_kept_elsewhere_ends_with_the_application() {
    let (give, mut given) = mpsc::unbounded_channel();
    let server = Running::start(accepting(move |socket| {
        let give = give.clone();
        async move {
            give.send(socket).map_err(|_| "gone")?;
            Ok(())
        }
    }))
    .await;
    let mut raw = server.open().await;
    assert_eq!(raw.frame().await.unwrap().code(), 1000);
    raw.write(&close(1000, "")).await;
    let mut socket = given.recv().await.unwrap();
    assert_eq!(socket.recv().await.unwrap(), None);
    assert!(socket.send("late").await.unwrap_err().is_closed());
}

#[tokio::test]
async fn an_application_that_does_not_answer_the_handshake_is_cancelled() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let app = sockets(move |_, handshake| {
        let dropped = Dropped(tell.clone());
        async move {
            let _kept = (handshake, dropped);
            std::future::pending().await
        }
    });
    let config = WebSocketConfig::new().handshake_timeout(Duration::from_millis(50));
    let server = Running::start_with(app, config).await;
    let mut raw = server.connect().await;
    raw.write(request("").as_bytes()).await;
    assert_eq!(raw.answer().await.0, 503);
    assert_eq!(told.recv().await, Some("dropped"));
}

#[tokio::test]
async fn an_application_that_goes_on_after_the_disconnect_is_cancelled() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let app = accepting(move |socket| {
        let dropped = Dropped(tell.clone());
        async move {
            let _kept = (socket, dropped);
            std::future::pending().await
        }
    });
    let config = WebSocketConfig::new().disconnect_timeout(Duration::from_millis(50));
    let server = Running::start_with(app, config).await;
    let mut raw = server.open().await;
    raw.write(&close(1000, "")).await;
    raw.expect_close(1000).await;
    assert_eq!(told.recv().await, Some("dropped"));
}

#[tokio::test]
async fn an_application_may_clean_up_after_the_disconnect() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let go_on = Arc::new(Notify::new());
    let waits = Arc::clone(&go_on);
    let server = Running::start(accepting(move |mut socket| {
        let (tell, waits) = (tell.clone(), Arc::clone(&waits));
        async move {
            while socket.recv().await?.is_some() {}
            tell.send("disconnected")?;
            waits.notified().await;
            tell.send("cleaned up")?;
            Ok(())
        }
    }))
    .await;
    drop(server.open().await);
    assert_eq!(told.recv().await, Some("disconnected"));
    go_on.notify_one();
    assert_eq!(told.recv().await, Some("cleaned up"));
}

#[tokio::test]
async fn a_client_that_leaves_during_the_handshake_is_noticed() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let (go, gone) = tokio::sync::watch::channel(false);
    let server = Running::start(sockets(move |_, handshake| {
        let (tell, mut gone) = (tell.clone(), gone.clone());
        async move {
            tell.send(false)?;
            gone.wait_for(|gone| *gone).await?;
            // Accepting may succeed, if nobody has noticed yet; using it does not.
            let over = match handshake.accept().await {
                Err(error) => error.is_closed(),
                Ok(mut socket) => socket.recv().await?.is_none(),
            };
            tell.send(over)?;
            Ok(())
        }
    }))
    .await;
    let mut raw = server.connect().await;
    raw.write(request("").as_bytes()).await;
    told.recv().await.unwrap();
    drop(raw);
    go.send(true).unwrap();
    assert_eq!(told.recv().await, Some(true));
}

#[tokio::test]
async fn the_servers_end_closes_with_1012_and_waits_for_the_application() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let go_on = Arc::new(Notify::new());
    let waits = Arc::clone(&go_on);
    let mut server = Running::start(accepting(move |mut socket| {
        let (tell, waits) = (tell.clone(), Arc::clone(&waits));
        async move {
            while socket.recv().await?.is_some() {}
            tell.send(socket.closed().map(|frame| frame.code))?;
            waits.notified().await;
            tell.send(None)?;
            Ok(())
        }
    }))
    .await;
    let mut raw = server.open().await;
    server.ask_to_stop();
    assert_eq!(raw.frame().await.unwrap().code(), 1012);
    raw.write(&close(1012, "")).await;
    assert_eq!(told.recv().await, Some(Some(1012)));
    assert!(!server.task.is_finished());
    go_on.notify_one();
    raw.expect_end().await;
    server.task.await.unwrap().unwrap();
    assert_eq!(told.try_recv(), Ok(None), "the application was not waited for");
}

#[tokio::test]
async fn a_websocket_that_outlasts_the_grace_time_is_cut() {
    let app = accepting(|socket| async move {
        let _kept = socket;
        std::future::pending().await
    });
    let mut server = Running::configured(app, |server| server.grace(Duration::from_millis(50))).await;
    let mut raw = server.open().await;
    server.ask_to_stop();
    assert_eq!(raw.frame().await.unwrap().code(), 1012);
    server.task.await.unwrap().unwrap();
    raw.expect_end().await;
}

#[tokio::test]
async fn the_timeouts_of_http_are_not_those_of_websockets() {
    let server = Running::configured(echo(), |server| {
        server.header_read_timeout(Duration::from_millis(50))
    })
    .await;
    let mut raw = server.open().await;
    // The time passes by, on connections on which nothing happens.
    for _ in 0..3 {
        server.connect().await.expect_end().await;
    }
    raw.write(&frame(FIN | TEXT, b"still there")).await;
    raw.expect(FIN | TEXT, b"still there").await;
}

#[tokio::test]
async fn sync_code_receives_and_sends_by_the_same_calls() {
    let server = Running::start(accepting(|mut socket| async move {
        nuages_bridge::sync_to_async(move || {
            while let Some(message) = socket.recv().wait()? {
                socket.send(message).wait()?;
            }
            Ok(())
        })
        .await?
    }))
    .await;
    let mut raw = server.open().await;
    for text in [&b"one"[..], b"two"] {
        raw.write(&frame(FIN | TEXT, text)).await;
        raw.expect(FIN | TEXT, text).await;
    }
    raw.write(&close(1000, "")).await;
    raw.expect_close(1000).await;
}
