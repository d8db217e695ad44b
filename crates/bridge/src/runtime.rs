//! The runtime for programs that have none.

use std::sync::OnceLock;

use tokio::runtime::{Builder, EnterGuard, Handle, Runtime};

static PROCESS: OnceLock<Runtime> = OnceLock::new();

/// A runtime of the process's own, made when it is first needed: one worker, for the I/O and the timers of futures that plain threads wait for.
pub(crate) fn process() -> &'static Handle {
    PROCESS
        .get_or_init(|| {
            Builder::new_multi_thread()
                .worker_threads(1)
                .thread_name("nuages-runtime")
                .enable_all()
                .build()
                .unwrap_or_else(|error| {
                    panic!("no runtime could be started for async code under a plain thread: {error}")
                })
        })
        .handle()
}

/// Enters the process's runtime where none is current.
pub(crate) fn ensure() -> Option<EnterGuard<'static>> {
    match Handle::try_current() {
        Ok(_) => None,
        Err(_) => Some(process().enter()),
    }
}
