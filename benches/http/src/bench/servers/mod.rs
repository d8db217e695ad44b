//! What is measured: each a function that serves for ever, after it has printed its address.

mod axum;
mod floor;
mod ours;
mod threads;

use std::{future::Future, io, net::SocketAddr, thread};

use tokio::{net::TcpListener, runtime};

/// What is said to a client of `/plaintext`.
pub(crate) const HELLO: &str = "Hello, World!";
/// And to one of `/json`.
pub(crate) const HELLO_JSON: &str = r#"{"message":"Hello, World!"}"#;

pub(crate) type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Where a server's tasks run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Runtime {
    /// One multi-thread runtime.
    Multi,
    /// The same with one worker, so that what is counted is the work and not who does it.
    OneWorker,
    /// A current-thread runtime a core, each with a listening socket of its own (`SO_REUSEPORT`).
    PerCore,
}

impl Runtime {
    /// Its name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Multi => "one-runtime",
            Self::OneWorker => "one-worker",
            Self::PerCore => "one-a-core",
        }
    }
}

impl std::str::FromStr for Runtime {
    type Err = String;

    fn from_str(name: &str) -> std::result::Result<Self, String> {
        let found = [Self::Multi, Self::OneWorker, Self::PerCore]
            .into_iter()
            .find(|runtime| runtime.name() == name);
        found.ok_or_else(|| format!("there is no runtime `{name}`"))
    }
}

/// A server, by the name that it has in the tables.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    pub(crate) serve: fn(Runtime) -> Result,
}

/// All of them. A new one is a line here, and in each table of [`tables`](crate::tables) that it belongs to.
pub(crate) const SERVERS: &[Server] = &[
    Server {
        name: "raw hyper",
        serve: floor::serve,
    },
    Server {
        name: "axum",
        serve: axum::serve,
    },
    Server {
        name: "Application",
        serve: ours::application,
    },
    Server {
        name: "App, async views",
        serve: ours::async_views,
    },
    Server {
        name: "App, sync views",
        serve: ours::sync_views,
    },
    Server {
        name: "SyncApplication",
        serve: ours::sync_application,
    },
    Server {
        name: "touche",
        serve: threads::serve,
    },
];

/// The server of this name.
pub(crate) fn find(name: &str) -> io::Result<&'static Server> {
    let server = SERVERS.iter().find(|server| server.name == name);
    server.ok_or_else(|| io::Error::other(format!("there is no server `{name}`")))
}

/// What `/json` answers, made anew for each request.
#[derive(serde::Serialize)]
pub(crate) struct Message {
    pub(crate) message: &'static str,
}

impl Message {
    pub(crate) const HELLO: Self = Self { message: HELLO };

    pub(crate) fn json() -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&Self::HELLO)
    }
}

pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Announces where the server listens.
pub(crate) fn announce(address: SocketAddr) {
    println!("{address}");
}

fn multi_thread(kind: Runtime) -> io::Result<runtime::Runtime> {
    let workers = if kind == Runtime::OneWorker { 1 } else { cores() };
    runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()
}

/// Runs a peer's loop: once on all cores, or once a core.
fn on<F>(kind: Runtime, serve: impl Fn(TcpListener) -> F + Clone + Send + 'static) -> Result
where
    F: Future<Output = io::Result<()>>,
{
    let first = listen(([127, 0, 0, 1], 0).into())?;
    let address = first.local_addr()?;
    if kind != Runtime::PerCore {
        return Ok(multi_thread(kind)?.block_on(async {
            let listener = TcpListener::from_std(first)?;
            announce(address);
            serve(listener).await
        })?);
    }
    let mut listeners = vec![first];
    for _ in 1..cores() {
        listeners.push(listen(address)?);
    }
    announce(address);
    let threads: Vec<_> = listeners
        .into_iter()
        .map(|listener| {
            let serve = serve.clone();
            thread::spawn(move || {
                let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
                runtime.block_on(async { serve(TcpListener::from_std(listener)?).await })
            })
        })
        .collect();
    for thread in threads {
        thread
            .join()
            .map_err(|_| io::Error::other("a thread of the server panicked"))??;
    }
    Ok(())
}

fn listen(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(1024)?;
    Ok(socket.into())
}
