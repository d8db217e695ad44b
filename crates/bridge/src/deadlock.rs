//! Waits that can't end, refused before they begin.
//!
//! Whoever hands out something scarce that is waited for (connections of a pool, the one writer of a database, a lock over a savepoint) describes it by a
//! [`Resource`]: its name and how many units it has. Who got a unit says so ([`Resource::hold`]) and runs what the release depends on
//! inside [`Held::scope`]. Who has to wait does so through [`Resource::wait`]. A wait that would close a circle of waits that nothing can end is
//! refused at once, with a [`DeadlockError`] that names both ends.
//!
//! What counts as inside a scope follows the [`Context`](crate::Context): the code of the scope's future, the sync code that it sends to threads, the
//! async code that this waits for, to any depth. What it [`spawn`](crate::spawn)s is outside: the scope can end without it. A thread
//! that waits for a future runs other sync code meanwhile, and can't go on before that code has returned; the graph knows this, too.
//!
//! A refusal is never a guess: all units of a resource must be held, and every one of these holders must itself be stuck inside its scope. A unit held
//! outside of any scope may come back at any time. What the graph can't see is that somebody will give up a wait, for a timeout or a
//! `select!`: wrap such a wait into [`may_give_up`].
//!
//! # Examples
//!
//! ```
//! use nuages_bridge::async_to_sync;
//! use nuages_bridge::deadlock::Resource;
//! use tokio::sync::Semaphore;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let pool = Semaphore::new(1);
//! let connections = Resource::new("the connections of the default database", 1);
//!
//! async_to_sync(async {
//!     let _permit = connections.wait(pool.acquire()).await.expect("one is free");
//!     let held = connections.hold("atomic");
//!     held.scope(async {
//!         // The only connection is held around this very code.
//!         let refused = connections.wait(pool.acquire()).await.expect_err("it could not end");
//!         assert!(refused.is_deadlock());
//!     })
//!     .await;
//! })?;
//! # Ok(())
//! # }
//! ```
//!
//! # Threads
//!
//! The threads that scopes lease are such a resource already: where all of them (the reserved ones, too) belong to scopes in which something waits for
//! what the caller of [`sync_to_async`](crate::sync_to_async) holds, that caller is refused at once and not after the wait time. The queue of a scope's thread needs no place in
//! the graph. Sync code that waits through the bridge runs what is queued behind it meanwhile, so that nobody waits for its end; behind any other wait, which the
//! bridge can't see, the queue's own watch gives up after the wait time and names what runs.
//!
//! The threads of [parallel](crate::SyncToAsync::parallel) code have no place in it either. Where all of them are busy, code for which one of them waits, to
//! any depth, runs on the very thread that waits; code inside of a hold has [reserved threads](crate::Config::reserved_threads); and all other code that
//! queues is given up after the wait time, with an error that names the code which has kept a thread for longest.
//!
//! # What it costs
//!
//! A hold is an allocation and a lock of its own resource. A wait that is granted at its first poll is not registered, and neither is one of code that
//! holds nothing and whose scope has no thread: it can't close a circle.

mod error;
mod graph;
mod hold;
mod wait;

pub use error::DeadlockError;
pub use hold::{Held, HeldScope, Holder, MayGiveUp, Resource, may_give_up};
pub use wait::Waiting;

pub(crate) use graph::refused;
pub(crate) use hold::{Node, enter_frame, leave_frame};
