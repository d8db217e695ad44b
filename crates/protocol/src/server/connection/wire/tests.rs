use std::{future::poll_fn, pin::Pin};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
};

use super::*;
use crate::{
    ConnectionInfo,
    server::{config::Limits, shutdown::Connections},
};

/// A wire as HTTP/1 has it, and the client's end.
fn wire() -> (Wire, Arc<Core>, UnixStream) {
    let (io, peer) = UnixStream::pair().unwrap();
    let places = Arc::new(tokio::sync::Semaphore::new(1));
    let core = Core::new(
        Stream::Unix(io),
        ConnectionInfo::default(),
        Arc::new(Limits::default()),
        Connections::default(),
        places.try_acquire_owned().unwrap(),
    );
    core.cork(true);
    (Wire::new(&core), core, peer)
}

async fn end_turn(core: &Core, busy: bool) -> io::Result<Turn> {
    poll_fn(|cx| Poll::Ready(core.socket().end_turn(cx, busy))).await
}

#[tokio::test]
async fn small_writes_are_held_back_until_the_turn_ends() {
    let (mut wire, core, mut peer) = wire();
    for part in ["bon", "soir"] {
        wire.write_all(part.as_bytes()).await.unwrap();
        wire.flush().await.unwrap();
    }
    let mut got = [0; 16];
    let early = poll_fn(|cx| {
        Poll::Ready(
            Pin::new(&mut peer)
                .poll_read(cx, &mut ReadBuf::new(&mut got))
                .is_ready(),
        )
    });
    assert!(!early.await);
    end_turn(&core, false).await.unwrap();
    let length = peer.read(&mut got).await.unwrap();
    assert_eq!(&got[..length], b"bonsoir");
}

#[tokio::test]
async fn everything_arrives_once_and_in_order_whatever_its_size() {
    let sizes = [
        1,
        LARGE - 1,
        LARGE,
        LARGE + 1,
        7,
        CAPACITY,
        CAPACITY + 1,
        3,
        1024 * 1024,
        LARGE,
        LARGE,
        LARGE,
        1,
    ];
    let sent: Vec<u8> = (0..sizes.iter().sum::<usize>())
        .map(|n| (n % 251) as u8)
        .collect();
    let (mut wire, core, mut peer) = wire();
    let write = async {
        let mut rest = &sent[..];
        for (turn, size) in sizes.into_iter().enumerate() {
            let (part, next) = rest.split_at(size);
            wire.write_all(part).await.unwrap();
            wire.flush().await.unwrap();
            if turn % 3 == 0 {
                end_turn(&core, false).await.unwrap();
            }
            rest = next;
        }
        wire.shutdown().await.unwrap();
    };
    let mut got = Vec::new();
    let (read, ()) = tokio::join!(peer.read_to_end(&mut got), write);
    read.unwrap();
    assert!(got == sent);
}

#[tokio::test]
async fn what_is_held_back_is_bounded() {
    let (mut wire, core, _peer) = wire();
    poll_fn(|cx| {
        let mut taken = 0;
        while taken < 64 * 1024 * 1024
            && let Poll::Ready(written) = Pin::new(&mut wire).poll_write(cx, &[b'x'; 1000])
        {
            taken += written.unwrap();
            assert!(core.socket().held.len() <= CAPACITY);
        }
        Poll::Ready(())
    })
    .await;
    assert!(core.socket().blocked);
}

#[tokio::test]
async fn a_peer_that_is_gone_is_an_error_of_the_turn() {
    let (mut wire, core, peer) = wire();
    drop(peer);
    wire.write_all(b"bonsoir").await.unwrap();
    wire.flush().await.unwrap();
    assert!(end_turn(&core, false).await.is_err());
}

/// One turn after another in which hyper doesn't read, until the end was found.
async fn turns_to_the_end(core: &Core) {
    while !core.socket().is_ended() && core.socket().ahead.len() < AHEAD {
        core.socket().begin_turn();
        assert!(!end_turn(core, true).await.unwrap().gone);
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_is_read_ahead_is_bounded_and_comes_first() {
    let (mut wire, core, mut peer) = wire();
    let sent: Vec<u8> = (0..AHEAD + 1000).map(|n| (n % 251) as u8).collect();
    peer.write_all(&sent).await.unwrap();
    drop(peer);
    turns_to_the_end(&core).await;
    assert_eq!(core.socket().ahead.len(), AHEAD);
    let mut got = Vec::new();
    wire.read_to_end(&mut got).await.unwrap();
    assert!(got == sent);
}

#[tokio::test]
async fn a_client_that_goes_away_while_nobody_reads_is_noticed_a_turn_later() {
    let (_wire, core, peer) = wire();
    drop(peer);
    turns_to_the_end(&core).await;
    core.socket().begin_turn();
    assert!(end_turn(&core, true).await.unwrap().gone);
}
