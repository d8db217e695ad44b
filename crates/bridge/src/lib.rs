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
//! - [`Config`] bounds threads, queues and waits; the module [`deadlock`] refuses waits that can't end; [`stats`](stats()) shows what happens, and
//!   [`shutdown`](shutdown()) ends it.
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
//! There is no executor for async code here: futures run on tokio, and sync code on the bridge's own threads, never in tokio's pool for blocking
//! calls. There is no way to block an event loop: what would block is refused with
//! [`SynchronousOnlyOperation`], which names the operation and the fix.
//!
//! Who comes from asgiref will miss some mistakes, since they don't compile: async code under [`sync_to_async`] (its future is an unused one, which the
//! compiler warns of), sync code under [`async_to_sync`] (it is no future), values of a thread that are sent to another (they are not `Send`). There are
//! no decorators: a call is wrapped where it is made, and keeps its types. A process that forks after its first hop has none of the threads in the
//! child, as with any runtime of threads: start child processes by `std::process`, or fork before.

mod async_to_sync;
mod budget;
mod cancel;
mod config;
mod context;
mod counters;
mod deadline;
pub mod deadlock;
mod debug;
pub mod entry;
mod error;
mod frame;
mod home;
mod hops;
mod job;
mod local;
mod op;
mod panic;
mod parallel;
mod queue;
mod runtime;
mod scope;
mod scope_local;
mod seat;
mod shield;
mod shutdown;
mod slow;
mod stats;
mod sync;
mod sync_to_async;
mod threads;
mod wait;

pub use async_to_sync::async_to_sync;
pub use cancel::cancelled;
pub use config::{Config, ConfigError};
pub use context::{Context, ContextScope, spawn};
pub use deadline::Deadline;
pub use deadlock::DeadlockError;
pub use error::{BridgeError, SynchronousOnlyOperation};
pub use frame::{AsyncFrame, async_frame, may_block, sync_frame};
pub use hops::{Hops, count_hops, hops};
pub use local::{Local, LocalScope};
pub use op::{Op, OpFuture};
pub use scope::{SyncScope, SyncScopeFuture};
pub use scope_local::ScopeLocal;
pub use shield::{Shield, shield};
pub use shutdown::{Left, drain, shutdown};
pub use slow::{SLOW_POLL, report_slow_polls};
pub use stats::{Stats, Times, stats};
pub use sync_to_async::{Parallel, Sticky, SyncToAsync, SyncToAsyncFuture, Work, sync_to_async};
pub use threads::{MAX_THREADS, WAIT_TIME};

/// What the core promises, under every schedule that there is time for.
#[cfg(all(test, nuages_models))]
#[path = "../../../tests/models/src/models.rs"]
mod models;

/// The programs in the README run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
