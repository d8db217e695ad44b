//! Text is UTF-8 (Autobahn's group 6).

use crate::support::{BINARY, FIN, Running, TEXT, echo, frame};

const VALID: &[&[u8]] = &[
    "Hello-µ@ßöäüàá-UTF-8!!".as_bytes(),
    "κόσμε".as_bytes(),
    b"",
    b"\x00",
    "\u{80}\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}".as_bytes(),
    "\u{d7ff}\u{e000}\u{fffd}\u{fffe}".as_bytes(),
];

const INVALID: &[&[u8]] = &[
    b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited",
    b"\x80",
    b"\xbf\x80",
    b"\xc0\x20\xc1",
    b"\xc0\xaf",
    b"\xe0\x80\xaf",
    b"\xf0\x80\x80\xaf",
    b"\xf8\x88\x80\x80\x80",
    b"\xf4\x90\x80\x80",
    b"\xed\xa0\x80",
    b"\xed\xbf\xbf",
    b"\xff",
    b"cut \xce",
    b"cut \xf0\x9f\x98",
];

#[tokio::test]
async fn valid_text_is_echoed_however_it_is_cut() {
    let server = Running::start(echo()).await;
    let mut raw = server.open().await;
    for text in VALID {
        raw.write(&frame(FIN | TEXT, text)).await;
        raw.expect(FIN | TEXT, text).await;
        for cut in 0..=text.len() {
            raw.write(&frame(TEXT, &text[..cut])).await;
            raw.write(&frame(FIN, &text[cut..])).await;
            raw.expect(FIN | TEXT, text).await;
        }
        raw.write_chopped(&frame(FIN | TEXT, text)).await;
        raw.expect(FIN | TEXT, text).await;
    }
}

#[tokio::test]
async fn text_that_is_not_utf8_ends_it() {
    let server = Running::start(echo()).await;
    for text in INVALID {
        let mut raw = server.open().await;
        raw.write(&frame(FIN | TEXT, text)).await;
        raw.expect_close(1007).await;
        let mut raw = server.open().await;
        raw.write(&[frame(TEXT, text), frame(FIN, b"")].concat()).await;
        raw.expect_close(1007).await;
    }
}

#[tokio::test]
async fn text_that_can_not_become_valid_ends_it_at_once() {
    let server = Running::start(echo()).await;
    // In a fragment, whose message goes on.
    let mut raw = server.open().await;
    raw.write(&frame(TEXT, b"\xce\xba\xf4")).await;
    raw.write(&frame(0, b"\x90")).await;
    raw.expect_close(1007).await;
    // In the middle of a frame, whose rest never comes.
    let mut raw = server.open().await;
    let whole = frame(FIN | TEXT, &[&b"good \xed\xa0"[..], &[b'x'; 100]].concat());
    raw.write(&whole[..whole.len() - 50]).await;
    raw.expect_close(1007).await;
    // In the middle of a large one.
    let mut raw = server.open().await;
    let whole = frame(
        FIN | TEXT,
        &[&vec![b'x'; 50_000][..], b"\xff", &[b'x'; 50_000]].concat(),
    );
    raw.write(&whole[..60_000]).await;
    raw.expect_close(1007).await;
}

#[tokio::test]
async fn bytes_may_be_anything() {
    let server = Running::start(echo()).await;
    let mut raw = server.open().await;
    for bytes in INVALID {
        raw.write(&frame(FIN | BINARY, bytes)).await;
        raw.expect(FIN | BINARY, bytes).await;
    }
}
