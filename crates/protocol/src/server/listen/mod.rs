//! Where connections come from: addresses, and the sockets that listen on them.

mod address;
mod listener;
mod stream;
mod unix;

pub use self::address::{BindAddress, InvalidAddress};
pub(super) use self::{
    listener::{Listener, Spare},
    stream::Stream,
};
use crate::ConnectionInfo;

/// A connection that was just accepted.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) stream: Stream,
    pub(super) info: ConnectionInfo,
}

/// How long to wait when the system has no room for another connection.
pub(super) const FULL: std::time::Duration = std::time::Duration::from_millis(250);
