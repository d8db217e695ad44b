//! How WebSockets end (Autobahn's group 7, and the contract's rows about the end).

use nuages_protocol::websocket::{CloseFrame, Message, close_code};
use tokio::{io::AsyncWriteExt as _, sync::mpsc};

use crate::support::{BINARY, CLOSE, FIN, PATIENCE, PING, Raw, Running, TEXT, accepting, close, echo, frame};

/// A server that reports what each of its WebSockets got, and how it ended.
async fn reporting() -> (Running, mpsc::UnboundedReceiver<(Vec<Message>, CloseFrame)>) {
    let (tell, told) = mpsc::unbounded_channel();
    let server = Running::start(accepting(move |mut socket| {
        let tell = tell.clone();
        async move {
            let mut got = Vec::new();
            while let Some(message) = socket.recv().await? {
                got.push(message);
            }
            tell.send((got, socket.closed().unwrap()))?;
            Ok(())
        }
    }))
    .await;
    (server, told)
}

async fn ending(bytes: &[u8]) -> (Raw, CloseFrame) {
    let (server, mut told) = reporting().await;
    let mut raw = server.open().await;
    raw.write(bytes).await;
    let (_, frame) = tokio::time::timeout(PATIENCE, told.recv())
        .await
        .unwrap()
        .unwrap();
    (raw, frame)
}

#[tokio::test]
async fn a_close_is_answered_and_told_to_the_application() {
    let (mut raw, frame) = ending(&close(1000, "bye")).await;
    raw.expect_close(1000).await;
    assert_eq!(frame, CloseFrame::new(1000, "bye"));
    assert!(frame.is_normal());
}

#[tokio::test]
async fn a_close_without_a_code_is_1005_to_the_application_alone() {
    let (mut raw, told) = ending(&frame(FIN | CLOSE, b"")).await;
    raw.expect(FIN | CLOSE, b"").await;
    raw.expect_end().await;
    assert_eq!(told.code, close_code::NO_STATUS);
}

#[tokio::test]
async fn a_client_that_vanishes_is_1006_to_the_application() {
    let (server, mut told) = reporting().await;
    let mut raw = server.open().await;
    raw.write(&frame(FIN | TEXT, b"last words")).await;
    drop(raw);
    let (got, frame) = told.recv().await.unwrap();
    assert_eq!(got, [Message::from("last words")]);
    assert_eq!(frame.code, close_code::ABNORMAL);
    assert!(!frame.is_normal());
}

#[tokio::test]
async fn every_code_that_may_be_sent_is_echoed() {
    let server = Running::start(echo()).await;
    for code in [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
    ] {
        let mut raw = server.open().await;
        raw.write(&close(code, "reason")).await;
        raw.expect_close(code).await;
    }
}

#[tokio::test]
async fn a_code_that_may_not_be_sent_is_an_error_of_the_protocol() {
    let server = Running::start(echo()).await;
    for code in [
        0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535,
    ] {
        let mut raw = server.open().await;
        raw.write(&close(code, "")).await;
        raw.expect_close(1002).await;
    }
}

#[tokio::test]
async fn a_close_whose_payload_is_not_valid_ends_it() {
    let server = Running::start(echo()).await;
    let mut raw = server.open().await;
    raw.write(&frame(FIN | CLOSE, b"\x03")).await;
    raw.expect_close(1002).await;
    let mut raw = server.open().await;
    raw.write(&frame(FIN | CLOSE, b"\x03\xe8\xce\xba\xe1\xbd\xb9\xed\xa0\x80"))
        .await;
    raw.expect_close(1007).await;
    let mut raw = server.open().await;
    raw.write(&close(1000, &"*".repeat(123))).await;
    raw.expect_close(1000).await;
    let mut raw = server.open().await;
    raw.write(&close(1000, &"*".repeat(124))).await;
    raw.expect_close(1002).await;
}

#[tokio::test]
async fn what_comes_after_a_close_is_ignored() {
    let (server, mut told) = reporting().await;
    let mut raw = server.open().await;
    let bytes = [
        frame(FIN | TEXT, b"counts"),
        close(1000, ""),
        frame(FIN | TEXT, b"does not"),
        frame(FIN | PING, b"nor this"),
        close(1001, "nor this"),
    ];
    raw.write(&bytes.concat()).await;
    raw.expect_close(1000).await;
    let (got, frame) = told.recv().await.unwrap();
    assert_eq!(got, [Message::from("counts")]);
    assert_eq!(frame.code, 1000);
}

#[tokio::test]
async fn a_close_in_the_middle_of_a_message_counts() {
    let (server, mut told) = reporting().await;
    let mut raw = server.open().await;
    raw.write(&[frame(TEXT, b"half"), close(1001, "")].concat()).await;
    raw.expect_close(1001).await;
    let (got, frame) = told.recv().await.unwrap();
    assert_eq!((got.len(), frame.code), (0, 1001));
}

#[tokio::test]
async fn messages_that_came_before_the_close_are_readable_after_it() {
    let (tell, told) = tokio::sync::watch::channel(false);
    let (report, mut reported) = mpsc::unbounded_channel();
    let server = Running::start(accepting(move |mut socket| {
        let (mut told, report) = (told.clone(), report.clone());
        async move {
            told.wait_for(|closed| *closed).await?;
            assert_eq!(socket.closed().map(|frame| frame.code), Some(1000));
            let mut got = Vec::new();
            while let Some(message) = socket.recv().await? {
                got.extend(message.into_text());
            }
            report.send(got)?;
            Ok(())
        }
    }))
    .await;
    let mut raw = server.open().await;
    raw.write(
        &[
            frame(FIN | TEXT, b"one"),
            frame(FIN | TEXT, b"two"),
            close(1000, ""),
        ]
        .concat(),
    )
    .await;
    raw.expect_close(1000).await;
    tell.send(true).unwrap();
    assert_eq!(reported.recv().await.unwrap(), ["one", "two"]);
}

