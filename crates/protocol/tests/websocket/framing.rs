//! Single frames: lengths, reserved bits, opcodes, masks (Autobahn's groups 1, 3 and 4).

use crate::support::{BINARY, FIN, Running, TEXT, echo, frame};

#[tokio::test]
async fn text_and_bytes_of_any_length_are_echoed() {
    let server = Running::start(echo()).await;
    let mut raw = server.open().await;
    for length in [
        0,
        1,
        125,
        126,
        127,
        128,
        4090,
        4096,
        65_535,
        65_536,
        200_000,
        1024 * 1024,
    ] {
        raw.write(&frame(FIN | TEXT, &vec![b'*'; length])).await;
        raw.expect(FIN | TEXT, &vec![b'*'; length]).await;
        let bytes: Vec<u8> = (0..length).map(|at| at as u8).collect();
        raw.write(&frame(FIN | BINARY, &bytes)).await;
        raw.expect(FIN | BINARY, &bytes).await;
    }
}

#[tokio::test]
async fn how_the_bytes_are_cut_up_on_their_way_does_not_matter() {
    let server = Running::start(echo()).await;
    let mut raw = server.open().await;
    let text = "Hello-µ@ßöäüàá-UTF-8!!".repeat(20);
    raw.write_chopped(&frame(FIN | TEXT, text.as_bytes())).await;
    raw.expect(FIN | TEXT, text.as_bytes()).await;
    let mut many = Vec::new();
    for at in 0..200_u8 {
        many.extend(frame(FIN | BINARY, &[at]));
    }
    raw.write(&many).await;
    for at in 0..200_u8 {
        raw.expect(FIN | BINARY, &[at]).await;
    }
}

#[tokio::test]
async fn a_reserved_bit_ends_it_after_what_came_before() {
    let server = Running::start(echo()).await;
    for bits in 1..8_u8 {
        let mut raw = server.open().await;
        raw.write(&frame(FIN | TEXT, b"before")).await;
        raw.write(&frame(FIN | bits << 4 | TEXT, b"bad")).await;
        raw.write(&frame(FIN | TEXT, b"after")).await;
        raw.expect(FIN | TEXT, b"before").await;
        raw.expect_close(1002).await;
    }
}

#[tokio::test]
async fn an_unknown_opcode_ends_it() {
    let server = Running::start(echo()).await;
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        for payload in [&b""[..], b"payload"] {
            let mut raw = server.open().await;
            raw.write(&frame(FIN | opcode, payload)).await;
            raw.expect_close(1002).await;
        }
    }
}

#[tokio::test]
async fn a_frame_without_a_mask_ends_it() {
    let server = Running::start(echo()).await;
    let mut raw = server.open().await;
    raw.write(&[FIN | TEXT, 2, b'h', b'i']).await;
    raw.expect_close(1002).await;
}

#[tokio::test]
async fn a_length_in_more_bytes_than_it_needs_ends_it() {
    let server = Running::start(echo()).await;
    for header in [
        &[FIN | TEXT, 0x80 | 126, 0, 125][..],
        &[FIN | TEXT, 0x80 | 127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF],
        &[FIN | TEXT, 0x80 | 127, 0x80, 0, 0, 0, 0, 0, 0, 0],
    ] {
        let mut raw = server.open().await;
        raw.write(header).await;
        raw.expect_close(1002).await;
    }
}
