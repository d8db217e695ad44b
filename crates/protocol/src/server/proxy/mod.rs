//! What proxies in front of the server say about their clients, and which of them are believed.

mod forwarded;
mod protocol;
mod trust;

pub use self::{
    forwarded::ForwardedHeaders,
    trust::{InvalidPeer, TrustedPeers},
};
pub(super) use self::{
    forwarded::{Trusted, forwarded},
    protocol::{Header, read_header},
};
