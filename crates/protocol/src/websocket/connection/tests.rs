//! What only time shows: pings, and ends that don't come. In memory, with the clock paused.

use std::{sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
    sync::oneshot,
    task::JoinHandle,
    time::Instant,
};

use super::*;
use crate::{
    Response,
    websocket::{
        Handshake, WebSocket,
        accept::Offer,
        session::{Cancelled, Outcome, Session},
    },
};

fn server(config: &WebSocketConfig) -> (WebSocket, JoinHandle<()>, DuplexStream) {
    let (ours, theirs) = duplex(1024);
    let (shared, driver) = open(Box::new(ours), Role::Server, config, None, b"");
    (WebSocket::new(&shared, None), tokio::spawn(driver.run()), theirs)
}

/// A frame with a mask of zeros.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first, 0x80 | payload.len() as u8, 0, 0, 0, 0];
    frame.extend_from_slice(payload);
    frame
}

async fn expect(peer: &mut DuplexStream, frame: &[u8]) {
    let mut got = vec![0; frame.len()];
    peer.read_exact(&mut got).await.unwrap();
    assert_eq!(got, frame);
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_pinged_every_twenty_seconds_and_lives_while_it_answers() {
    let (mut socket, _driver, mut peer) = server(&WebSocketConfig::new());
    let start = Instant::now();
    for round in 1..=5 {
        expect(&mut peer, &[0x89, 0]).await;
        assert_eq!(start.elapsed(), Duration::from_secs(20 * round));
        peer.write_all(&masked(0x8A, b"")).await.unwrap();
    }
    peer.write_all(&masked(0x81, b"hi")).await.unwrap();
    assert_eq!(socket.recv().await.unwrap(), Some("hi".into()));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_answers_no_ping_is_given_up_after_thirty_seconds() {
    let (mut socket, driver, mut peer) = server(&WebSocketConfig::new());
    let start = Instant::now();
    assert_eq!(socket.recv().await.unwrap(), None);
    assert_eq!(start.elapsed(), Duration::from_secs(50));
    let closed = socket.closed().unwrap();
    assert_eq!(
        (closed.code, closed.reason.as_str()),
        (1006, "a ping was not answered")
    );
    driver.await.unwrap();
    expect(&mut peer, &[0x89, 0]).await;
    assert_eq!(peer.read(&mut [0; 8]).await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn whoever_talks_is_not_pinged() {
    let (mut socket, _driver, mut peer) = server(&WebSocketConfig::new());
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_secs(15)).await;
        peer.write_all(&masked(0x81, b"hi")).await.unwrap();
        assert_eq!(socket.recv().await.unwrap(), Some("hi".into()));
    }
    socket.send("bye").await.unwrap();
    expect(&mut peer, b"\x81\x03bye").await;
}

#[tokio::test(start_paused = true)]
async fn interval_and_timeout_can_be_changed_and_pings_left_out() {
    let config = WebSocketConfig::new()
        .ping_interval(Duration::from_secs(3))
        .ping_timeout(Duration::from_secs(4));
    let (mut socket, _driver, _peer) = server(&config);
    let start = Instant::now();
    assert_eq!(socket.recv().await.unwrap(), None);
    assert_eq!(start.elapsed(), Duration::from_secs(7));
    let (mut socket, _driver, mut peer) = server(&WebSocketConfig::new().without_pings());
    tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
    peer.write_all(&masked(0x81, b"hi")).await.unwrap();
    assert_eq!(socket.recv().await.unwrap(), Some("hi".into()));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_is_held_back_by_the_application_is_not_taken_for_dead() {
    let config = WebSocketConfig::new().receive_buffer(1);
    let (mut socket, _driver, mut peer) = server(&config);
    peer.write_all(&[masked(0x81, b"one"), masked(0x81, b"two")].concat())
        .await
        .unwrap();
    expect(&mut peer, &[0x89, 0]).await;
    peer.write_all(&masked(0x8A, b"")).await.unwrap();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(socket.recv().await.unwrap(), Some("one".into()));
    assert_eq!(socket.recv().await.unwrap(), Some("two".into()));
}

#[tokio::test(start_paused = true)]
async fn a_close_that_is_not_answered_ends_after_five_seconds() {
    let (mut socket, driver, mut peer) = server(&WebSocketConfig::new());
    let start = Instant::now();
    socket.close(1000, "").await.unwrap();
    assert_eq!(socket.recv().await.unwrap(), None);
    assert_eq!(start.elapsed(), Duration::from_secs(5));
    assert_eq!(socket.closed().unwrap().code, 1006);
    driver.await.unwrap();
    expect(&mut peer, b"\x88\x02\x03\xe8").await;
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_hang_up_is_hung_up_on() {
    let (mut socket, driver, mut peer) = server(&WebSocketConfig::new());
    let start = Instant::now();
    peer.write_all(&masked(0x88, b"\x03\xe8")).await.unwrap();
    assert_eq!(socket.recv().await.unwrap(), None);
    expect(&mut peer, b"\x88\x02\x03\xe8").await;
    driver.await.unwrap();
    assert_eq!(start.elapsed(), LINGER_IN_TESTS);
}

const LINGER_IN_TESTS: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_its_close_is_hung_up_on() {
    let (mut socket, driver, _peer) = server(&WebSocketConfig::new());
    socket.send(vec![0; 10_000]).await.unwrap();
    let start = Instant::now();
    socket.close(1000, "").await.unwrap();
    assert_eq!(socket.recv().await.unwrap(), None);
    driver.await.unwrap();
    assert_eq!(start.elapsed(), Duration::from_secs(5));
}

/// A session over a pipe, and what the server's end of it gets.
fn session<F: Future<Output = Outcome> + Send + 'static>(
    app: impl FnOnce(Handshake) -> F,
) -> (
    JoinHandle<Option<Cancelled>>,
    oneshot::Receiver<Response>,
    DuplexStream,
) {
    let config = Arc::new(WebSocketConfig::new());
    let (ours, theirs) = duplex(1024);
    let (handshake, ends) = Handshake::over(Offer {
        key: None,
        compression: None,
        subprotocols: Vec::new(),
        transport: Box::pin(async move { Ok(Box::new(ours) as BoxTransport) }),
        config: Arc::clone(&config),
    });
    let (respond, response) = oneshot::channel();
    let session = Session::new(app(handshake), ends, respond, &config);
    (tokio::spawn(session.run()), response, theirs)
}

#[tokio::test(start_paused = true)]
async fn an_application_has_five_seconds_to_answer_the_handshake() {
    let start = Instant::now();
    let (session, response, _peer) = session(|handshake| async move {
        let _kept = handshake;
        std::future::pending().await
    });
    assert_eq!(response.await.unwrap().status(), 503);
    assert_eq!(start.elapsed(), Duration::from_secs(5));
    assert_eq!(session.await.unwrap(), Some(Cancelled::Silent));
}

#[tokio::test(start_paused = true)]
async fn an_application_has_ten_seconds_after_the_disconnect() {
    let (session, response, peer) = session(|handshake| async move {
        let socket = handshake.accept().await.unwrap();
        std::future::pending::<()>().await;
        drop(socket);
        Outcome::Done
    });
    response.await.unwrap();
    tokio::time::sleep(Duration::from_secs(12)).await;
    let start = Instant::now();
    drop(peer);
    assert_eq!(session.await.unwrap(), Some(Cancelled::Late));
    assert_eq!(start.elapsed(), Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn an_application_has_ten_seconds_after_its_denial_and_after_a_client_that_left_early() {
    let start = Instant::now();
    let (denied, _response, _peer) = session(|handshake| async move {
        handshake.deny(Response::default());
        std::future::pending().await
    });
    assert_eq!(denied.await.unwrap(), Some(Cancelled::Late));
    assert_eq!(start.elapsed(), Duration::from_secs(10));
    let (left, response, _peer) = session(|handshake| async move {
        let _kept = handshake;
        std::future::pending().await
    });
    drop(response);
    assert_eq!(left.await.unwrap(), Some(Cancelled::Late));
    assert_eq!(start.elapsed(), Duration::from_secs(20));
}

#[tokio::test(start_paused = true)]
async fn an_application_that_ends_in_time_is_not_cancelled() {
    let (session, response, mut peer) = session(|handshake| async move {
        let mut socket = handshake.accept().await.unwrap();
        while socket.recv().await.unwrap().is_some() {}
        tokio::time::sleep(Duration::from_secs(9)).await;
        Outcome::Done
    });
    response.await.unwrap();
    peer.write_all(&masked(0x88, b"\x03\xe8")).await.unwrap();
    assert_eq!(session.await.unwrap(), None);
}
