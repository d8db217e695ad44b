//! What an application still does after its responses.

use std::time::Duration;

use tokio::sync::watch;

/// Counts the tasks of an application, by the tokens that they hold.
#[derive(Debug)]
pub(super) struct Tasks {
    tokens: watch::Sender<()>,
}

/// Held by a task while it runs.
#[derive(Debug)]
pub(super) struct Token {
    _token: watch::Receiver<()>,
}

impl Tasks {
    pub(super) fn new() -> Self {
        Self {
            tokens: watch::Sender::new(()),
        }
    }

    pub(super) fn token(&self) -> Token {
        Token {
            _token: self.tokens.subscribe(),
        }
    }

    /// Waits until no task runs, but no longer than this.
    pub(super) async fn ended(&self, longest: Duration) {
        if tokio::time::timeout(longest, self.tokens.closed()).await.is_err() {
            tracing::warn!(
                tasks = self.tokens.receiver_count(),
                ?longest,
                "the application still works on answered requests; shutting it down nevertheless"
            );
        }
    }
}
