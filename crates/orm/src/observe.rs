//! What happens, for those who look: a span for each statement, warnings, and counts for tests.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nuages_bridge::Local;
use tracing::Span;
use tracing::field::{Empty, debug};

use crate::Result;
use crate::driver::Call;
use crate::pool::Limits;

/// After so many times in one request, a statement is probably one that a loop runs for each row of another.
const MANY: u32 = 10;

/// The request around the code that runs.
pub(crate) static REQUEST: Local<Arc<RequestState>> = Local::new("database request");

/// The test around it that counts statements.
static COUNTED: Local<Arc<Mutex<Vec<String>>>> = Local::new("counted statements");

/// Whether this program ever counts: if not, nobody need look.
static COUNTING: AtomicBool = AtomicBool::new(false);

/// What is known of a request.
pub(crate) struct RequestState {
    view: Box<str>,
    /// It has written, and reads what it wrote from then on.
    pub(crate) written: AtomicBool,
    statements: Mutex<HashMap<u64, u32>>,
}

impl RequestState {
    #[cfg(feature = "views")]
    pub(crate) fn new(view: &str) -> Self {
        Self {
            view: view.into(),
            written: AtomicBool::new(false),
            statements: Mutex::default(),
        }
    }

    /// Whether the statement has just become one too many.
    fn is_one_too_many(&self, sql: &str) -> bool {
        let key = BuildHasherDefault::<DefaultHasher>::default().hash_one(sql);
        let mut statements = self.statements.lock().unwrap_or_else(PoisonError::into_inner);
        let count = statements.entry(key).or_default();
        *count += 1;
        *count == MANY
    }
}

/// Looks at one statement from its begin to its end.
pub(crate) struct Watch {
    pub(crate) span: Span,
    started: Instant,
}

impl Watch {
    pub(crate) fn new(limits: &Limits, call: &Call) -> Self {
        let span = tracing::debug_span!(
            target: "nuages_orm::statement",
            "statement",
            database = %limits.name,
            sql = %call.sql,
            values = Empty,
            rows = Empty,
            time = Empty,
        );
        if limits.log_values && !span.is_disabled() {
            span.record("values", debug(&call.values));
        }
        if COUNTING.load(Ordering::Relaxed)
            && let Some(counted) = COUNTED.get()
        {
            counted
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(call.sql.to_string());
        }
        Self {
            span,
            started: Instant::now(),
        }
    }

    pub(crate) fn ended(self, limits: &Limits, call: &Call, result: &Result<u64>) {
        let time = self.started.elapsed();
        if !self.span.is_disabled() {
            self.span.record("time", debug(time));
            if let Ok(rows) = result {
                self.span.record("rows", *rows);
            }
        }
        if limits.slow_query.is_some_and(|slow| time >= slow) {
            warn_slow(call, time);
        }
        // A count of each statement of each request is for those who write the program.
        if cfg!(debug_assertions)
            && let Some(request) = REQUEST.get()
            && request.is_one_too_many(&call.sql)
        {
            tracing::warn!(
                target: "nuages_orm::repeated_query",
                view = &*request.view,
                sql = %call.sql,
                "one request runs the same statement many times: load what a loop needs before it, with `select_related`, `prefetch_related` or one query"
            );
        }
    }
}

#[cold]
fn warn_slow(call: &Call, time: Duration) {
    let request = REQUEST.get();
    let view = request.as_ref().map_or("", |request| &*request.view);
    tracing::warn!(target: "nuages_orm::slow_query", view, sql = %call.sql, ?time, "a statement was slow");
}

/// The statements that code has run, in their order: what [`count_queries`] gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statements(Vec<String>);

impl Statements {
    /// How many there were.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there was none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Their SQL.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    fn assert(&self, expected: usize) {
        assert!(
            self.len() == expected,
            "{} statements where {expected} were expected:{self}",
            self.len()
        );
    }
}

impl fmt::Display for Statements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, sql) in self.0.iter().enumerate() {
            write!(f, "\n{:>3}. {sql}", index + 1)?;
        }
        Ok(())
    }
}

/// Runs a future, and gives the statements that it ran beside its output: its own, those of sync code that it called, of tasks that it
/// [spawned](nuages_bridge::spawn), and of the requests of a test client. The begin and end of transactions and savepoints are none.
pub async fn count_queries<F: Future>(future: F) -> (F::Output, Statements) {
    COUNTING.store(true, Ordering::Relaxed);
    let counted = Arc::<Mutex<Vec<String>>>::default();
    let output = COUNTED.scope(Arc::clone(&counted), future).await;
    (output, taken(&counted))
}

/// As [`count_queries`], for sync code.
pub fn count_queries_sync<R>(f: impl FnOnce() -> R) -> (R, Statements) {
    COUNTING.store(true, Ordering::Relaxed);
    let counted = Arc::<Mutex<Vec<String>>>::default();
    let output = COUNTED.sync_scope(Arc::clone(&counted), f);
    (output, taken(&counted))
}

fn taken(counted: &Mutex<Vec<String>>) -> Statements {
    let mut counted = counted.lock().unwrap_or_else(PoisonError::into_inner);
    Statements(std::mem::take(&mut *counted))
}

/// Asserts that a future runs so many statements, as [`count_queries`] counts them.
///
/// # Panics
///
/// There were more or fewer; the message lists them.
pub async fn assert_num_queries<F: Future>(expected: usize, future: F) -> F::Output {
    let (output, statements) = count_queries(future).await;
    statements.assert(expected);
    output
}

/// As [`assert_num_queries`], for sync code.
///
/// # Examples
///
/// ```
/// use nuages_orm::{Database, assert_num_queries_sync, raw};
///
/// # fn main() -> nuages_orm::Result<()> {
/// let db = Database::connect("sqlite::memory:").wait()?;
/// let rows = assert_num_queries_sync(1, || raw("SELECT 1").using(&db).fetch::<(i64,)>().wait())?;
/// assert_eq!(rows, [(1,)]);
/// # Ok(())
/// # }
/// ```
///
/// # Panics
///
/// There were more or fewer; the message lists them.
pub fn assert_num_queries_sync<R>(expected: usize, f: impl FnOnce() -> R) -> R {
    let (output, statements) = count_queries_sync(f);
    statements.assert(expected);
    output
}
