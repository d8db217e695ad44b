//! A socket that listens.

use std::{
    io,
    net::SocketAddr,
    os::fd::OwnedFd,
    task::{Context, Poll},
};

use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::net::{TcpListener, TcpStream, UnixListener, lookup_host};

use super::{
    Accepted, Stream,
    address::{BindAddress, InvalidAddress, Kind},
    unix,
};
use crate::{
    Address, ConnectionInfo, Scheme,
    server::{
        config::Limits,
        error::{Error, Kind as Failure},
    },
};

/// The first file descriptor that systemd passes.
const FIRST_PASSED: i32 = 3;

/// A listening socket.
#[derive(Debug)]
pub(in crate::server) struct Listener {
    kind: Listening,
    address: Address,
}

#[derive(Debug)]
enum Listening {
    /// Whether we have bound it ourselves, and so may bind it again.
    Tcp(TcpListener, bool),
    Unix(UnixListener, Option<unix::File>),
}

/// A listening socket on its way to another thread's runtime.
#[derive(Debug)]
pub(in crate::server) enum Spare {
    Tcp(std::net::TcpListener),
    Unix(std::os::unix::net::UnixListener, Address, Option<unix::File>),
}

impl Spare {
    /// Listens in the present runtime.
    pub(in crate::server) fn listen(self) -> io::Result<Listener> {
        match self {
            Self::Tcp(listener) => Listener::from_tcp(listener),
            Self::Unix(listener, address, file) => Ok(Listener {
                address,
                kind: Listening::Unix(UnixListener::from_std(listener)?, file),
            }),
        }
    }
}

impl Listener {
    /// Listens on one address, which may be several sockets.
    pub(in crate::server) async fn bind(address: &BindAddress, config: &Limits) -> Result<Vec<Self>, Error> {
        Self::try_bind(address, config).await.map_err(|source| {
            Failure::Bind {
                address: address.to_string(),
                source,
            }
            .into()
        })
    }

    async fn try_bind(address: &BindAddress, config: &Limits) -> io::Result<Vec<Self>> {
        Ok(match &address.kind {
            Kind::Inet(address) => vec![Self::tcp(*address, config)?],
            Kind::Name(name) => {
                let mut last = None;
                for address in lookup_host(name).await? {
                    match Self::tcp(address, config) {
                        Ok(listener) => return Ok(vec![listener]),
                        Err(error) => last = Some(error),
                    }
                }
                return Err(last.unwrap_or_else(|| io::ErrorKind::NotFound.into()));
            }
            Kind::Unix(path) => {
                let (listener, file) = unix::bind(path, config)?;
                vec![Self {
                    address: Address::Unix(Some(path.as_path().into())),
                    kind: Listening::Unix(UnixListener::from_std(listener)?, Some(file)),
                }]
            }
            Kind::Inherited(fd) => vec![Self::inherited(*fd)?],
            Kind::Systemd => {
                let passed = passed_by_systemd()?;
                (FIRST_PASSED..FIRST_PASSED + passed)
                    .map(Self::inherited)
                    .collect::<io::Result<_>>()?
            }
            Kind::Invalid(text) => {
                let invalid = InvalidAddress { text: text.clone() };
                return Err(io::Error::new(io::ErrorKind::InvalidInput, invalid));
            }
        })
    }

    fn tcp(address: SocketAddr, config: &Limits) -> io::Result<Self> {
        let mut listener = Self::from_tcp(tcp_socket(address, config)?)?;
        if let Listening::Tcp(_, bound) = &mut listener.kind {
            *bound = true;
        }
        Ok(listener)
    }

    pub(in crate::server) fn from_tcp(listener: std::net::TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        Ok(Self {
            address: listener.local_addr()?.into(),
            kind: Listening::Tcp(listener, false),
        })
    }

