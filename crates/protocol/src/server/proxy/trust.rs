//! Which peers are proxies that tell the truth.

use std::{fmt, net::IpAddr, str::FromStr};

use ipnet::IpNet;

use crate::Address;

/// Which peers are believed when they say for whom they speak: addresses, networks, unix sockets, or all.
///
/// # Examples
///
/// ```
/// use nuages_protocol::server::TrustedPeers;
///
/// let trusted = TrustedPeers::new(["127.0.0.1", "10.0.0.0/8", "fd00::/8"]).unwrap();
/// assert!(trusted.trusts("10.1.2.3".parse().unwrap()));
/// assert!(!trusted.trusts("192.0.2.1".parse().unwrap()));
/// assert!(TrustedPeers::new(["everybody"]).is_err());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedPeers {
    networks: Vec<IpNet>,
    unix: bool,
    all: bool,
}

/// A text that names no peers.
#[derive(Debug, thiserror::Error)]
#[error("`{text}` names no peer to trust; write an address, a network (`10.0.0.0/8`), `unix` or `*`")]
pub struct InvalidPeer {
    text: String,
}

impl TrustedPeers {
    /// Trusts those that are named: an address, a network, `unix` for whoever comes by a unix socket, `*` for everybody.
    ///
    /// Trust everybody only where nobody but the proxy can connect.
    ///
    /// # Errors
    ///
    /// If a name is none of these.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidPeer> {
        let mut trusted = Self::default();
        for name in names {
            match name.trim() {
                "*" => trusted.all = true,
                "unix" => trusted.unix = true,
                name => trusted.networks.push(network(name).ok_or_else(|| InvalidPeer {
                    text: name.to_owned(),
                })?),
            }
        }
        Ok(trusted)
    }

    /// Whether an IP address is trusted.
    pub fn trusts(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.all || self.networks.iter().any(|network| network.contains(&ip))
    }

    /// Whether nobody is.
    pub fn is_empty(&self) -> bool {
        !self.all && !self.unix && self.networks.is_empty()
    }

    pub(in crate::server) fn trusts_peer(&self, peer: Option<&Address>) -> bool {
        match peer {
            Some(Address::Unix(_)) => self.all || self.unix,
            Some(Address::Inet(address)) => self.trusts(address.ip()),
            None => self.all,
        }
    }
}

fn network(name: &str) -> Option<IpNet> {
    if let Ok(ip) = name.parse::<IpAddr>() {
        return Some(ip.to_canonical().into());
    }
    IpNet::from_str(name).ok().map(|network| network.trunc())
}

impl fmt::Display for TrustedPeers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names: Vec<_> = self.networks.iter().map(ToString::to_string).collect();
        names.extend(self.unix.then(|| "unix".to_owned()));
        names.extend(self.all.then(|| "*".to_owned()));
        f.write_str(&names.join(","))
    }
}
