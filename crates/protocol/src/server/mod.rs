//! The server: it accepts connections, speaks HTTP/1.1 and calls an [`Application`].
//!
//! [`Server`] is the one type to know. The way of a request leads through `listener` (a socket is accepted),
//! `connection` (hyper reads and writes, through a `cork`) and `request` (the application is called, and answered for where it
//! fails). `shutdown` and `signal` end it all in order.

mod config;
mod connection;
mod cork;
mod error;
mod lifespan;
mod listener;
mod panic;
mod request;
mod shutdown;
mod signal;

use std::{fmt, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{net::ToSocketAddrs, sync::Semaphore};

pub use self::error::Error;
use self::{
    config::Config,
    listener::Listener,
    shutdown::{Connections, Phase, Stop, Trigger},
};
use crate::Application;

/// How long connections that were told to end at once may take to do so: one poll each, unless one blocks.
const CUT: Duration = Duration::from_secs(1);

/// A server that listens already and serves once it is given an application.
///
/// Every limit has a safe default and a method that changes it.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use nuages_protocol::{Response, app_fn, server::Server};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), nuages_protocol::server::Error> {
/// let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
/// let server = Server::bind("127.0.0.1:0").await?
///     .grace(Duration::from_secs(10))
///     .with_graceful_shutdown(async { drop(stopped.await) });
/// # drop(stop); // an example has to end
/// server.serve(app_fn(|_scope, _body| async { Ok(Response::new("bonsoir".into())) })).await
/// # }
/// ```
#[must_use = "a server does nothing until `serve` is awaited"]
pub struct Server {
    listener: Listener,
    config: Config,
    trigger: Option<Trigger>,
    signals: bool,
}

impl Server {
    /// Listens on an address; port 0 takes any free one, which [`local_addr`](Self::local_addr) tells.
    ///
    /// Clients may connect from here on. They are answered once [`serve`](Self::serve) has started the application.
    ///
    /// # Errors
    ///
    /// [`is_bind`](Error::is_bind) if the address is in use, not this machine's, or not permitted.
    pub async fn bind(address: impl ToSocketAddrs + fmt::Debug) -> Result<Self, Error> {
        Ok(Self::new(Listener::bind(address).await?))
    }

    /// Serves on a socket that listens already, such as one that was inherited or has options of its own.
    ///
    /// # Errors
    ///
    /// [`is_bind`](Error::is_bind) if the socket can't be used.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn from_std(listener: std::net::TcpListener) -> Result<Self, Error> {
        Ok(Self::new(Listener::from_std(listener)?))
    }

    fn new(listener: Listener) -> Self {
        Self {
            listener,
            config: Config::default(),
            trigger: None,
            signals: true,
        }
    }

    /// The address that the server listens on.
    pub fn local_addr(&self) -> SocketAddr {
        self.listener.local_addr()
    }

    /// Stops the server in order when the future ends, besides at a signal. The last one given counts.
    pub fn with_graceful_shutdown(mut self, trigger: impl Future<Output = ()> + Send + 'static) -> Self {
        self.trigger = Some(Box::pin(trigger));
        self
    }

    /// Leaves SIGINT and SIGTERM to the program, which then has to stop the server by
    /// [`with_graceful_shutdown`](Self::with_graceful_shutdown). For servers inside a larger program, and for tests.
    pub fn without_signals(mut self) -> Self {
        self.signals = false;
        self
    }

    /// How long requests in flight may take to finish once the server was asked to stop. Default: 30 seconds.
    ///
    /// What takes longer is dropped, and named in the log.
    pub fn grace(mut self, time: Duration) -> Self {
        self.config.grace = time;
        self
    }

    /// How long a client may take to send the head of a request, and how long it may idle before the next one.
    /// Default: 30 seconds. The connection is closed after it.
    pub fn header_read_timeout(mut self, time: Duration) -> Self {
        self.config.header_read_timeout = time;
        self
    }

    /// How many headers a request may have. Default: 100. One with more is answered with 431.
    ///
    /// Any other number than the default costs an allocation a request.
    pub fn max_headers(mut self, count: usize) -> Self {
        self.config.max_headers = count;
        self
    }

    /// How large the head of a request may be in bytes, its first line included. Default: 64 KiB. A larger one is answered
    /// with 431.
    pub fn max_header_size(mut self, bytes: usize) -> Self {
        self.config.max_header_size = bytes;
        self
    }

    /// How many bytes a connection may buffer in each direction. Default: 128 KiB; the least is 8 KiB.
    ///
    /// A head that doesn't fit is too large too, whatever [`max_header_size`](Self::max_header_size) says. Bodies may be
    /// larger: they stream.
    pub fn max_buffer_size(mut self, bytes: usize) -> Self {
        self.config.max_buffer_size = bytes.max(config::MIN_BUFFER_SIZE);
        self
    }

    /// How many connections may be open at once. Default: 16,384. Further clients wait in the system's queue until one ends.
    ///
    /// # Panics
    ///
    /// If the number is 0.
    #[track_caller]
    pub fn max_connections(mut self, count: usize) -> Self {
        assert!(count > 0, "a server needs at least one connection");
        self.config.max_connections = count.min(Semaphore::MAX_PERMITS);
        self
    }

    /// Starts the application, serves it until asked to stop, finishes what is in flight, and shuts the application down.
    ///
    /// SIGINT (Ctrl-C) and SIGTERM ask, and the future of [`with_graceful_shutdown`](Self::with_graceful_shutdown). Then no
    /// connection is accepted any more, idle ones are closed, and requests in flight have the [`grace`](Self::grace) time. A
    /// second signal ends it all at once. A signal during the application's startup ends that, and the server.
    ///
    /// # Errors
    ///
    /// [`is_startup`](Error::is_startup) and [`is_shutdown`](Error::is_shutdown) if that part of the application failed,
    /// [`is_forced`](Error::is_forced) after a second signal.
    ///
    /// # Cancel safety
    ///
    /// A dropped future closes the socket and ends the connections as a stop without grace time does; the application's
    /// shutdown doesn't run.
    pub async fn serve<A: Application>(self, app: A) -> Result<(), Error> {
        let Self {
            listener,
            config,
            trigger,
            signals,
        } = self;
        let app = Arc::new(app);
        let mut stop = Stop::watch(trigger, signals)?;
        if lifespan::startup(&*app, &mut stop).await? == lifespan::Started::No {
            return Ok(());
        }
        let connections = CutOnDrop(Connections::new());
        tokio::select! {
            biased;
            () = stop.requested() => {}
            never = accept(&listener, &config, &app, &connections.0) => match never {},
        }
        drop(listener);
        tokio::select! {
            biased;
            error = stop.forced() => return Err(error),
            () = drain(&connections.0, config.grace) => {}
        }
        lifespan::shutdown(&*app, &mut stop).await
    }
}

