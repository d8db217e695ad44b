//! `permessage-deflate` (RFC 7692; Autobahn's groups 12 and 13). The bytes are made and read by flate2 alone.

use flate2::{Compress, Decompress, FlushCompress, FlushDecompress};
use nuages_protocol::websocket::{Compression, WebSocketConfig};

use crate::support::{BINARY, FIN, PING, PONG, RSV1, Running, TEXT, close, echo, frame, header};

/// Compresses as a client does that keeps its window, or not.
struct Client {
    deflate: Compress,
    inflate: Decompress,
}

impl Client {
    fn new(bits: u8) -> Self {
        Self {
            deflate: Compress::new_with_window_bits(flate2::Compression::new(6), false, bits),
            inflate: Decompress::new_with_window_bits(false, 15),
        }
    }

    fn compress(&mut self, payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(payload.len() + 1000);
        self.deflate
            .compress_vec(payload, &mut out, FlushCompress::Sync)
            .unwrap();
        out.truncate(out.len() - 4);
        out
    }

    fn inflate(&mut self, payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(4 * 1024 * 1024);
        let payload = [payload, &[0, 0, 0xFF, 0xFF]].concat();
        self.inflate
            .decompress_vec(&payload, &mut out, FlushDecompress::Sync)
            .unwrap();
        out
    }
}

const OFFER: &str = "sec-websocket-extensions: permessage-deflate; client_max_window_bits\r\n";

fn config(compression: Compression) -> WebSocketConfig {
    WebSocketConfig::new().compression(compression)
}

#[tokio::test]
async fn it_is_agreed_on_without_takeover_by_default() {
    let server = Running::start(echo()).await;
    let (_, head) = server.open_with(OFFER).await;
    assert_eq!(
        header(&head, "sec-websocket-extensions"),
        Some("permessage-deflate; server_no_context_takeover; client_no_context_takeover")
    );
}

#[tokio::test]
async fn nothing_is_agreed_on_where_it_is_off_or_not_offered_properly() {
    let off = Running::start_with(echo(), config(Compression::disabled())).await;
    let (_, head) = off.open_with(OFFER).await;
    assert_eq!(header(&head, "sec-websocket-extensions"), None);
    let on = Running::start(echo()).await;
    for offer in ["permessage-deflate; nonsense", "permessage-bzip2", ";;;,,,"] {
        let (_, head) = on
            .open_with(&format!("sec-websocket-extensions: {offer}\r\n"))
            .await;
        assert_eq!(header(&head, "sec-websocket-extensions"), None, "{offer}");
    }
}

#[tokio::test]
async fn compressed_messages_of_any_size_are_echoed() {
    for takeover in [false, true] {
        let mut compression = Compression::new().threshold(16);
        if takeover {
            compression = compression.context_takeover();
        }
        let server = Running::start_with(echo(), config(compression)).await;
        let (mut raw, _) = server.open_with(OFFER).await;
        let mut client = Client::new(15);
        for length in [
            0,
            16,
            64,
            256,
            1024,
            4096,
            8192,
            16384,
            32768,
            65536,
            131_072,
            1024 * 1024,
        ] {
            let text: Vec<u8> = (0..length).map(|at| b'a' + (at / 7 % 26) as u8).collect();
            let small = client.compress(&text);
            raw.write(&frame(FIN | RSV1 | TEXT, &small)).await;
            let echoed = raw.frame().await.unwrap();
            if echoed.first == FIN | RSV1 | TEXT {
                assert!(client.inflate(&echoed.payload) == text, "{length}");
            } else {
                assert_eq!(echoed.first, FIN | TEXT);
                assert!(length < 256, "{length} bytes were not compressed");
                assert!(echoed.payload == text, "{length}");
            }
            if !takeover {
                client = Client::new(15);
            }
        }
    }
}

#[tokio::test]
async fn takeover_makes_the_second_of_two_equal_messages_tiny() {
    let server = Running::start_with(echo(), config(Compression::new().context_takeover())).await;
    let (mut raw, head) = server.open_with(OFFER).await;
    assert_eq!(
        header(&head, "sec-websocket-extensions"),
        Some("permessage-deflate")
    );
    let mut seed = 1_u32;
    let noise: Vec<u8> = (0..5000)
        .map(|_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 24) as u8
        })
        .collect();
    let mut client = Client::new(15);
    for expected in [4000..6000, 0..100] {
        let small = client.compress(&noise);
        raw.write(&frame(FIN | RSV1 | BINARY, &small)).await;
        let echoed = raw.frame().await.unwrap();
        assert_eq!(echoed.first, FIN | RSV1 | BINARY);
        assert!(
            expected.contains(&echoed.payload.len()),
            "{}",
            echoed.payload.len()
        );
        assert!(client.inflate(&echoed.payload) == noise);
    }
}

