//! What threads share and how they wait, all from one place: the standard library's in a program, those of [shuttle] in a model.
//!
//! A model (`cargo xtask models`) runs this very crate under thousands of schedules, one thread at a time. For that every lock, atomic, thread and
//! thread-local which a model is to see comes from here, and so does each static, of which every run of a model has its own. Time passes in a model when
//! the model says so. What comes from tokio's `sync` is one step of a model: tokio has its own models of it.
//!
//! [shuttle]: https://docs.rs/shuttle

#[cfg(nuages_models)]
pub(crate) mod model;

#[cfg(not(nuages_models))]
pub(crate) use std::{
    sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError, atomic, mpsc},
    thread, thread_local,
    time::Instant,
};

#[cfg(nuages_models)]
pub(crate) use model::{
    Condvar, Instant, LazyLock, Mutex, MutexGuard, PoisonError, atomic, mpsc, thread, thread_local,
};

/// Declares a static of the process; in a model, of each of its runs.
#[cfg(not(nuages_models))]
macro_rules! process {
    ($($(#[$attribute:meta])* static $name:ident: $type:ty = $value:expr;)+) => {
        $($(#[$attribute])* static $name: $type = $value;)+
    };
}

#[cfg(nuages_models)]
macro_rules! process {
    ($($(#[$attribute:meta])* static $name:ident: $type:ty = $value:expr;)+) => {
        $(shuttle::lazy_static! { $(#[$attribute])* static ref $name: $type = $value; })+
    };
}

pub(crate) use process;
