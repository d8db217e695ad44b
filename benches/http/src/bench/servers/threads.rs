//! touche: a blocking server with a thread for each connection. The fastest of its kind that answers pipelined requests: oxhttp loses
//! those that came with the first, and tiny_http hands each request to another thread.

use std::{io, net::TcpListener};

use http::{HeaderValue, Response, StatusCode, header};
use touche::{Body, Request};

use super::{HELLO, Message, Runtime, announce};

/// More than any load has connections: those above it wait until one is closed.
const THREADS: usize = 256;

pub(crate) fn serve(_: Runtime) -> super::Result {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    announce(listener.local_addr()?);
    let streams = std::iter::from_fn(move || listener.accept().ok().map(|(stream, _)| stream));
    touche::Server::builder()
        .max_threads(THREADS)
        .nodelay(true)
        .from_connections(streams)
        .serve(answer)?;
    Ok(())
}

fn answer(request: Request<Body>) -> io::Result<Response<Body>> {
    let (kind, body) = match request.uri().path() {
        "/plaintext" => ("text/plain", Body::from(HELLO)),
        "/json" => ("application/json", Body::from(Message::json()?)),
        _ => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_FOUND;
            return Ok(response);
        }
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::SERVER, HeaderValue::from_static("nuages"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    Ok(response)
}
