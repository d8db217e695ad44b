//! Who is woken when the transport is ready.

use std::{sync::Arc, task::Wake};

use atomic_waker::AtomicWaker;

/// The driver and the receiver may be two tasks, or a task and a thread, and either may read. So what the transport
/// wakes is both of them.
#[derive(Debug, Default)]
pub(super) struct Wakes {
    pub(super) driver: AtomicWaker,
    pub(super) receiver: AtomicWaker,
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.driver.wake();
        self.receiver.wake();
    }
}
