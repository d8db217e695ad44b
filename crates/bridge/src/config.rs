//! The settings of the process: how many threads, how long a queue, how long a wait, and what is reported.

use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use crate::threads::{IDLE_TIME, MAX_THREADS, WAIT_TIME};
use crate::{SLOW_POLL, debug, report_slow_polls};

/// Threads above the cap, for sync code inside of something that others wait for.
const RESERVED_THREADS: usize = 32;
/// Jobs that may wait for a thread.
const QUEUE_LENGTH: usize = 65_536;

/// The limits of the bridge in this process, and its debug mode: set once, before its first use.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use nuages_bridge::Config;
///
/// # fn main() -> Result<(), nuages_bridge::ConfigError> {
/// let limits = Config::new().max_threads(32).wait_time(Duration::from_secs(5));
/// limits.clone().install()?;
/// assert_eq!(Config::current(), limits);
/// assert!(Config::new().install().is_err(), "it is too late for another");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "limits count once they are installed"]
pub struct Config {
    pub(crate) max_threads: usize,
    pub(crate) max_parallel_threads: usize,
    pub(crate) reserved_threads: usize,
    pub(crate) wait_time: Duration,
    pub(crate) idle_time: Duration,
    pub(crate) queue_length: usize,
    debug: bool,
    slow_polls: SlowPolls,
}

/// Which polls are reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SlowPolls {
    /// In debug mode, those longer than [`SLOW_POLL`].
    ByDebug,
    Never,
    LongerThan(Duration),
}

static CONFIG: OnceLock<Config> = OnceLock::new();

/// The limits in force. From here on they can't be changed.
pub(crate) fn config() -> &'static Config {
    CONFIG.get_or_init(Config::default)
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_threads: MAX_THREADS,
            max_parallel_threads: MAX_THREADS,
            reserved_threads: RESERVED_THREADS,
            wait_time: WAIT_TIME,
            idle_time: IDLE_TIME,
            queue_length: QUEUE_LENGTH,
            debug: debug::in_environment(),
            slow_polls: SlowPolls::ByDebug,
        }
    }
}

impl Config {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The limits in force. Who asks has used them: they can't be changed afterwards.
    pub fn current() -> Self {
        config().clone()
    }

    /// How many scopes can have a thread for sticky sync code at once; [`MAX_THREADS`] by default.
    pub fn max_threads(mut self, threads: usize) -> Self {
        self.max_threads = threads;
        self
    }

    /// How many threads run [parallel](crate::SyncToAsync::parallel) sync code at most; [`MAX_THREADS`] by default.
    pub fn max_parallel_threads(mut self, threads: usize) -> Self {
        self.max_parallel_threads = threads;
        self
    }

    /// How many threads of each kind there may be above its maximum, for sync code inside of a [hold](crate::deadlock::Held::scope): so
    /// who holds what all others wait for can finish. 32 by default; none is allowed.
    pub fn reserved_threads(mut self, threads: usize) -> Self {
        self.reserved_threads = threads;
        self
    }

    /// How long sync code waits to be started before it is refused; [`WAIT_TIME`] by default.
    pub fn wait_time(mut self, time: Duration) -> Self {
        self.wait_time = time;
        self
    }

    /// How long a thread without work is kept; ten seconds by default.
    pub fn idle_time(mut self, time: Duration) -> Self {
        self.idle_time = time;
        self
    }

    /// How many scopes may wait for a thread, and how many parallel jobs; 65536 of each by default. Beyond, they are refused at once.
    pub fn queue_length(mut self, jobs: usize) -> Self {
        self.queue_length = jobs;
        self
    }

    /// Turns debug mode on or off, whatever the environment says; without this, `NUAGES_DEBUG=1` turns it on. It is for developers:
    ///
    /// - polls that block an event loop are reported (see [`slow_polls`](Self::slow_polls)),
    /// - an [`Op`](crate::Op) that is dropped before it ran is, with its name and where it was made,
    /// - what a task started by [`spawn`](crate::spawn) does not inherit is, such as a transaction.
    ///
    /// All of these are `tracing` warnings. While it is off they cost nothing, in debug builds too.
    pub fn debug(mut self, on: bool) -> Self {
        self.debug = on;
        self
    }

    /// Reports polls that take longer than this, or none. Without this, debug mode reports those longer than [`SLOW_POLL`]. What is reported, and how, is
    /// said at [`report_slow_polls`], which changes it in a running program.
    pub fn slow_polls(mut self, longer_than: impl Into<Option<Duration>>) -> Self {
        self.slow_polls = longer_than.into().map_or(SlowPolls::Never, SlowPolls::LongerThan);
        self
    }

    /// Puts the limits in force.
    ///
    /// # Errors
    ///
    /// Where a limit is zero that can't be, and where the bridge was used or configured before.
    pub fn install(self) -> Result<(), ConfigError> {
        let zero = [
            ("max_threads", self.max_threads == 0),
            ("max_parallel_threads", self.max_parallel_threads == 0),
            ("wait_time", self.wait_time.is_zero()),
            ("idle_time", self.idle_time.is_zero()),
            ("queue_length", self.queue_length == 0),
        ];
        if let Some((name, _)) = zero.iter().find(|(_, zero)| *zero) {
            return Err(ConfigError(Problem::Zero(name)));
        }
        let (debug, slow_polls) = (self.debug, self.slow_polls);
        CONFIG.set(self).map_err(|_| ConfigError(Problem::TooLate))?;
        debug::set(debug);
        report_slow_polls(match slow_polls {
            SlowPolls::ByDebug => debug.then_some(SLOW_POLL),
            SlowPolls::Never => None,
            SlowPolls::LongerThan(limit) => Some(limit),
        });
        Ok(())
    }
}

impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} sticky threads, {} parallel ones, {} more of each for holders, a queue of {} jobs, a wait of {:?}",
            self.max_threads,
            self.max_parallel_threads,
            self.reserved_threads,
            self.queue_length,
            self.wait_time
        )
    }
}

/// Why limits were not put in force.
#[derive(Debug)]
pub struct ConfigError(Problem);

#[derive(Debug)]
enum Problem {
    Zero(&'static str),
    TooLate,
}

impl ConfigError {
    /// Whether the bridge was used or configured before.
    #[must_use]
    pub fn is_too_late(&self) -> bool {
        matches!(self.0, Problem::TooLate)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Problem::Zero(name) => write!(f, "`{name}` is zero: nothing could ever run"),
            Problem::TooLate => f.write_str(
                "the bridge was used or configured before: call `Config::install` once, at the start of the program",
            ),
        }
    }
}

impl std::error::Error for ConfigError {}