    /// A socket that the parent process has opened. It stays open for the next one that inherits it.
    fn inherited(fd: i32) -> io::Result<Self> {
        // The standard input is a socket where whoever started the program made it one, as inetd does.
        if fd < FIRST_PASSED && fd != 0 {
            let text = "file descriptors 1 and 2 are the standard output and the standard error";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let socket = Socket::from(duplicate(fd)?);
        // First, since it fails for what is no socket: a terminal would be left non-blocking.
        let address = socket.local_addr()?;
        socket.set_nonblocking(true)?;
        if address.is_unix() {
            let path = address.as_pathname().map(Into::into);
            return Ok(Self {
                address: Address::Unix(path),
                kind: Listening::Unix(UnixListener::from_std(socket.into())?, None),
            });
        }
        Self::from_tcp(socket.into())
    }

    pub(in crate::server) fn address(&self) -> &Address {
        &self.address
    }

    /// The same socket for several threads, each of which makes a listener of its part.
    ///
    /// A TCP address that we have bound gets a socket a thread, among which the system spreads the connections. Any other socket
    /// is shared.
    pub(in crate::server) fn spread(self, config: &Limits) -> Result<Vec<Spare>, Error> {
        let address = self.address.clone();
        self.try_spread(config).map_err(|source| {
            Failure::Bind {
                address: address.to_string(),
                source,
            }
            .into()
        })
    }

    fn try_spread(self, config: &Limits) -> io::Result<Vec<Spare>> {
        let more = 1..config.workers;
        let mut all = Vec::with_capacity(config.workers);
        match self.kind {
            Listening::Tcp(tcp, bound) => {
                if bound {
                    SockRef::from(&tcp).set_reuse_port(true)?;
                }
                let tcp = tcp.into_std()?;
                for _ in more {
                    let another = if bound {
                        tcp_socket(tcp.local_addr()?, config)?
                    } else {
                        tcp.try_clone()?
                    };
                    all.push(Spare::Tcp(another));
                }
                all.push(Spare::Tcp(tcp));
            }
            Listening::Unix(unix, file) => {
                let unix = unix.into_std()?;
                for _ in more {
                    all.push(Spare::Unix(unix.try_clone()?, self.address.clone(), None));
                }
                all.push(Spare::Unix(unix, self.address, file));
            }
        }
        Ok(all)
    }

    /// The next connection.
    pub(in crate::server) fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Accepted>> {
        match &self.kind {
            Listening::Tcp(tcp, _) => tcp
                .poll_accept(cx)
                .map_ok(|(stream, client)| prepare(stream, client)),
            Listening::Unix(unix, _) => unix.poll_accept(cx).map_ok(|(stream, client)| Accepted {
                info: ConnectionInfo {
                    client: Some(Address::Unix(client.as_pathname().map(Into::into))),
                    server: Some(self.address.clone()),
                    ..ConnectionInfo::default()
                },
                stream: Stream::Unix(stream),
            }),
        }
    }
}

fn prepare(stream: TcpStream, client: SocketAddr) -> Accepted {
    // Small answers leave at once instead of waiting for the client's acknowledgement of the one before.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    let info = ConnectionInfo {
        scheme: Scheme::Http,
        client: Some(canonical(client)),
        server: stream.local_addr().ok().map(canonical),
        ..ConnectionInfo::default()
    };
    Accepted {
        stream: Stream::Tcp(stream),
        info,
    }
}

/// A client that came by IPv4 to a socket for both is known by its IPv4 address.
fn canonical(address: SocketAddr) -> Address {
    SocketAddr::new(address.ip().to_canonical(), address.port()).into()
}

fn tcp_socket(address: SocketAddr, config: &Limits) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        // `[::]` takes IPv4 too, whatever the system's default is.
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    socket.set_reuse_address(true)?;
    if config.workers > 0 {
        socket.set_reuse_port(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(i32::try_from(config.backlog).unwrap_or(i32::MAX))?;
    Ok(socket.into())
}

/// The descriptor of that number, as one of our own.
#[expect(
    unsafe_code,
    reason = "the standard library has no safe way from the number of a descriptor to what it stands for"
)]
fn duplicate(fd: i32) -> io::Result<OwnedFd> {
    // SAFETY: the number is used for one system call, which makes a copy of the descriptor, or fails where none is open.
    let borrowed = unsafe { std::os::fd::BorrowedFd::borrow_raw(fd) };
    borrowed.try_clone_to_owned()
}

/// How many descriptors systemd has passed to this very process
/// ([sd_listen_fds](https://www.freedesktop.org/software/systemd/man/latest/sd_listen_fds.html)).
fn passed_by_systemd() -> io::Result<i32> {
    let number = |name| std::env::var(name).ok()?.parse().ok();
    let is_ours = number("LISTEN_PID") == Some(i64::from(std::process::id()));
    match number("LISTEN_FDS") {
        Some(count @ 1..=1024) if is_ours => Ok(count as i32),
        _ => Err(io::Error::other(
            "systemd has passed no socket (LISTEN_FDS, LISTEN_PID)",
        )),
    }
}
