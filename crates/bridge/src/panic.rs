//! What a panic tells when it crosses a hop.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::Location;

/// The text of a panic, where it has one.
pub(crate) fn message(payload: &(dyn Any + Send)) -> &str {
    match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(message), _) => message,
        (None, Some(message)) => message,
        (None, None) => "no message",
    }
}

/// Logs where the code that awaited stands, beside what the panic hook has said of the code that panicked: neither backtrace alone tells the way from a
/// request to its panic. Backtraces are asked for as usual, by `RUST_BACKTRACE=1`.
#[cold]
pub(crate) fn crosses(payload: &(dyn Any + Send), location: &'static Location<'static>) {
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        tracing::error!(
            panic = message(payload),
            awaited_at = %location,
            %backtrace,
            "sync code panicked, and the panic goes on in the code that awaited it: this is that code's backtrace"
        );
    }
}
