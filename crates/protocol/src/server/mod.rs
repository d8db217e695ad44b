//! The server: it accepts connections, speaks HTTP/1.1 and HTTP/2, and calls an [`Application`].
//!
//! [`Server`] is the one type to know, and [`ServerConfig`] has its settings. The way of a request leads through `listen` (a socket is accepted),
//! `proxy` and `tls` (what comes before HTTP), `connection` (hyper reads and writes, through a wire that holds small writes together) and
//! `request` (the application is called, and answered for where it fails). `shutdown` and `signal` end it all in order.

mod access;
mod config;
mod connection;
mod error;
mod lifespan;
mod listen;
mod proxy;
mod request;
mod shutdown;
mod signal;
#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "websocket")]
mod websocket;
mod workers;

use std::{fmt, net::SocketAddr, sync::Arc};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

pub(crate) use self::request::IncomingBody;
#[cfg(feature = "tls")]
pub use self::tls::ClientAuth;
pub use self::{
    access::AccessLog,
    config::{ConfigError, Mode, ServerConfig},
    error::Error,
    listen::{BindAddress, InvalidAddress},
    proxy::{ForwardedHeaders, InvalidPeer, TrustedPeers},
};
use self::{
    error::Kind,
    listen::Listener,
    proxy::Trusted,
    shutdown::{Connections, Phase, Stop, Trigger},
    workers::Workers,
};
use crate::{Address, Application, State, panic};

/// How long connections that were told to end at once may take to do so: one poll each, unless one blocks.
const CUT: std::time::Duration = std::time::Duration::from_secs(1);

/// A server that listens already and serves once it is given an application.
///
/// Every limit has a safe default and a method that changes it; [`ServerConfig`] has the same methods, and reads the environment and files.
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
    listeners: Vec<Listener>,
    config: ServerConfig,
    trigger: Option<Trigger>,
    signals: bool,
}

impl Server {
    /// Listens on an address; port 0 takes any free one, which [`local_addr`](Self::local_addr) tells.
    ///
    /// Clients may connect from here on. They are answered once [`serve`](Self::serve) has started the application.
    /// [`BindAddress`] says what an address may be.
    ///
    /// # Errors
    ///
    /// [`is_bind`](Error::is_bind) if the address is in use, not this machine's, or not permitted.
    pub async fn bind(address: impl Into<BindAddress>) -> Result<Self, Error> {
        Self::from_config(ServerConfig::default().bind(vec![address.into()])).await
    }

    /// Listens on the addresses of these settings. Settings that bear on the listening sockets have to be made here.
    ///
    /// # Errors
    ///
    /// [`is_bind`](Error::is_bind) if an address can't be had, [`is_config`](Error::is_config) if the settings can't be used.
    pub async fn from_config(config: ServerConfig) -> Result<Self, Error> {
        config.check().map_err(Kind::Config)?;
        let mut listeners = Vec::with_capacity(config.bind.len());
        for address in &config.bind {
            listeners.append(&mut Listener::bind(address, &config).await?);
        }
        Ok(Self::new(listeners, config))
    }

    /// Listens on the address of another listener too.
    ///
    /// # Errors
    ///
    /// [`is_bind`](Error::is_bind) if the address is in use, not this machine's, or not permitted.
    pub async fn and_bind(mut self, address: impl Into<BindAddress>) -> Result<Self, Error> {
        self.listeners
            .append(&mut Listener::bind(&address.into(), &self.config).await?);
        Ok(self)
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
        let listener = Listener::from_tcp(listener).map_err(|source| Kind::Bind {
            address: "the given listener".to_owned(),
            source,
        })?;
        Ok(Self::new(vec![listener], ServerConfig::default()))
    }

    fn new(listeners: Vec<Listener>, config: ServerConfig) -> Self {
        Self {
            listeners,
            config,
            trigger: None,
            signals: true,
        }
    }

    /// The IP address that the server listens on, the first of several.
    ///
    /// # Panics
    ///
    /// If it listens on unix sockets alone; [`local_addrs`](Self::local_addrs) tells them too.
    #[track_caller]
    pub fn local_addr(&self) -> SocketAddr {
        let mut addresses = self.local_addrs().filter_map(Address::socket_addr);
        addresses.next().expect("the server listens on an IP address")
    }

    /// All addresses that the server listens on.
    pub fn local_addrs(&self) -> impl Iterator<Item = &Address> {
        self.listeners.iter().map(Listener::address)
    }

