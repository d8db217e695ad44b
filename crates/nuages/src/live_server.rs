//! A server for tests that need a socket: a browser, a client of another language.

use std::fmt;

use nuages_bridge::{Shield, shield};
use nuages_handler::{Error, IntoHandler, Op};
use nuages_protocol::server::Server;
use tokio::sync::oneshot;

/// An application that is served on a free port of this machine, until this is dropped: Django's `LiveServerTestCase`.
///
/// # Examples
///
/// ```
/// use nuages::LiveServer;
/// use nuages::prelude::*;
/// use std::io::{Read, Write};
///
/// let app = App::new().urls(Urls::new().path("", || "bonsoir"));
/// let server = LiveServer::start(app).wait()?;
/// let mut socket = std::net::TcpStream::connect(server.address())?;
/// socket.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
/// let mut answer = String::new();
/// socket.read_to_string(&mut answer)?;
/// assert!(answer.ends_with("bonsoir"));
/// # Ok::<(), Error>(())
/// ```
pub struct LiveServer {
    address: String,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<Shield<Result<(), Error>>>,
}

impl LiveServer {
    /// Serves an application.
    ///
    /// # Errors
    ///
    /// Where its URLs have mistakes, or no port is free.
    pub fn start(app: impl IntoHandler + Send + 'static) -> Op<'static, Self> {
        Op::new("LiveServer::start", async move {
            let handler = app.into_handler()?;
            let server = Server::bind("127.0.0.1:0").await.map_err(Error::from)?;
            let address = server.local_addr().to_string();
            let (stop, stopped) = oneshot::channel::<()>();
            let serving = shield(async move {
                let server = server.with_graceful_shutdown(async {
                    // Dropped or sent: either way it is over.
                    let _ = stopped.await;
                });
                Ok(server.serve(handler).await?)
            });
            Ok(Self {
                address,
                stop: Some(stop),
                serving: Some(serving),
            })
        })
    }

    /// The address, such as `127.0.0.1:40213`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Ends it, after the requests that it is working on.
    ///
    /// # Errors
    ///
    /// What the server failed with.
    pub fn stop(mut self) -> Op<'static, ()> {
        Op::new("LiveServer::stop", async move {
            drop(self.stop.take());
            match self.serving.take() {
                Some(serving) => serving.await?,
                None => Ok(()),
            }
        })
    }
}

impl fmt::Debug for LiveServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveServer")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
