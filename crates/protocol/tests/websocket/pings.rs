//! Pings and pongs (Autobahn's group 2).

use crate::support::{FIN, PING, PONG, Running, TEXT, accepting, echo, frame};

#[tokio::test]
async fn a_ping_is_answered_with_what_is_in_it() {
    let server = Running::start(echo()).await;
    let mut raw = server.open().await;
    for payload in [
        &b""[..],
        b"Hello, world!",
        &[0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb],
        &[0xfe; 125],
    ] {
        raw.write(&frame(FIN | PING, payload)).await;
        raw.expect(FIN | PONG, payload).await;
        raw.write_chopped(&frame(FIN | PING, payload)).await;
        raw.expect(FIN | PONG, payload).await;
    }
}

#[tokio::test]
async fn a_ping_that_is_too_long_ends_it() {
    let server = Running::start(echo()).await;
    let mut raw = server.open().await;
    raw.write(&frame(FIN | PING, &[0xfe; 126])).await;
    raw.expect_close(1002).await;
}

#[tokio::test]
async fn a_pong_that_nobody_asked_for_is_ignored() {
    let server = Running::start(echo()).await;
    let mut raw = server.open().await;
    raw.write(&frame(FIN | PONG, b"unsolicited")).await;
    raw.write(&frame(FIN | PING, b"real")).await;
    raw.expect(FIN | PONG, b"real").await;
}

#[tokio::test]
async fn many_pings_are_answered_in_order() {
    let server = Running::start(echo()).await;
    let mut raw = server.open().await;
    let pings: Vec<u8> = (0..10).flat_map(|n| frame(FIN | PING, &[b'0' + n])).collect();
    raw.write(&pings).await;
    for n in 0..10 {
        raw.expect(FIN | PONG, &[b'0' + n]).await;
    }
    raw.write_chopped(&pings).await;
    for n in 0..10 {
        raw.expect(FIN | PONG, &[b'0' + n]).await;
    }
}

#[tokio::test]
async fn pings_are_answered_while_the_application_does_something_else() {
    let (tell, told) = tokio::sync::watch::channel(false);
    let server = Running::start(accepting(move |socket| {
        let mut told = told.clone();
        async move {
            told.wait_for(|done| *done).await?;
            socket.send("done").await?;
            Ok(())
        }
    }))
    .await;
    let mut raw = server.open().await;
    raw.write(&frame(FIN | PING, b"there?")).await;
    raw.expect(FIN | PONG, b"there?").await;
    tell.send(true).unwrap();
    raw.expect(FIN | TEXT, b"done").await;
}

#[tokio::test]
async fn pings_of_a_client_that_does_not_read_are_bounded() {
    let server = Running::start(echo()).await;
    let mut raw = server.open().await;
    let pings = frame(FIN | PING, &[b'p'; 125]).repeat(1000);
    for _ in 0..80 {
        raw.write(&pings).await;
    }
    raw.write(&frame(FIN | PING, b"last")).await;
    // Not all of ten megabytes are answered, but the last one is (RFC 6455, section 5.5.3).
    loop {
        let frame = raw.frame().await.unwrap();
        assert_eq!(frame.first, FIN | PONG);
        if frame.payload == b"last" {
            break;
        }
    }
}
