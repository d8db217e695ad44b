//! Where connections come from.

use std::{fmt, io, net::SocketAddr, time::Duration};

use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};

use super::error::{Error, Kind};
use crate::{Address, ConnectionInfo, Scheme};

/// How long to wait when the system has no room for another connection.
const FULL: Duration = Duration::from_millis(250);

/// A listening socket.
#[derive(Debug)]
pub(super) struct Listener {
    tcp: TcpListener,
    local_addr: SocketAddr,
}

impl Listener {
    pub(super) async fn bind(address: impl ToSocketAddrs + fmt::Debug) -> Result<Self, Error> {
        let name = format!("{address:?}");
        let bound = TcpListener::bind(address).await.and_then(Self::new);
        bound.map_err(|source| {
            Kind::Bind {
                address: name,
                source,
            }
            .into()
        })
    }

    fn new(tcp: TcpListener) -> io::Result<Self> {
        Ok(Self {
            local_addr: tcp.local_addr()?,
            tcp,
        })
    }

    pub(super) fn from_std(listener: std::net::TcpListener) -> Result<Self, Error> {
        let bound = listener
            .set_nonblocking(true)
            .and_then(|()| TcpListener::from_std(listener))
            .and_then(Self::new);
        bound.map_err(|source| {
            Kind::Bind {
                address: "the given listener".to_owned(),
                source,
            }
            .into()
        })
    }

    pub(super) fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// The next connection. A failure to accept one is never the end of the server: the client may have gone
    /// while it waited, or the process may be out of file descriptors until another connection ends.
    pub(super) async fn accept(&self) -> (TcpStream, ConnectionInfo) {
        loop {
            match self.tcp.accept().await {
                Ok((stream, client)) => return Self::prepare(stream, client),
                Err(error) if is_of_the_client(&error) => {
                    tracing::debug!(%error, "a client went away before it was accepted");
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection; trying again");
                    tokio::time::sleep(FULL).await;
                }
            }
        }
    }

    fn prepare(stream: TcpStream, client: SocketAddr) -> (TcpStream, ConnectionInfo) {
        // Small answers leave at once instead of waiting for the client's acknowledgement of the one before.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "cannot set TCP_NODELAY");
        }
        let info = ConnectionInfo {
            scheme: Scheme::Http,
            client: Some(Address::from(client)),
            server: stream.local_addr().ok().map(Address::from),
            ..ConnectionInfo::default()
        };
        (stream, info)
    }
}

fn is_of_the_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}
