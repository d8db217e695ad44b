//! What the soak and the stress test of the bridge share.

pub mod mix;
