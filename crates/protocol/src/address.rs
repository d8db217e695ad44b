//! Where a client or a server is on the network.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    path::Path,
    sync::Arc,
};

/// One end of a connection.
///
/// That is an IP address and a port, or a unix socket; [`ip`](Self::ip) is `None` for an end that has none.
///
/// # Examples
///
/// ```
/// use std::net::SocketAddr;
/// use nuages_protocol::Address;
///
/// let address = Address::from(SocketAddr::from(([127, 0, 0, 1], 8000)));
/// assert_eq!(address.to_string(), "127.0.0.1:8000");
/// assert_eq!(address.port(), Some(8000));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Address {
    /// An IP address and a port, version 4 or 6.
    Inet(SocketAddr),
    /// A unix socket, and where it is in the file system. A client's socket has no name as a rule.
    Unix(Option<Arc<Path>>),
}

impl Address {
    /// The IP address, if this end has one.
    pub fn ip(&self) -> Option<IpAddr> {
        self.socket_addr().map(|address| address.ip())
    }

    /// The port, if this end has one.
    pub fn port(&self) -> Option<u16> {
        self.socket_addr().map(|address| address.port())
    }

    /// The address as the standard library writes it, if it is an IP address and a port.
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Inet(address) => Some(*address),
            Self::Unix(_) => None,
        }
    }

    /// The path of a unix socket that has one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Inet(_) => None,
            Self::Unix(path) => path.as_deref(),
        }
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Self::Inet(address)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inet(address) => address.fmt(f),
            Self::Unix(Some(path)) => write!(f, "unix:{}", path.display()),
            Self::Unix(None) => f.write_str("unix:"),
        }
    }
}
