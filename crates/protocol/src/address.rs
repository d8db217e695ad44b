//! Where a client or a server is on the network.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

/// One end of a connection.
///
/// Today that is an IP address and a port. A unix socket will be another kind, which is why the address is
/// asked through methods: [`ip`](Self::ip) is `None` for an end that has none.
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
        }
    }
}
