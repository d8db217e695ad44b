//! Files as bodies: by path, as parts of open files, and in a `Body`.

use std::{
    fs::File,
    io::{Seek as _, SeekFrom, Write as _},
    sync::Arc,
};

use nuages_protocol::{
    Body, Response, app_fn,
    event::{HttpResponsePathSend, HttpResponseZeroCopySend, SendEvent},
};

use crate::{app, body, start, support::Running};

/// 1,000,000 bytes that tell where they are.
fn large() -> (tempfile::NamedTempFile, String) {
    let text: String = (0..100_000).map(|n| format!("{n:09}\n")).collect();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    (file, text)
}

async fn answer(events: Vec<SendEvent>) -> String {
    let server = Running::start(app(move |_, _, send| {
        let events = events.clone();
        async move {
            for event in events {
                send.send(event).await?;
            }
            Ok(())
        }
    }))
    .await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    client.answer().await.body
}

#[tokio::test]
async fn a_file_is_sent_by_its_path() {
    let (file, text) = large();
    let path = HttpResponsePathSend::new(file.path());
    let length = text.len().to_string();
    for start in [start(200), start(200).header("content-length", length.as_str())] {
        assert!(answer(vec![start.into(), path.clone().into()]).await == text);
    }
    let server = Running::start(app(move |_, _, send| {
        let path = path.clone();
        async move {
            send.send(start(200).header("content-length", "3")).await?;
            let error = send.send(path).await.unwrap_err();
            assert!(error.is_refused());
            let gone = send
                .send(HttpResponsePathSend::new("/no/such/file"))
                .await
                .unwrap_err();
            assert!(gone.is_refused());
            Ok(send.send(body("abc")).await?)
        }
    }))
    .await;
    assert_eq!(
        server.exchange("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.body,
        "abc"
    );
}

#[tokio::test]
async fn parts_of_open_files_are_sent_in_any_order_and_between_bytes() {
    let (file, text) = large();
    let mut open = file.reopen().unwrap();
    open.seek(SeekFrom::Start(999_990)).unwrap();
    let open = Arc::new(open);
    let part = || HttpResponseZeroCopySend::new(Arc::clone(&open));
    let got = answer(vec![
        start(200).into(),
        body("<").more().into(),
        part().offset(500_000).count(10).more().into(),
        body("|").more().into(),
        part().offset(0).count(10).more().into(),
        part().more().into(),
        body(">").into(),
    ])
    .await;
    assert_eq!(
        got,
        format!(
            "<{}|{}{}>",
            &text[500_000..500_010],
            &text[..10],
            &text[999_990..]
        )
    );
}

#[tokio::test]
async fn an_application_may_close_its_file_once_it_was_sent() {
    let (file, text) = large();
    let path = file.path().to_owned();
    let server = Running::start(app(move |_, _, send| {
        let path = path.clone();
        async move {
            send.send(start(200).header("content-length", "1000000")).await?;
            let open = File::open(path)?;
            send.send(HttpResponseZeroCopySend::new(open).count(999_999).more())
                .await?;
            Ok(send.send(body("!")).await?)
        }
    }))
    .await;
    let answer = server.exchange("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(answer.body == format!("{}!", &text[..999_999]));
}

#[tokio::test]
async fn more_than_a_file_has_is_refused() {
    let (file, _) = large();
    let open = Arc::new(file.reopen().unwrap());
    let server = Running::start(app(move |_, _, send| {
        let open = Arc::clone(&open);
        async move {
            send.send(start(200)).await?;
            for part in [
                HttpResponseZeroCopySend::new(Arc::clone(&open)).count(1_000_001),
                HttpResponseZeroCopySend::new(Arc::clone(&open)).offset(1_000_001),
                HttpResponseZeroCopySend::new(Arc::clone(&open))
                    .offset(u64::MAX)
                    .count(u64::MAX),
            ] {
                assert!(send.send(part).await.unwrap_err().is_refused());
            }
            Ok(send.send(body("abc")).await?)
        }
    }))
    .await;
    assert_eq!(
        server.exchange("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.body,
        "abc"
    );
}

#[tokio::test]
async fn a_body_is_a_range_of_a_file_read_in_blocks() {
    let (file, text) = large();
    let open = Arc::new(file.reopen().unwrap());
    for range in [
        0..1_000_000,
        0..0,
        7..8,
        262_143..262_145,
        999_999..1_000_000,
        300_000..900_000,
    ] {
        let (from, to) = (range.start as usize, range.end as usize);
        let body = Body::from_file(Arc::clone(&open), range);
        assert_eq!(
            http_body::Body::size_hint(&body).exact(),
            Some((to - from) as u64)
        );
        assert!(body.collect(1_000_000).await.unwrap() == text[from..to]);
    }
    let short = Body::from_file(open, 999_990..1_000_010)
        .collect(100)
        .await
        .unwrap_err();
    assert!(
        std::error::Error::source(&short)
            .unwrap()
            .to_string()
            .contains("shorter")
    );
}

#[tokio::test]
async fn a_typed_application_answers_with_a_file() {
    let (file, text) = large();
    let path = file.path().to_owned();
    let server = Running::start(app_fn(move |_, _| {
        let path = path.clone();
        async move { Ok(Response::new(Body::from_path(path).await?)) }
    }))
    .await;
    let answer = server.exchange("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(answer.header("content-length"), Some("1000000"));
    assert!(answer.body == text);
    let error = Body::from_path("/no/such/file").await.unwrap_err();
    assert_eq!(error.status(), 500);
    assert!(Body::from_path("/").await.is_err());
}

#[test]
fn sync_code_opens_a_file_too() {
    let (file, text) = large();
    let body = Body::from_path(file.path()).wait().unwrap();
    let bytes = nuages_bridge::async_to_sync(body.collect(1_000_000))
        .unwrap()
        .unwrap();
    assert!(bytes == text);
}
