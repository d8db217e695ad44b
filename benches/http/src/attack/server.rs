//! The server that is attacked.

use std::{
    pin::Pin,
    process::ExitCode,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::Frame;
use nuages_protocol::{Application, Body, BoxError, HttpScope, Response, server::Server};

/// How long the server waits for a slow client.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(4);

struct App;

impl Application for App {
    async fn http(&self, scope: HttpScope, body: Body) -> Result<Response, BoxError> {
        Ok(match scope.uri.path() {
            "/echo" => Response::new(body.collect(1024 * 1024).await?.into()),
            "/large" => Response::new(Body::new(Endless)),
            _ => Response::new("hello".into()),
        })
    }
}

/// A body that is always ready.
struct Endless;

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        static PART: [u8; 16 * 1024] = [b'x'; 16 * 1024];
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&PART)))))
    }
}

pub(crate) fn run() -> ExitCode {
    let serve = async {
        let server = Server::bind("127.0.0.1:0").await?;
        println!("{}", server.local_addr());
        server
            .header_read_timeout(TIMEOUT)
            .body_read_timeout(TIMEOUT)
            .write_timeout(TIMEOUT)
            .serve(App)
            .await
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime.map(|runtime| runtime.block_on(serve)) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        other => {
            eprintln!("the server ended: {other:?}");
            ExitCode::FAILURE
        }
    }
}
