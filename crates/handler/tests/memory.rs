//! Large bodies in both directions take no more memory than small ones. The one test here has a process of its own, whose memory it measures.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use nuages_handler::uploads::Files;
use nuages_handler::{App, BodyStream, FileResponse, Limits, Request, Response, Result, Urls};
use nuages_protocol::server::Server;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What goes through in each direction: 48 MiB, or 100 with `NUAGES_FULL=1`.
fn bytes() -> usize {
    if std::env::var_os("NUAGES_FULL").is_some() {
        100 << 20
    } else {
        48 << 20
    }
}

/// What may stay of it: blocks on their way, and what the allocator keeps.
const MAY_GROW: usize = 16 << 20;

/// The most that this process has had in memory since the last call of `reset`.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

fn reset() {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
}

fn urls(file: std::path::PathBuf) -> Urls {
    Urls::new()
        .path("upload-sync/", |files: Files| {
            files.get("f").unwrap().size().to_string()
        })
        .path("upload-async/", async |files: Files| {
            files.get("f").unwrap().size().to_string()
        })
        .path("body-async/", async |mut body: BodyStream| -> Result<String> {
            let mut bytes = 0;
            while let Some(chunk) = body.chunk().await? {
                bytes += chunk.len();
            }
            Ok(bytes.to_string())
        })
        .path("body-sync/", |mut body: BodyStream| -> Result<String> {
            body.iter()
                .try_fold(0, |bytes, chunk| Ok(bytes + chunk?.len()))
                .map(|bytes| bytes.to_string())
        })
        .path("iter/", || {
            Response::iter((0..bytes() / 32_768).map(|_| vec![b'x'; 32_768]))
        })
        .path("file/", move |request: Request| {
            FileResponse::new(&file).respond(&request).wait()
        })
}

async fn upload(address: std::net::SocketAddr, path: &str, multipart: bool) -> String {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let (head, tail) = if multipart {
        (
            "--x\r\ncontent-disposition: form-data; name=f; filename=f\r\n\r\n",
            "\r\n--x--\r\n",
        )
    } else {
        ("", "")
    };
    let length = head.len() + bytes() + tail.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: multipart/form-data; boundary=x\r\ncontent-length: {length}\r\n\r\n{head}"
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let block = vec![b'y'; 1 << 16];
    for _ in 0..bytes() / block.len() {
        socket.write_all(&block).await.unwrap();
    }
    socket.write_all(tail.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    answer.rsplit("\r\n\r\n").next().unwrap().to_owned()
}

async fn download(address: std::net::SocketAddr, path: &str) -> usize {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut block = vec![0; 1 << 16];
    let mut bytes = 0;
    loop {
        match socket.read(&mut block).await.unwrap() {
            0 => return bytes,
            read => bytes += read,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_bodies_keep_memory_flat_in_both_directions() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("large");
    std::fs::File::create(&file)
        .unwrap()
        .set_len(bytes() as u64)
        .unwrap();
    let limits = Limits::default().temporary_directory(directory.path());
    let app = App::new().limits(limits).urls(urls(file)).build().unwrap();
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().to_string().parse().unwrap();
    tokio::spawn(server.serve(app));
    for round in ["first", "second"] {
        for path in [
            "/upload-sync/",
            "/upload-async/",
            "/body-sync/",
            "/body-async/",
            "/iter/",
            "/file/",
        ] {
            reset();
            let before = peak();
            if path == "/iter/" || path == "/file/" {
                let received = download(address, path).await;
                assert!(received >= bytes(), "{path}: {received}");
            } else {
                let answer = upload(address, path, path.starts_with("/upload")).await;
                let expected = bytes().to_string();
                assert!(answer.ends_with(&expected), "{path}: {answer}");
            }
            let grown = peak().saturating_sub(before);
            // The first round makes threads and buffers that stay.
            if round == "second" {
                assert!(grown < MAY_GROW, "{path}: {grown} bytes more");
            }
        }
    }
}