    /// The settings.
    pub fn config(&self) -> &ServerConfig {
        &self.config
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

    /// Starts the application, serves it until asked to stop, finishes what is in flight, and shuts the application down.
    ///
    /// SIGINT (Ctrl-C) and SIGTERM ask, and the future of [`with_graceful_shutdown`](Self::with_graceful_shutdown). Then no
    /// connection is accepted any more, idle ones are closed, and requests in flight have the [`grace`](Self::grace) time. A
    /// second signal ends it all at once. Where signals stop the server, sync code that requests have left behind has what remains of
    /// the grace time, before the application's shutdown; what is left then is named in the log. A signal during the application's startup ends that, and the server.
    ///
    /// # Errors
    ///
    /// [`is_config`](Error::is_config) if the settings can't be used, [`is_startup`](Error::is_startup) and
    /// [`is_shutdown`](Error::is_shutdown) if that part of the application failed, [`is_forced`](Error::is_forced) after a second signal.
    ///
    /// # Cancel safety
    ///
    /// A dropped future closes the socket and ends the connections as a stop without grace time does; the application's
    /// shutdown doesn't run.
    pub async fn serve<A: Application>(self, app: A) -> Result<(), Error> {
        let Self {
            listeners,
            config,
            trigger,
            signals,
        } = self;
        config.check().map_err(Kind::Config)?;
        let mut shared = Shared::new(app, config)?;
        let mut stop = Stop::watch(trigger, signals)?;
        let lifespan::Started::Yes(state) = lifespan::startup(&shared, &mut stop).await? else {
            return Ok(());
        };
        shared.state = state;
        let shared = Arc::new(shared);
        let connections = CutOnDrop(shared.connections.clone());
        #[cfg(feature = "tls")]
        let _reload = tls::reload_on_sighup(shared.tls.as_ref(), signals)?;
        let workers = if shared.limits.workers > 0 {
            let workers = Workers::start(listeners, &shared)?;
            stop.requested().await;
            workers.finish().await;
            Some(workers)
        } else {
            tokio::select! {
                biased;
                () = stop.requested() => {}
                never = workers::accept(&listeners, &shared) => match never {},
            }
            drop(listeners);
            None
        };
        tokio::select! {
            biased;
            error = stop.forced() => return Err(error),
            () = finish(&connections.0, shared.limits.grace, signals) => {}
        }
        if let Some(workers) = workers {
            workers.end();
        }
        lifespan::shutdown(&shared, &mut stop).await
    }
}

/// What all connections share.
struct Shared<A> {
    app: A,
    /// What the application's startup gave.
    state: State,
    limits: Arc<ServerConfig>,
    http1: hyper::server::conn::http1::Builder,
    #[cfg(feature = "http2")]
    http2: Option<hyper::server::conn::http2::Builder<connection::Streams>>,
    #[cfg(feature = "tls")]
    tls: Option<Arc<tls::Tls>>,
    connections: Connections,
    /// A permit for each connection that may be open.
    places: Arc<Semaphore>,
    /// A permit for each request that may be worked on, where that has a limit.
    desks: Option<Arc<Semaphore>>,
    /// Whether requests of HTTP/1 need one: a connection has one request at a time, so that there may be fewer connections than permits.
    counts_http1: bool,
    trusted: Option<Trusted>,
    access: Option<AccessLog>,
    #[cfg(feature = "websocket")]
    websocket: Arc<crate::websocket::WebSocketConfig>,
}

impl<A> Shared<A> {
    fn new(app: A, mut config: ServerConfig) -> Result<Self, Error> {
        let permits = |count: usize| Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)));
        let peers = std::mem::take(&mut config.trusted_proxies);
        Ok(Self {
            app,
            state: State::new(),
            http1: config.http1_builder(),
            #[cfg(feature = "http2")]
            http2: config.http2_builder(),
            #[cfg(feature = "tls")]
            tls: tls::Tls::load(&config)?.map(Arc::new),
            connections: Connections::default(),
            places: permits(config.max_connections),
            desks: (config.max_concurrent_requests > 0).then(|| permits(config.max_concurrent_requests)),
            counts_http1: config.max_concurrent_requests < config.max_connections,
            trusted: (!peers.is_empty()).then_some(Trusted {
                peers,
                headers: config.forwarded_headers,
            }),
            access: config.access_log,
            #[cfg(feature = "websocket")]
            websocket: Arc::new(config.for_websockets()),
            limits: Arc::new(config),
        })
    }

    /// A place for one more request, where it takes one.
    fn place(&self, version: http::Version) -> Result<Option<OwnedSemaphorePermit>, TryAcquireError> {
        match &self.desks {
            Some(desks) if self.counts_http1 || version >= http::Version::HTTP_2 => {
                Arc::clone(desks).try_acquire_owned().map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Whether what comes over this socket is to be encrypted: what comes over the network.
    #[cfg_attr(
        not(feature = "tls"),
        expect(clippy::unused_self, reason = "there is nothing to ask")
    )]
    fn encrypts(&self, stream: &listen::Stream) -> bool {
        #[cfg(feature = "tls")]
        return self.tls.is_some() && matches!(stream, listen::Stream::Tcp(_));
        #[cfg(not(feature = "tls"))]
        {
            let _ = stream;
            false
        }
    }

    /// Whether connections may speak HTTP/2.
    #[cfg_attr(
        not(feature = "http2"),
        expect(clippy::unused_self, reason = "there is nothing to ask")
    )]
    fn speaks_http2(&self) -> bool {
        #[cfg(feature = "http2")]
        return self.http2.is_some();
        #[cfg(not(feature = "http2"))]
        return false;
    }
}

/// Lets the connections finish and, where the program ends with the server, the sync code that their requests have left behind.
async fn finish(connections: &Connections, grace: std::time::Duration, program_ends: bool) {
    let stopped = tokio::time::Instant::now();
    drain(connections, grace).await;
    if program_ends {
        // What has been cut may need a moment to see that.
        let rest = grace.saturating_sub(stopped.elapsed()).max(CUT);
        let left = nuages_bridge::drain(rest).await.unwrap_or_default();
        for job in left {
            tracing::warn!(%job, "sync code is left behind: it ends with the process");
        }
    }
}

/// Lets the connections finish, and cuts those that don't within the grace time.
async fn drain(connections: &Connections, grace: std::time::Duration) {
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
            .field("listeners", &self.listeners)
            .field("config", &self.config)
            .field("signals", &self.signals)
            .finish_non_exhaustive()
    }
}
