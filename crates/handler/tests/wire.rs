//! What matters on the wire: requests and answers over a socket of the real server.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nuages_handler::uploads::{Quota, UploadHandlers};
use nuages_handler::{App, Bytes, FileResponse, FormData, Json, Limits, Request, Response, Result, Urls};
use nuages_protocol::server::Server;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use support::{Form, MULTIPART};

async fn serve(app: App) -> SocketAddr {
    let server = Server::bind("127.0.0.1:0").await.unwrap().without_signals();
    let address = server.local_addr();
    tokio::spawn(server.serve(app.build().unwrap()));
    address
}

/// Sends these bytes and reads until the server closes.
async fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut socket = TcpStream::connect(address).await.unwrap();
    // A server that has refused may not read all of it.
    let _ = socket.write_all(request).await;
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

fn request(line: &str, headers: &[(&str, &str)]) -> String {
    let mut text = format!("{line} HTTP/1.1\r\nhost: nuages.example\r\nconnection: close\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    text + "\r\n"
}

fn files_in(directory: &Path) -> usize {
    std::fs::read_dir(directory).unwrap().count()
}

#[track_caller]
fn until(what: impl Fn() -> bool) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    until_at(what, caller)
}

async fn until_at(what: impl Fn() -> bool, caller: &'static std::panic::Location<'static>) {
    let begin = std::time::Instant::now();
    while !what() {
        assert!(
            begin.elapsed() < Duration::from_secs(20),
            "it does not happen: {caller}"
        );
        tokio::task::yield_now().await;
    }
}

fn describe(form: FormData) -> String {
    let files = form
        .files()
        .iter()
        .map(|file| format!("{} {}", file.name(), file.size()));
    format!("{} fields, {}", form.len(), files.collect::<Vec<_>>().join(", "))
}

fn uploads() -> Urls {
    Urls::new()
        .path("sync/", describe)
        .path("async/", async |form: FormData| describe(form))
        .path("op/", |request: Request| -> Result<String> {
            Ok(describe(request.form().wait()?))
        })
}

#[tokio::test]
async fn a_form_comes_in_pieces_of_every_size() {
    let address = serve(App::new().urls(uploads())).await;
    let form = Form::new().field("a", "b").file("f", "f.bin", &[7; 5000]).end();
    for path in ["/sync/", "/async/", "/op/"] {
        for piece in [1, 7, 100, 4096] {
            let form = if piece == 1 {
                Form::new().field("a", "b").file("f", "f.bin", b"7").end()
            } else {
                form.clone()
            };
            let mut socket = TcpStream::connect(address).await.unwrap();
            socket.set_nodelay(true).unwrap();
            let head = request(
                &format!("POST {path}"),
                &[("content-type", MULTIPART), ("transfer-encoding", "chunked")],
            );
            socket.write_all(head.as_bytes()).await.unwrap();
            for chunk in form.chunks(piece) {
                let mut framed = format!("{:x}\r\n", chunk.len()).into_bytes();
                framed.extend_from_slice(chunk);
                framed.extend_from_slice(b"\r\n");
                socket.write_all(&framed).await.unwrap();
            }
            socket.write_all(b"0\r\n\r\n").await.unwrap();
            let mut answer = String::new();
            socket.read_to_string(&mut answer).await.unwrap();
            let size = if piece == 1 { 1 } else { 5000 };
            assert!(
                answer.ends_with(&format!("1 fields, f.bin {size}")),
                "{path} {piece}: {answer}"
            );
        }
    }
}

