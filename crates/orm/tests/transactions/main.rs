//! Transactions and connections: what they promise under every schedule that there is time for, and each of their options.

#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
#[allow(
    unused_imports,
    unused_macros,
    unreachable_pub,
    reason = "each test file uses what it needs"
)]
mod common;

mod connections;
mod contention;
mod deadlocks;
mod isolated;
mod schedules;
mod shaky;
