//! What the core promises, under every schedule that there is time for.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cancellation;
mod deadlocks;
mod given_up;
mod hand_over;
mod lease;
mod migration;
mod parallel;
mod shutdown;
mod world;
