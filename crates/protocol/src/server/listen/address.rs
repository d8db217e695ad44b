//! Where to listen, as it is written.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    str::FromStr,
};

/// Where a server listens: an IP address or a name with a port, a unix socket, or a socket that was inherited.
///
/// # Examples
///
/// ```
/// use nuages_protocol::server::BindAddress;
///
/// for text in ["127.0.0.1:8000", "[::]:80", "localhost:8000", "unix:/run/shop.sock", "fd:3", "systemd"] {
///     assert_eq!(text.parse::<BindAddress>().unwrap().to_string(), text);
/// }
/// assert!("no port".parse::<BindAddress>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BindAddress {
    pub(super) kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Inet(SocketAddr),
    /// A name that is looked up, with its port.
    Name(String),
    Unix(PathBuf),
    /// A file descriptor.
    Inherited(i32),
    /// All file descriptors that systemd has passed.
    Systemd,
    /// A text that is no address; binding says so.
    Invalid(String),
}

/// A text that is no address to listen on.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{text}` is no address to listen on; write `127.0.0.1:8000`, `[::]:80`, `localhost:8000`, `unix:/path`, `fd:3` or `systemd`"
)]
pub struct InvalidAddress {
    pub(super) text: String,
}

fn parse(text: &str) -> Option<Kind> {
    if let Some(path) = text.strip_prefix("unix:") {
        return (!path.is_empty()).then(|| Kind::Unix(path.into()));
    }
    if let Some(number) = text.strip_prefix("fd:") {
        return number.parse().ok().filter(|&fd| fd >= 0).map(Kind::Inherited);
    }
    if text == "systemd" {
        return Some(Kind::Systemd);
    }
    if let Ok(address) = text.parse() {
        return Some(Kind::Inet(address));
    }
    let (name, port) = text.rsplit_once(':')?;
    let is_name = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    (is_name && port.parse::<u16>().is_ok()).then(|| Kind::Name(text.to_owned()))
}

impl FromStr for BindAddress {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        match parse(text.trim()) {
            Some(kind) => Ok(Self { kind }),
            None => Err(InvalidAddress {
                text: text.to_owned(),
            }),
        }
    }
}

/// A text that is no address is an error of binding.
impl From<&str> for BindAddress {
    fn from(text: &str) -> Self {
        Self {
            kind: parse(text.trim()).unwrap_or_else(|| Kind::Invalid(text.to_owned())),
        }
    }
}

impl From<String> for BindAddress {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<&String> for BindAddress {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<SocketAddr> for BindAddress {
    fn from(address: SocketAddr) -> Self {
        Self {
            kind: Kind::Inet(address),
        }
    }
}

impl<I: Into<IpAddr>> From<(I, u16)> for BindAddress {
    fn from(address: (I, u16)) -> Self {
        SocketAddr::from(address).into()
    }
}

impl From<PathBuf> for BindAddress {
    fn from(path: PathBuf) -> Self {
        Self {
            kind: Kind::Unix(path),
        }
    }
}

impl fmt::Display for BindAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Inet(address) => address.fmt(f),
            Kind::Name(text) | Kind::Invalid(text) => f.write_str(text),
            Kind::Unix(path) => write!(f, "unix:{}", path.display()),
            Kind::Inherited(fd) => write!(f, "fd:{fd}"),
            Kind::Systemd => f.write_str("systemd"),
        }
    }
}
