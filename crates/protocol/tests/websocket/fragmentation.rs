//! Messages in several frames (Autobahn's group 5).

use crate::support::{BINARY, FIN, PING, PONG, Running, TEXT, echo, frame};

#[tokio::test]
async fn control_frames_can_not_be_fragmented() {
    let server = Running::start(echo()).await;
    for opcode in [PING, PONG, 0x8] {
        let mut raw = server.open().await;
        raw.write(&frame(opcode, b"part")).await;
        raw.expect_close(1002).await;
    }
}

#[tokio::test]
async fn fragments_make_one_message_however_they_are_cut() {
    let server = Running::start(echo()).await;
    let mut raw = server.open().await;
    for opcode in [TEXT, BINARY] {
        let parts = [
            frame(opcode, b"frag"),
            frame(0, b""),
            frame(0, b"men"),
            frame(FIN, b"t"),
        ];
        raw.write(&parts.concat()).await;
        raw.expect(FIN | opcode, b"fragment").await;
        raw.write_chopped(&parts.concat()).await;
        raw.expect(FIN | opcode, b"fragment").await;
        raw.write(&[frame(opcode, b""), frame(0, b""), frame(FIN, b"")].concat())
            .await;
        raw.expect(FIN | opcode, b"").await;
    }
}

#[tokio::test]
async fn control_frames_may_stand_between_fragments() {
    let server = Running::start(echo()).await;
    let mut raw = server.open().await;
    raw.write(&frame(TEXT, b"frag")).await;
    raw.write(&frame(FIN | PING, b"between")).await;
    raw.expect(FIN | PONG, b"between").await;
    raw.write(&frame(FIN | PONG, b"ignored")).await;
    raw.write(&frame(FIN, b"ment")).await;
    raw.expect(FIN | TEXT, b"fragment").await;
}

#[tokio::test]
async fn a_continuation_of_nothing_ends_it() {
    let server = Running::start(echo()).await;
    for first in [0, FIN] {
        let mut raw = server.open().await;
        raw.write(&frame(first, b"what?")).await;
        raw.expect_close(1002).await;
    }
    let mut raw = server.open().await;
    raw.write(&[frame(TEXT, b"a"), frame(FIN, b"b"), frame(FIN, b"c")].concat())
        .await;
    raw.expect(FIN | TEXT, b"ab").await;
    raw.expect_close(1002).await;
}

#[tokio::test]
async fn a_message_inside_another_ends_it() {
    let server = Running::start(echo()).await;
    for first in [TEXT, FIN | TEXT, BINARY, FIN | BINARY] {
        let mut raw = server.open().await;
        raw.write(&[frame(TEXT, b"a"), frame(first, b"b")].concat()).await;
        raw.expect_close(1002).await;
    }
}

#[tokio::test]
async fn a_message_in_a_thousand_frames_is_one_message() {
    let server = Running::start(echo()).await;
    let mut raw = server.open().await;
    let mut bytes = frame(BINARY, b"");
    for at in 0..1000_u32 {
        bytes.extend(frame(0, &at.to_be_bytes()));
    }
    bytes.extend(frame(FIN, b"end"));
    raw.write(&bytes).await;
    let mut expected: Vec<u8> = (0..1000_u32).flat_map(u32::to_be_bytes).collect();
    expected.extend_from_slice(b"end");
    raw.expect(FIN | BINARY, &expected).await;
}
