//! Sync code that keeps its thread.

use std::sync::mpsc;

use tokio::sync::oneshot;

/// Sync code that blocks until told, and the news that it runs.
pub(crate) fn blocker() -> (
    impl FnOnce() + Send + 'static,
    oneshot::Receiver<()>,
    mpsc::Sender<()>,
) {
    let (started, has_started) = oneshot::channel();
    let (go, gone) = mpsc::channel::<()>();
    let code = move || {
        let _ = started.send(());
        // A sender that is gone says go, too.
        let _ = gone.recv();
    };
    (code, has_started, go)
}
