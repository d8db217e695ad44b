//! Sync code and async code as equal citizens of one program.
//!
//! Every function of a program is either sync or async, and a call from one kind to the other is where programs block an event loop, deadlock, or
//! lose track of whose request they serve. This crate is that crossing, and nothing else: it needs tokio and can be used in any tokio program.
//!
//! The names to know:
//!
//! - [`sync_to_async`] runs sync code for async callers: **sticky** by default, so that one request's sync code stays on one thread;
//!   [`parallel`](SyncToAsync::parallel) opts out.
//! - [`async_to_sync`] runs a future for a sync caller, on the caller's own thread, and lets the future send sticky work back to that thread.
//! - [`Op`] is a piece of I/O with both call styles: async code `.await`s it, sync code [`wait`](Op::wait)s for it.
//! - [`Context`] and [`Local`] carry what belongs to a request (its user, its transaction) through all of these.
//!
//! # Examples
//!
//! ```
//! use nuages_bridge::{async_to_sync, sync_to_async};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // A plain thread runs async code, and that runs sync code again: on the very thread that waits.
//! let here = std::thread::current().id();
//! let there = async_to_sync(async { sync_to_async(|| std::thread::current().id()).await })??;
//! assert_eq!(here, there);
//! # Ok(())
//! # }
//! ```
//!
//! # What is left out on purpose
//!
//! There is no executor for async code here: futures run on tokio. There is no way to block an event loop: what would block is refused with
//! [`SynchronousOnlyOperation`], which names the operation and the fix.

mod async_to_sync;
mod context;
pub mod entry;
mod error;
mod frame;
mod hops;
mod job;
mod local;
mod op;
mod parallel;
mod runtime;
mod scope;
mod seat;
mod sync_to_async;
mod threads;

pub use async_to_sync::async_to_sync;
pub use context::{Context, ContextScope, spawn};
pub use error::{BridgeError, SynchronousOnlyOperation};
pub use frame::{AsyncFrame, async_frame, may_block, sync_frame};
pub use hops::{Hops, count_hops, hops};
pub use job::cancelled;
pub use local::{Local, LocalScope};
pub use op::{Op, OpFuture};
pub use scope::{SyncScope, SyncScopeFuture};
pub use sync_to_async::{SyncToAsync, sync_to_async};
pub use threads::{MAX_THREADS, WAIT_TIME};
