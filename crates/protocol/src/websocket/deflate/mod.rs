//! `permessage-deflate` (RFC 7692): what is agreed on, and the streams that compress and inflate.
//!
//! The streams are flate2's with zlib-rs below, which is written in Rust and can limit windows. Of the libraries for WebSockets,
//! tungstenite has no compression and gives no access to the bit that marks it; those that have it drive
//! the socket themselves, each for its own kind of stream and runtime clock, and none shares an encoded frame. So the
//! frames are our own (`codec`), tested against tungstenite, and this stands beside them.

mod offer;
mod stream;

#[cfg(feature = "server")]
pub(super) use self::offer::agree;
pub(super) use self::{
    offer::{Agreed, accepted, offer},
    stream::{Deflater, Inflated, Inflater, deflate_alone},
};

/// The largest window: 32 KiB.
pub(super) const MAX_WINDOW_BITS: u8 = 15;
/// The smallest that the library can compress for.
const MIN_WINDOW_BITS: u8 = 9;
