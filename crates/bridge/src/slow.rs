//! Polls that keep an event loop from its other tasks, reported in debug mode.

use std::cell::Cell;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tracing::Span;

use crate::debug;

/// How long a poll may take before debug mode reports it.
///
/// A future that is polled well returns within microseconds; what takes this long holds up every other task of its thread.
pub const SLOW_POLL: Duration = Duration::from_millis(100);

/// The limit in nanoseconds.
static LIMIT: AtomicU64 = AtomicU64::new(UNKNOWN);
/// Nobody has asked for it yet.
const UNKNOWN: u64 = 0;
const OFF: u64 = u64::MAX;

thread_local! {
    /// What was reported already of the poll at hand: the innermost frame is the one to blame.
    static REPORTED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// Reports polls that take longer than this from now on, or none. Without this and [`Config::slow_polls`](crate::Config::slow_polls), debug mode reports
/// those longer than [`SLOW_POLL`].
///
/// A report is a `tracing` warning with the name of the task or the view, its file and line, the span in which it was polled and the duration. It
/// covers what the bridge polls: [`async_frame`](crate::async_frame) (the views and the middleware of the handler) and [`spawn`](crate::spawn). While it
/// is off, a poll pays for one relaxed load.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// nuages_bridge::report_slow_polls(Some(Duration::from_millis(20)));
/// ```
pub fn report_slow_polls(longer_than: Option<Duration>) {
    let limit = longer_than.map_or(OFF, |limit| {
        u64::try_from(limit.as_nanos()).map_or(OFF, |nanos| nanos.max(UNKNOWN + 1))
    });
    LIMIT.store(limit, Ordering::Relaxed);
}

/// As debug mode has it.
#[cold]
fn by_default() -> u64 {
    report_slow_polls(debug::is_on().then_some(SLOW_POLL));
    LIMIT.load(Ordering::Relaxed)
}

/// Polls, and reports a poll that took too long under this name and place.
pub(crate) fn watch<R>(
    name: &'static str,
    location: &'static Location<'static>,
    poll: impl FnOnce() -> R,
) -> R {
    let mut limit = LIMIT.load(Ordering::Relaxed);
    if limit == UNKNOWN {
        limit = by_default();
    }
    if limit == OFF {
        return poll();
    }
    let before = REPORTED.get();
    let started = Instant::now();
    let result = poll();
    let took = started.elapsed();
    let reported = REPORTED.get().saturating_sub(before);
    if took.saturating_sub(reported) >= Duration::from_nanos(limit) {
        REPORTED.set(before + took);
        report(name, location, took);
    }
    result
}

#[cold]
fn report(name: &'static str, location: &'static Location<'static>, took: Duration) {
    let span = Span::current();
    tracing::warn!(
        name,
        file = location.file(),
        line = location.line(),
        span = span.metadata().map(|metadata| metadata.name()),
        took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        "a poll blocked its event loop: move what blocks or computes for long into `sync_to_async(..)`"
    );
}
