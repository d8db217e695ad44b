//! Limits, and who waits for whom (Autobahn's groups 9 and 10).

use std::io::ErrorKind;

use nuages_protocol::websocket::WebSocketConfig;
use tokio::{io::AsyncWriteExt as _, sync::mpsc};

use crate::support::{BINARY, FIN, PATIENCE, Running, TEXT, accepting, echo, frame};

const MEBIBYTE: usize = 1024 * 1024;
/// After how many turns of all tasks of the test nothing more can be expected of them.
const TURNS: u32 = 1000;

#[tokio::test]
async fn a_message_under_the_limit_is_unchanged_and_one_above_is_1009() {
    let server = Running::start(echo()).await;
    let mut raw = server.open().await;
    raw.write(&frame(FIN | BINARY, &vec![7; MEBIBYTE])).await;
    raw.expect(FIN | BINARY, &vec![7; MEBIBYTE]).await;
    // The header is enough.
    let above = frame(FIN | BINARY, &vec![7; MEBIBYTE + 1]);
    raw.write(&above[..14]).await;
    raw.expect_close(1009).await;
}

#[tokio::test]
async fn a_client_that_sends_too_much_still_gets_to_see_why_it_is_closed() {
    let server = Running::start(echo()).await;
    let mut raw = server.open().await;
    // All of it is sent before the answer is read; the server must not reset the connection meanwhile.
    let above = frame(FIN | BINARY, &vec![7; 3 * MEBIBYTE]);
    raw.stream.write_all(&above).await.unwrap();
    raw.expect_close(1009).await;
}

#[tokio::test]
async fn fragments_count_together() {
    let server = Running::start(echo()).await;
    let mut raw = server.open().await;
    let half = vec![7; MEBIBYTE / 2];
    raw.write(&[frame(BINARY, &half), frame(FIN, &half)].concat())
        .await;
    raw.expect(FIN | BINARY, &vec![7; MEBIBYTE]).await;
    raw.write(&[frame(BINARY, &half), frame(0, &half)].concat()).await;
    raw.write(&frame(FIN, b"!")).await;
    raw.expect_close(1009).await;
}

#[tokio::test]
async fn limits_can_be_changed() {
    let config = WebSocketConfig::new().max_message_size(100).max_frame_size(40);
    let server = Running::start_with(echo(), config).await;
    let mut raw = server.open().await;
    raw.write(&[frame(TEXT, &[b'x'; 40]), frame(FIN, &[b'x'; 40])].concat())
        .await;
    raw.expect(FIN | TEXT, &[b'x'; 80]).await;
    raw.write(&frame(FIN | TEXT, &[b'x'; 41])).await;
    raw.expect_close(1009).await;
}

#[tokio::test]
async fn a_message_may_come_in_the_smallest_pieces() {
    let server = Running::start(echo()).await;
    let mut raw = server.open().await;
    let mut bytes = frame(BINARY, b"");
    bytes.extend(frame(0, b"x").repeat(50_000));
    bytes.extend(frame(FIN, b""));
    raw.write(&bytes).await;
    raw.expect(FIN | BINARY, &[b'x'; 50_000]).await;
}

#[tokio::test]
async fn sending_waits_for_a_client_that_does_not_read() {
    let (report, mut reported) = mpsc::unbounded_channel();
    let server = Running::start(accepting(move |socket| {
        let report = report.clone();
        async move {
            let sender = socket.sender();
            let (mut sent, mut full) = (0_u32, 0);
            // A full socket and a full queue, however often everybody has had a turn.
            while full < TURNS {
                match sender.try_send(vec![0; 32 * 1024]) {
                    Ok(()) => (sent, full) = (sent + 1, 0),
                    Err(error) => {
                        assert!(error.is_full(), "{error}");
                        full += 1;
                    }
                }
                tokio::task::yield_now().await;
            }
            report.send(sent)?;
            socket.send("at last").await?;
            Ok(())
        }
    }))
    .await;
    let mut raw = server.open().await;
    let sent = tokio::time::timeout(PATIENCE, reported.recv())
        .await
        .unwrap()
        .unwrap();
    for _ in 0..sent {
        raw.expect(FIN | BINARY, &[0; 32 * 1024]).await;
    }
    raw.expect(FIN | TEXT, b"at last").await;
}

#[tokio::test]
async fn a_client_is_held_back_while_the_application_does_not_receive() {
    let (go, gone) = tokio::sync::watch::channel(false);
    let server = Running::start(accepting(move |mut socket| {
        let mut gone = gone.clone();
        async move {
            gone.wait_for(|go| *go).await?;
            let mut bytes = 0;
            while let Some(message) = socket.recv().await? {
                bytes += message.len();
                if message.is_empty() {
                    socket.send(bytes.to_string()).await?;
                }
            }
            Ok(())
        }
    }))
    .await;
    let mut raw = server.open().await;
    let part = frame(FIN | BINARY, &[7; 64 * 1024]);
    let mut written = 0;
    // As much as the systems' buffers take, and no more.
    let mut full = 0;
    while full < TURNS {
        match raw.stream.try_write(&part[written % part.len()..]) {
            Ok(some) => (written, full) = (written + some, 0),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
                full += 1;
            }
        }
        assert!(written < 64 * MEBIBYTE, "the server reads without end");
        tokio::task::yield_now().await;
    }
    go.send(true).unwrap();
    let rest = written % part.len();
    if rest > 0 {
        raw.write(&part[rest..]).await;
    }
    raw.write(&frame(FIN | BINARY, b"")).await;
    let messages = written.div_ceil(part.len());
    raw.expect(FIN | TEXT, (messages * 64 * 1024).to_string().as_bytes())
        .await;
}
