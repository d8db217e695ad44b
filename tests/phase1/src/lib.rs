//! A guest book by someone who adopts phase 1 alone: the server and the bridge, no framework.
//!
//! The guest book itself is old, blocking code on a file. The application around it is async, and the program
//! that watches it is a plain thread.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    net::SocketAddr,
    path::{Path, PathBuf},
};

use http::{Method, StatusCode};
use nuages_bridge::{async_to_sync, sync_to_async};
use nuages_protocol::{Application, Body, BoxError, HttpScope, Response, State};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// How long an entry may be, in bytes.
const LONGEST: usize = 280;

/// The old code: one line a guest, in a file.
fn sign(book: &Path, guest: &str) -> io::Result<usize> {
    writeln!(
        OpenOptions::new().append(true).open(book)?,
        "{}",
        guest.replace(['\r', '\n'], " ")
    )?;
    Ok(fs::read_to_string(book)?.lines().count())
}

/// The application: `GET /` shows the book, `POST /` signs it.
#[derive(Debug)]
pub struct GuestBook {
    path: PathBuf,
}

impl GuestBook {
    /// A guest book in this file, which is made at the start if there is none.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }
}

impl Application for GuestBook {
    async fn http(&self, scope: HttpScope, body: Body) -> Result<Response, BoxError> {
        let path = self.path.clone();
        let (status, text) = match (scope.uri.path(), scope.method) {
            ("/", Method::GET | Method::HEAD) => (
                StatusCode::OK,
                sync_to_async(move || fs::read_to_string(path)).await??,
            ),
            ("/", Method::POST) => {
                let guest = String::from_utf8(body.collect(LONGEST).await?.into())?;
                let count = sync_to_async(move || sign(&path, &guest)).await??;
                (StatusCode::CREATED, format!("you are guest number {count}\n"))
            }
            ("/", _) => (StatusCode::METHOD_NOT_ALLOWED, "GET or POST, please\n".to_owned()),
            _ => (StatusCode::NOT_FOUND, "there is only /\n".to_owned()),
        };
        let response = http::Response::builder()
            .status(status)
            .header("content-type", "text/plain; charset=utf-8");
        Ok(response.body(text.into())?)
    }

    async fn startup(&self) -> Result<State, BoxError> {
        let path = self.path.clone();
        sync_to_async(move || OpenOptions::new().append(true).create(true).open(path)).await??;
        Ok(State::new())
    }

    async fn shutdown(&self) -> Result<(), BoxError> {
        let path = self.path.clone();
        sync_to_async(move || File::open(path)?.sync_all()).await??;
        Ok(())
    }
}

/// An async client that knows just enough HTTP.
async fn get(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        .await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// Whether the guest book at this address answers. Sync code for plain threads, around the async client.
///
/// # Errors
///
/// If nobody listens there, or the connection breaks off.
pub fn is_alive(address: SocketAddr) -> Result<bool, BoxError> {
    Ok(async_to_sync(get(address))??.starts_with("HTTP/1.1 200 "))
}