#[tokio::test]
async fn sending_after_the_end_is_an_error_that_says_how_it_ended() {
    let (report, mut reported) = mpsc::unbounded_channel();
    let server = Running::start(accepting(move |mut socket| {
        let report = report.clone();
        async move {
            while socket.recv().await?.is_some() {}
            let error = socket.send("too late").await.unwrap_err();
            assert!(error.is_closed());
            assert_eq!(error.close_frame(), Some(&CloseFrame::new(4001, "mine")));
            assert!(socket.sender().try_send("too late").unwrap_err().is_closed());
            // To close once more is no error.
            socket.close(1000, "").await?;
            report.send(())?;
            Ok(())
        }
    }))
    .await;
    let mut raw = server.open().await;
    raw.write(&close(4001, "mine")).await;
    raw.expect_close(4001).await;
    reported.recv().await.unwrap();
}

#[tokio::test]
async fn the_application_closes_with_a_code_and_a_reason_after_what_it_sent() {
    let (report, mut reported) = mpsc::unbounded_channel();
    let server = Running::start(accepting(move |mut socket| {
        let report = report.clone();
        async move {
            socket.send("first").await?;
            socket.close(4000, "enough").await?;
            assert!(socket.send("more").await.unwrap_err().is_closed());
            // What the client had sent before it heard of it still comes.
            let message = socket.recv().await?;
            let end = socket.recv().await?;
            report.send((message, end, socket.closed()))?;
            Ok(())
        }
    }))
    .await;
    let mut raw = server.open().await;
    raw.expect(FIN | TEXT, b"first").await;
    raw.expect(FIN | CLOSE, b"\x0f\xa0enough").await;
    raw.write(&[frame(FIN | BINARY, b"crossed"), close(4000, "")].concat())
        .await;
    raw.expect_end().await;
    let (message, end, closed) = reported.recv().await.unwrap();
    assert_eq!(message, Some(Message::from(b"crossed".to_vec())));
    assert_eq!(end, None);
    assert_eq!(closed.unwrap().code, 4000);
}

#[tokio::test]
async fn a_close_that_may_not_be_sent_is_an_error_of_the_application() {
    let (report, mut reported) = mpsc::unbounded_channel();
    let server = Running::start(accepting(move |socket| {
        let report = report.clone();
        async move {
            for code in [0, 999, 1005, 1006, 1015, 2000, 5000] {
                assert!(
                    socket.close(code, "").await.unwrap_err().is_invalid_close(),
                    "{code}"
                );
            }
            assert!(
                socket
                    .close(1000, &"x".repeat(124))
                    .await
                    .unwrap_err()
                    .is_invalid_close()
            );
            socket.close(1000, &"x".repeat(123)).await?;
            report.send(())?;
            Ok(())
        }
    }))
    .await;
    let mut raw = server.open().await;
    reported.recv().await.unwrap();
    let frame = raw.frame().await.unwrap();
    assert_eq!((frame.code(), frame.payload.len()), (1000, 125));
}

#[tokio::test]
async fn an_application_that_returns_has_closed() {
    let server = Running::start(accepting(|_| async { Ok(()) })).await;
    let mut raw = server.open().await;
    assert_eq!(raw.frame().await.unwrap().code(), 1000);
    raw.write(&close(1000, "")).await;
    raw.expect_end().await;
}

#[tokio::test]
async fn dropping_all_of_a_websocket_closes_it_while_the_application_goes_on() {
    let (tell, told) = tokio::sync::watch::channel(false);
    let server = Running::start(accepting(move |socket| {
        let mut told = told.clone();
        async move {
            let (sender, receiver) = socket.split();
            drop(receiver);
            sender.send("still open").await?;
            drop(sender);
            told.wait_for(|closed| *closed).await?;
            Ok(())
        }
    }))
    .await;
    let mut raw = server.open().await;
    raw.expect(FIN | TEXT, b"still open").await;
    assert_eq!(raw.frame().await.unwrap().code(), 1000);
    tell.send(true).unwrap();
}

#[tokio::test]
async fn without_its_receiver_what_comes_is_thrown_away_but_pings_and_closes_count() {
    let (report, mut reported) = mpsc::unbounded_channel();
    let server = Running::start(accepting(move |socket| {
        let report = report.clone();
        async move {
            let (sender, receiver) = socket.split();
            drop(receiver);
            while sender.closed().is_none() {
                tokio::task::yield_now().await;
            }
            report.send(sender.closed().unwrap())?;
            Ok(())
        }
    }))
    .await;
    let mut raw = server.open().await;
    for _ in 0..100 {
        raw.write(&frame(FIN | BINARY, &[0; 10_000])).await;
    }
    raw.write(&[frame(FIN | PING, b"?"), close(1001, "")].concat())
        .await;
    raw.expect(FIN | crate::support::PONG, b"?").await;
    raw.expect_close(1001).await;
    assert_eq!(reported.recv().await.unwrap().code, 1001);
}

#[tokio::test]
async fn a_client_that_half_closes_is_gone() {
    let (server, mut told) = reporting().await;
    let mut raw = server.open().await;
    raw.stream.shutdown().await.unwrap();
    assert_eq!(told.recv().await.unwrap().1.code, 1006);
    raw.expect_end().await;
}