/// Accepts connections for ever, each in a task of its own.
async fn accept<A: Application>(
    listener: &Listener,
    config: &Config,
    app: &Arc<A>,
    connections: &Connections,
) -> std::convert::Infallible {
    let http1 = config.http1();
    let places = Arc::new(Semaphore::new(config.max_connections));
    loop {
        let place = Arc::clone(&places).acquire_owned().await;
        let (stream, info) = listener.accept().await;
        let watcher = connections.watcher();
        let connection = connection::serve(http1.clone(), stream, Arc::clone(app), info, watcher);
        tokio::spawn(async move {
            connection.await;
            drop(place);
        });
    }
}

/// Lets the connections finish, and cuts those that don't within the grace time.
async fn drain(connections: &Connections, grace: Duration) {
    connections.set(Phase::Draining);
    if tokio::time::timeout(grace, connections.ended()).await.is_ok() {
        return;
    }
    tracing::warn!(
        connections = connections.len(),
        ?grace,
        "the grace time is over; cutting what is left"
    );
    connections.set(Phase::Cut);
    if tokio::time::timeout(CUT, connections.ended()).await.is_err() {
        tracing::error!(
            connections = connections.len(),
            "connections are left whose code blocks the event loop"
        );
    }
}

/// Ends the connections at once when `serve` returns or is dropped, however that comes.
struct CutOnDrop(Connections);

impl Drop for CutOnDrop {
    fn drop(&mut self) {
        self.0.set(Phase::Cut);
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("listener", &self.listener)
            .field("config", &self.config)
            .field("signals", &self.signals)
            .finish_non_exhaustive()
    }
}