#[tokio::test]
async fn windows_are_as_small_as_a_client_asks() {
    let compression = Compression::new().context_takeover().threshold(0);
    let server = Running::start_with(echo(), config(compression)).await;
    let offer = "sec-websocket-extensions: permessage-deflate; server_max_window_bits=9; client_max_window_bits=10\r\n";
    let (mut raw, head) = server.open_with(offer).await;
    assert_eq!(
        header(&head, "sec-websocket-extensions"),
        Some("permessage-deflate; server_max_window_bits=9; client_max_window_bits=10")
    );
    let mut client = Client::new(10);
    client.inflate = Decompress::new_with_window_bits(false, 9);
    for round in 0..20_u8 {
        let text: Vec<u8> = (0..3000_u32).map(|at| (at % 251) as u8 ^ round).collect();
        let small = client.compress(&text);
        raw.write(&frame(FIN | RSV1 | BINARY, &small)).await;
        let echoed = raw.frame().await.unwrap();
        assert_eq!(echoed.first, FIN | RSV1 | BINARY);
        assert!(client.inflate(&echoed.payload) == text);
    }
}

#[tokio::test]
async fn a_compressed_message_may_be_fragmented_and_interrupted() {
    let server = Running::start(echo()).await;
    let (mut raw, _) = server.open_with(OFFER).await;
    let small = Client::new(15).compress(b"compressed and cut");
    let (first, second) = small.split_at(5);
    raw.write(&frame(RSV1 | TEXT, first)).await;
    raw.write(&frame(FIN | PING, b"between")).await;
    raw.write(&[frame(0, b""), frame(FIN, second)].concat()).await;
    raw.expect(FIN | PONG, b"between").await;
    raw.expect(FIN | TEXT, b"compressed and cut").await;
}

#[tokio::test]
async fn the_bit_may_stand_at_a_messages_first_frame_alone() {
    let server = Running::start(echo()).await;
    let (mut raw, _) = server.open_with(OFFER).await;
    raw.write(&frame(TEXT, b"a")).await;
    raw.write(&frame(FIN | RSV1, b"b")).await;
    raw.expect_close(1002).await;
    for bad in [FIN | RSV1 | PING, FIN | RSV1 | 0x20 | TEXT] {
        let (mut raw, _) = server.open_with(OFFER).await;
        raw.write(&frame(bad, b"")).await;
        raw.expect_close(1002).await;
    }
    // And nowhere where nothing was agreed on.
    let mut raw = server.open().await;
    raw.write(&frame(FIN | RSV1 | TEXT, &Client::new(15).compress(b"a")))
        .await;
    raw.expect_close(1002).await;
}

#[tokio::test]
async fn small_messages_are_sent_as_they_are() {
    let server = Running::start(echo()).await;
    let (mut raw, _) = server.open_with(OFFER).await;
    raw.write(&frame(FIN | TEXT, &[b'x'; 1023])).await;
    raw.expect(FIN | TEXT, &[b'x'; 1023]).await;
    raw.write(&frame(FIN | TEXT, &[b'x'; 1024])).await;
    let echoed = raw.frame().await.unwrap();
    assert_eq!(echoed.first, FIN | RSV1 | TEXT);
    assert!(echoed.payload.len() < 100);
}

#[tokio::test]
async fn what_can_not_be_inflated_ends_it() {
    let server = Running::start(echo()).await;
    let (mut raw, _) = server.open_with(OFFER).await;
    raw.write(&frame(FIN | RSV1 | BINARY, &[0xFF; 100])).await;
    raw.expect_close(1007).await;
    let (mut raw, _) = server.open_with(OFFER).await;
    let not_utf8 = Client::new(15).compress(b"\xff\xfe");
    raw.write(&frame(FIN | RSV1 | TEXT, &not_utf8)).await;
    raw.expect_close(1007).await;
}

#[tokio::test]
async fn a_bomb_is_stopped_at_the_limit_of_messages() {
    for compression in [Compression::new(), Compression::new().context_takeover()] {
        let server = Running::start_with(echo(), config(compression)).await;
        let (mut raw, _) = server.open_with(OFFER).await;
        let bomb = Client::new(15).compress(&vec![0; 100 * 1024 * 1024]);
        assert!(bomb.len() < 200_000);
        raw.write(&frame(FIN | RSV1 | BINARY, &bomb)).await;
        raw.expect_close(1009).await;
    }
}

#[tokio::test]
async fn it_ends_as_any_other() {
    let server = Running::start(echo()).await;
    let (mut raw, _) = server.open_with(OFFER).await;
    raw.write(&close(1000, "")).await;
    raw.expect_close(1000).await;
}