#[tokio::test]
async fn what_declares_to_be_too_large_is_refused_before_it_is_sent() {
    let app = App::new().limits(Limits::default().body(100).upload(1000));
    let urls = uploads().path("json/", |Json(value): Json<serde_json::Value>| value.to_string());
    let address = serve(app.urls(urls)).await;
    for (path, kind) in [
        ("/sync/", MULTIPART),
        ("/async/", MULTIPART),
        ("/op/", MULTIPART),
        ("/json/", "application/json"),
        ("/sync/", "application/x-www-form-urlencoded"),
    ] {
        let head = request(
            &format!("POST {path}"),
            &[("content-type", kind), ("content-length", "5000")],
        );
        let answer = exchange(address, head.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 413"), "{path} {kind}: {answer}");
    }
}

#[tokio::test]
async fn lengths_that_lie_or_contradict_are_a_400() {
    let address = serve(App::new().urls(uploads())).await;
    for lengths in [
        &[("content-length", "5"), ("content-length", "6")][..],
        &[("content-length", "-1")],
        &[("content-length", "+5")],
        &[("content-length", "five")],
        &[("content-length", "5, 6")],
    ] {
        let head = request("POST /sync/", lengths);
        let answer = exchange(address, format!("{head}a=b&c").as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{lengths:?}: {answer}");
    }
    // Less than was declared: the client goes away before all of it came.
    let mut socket = TcpStream::connect(address).await.unwrap();
    let head = request(
        "POST /op/",
        &[
            ("content-type", "application/x-www-form-urlencoded"),
            ("content-length", "500"),
        ],
    );
    socket.write_all(format!("{head}a=b").as_bytes()).await.unwrap();
    drop(socket);
    let answer = exchange(address, request("GET /sync/", &[]).as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "the server goes on: {answer}");
}

#[tokio::test]
async fn a_body_that_pauses_for_too_long_is_a_408() {
    let limits = Limits::default().body_timeout(Duration::from_millis(50));
    let address = serve(App::new().limits(limits).urls(uploads())).await;
    for path in ["/sync/", "/async/", "/op/"] {
        for kind in [MULTIPART, "application/x-www-form-urlencoded"] {
            let head = request(
                &format!("POST {path}"),
                &[("content-type", kind), ("content-length", "500")],
            );
            let answer = exchange(address, format!("{head}a=b").as_bytes()).await;
            assert!(answer.starts_with("HTTP/1.1 408"), "{path} {kind}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_view_that_does_not_read_the_body_answers_before_it_came() {
    let urls = Urls::new().path("", |request: Request| request.method().to_string());
    let address = serve(App::new().urls(urls)).await;
    let head = request("POST /", &[("content-length", "100000000")]);
    let answer = exchange(address, head.as_bytes()).await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("POST"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_quota_stops_a_form_early_and_a_client_that_goes_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let limits = Limits::default()
        .file_memory(0)
        .temporary_directory(directory.path());
    let app = App::new()
        .limits(limits)
        .upload_handlers(|request| UploadHandlers::standard(request).first(Quota::new(3_000_000)))
        .urls(uploads());
    let address = serve(app).await;
    let begin = Form::new().file("f", "f", &vec![0; 2_500_000]).cut();
    for path in ["/sync/", "/async/", "/op/"] {
        let head = request(
            &format!("POST {path}"),
            &[("content-type", MULTIPART), ("content-length", "90000000")],
        );
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(head.as_bytes()).await.unwrap();
        socket.write_all(&begin).await.unwrap();
        until(|| files_in(directory.path()) > 0).await;
        drop(socket);
        until(|| files_in(directory.path()) == 0).await;

        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(head.as_bytes()).await.unwrap();
        let large = Form::new().file("f", "f", &vec![0; 4_000_000]).cut();
        let _ = socket.write_all(&large).await;
        let mut answer = [0; 12];
        socket.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 413", "{path}");
        until(|| files_in(directory.path()) == 0).await;
    }
}

#[tokio::test]
async fn a_client_that_goes_ends_the_stream_and_closes_once() {
    let (dropped, closed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    struct Endless(Arc<AtomicUsize>);
    impl Iterator for Endless {
        type Item = Vec<u8>;
        fn next(&mut self) -> Option<Vec<u8>> {
            Some(vec![b'x'; 30_000])
        }
    }
    impl futures_core::Stream for Endless {
        type Item = Vec<u8>;
        fn poll_next(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Vec<u8>>> {
            std::task::Poll::Ready(Iterator::next(&mut *self))
        }
    }
    impl Drop for Endless {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let (in_sync, in_async) = (
        (dropped.clone(), closed.clone()),
        (dropped.clone(), closed.clone()),
    );
    let urls = Urls::new()
        .path("sync/", move || {
            let closed = in_sync.1.clone();
            Response::iter(Endless(in_sync.0.clone())).on_close(move || {
                closed.fetch_add(1, Ordering::SeqCst);
            })
        })
        .path("async/", move || {
            let (dropped, closed) = in_async.clone();
            async move {
                Response::stream(Endless(dropped)).on_close(move || {
                    closed.fetch_add(1, Ordering::SeqCst);
                })
            }
        });
    let address = serve(App::new().urls(urls)).await;
    for (path, times) in [("/sync/", 1), ("/async/", 2)] {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket
            .write_all(request(&format!("GET {path}"), &[]).as_bytes())
            .await
            .unwrap();
        let mut some = vec![0; 200_000];
        socket.read_exact(&mut some).await.unwrap();
        drop(socket);
        until(|| closed.load(Ordering::SeqCst) == times && dropped.load(Ordering::SeqCst) == times).await;
    }
    // Nothing of it happens twice.
    exchange(address, request("GET /nothing/", &[]).as_bytes()).await;
    assert_eq!(
        (closed.load(Ordering::SeqCst), dropped.load(Ordering::SeqCst)),
        (2, 2)
    );
}

#[tokio::test]
async fn a_file_is_sent_over_the_wire_with_its_length_its_ranges_and_by_head() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.txt");
    std::fs::write(&path, "0123456789").unwrap();
    let other = path.clone();
    let urls = Urls::new()
        .path("sync/", move |request: Request| {
            FileResponse::new(&path).respond(&request).wait()
        })
        .path("async/", move |request: Request| {
            let path = other.clone();
            async move { FileResponse::new(path).respond(&request).await }
        });
    let address = serve(App::new().urls(urls)).await;
    for path in ["/sync/", "/async/"] {
        let whole = exchange(address, request(&format!("GET {path}"), &[]).as_bytes()).await;
        assert!(
            whole.starts_with("HTTP/1.1 200") && whole.ends_with("\r\n\r\n0123456789"),
            "{whole}"
        );
        assert!(
            whole.contains("content-length: 10\r\n") && whole.contains("text/plain; charset=utf-8"),
            "{whole}"
        );
        let head = exchange(address, request(&format!("HEAD {path}"), &[]).as_bytes()).await;
        assert!(
            head.contains("content-length: 10\r\n") && head.ends_with("\r\n\r\n"),
            "{head}"
        );
        let part = exchange(
            address,
            request(&format!("GET {path}"), &[("range", "bytes=2-4")]).as_bytes(),
        )
        .await;
        assert!(
            part.starts_with("HTTP/1.1 206") && part.ends_with("\r\n\r\n234"),
            "{part}"
        );
        assert!(
            part.contains("content-length: 3\r\n") && part.contains("content-range: bytes 2-4/10\r\n"),
            "{part}"
        );
        let past = exchange(
            address,
            request(&format!("GET {path}"), &[("range", "bytes=10-")]).as_bytes(),
        )
        .await;
        assert!(
            past.starts_with("HTTP/1.1 416") && past.contains("content-range: bytes */10\r\n"),
            "{past}"
        );
        let same = exchange(
            address,
            request(&format!("GET {path}"), &[("if-none-match", "*")]).as_bytes(),
        )
        .await;
        assert!(
            same.starts_with("HTTP/1.1 304") && same.ends_with("\r\n\r\n"),
            "{same}"
        );
        assert!(!same.contains("content-length"), "{same}");
    }
}

#[tokio::test]
async fn a_stream_is_chunked_and_whole() {
    let urls = Urls::new().path("", || Response::iter((0..100).map(|n| n.to_string())));
    let address = serve(App::new().urls(urls)).await;
    let answer = exchange(address, request("GET /", &[]).as_bytes()).await;
    assert!(answer.contains("transfer-encoding: chunked"), "{answer}");
    assert!(answer.ends_with("0\r\n\r\n"), "{answer}");
    let head = exchange(address, request("HEAD /", &[]).as_bytes()).await;
    assert!(
        head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"),
        "{head}"
    );
}

#[tokio::test]
async fn headers_with_underscores_are_dropped_and_cookies_joined() {
    let urls = Urls::new().path("", |request: Request| {
        format!(
            "{:?} {:?} {} {:?} {:?}",
            request.header("x_user"),
            request.headers().get("x_user"),
            request.headers().contains_key("x-user"),
            request.header_text("cookie"),
            request.cookie("b"),
        )
    });
    let address = serve(App::new().urls(urls)).await;
    let head = request(
        "GET /",
        &[
            ("x_user", "admin"),
            ("x-user", "guest"),
            ("cookie", "a=1; "),
            ("cookie", "b=2"),
        ],
    );
    let answer = exchange(address, head.as_bytes()).await;
    assert!(
        answer.ends_with("None None true Some(\"a=1; b=2\") Some(\"2\")"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_request_says_where_it_comes_from_and_where_it_is() {
    let urls = Urls::new().path("here/", |request: Request| {
        format!(
            "{} {} {} {}",
            request.remote_address().unwrap(),
            request.is_secure(),
            request.full_path(),
            request.absolute_uri()
        )
    });
    let address = serve(App::new().urls(urls)).await;
    let answer = exchange(address, request("GET /here/?q=%C3%A9", &[]).as_bytes()).await;
    assert!(
        answer.ends_with("127.0.0.1 false /here/?q=%C3%A9 http://nuages.example/here/?q=%C3%A9"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_body_is_there_for_bytes_and_form_alike() {
    let urls = Urls::new().path("", |body: Bytes, form: FormData| {
        format!("{} {}", body.len(), form.len())
    });
    let address = serve(App::new().urls(urls)).await;
    let form = Form::new().field("a", "b").end();
    let length = form.len().to_string();
    let mut message = request(
        "POST /",
        &[("content-type", MULTIPART), ("content-length", &length)],
    )
    .into_bytes();
    message.extend_from_slice(&form);
    let answer = exchange(address, &message).await;
    assert!(answer.ends_with(&format!("{length} 1")), "{answer}");
}
