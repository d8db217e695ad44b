//! The [PROXY protocol](https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt): a header before everything else, in
//! which a proxy that forwards bytes says for whom.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// How version 2 begins.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// How version 1 begins.
const NAME: &[u8] = b"PROXY ";
/// The longest header of version 1, with its line end.
const MAX_LINE: usize = 107;
/// The longest header of version 2 that is read: addresses, and a lot of room for what isn't used.
const MAX_BLOCK: usize = 4096;

/// What a proxy has said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server) enum Header {
    /// The proxy speaks for itself, as when it looks whether the server is up; or for a peer that has no IP address.
    Own,
    /// The proxy forwards what comes from `source`, who wanted to reach `destination`.
    For {
        source: SocketAddr,
        destination: SocketAddr,
    },
}

/// Bytes that are no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the connection does not begin with a header of the PROXY protocol")]
pub(in crate::server) struct NoHeader;

/// Reads a header off the beginning of a connection, and gives what else was read.
pub(in crate::server) async fn read_header<I: AsyncRead + Unpin>(io: &mut I) -> io::Result<(Header, Bytes)> {
    let mut read = BytesMut::with_capacity(256);
    loop {
        match parse(&read) {
            Ok(Some((header, length))) => return Ok((header, read.split_off(length).freeze())),
            Ok(None) if io.read_buf(&mut read).await? == 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(None) => {}
            Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
        }
    }
}

/// The header at the beginning of some bytes and its length; `None` if more bytes are needed to tell.
pub(in crate::server) fn parse(bytes: &[u8]) -> Result<Option<(Header, usize)>, NoHeader> {
    if begins(bytes, &SIGNATURE) {
        binary(bytes)
    } else if begins(bytes, NAME) {
        line(bytes)
    } else {
        Err(NoHeader)
    }
}

fn begins(bytes: &[u8], with: &[u8]) -> bool {
    let common = bytes.len().min(with.len());
    bytes[..common] == with[..common]
}

fn line(bytes: &[u8]) -> Result<Option<(Header, usize)>, NoHeader> {
    let window = &bytes[..bytes.len().min(MAX_LINE)];
    let Some(end) = window.windows(2).position(|pair| pair == b"\r\n") else {
        return if bytes.len() < MAX_LINE {
            Ok(None)
        } else {
            Err(NoHeader)
        };
    };
    let text = std::str::from_utf8(&bytes[..end]).map_err(|_not_text| NoHeader)?;
    let mut fields = text.split(' ').skip(1);
    let header = match fields.next() {
        Some("UNKNOWN") => Header::Own,
        Some("TCP4") => addresses::<Ipv4Addr>(fields).ok_or(NoHeader)?,
        Some("TCP6") => addresses::<Ipv6Addr>(fields).ok_or(NoHeader)?,
        _ => return Err(NoHeader),
    };
    Ok(Some((header, end + 2)))
}

fn addresses<'a, I>(mut fields: impl Iterator<Item = &'a str>) -> Option<Header>
where
    I: std::str::FromStr + Into<IpAddr>,
{
    let mut address = || fields.next()?.parse::<I>().ok();
    let (source, destination) = (address()?, address()?);
    let mut port = || {
        fields
            .next()
            .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?
            .parse()
            .ok()
    };
    let (from, to) = (port()?, port()?);
    fields.next().is_none().then(|| Header::For {
        source: SocketAddr::new(source.into(), from),
        destination: SocketAddr::new(destination.into(), to),
    })
}

fn binary(bytes: &[u8]) -> Result<Option<(Header, usize)>, NoHeader> {
    let Some((head, rest)) = bytes.split_at_checked(16) else {
        return Ok(None);
    };
    let length = usize::from(u16::from_be_bytes([head[14], head[15]]));
    if head[12] >> 4 != 2 || length > MAX_BLOCK {
        return Err(NoHeader);
    }
    let Some(block) = rest.get(..length) else {
        return Ok(None);
    };
    let header = match (head[12] & 0x0f, head[13]) {
        (1, 0x11) => block4(block).ok_or(NoHeader)?,
        (1, 0x21) => block6(block).ok_or(NoHeader)?,
        // The proxy itself; or a family or a transport that has no place here.
        (0 | 1, _) => Header::Own,
        _ => return Err(NoHeader),
    };
    Ok(Some((header, 16 + length)))
}

fn block4(block: &[u8]) -> Option<Header> {
    let (source, rest) = block.split_first_chunk::<4>()?;
    let (destination, rest) = rest.split_first_chunk::<4>()?;
    ports(
        Ipv4Addr::from(*source).into(),
        Ipv4Addr::from(*destination).into(),
        rest,
    )
}

fn block6(block: &[u8]) -> Option<Header> {
    let (source, rest) = block.split_first_chunk::<16>()?;
    let (destination, rest) = rest.split_first_chunk::<16>()?;
    ports(
        Ipv6Addr::from(*source).into(),
        Ipv6Addr::from(*destination).into(),
        rest,
    )
}

fn ports(source: IpAddr, destination: IpAddr, rest: &[u8]) -> Option<Header> {
    let (from, rest) = rest.split_first_chunk::<2>()?;
    let (to, _) = rest.split_first_chunk::<2>()?;
    Some(Header::For {
        source: SocketAddr::new(source, u16::from_be_bytes(*from)),
        destination: SocketAddr::new(destination, u16::from_be_bytes(*to)),
    })
}

#[cfg(test)]
mod tests;
