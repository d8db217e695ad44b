//! The signals of the process that ask it to end.

use std::{
    fmt, io,
    task::{Context, Poll},
};

/// SIGINT and SIGTERM; Ctrl-C where there are no such signals.
pub(super) struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
}

impl Signals {
    pub(super) fn watch() -> io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
            })
        }
        #[cfg(windows)]
        {
            Ok(Self {
                interrupt: tokio::signal::windows::ctrl_c()?,
            })
        }
    }

    /// The name of the next signal.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<&'static str> {
        if let Poll::Ready(Some(())) = self.interrupt.poll_recv(cx) {
            return Poll::Ready("SIGINT");
        }
        #[cfg(unix)]
        if let Poll::Ready(Some(())) = self.terminate.poll_recv(cx) {
            return Poll::Ready("SIGTERM");
        }
        Poll::Pending
    }
}

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signals").finish_non_exhaustive()
    }
}
