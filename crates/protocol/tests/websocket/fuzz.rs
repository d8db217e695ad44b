//! Anything may come over a WebSocket: never a panic, and what is valid goes through unchanged.

use http::Uri;
use nuages_protocol::{
    WebSocketScope,
    websocket::{self, Message},
};
use proptest::prelude::*;

use crate::support::{BINARY, CLOSE, FIN, PING, PONG, Running, TEXT, close, echo, frame};

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(future)
}

/// A message, and into how many frames of which length it is cut.
fn messages() -> impl Strategy<Value = Vec<(bool, String, Vec<usize>)>> {
    let text = prop_oneof![".{0,40}", "[a-zäöü🎸]{0,2000}"];
    let message = (any::<bool>(), text, proptest::collection::vec(0_usize..500, 0..5));
    proptest::collection::vec(message, 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn fuzz_random_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        run(async {
            let server = Running::start(echo()).await;
            let mut raw = server.open().await;
            raw.write(&bytes).await;
            raw.write(&close(1000, "")).await;
            tokio::io::AsyncWriteExt::shutdown(&mut raw.stream).await.unwrap_or_default();
            // Whatever it made of it: frames, then an end.
            while let Some(frame) = raw.frame().await {
                assert!([TEXT, BINARY, CLOSE, PONG].contains(&(frame.first & 0x0F)), "{frame:?}");
            }
            // And it serves on.
            let mut raw = server.open().await;
            raw.write(&frame(FIN | TEXT, b"alive")).await;
            raw.expect(FIN | TEXT, b"alive").await;
        });
    }

    #[test]
    fn fuzz_valid_frames_come_back_as_messages(messages in messages(), pings: bool) {
        run(async {
            let server = Running::start(echo()).await;
            let mut raw = server.open().await;
            for (text, payload, cuts) in &messages {
                let opcode = if *text { TEXT } else { BINARY };
                let mut rest = payload.as_bytes();
                let mut first = opcode;
                for cut in cuts {
                    let (part, after) = rest.split_at((*cut).min(rest.len()));
                    raw.write(&frame(first, part)).await;
                    if pings {
                        raw.write(&frame(FIN | PING, b"p")).await;
                        raw.expect(FIN | PONG, b"p").await;
                    }
                    (first, rest) = (0, after);
                }
                raw.write(&frame(FIN | first, rest)).await;
                raw.expect(FIN | opcode, payload.as_bytes()).await;
            }
        });
    }

    #[test]
    fn fuzz_messages_round_trip_through_both_of_our_ends(messages in messages()) {
        run(async {
            let scope = WebSocketScope::new(Uri::from_static("/"));
            let mut socket = websocket::connect(echo(), scope).await.unwrap();
            for (text, payload, _) in messages {
                let message = if text { Message::from(payload) } else { Message::from(payload.into_bytes()) };
                socket.send(message.clone()).await.unwrap();
                assert_eq!(socket.recv().await.unwrap(), Some(message));
            }
        });
    }
}
