//! Transactions: [`atomic`], and what the calls inside it find in their `Context`.
//!
//! The transaction of a piece of work is a chain of levels, one for each open `atomic`. The connection is in the slot of the innermost one: a
//! nested `atomic` takes it out of its parent's slot, keeps that slot locked while it is open, and puts the connection back. So statements of one
//! transaction queue for its connection, and what runs beside a savepoint waits until the savepoint has ended.

mod atomic;
mod body;
mod hooks;
mod isolated;
mod level;
mod pinned;
mod retry;

pub use self::atomic::{Atomic, atomic, set_rollback};
pub use self::body::{AsyncBody, Body, SyncBody};
pub use self::hooks::{AsyncHook, Hook, HookResult, SyncHook, on_commit, on_commit_or_fail};
pub use self::isolated::{isolated, isolated_sync, outside_isolation, outside_isolation_sync};
pub use self::pinned::{Pinned, pinned_connection};
pub use self::retry::{AtomicRetry, atomic_retry};
pub use crate::lease::Isolation;

pub(crate) use self::atomic::run_all;
pub(crate) use self::isolated::Isolated;
pub(crate) use self::level::{Level, TRANSACTION};
