//! The one error of the crate.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use nuages_bridge::BridgeError;

use crate::meta::ModelMeta;

/// Any error, owned.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// A result of the ORM.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong between a query and its rows.
///
/// Ask with the `is_` methods; the text is for people and may change. What a driver or a hook reported is the [`source`](StdError::source).
///
/// # Examples
///
/// ```
/// use nuages_orm::Error;
///
/// let error = Error::unique_violation(["email"]);
/// assert!(error.is_integrity() && error.is_unique_violation());
/// assert_eq!(error.columns(), ["email"]);
/// ```
pub struct Error {
    // Boxed: a result is returned from every call, and its error is the rare case.
    kind: Box<Kind>,
}

/// Which rule of the schema a write broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// The value is there already.
    Unique,
    /// The row that is pointed to is not there, or one that is pointed to would go.
    ForeignKey,
    /// A check refuses the value.
    Check,
    /// The value is missing.
    NotNull,
    /// Any other, such as an exclusion constraint.
    Other,
}

/// Rows that keep others from being deleted.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldBy {
    model: &'static str,
    field: &'static str,
    keys: Vec<crate::Value>,
    more: bool,
}

impl HeldBy {
    pub(crate) fn new(
        model: &ModelMeta,
        field: &'static str,
        mut keys: Vec<crate::Value>,
        named: usize,
    ) -> Self {
        let more = keys.len() > named;
        keys.truncate(named);
        Self {
            model: model.name,
            field,
            keys,
            more,
        }
    }

    /// The model whose rows they are.
    #[must_use]
    pub fn model(&self) -> &'static str {
        self.model
    }

    /// The foreign key by which they hold others.
    #[must_use]
    pub fn field(&self) -> &'static str {
        self.field
    }

    /// The keys of the rows; of many, of the first ten.
    #[must_use]
    pub fn keys(&self) -> &[crate::Value] {
        &self.keys
    }
}

/// Writes which rows hold others.
struct Holding<'a>(&'a [HeldBy]);

impl fmt::Display for Holding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, held) in self.0.iter().enumerate() {
            f.write_str(if index > 0 { " and " } else { "" })?;
            write!(f, "`{}.{}` of ", held.model, held.field)?;
            for (index, key) in held.keys.iter().enumerate() {
                write!(f, "{}{}", if index > 0 { ", " } else { "" }, Key(key))?;
            }
            f.write_str(if held.more { ", and more" } else { "" })?;
        }
        Ok(())
    }
}

/// Writes a key as a person would.
struct Key<'a>(&'a crate::Value);

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            crate::Value::SmallInt(key) => key.fmt(f),
            crate::Value::Int(key) => key.fmt(f),
            crate::Value::BigInt(key) => key.fmt(f),
            crate::Value::Text(key) => write!(f, "{key:?}"),
            crate::Value::Uuid(key) => key.fmt(f),
            other => write!(f, "{other:?}"),
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum Kind {
    #[error("no {model} matches the query; ask with `.first()` where there may be none")]
    NotFound { model: &'static str },
    #[error(
        "more than one {model} matches the query; `.get(..)` wants exactly one, narrow it or take `.first()`"
    )]
    Multiple { model: &'static str },
    #[error("{}", Integrity(*violation, constraint.as_deref(), columns))]
    Integrity {
        violation: Violation,
        table: Option<String>,
        constraint: Option<String>,
        columns: Vec<String>,
        #[source]
        source: Option<BoxError>,
    },
    #[error(
        "rows of {model} can't be deleted: {} points to them and protects them; delete those rows first, or point them elsewhere",
        Holding(held)
    )]
    Held { model: &'static str, held: Vec<HeldBy> },
    #[error("{what} waited {waited:?} for {of}, in vain: held by {holders}; {fix}")]
    WaitTime {
        what: String,
        of: String,
        waited: Duration,
        holders: String,
        fix: &'static str,
    },
    #[error("the bridge between sync and async code refused")]
    Bridge(#[source] BridgeError),
    #[error(
        "an earlier statement of this transaction failed, so it can only be rolled back; wrap what may fail in an `atomic` of its own"
    )]
    TransactionBroken(#[source] BoxError),
    #[error(
        "the transaction of this call has ended; work that goes on after an `atomic` cannot use its transaction"
    )]
    TransactionEnded,
    #[error(
        "a durable `atomic` ({inner}) may not run inside another one ({outer}): its commit would not be final"
    )]
    NotDurable { inner: String, outer: String },
    #[error("{what} needs a transaction: call it inside `atomic(..)`")]
    NoTransaction { what: &'static str },
    #[error(
        "{inner} asks for {asked}, and is inside {outer}, which began without it: ask for it there, where the transaction begins"
    )]
    ModeInside {
        inner: String,
        asked: &'static str,
        outer: String,
    },
    #[error("{0}")]
    Contention(Contention, #[source] BoxError),
    #[error("the statement took longer than the database allows it, and was stopped")]
    Timeout(#[source] BoxError),
    #[error(
        "the connection was lost while the write was on its way, so it may have happened or not: look for it before it is done again"
    )]
    CommitUnknown(#[source] BoxError),
    #[error("an `on_commit_or_fail` hook failed; its transaction is committed")]
    Hook(#[source] BoxError),
    #[error("{what} is not to be had here: {fix}")]
    Unsupported { what: &'static str, fix: &'static str },
    #[error("the connection to the database failed")]
    Connection(#[source] BoxError),
    #[error("column {column} cannot be read: {problem}")]
    Decode { column: String, problem: String },
    #[error("a value for the database cannot be written: {0}")]
    Encode(String),
    #[error("{}", Refusals(.0))]
    Validation(Vec<FieldError>),
    #[error("{0}")]
    Configuration(String),
    #[error("the database is closed")]
    Closed,
    #[error("the database refused the statement")]
    Statement(#[source] BoxError),
    #[error(transparent)]
    Other(BoxError),
}

/// Why a value was refused before it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldError {
    /// The field; `None` where it is about several.
    pub field: Option<&'static str>,
    /// The reason, in a word: null, blank, choice, max_length, range, digits, slug, email, url, unique, unique_within, check, or a validator's own.
    pub code: &'static str,
    /// What people are told.
    pub message: String,
}

struct Refusals<'a>(&'a [FieldError]);

impl fmt::Display for Refusals<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is not valid")?;
        for (index, FieldError { field, message, .. }) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { ": " } else { "; " })?;
            match field {
                Some(field) => write!(f, "{field}: {message}")?,
                None => f.write_str(message)?,
            }
        }
        Ok(())
    }
}

/// How another transaction was in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Contention {
    #[error("another transaction changed what this one has read; run the transaction again")]
    Serialization,
    #[error("the database ended a deadlock between transactions with this one; run the transaction again")]
    Deadlock,
    #[error("what is wanted is locked by another transaction or program; run the transaction again")]
    Locked,
}

/// Writes which rule was broken, and where.
struct Integrity<'a>(Violation, Option<&'a str>, &'a [String]);

impl fmt::Display for Integrity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(violation, constraint, columns) = self;
        f.write_str(match violation {
            Violation::Unique => "there is a row with the same value already",
            Violation::ForeignKey => "a foreign key has no row to point to, or a row is still pointed to",
            Violation::Check => "a check of the model refuses the value",
            Violation::NotNull => "a value is missing",
            Violation::Other => "a constraint refuses the value",
        })?;
        match (columns, constraint) {
            ([], None) => Ok(()),
            ([], Some(constraint)) => write!(f, ": constraint {constraint}"),
            (columns, None) => write!(f, ": {}", columns.join(", ")),
            (columns, Some(constraint)) => write!(f, ": {} (constraint {constraint})", columns.join(", ")),
        }
    }
}

impl Error {
    fn new(kind: Kind) -> Self {
        Self { kind: Box::new(kind) }
    }

    pub(crate) fn validation(errors: Vec<FieldError>) -> Self {
        Self::new(Kind::Validation(errors))
    }

    /// Whether values were refused by `full_clean()` before they were written.
    #[must_use]
    pub fn is_validation(&self) -> bool {
        matches!(*self.kind, Kind::Validation(_))
    }

    /// What was refused, and why: for [`is_validation`](Self::is_validation).
    #[must_use]
    pub fn field_errors(&self) -> &[FieldError] {
        match &*self.kind {
            Kind::Validation(errors) => errors,
            _ => &[],
        }
    }

    /// The user's own error, as the result of an `atomic` or a hook. [`downcast_ref`](Self::downcast_ref) gives it back.
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_orm::Error;
    ///
    /// let error = Error::other(std::io::Error::other("no paper"));
    /// assert!(error.downcast_ref::<std::io::Error>().is_some());
    /// assert_eq!(error.to_string(), "no paper");
    /// ```
    pub fn other(error: impl Into<BoxError>) -> Self {
        Self::new(Kind::Other(error.into()))
    }

    /// A model's row that is not there.
    #[must_use]
    pub fn not_found(model: &'static str) -> Self {
        Self::new(Kind::NotFound { model })
    }

    /// More rows than the one asked for.
    #[must_use]
    pub fn multiple(model: &'static str) -> Self {
        Self::new(Kind::Multiple { model })
    }

    /// A unique violation as a database would report it: for tests, and for code that checks before it writes.
    #[must_use]
    pub fn unique_violation<C: Into<String>>(columns: impl IntoIterator<Item = C>) -> Self {
        let columns = columns.into_iter().map(Into::into).collect();
        Self::integrity(Violation::Unique, None, columns, None)
    }

    /// A column whose value has another shape than the program expects.
    #[must_use]
    pub fn decode(column: impl Into<String>, problem: impl fmt::Display) -> Self {
        Self::new(Kind::Decode {
            column: column.into(),
            problem: problem.to_string(),
        })
    }

    /// A value that the database has no place for.
    #[must_use]
    pub fn encode(problem: impl fmt::Display) -> Self {
        Self::new(Kind::Encode(problem.to_string()))
    }

    /// A connection that could not be made, or broke. For drivers.
    pub fn connection(source: impl Into<BoxError>) -> Self {
        Self::new(Kind::Connection(source.into()))
    }

    /// A statement that the database refused, for a reason that has no method of its own. For drivers.
    pub fn statement(source: impl Into<BoxError>) -> Self {
        Self::new(Kind::Statement(source.into()))
    }

    /// Something that another transaction or program has locked, and that was waited for in vain or not at all. For drivers.
    pub fn locked(source: impl Into<BoxError>) -> Self {
        Self::new(Kind::Contention(Contention::Locked, source.into()))
    }

    /// A transaction that does not fit the others that ran beside it. For drivers.
    pub fn serialization(source: impl Into<BoxError>) -> Self {
        Self::new(Kind::Contention(Contention::Serialization, source.into()))
    }

    /// A circle of transactions that wait for each other, which the database ended with this one. For drivers.
    pub fn deadlock(source: impl Into<BoxError>) -> Self {
        Self::new(Kind::Contention(Contention::Deadlock, source.into()))
    }

    /// A statement that the database stopped because it took too long. For drivers.
    pub fn timeout(source: impl Into<BoxError>) -> Self {
        Self::new(Kind::Timeout(source.into()))
    }

    /// A write whose answer was lost with the connection.
    pub(crate) fn commit_unknown(source: impl Into<BoxError>) -> Self {
        Self::new(Kind::CommitUnknown(source.into()))
    }

    pub(crate) fn hook(source: impl Into<BoxError>) -> Self {
        Self::new(Kind::Hook(source.into()))
    }

    pub(crate) fn unsupported(what: &'static str, fix: &'static str) -> Self {
        Self::new(Kind::Unsupported { what, fix })
    }

    /// A mistake in the settings, or in a model.
    #[must_use]
    pub fn configuration(problem: impl fmt::Display) -> Self {
        Self::new(Kind::Configuration(problem.to_string()))
    }

    /// A rule of the schema that a write broke. For drivers; of the constraint's name and its columns, what the database tells.
    #[must_use]
    pub fn integrity(
        violation: Violation,
        constraint: Option<String>,
        columns: Vec<String>,
        source: Option<BoxError>,
    ) -> Self {
        Self::new(Kind::Integrity {
            violation,
            table: None,
            constraint,
            columns,
            source,
        })
    }

    /// With the table whose rule was broken. For drivers.
    #[must_use]
    pub fn with_table(mut self, name: Option<String>) -> Self {
        if let (Kind::Integrity { table, .. }, Some(name)) = (&mut *self.kind, name) {
            *table = Some(name);
        }
        self
    }

    /// With what the database did not tell of a broken rule, and the model knows.
    pub(crate) fn of_model(mut self, model: &ModelMeta) -> Self {
        if let Kind::Integrity {
            violation,
            table,
            constraint,
            columns,
            ..
        } = &mut *self.kind
        {
            table.get_or_insert_with(|| model.table.to_owned());
            let rules = crate::schema::rules(model);
            let found = match (constraint.as_deref(), columns.is_empty()) {
                (Some(name), true) => rules.into_iter().find(|rule| rule.name == name),
                (None, false) => rules
                    .into_iter()
                    .find(|rule| rule.violation == *violation && rule.columns == *columns),
                _ => None,
            };
            if let Some(rule) = found {
                *constraint = Some(rule.name);
                *columns = rule.columns.into_iter().map(str::to_owned).collect();
            }
        }
        self
    }

    pub(crate) fn held(model: &'static str, held: Vec<HeldBy>) -> Self {
        Self::new(Kind::Held { model, held })
    }

    pub(crate) fn wait_time(
        what: String,
        of: String,
        waited: Duration,
        holders: String,
        fix: &'static str,
    ) -> Self {
        Self::new(Kind::WaitTime {
            what,
            of,
            waited,
            holders,
            fix,
        })
    }

    /// With what the failed statement said.
    pub(crate) fn transaction_broken(cause: &str) -> Self {
        Self::new(Kind::TransactionBroken(cause.into()))
    }

    pub(crate) fn transaction_ended() -> Self {
        Self::new(Kind::TransactionEnded)
    }

    pub(crate) fn not_durable(inner: String, outer: String) -> Self {
        Self::new(Kind::NotDurable { inner, outer })
    }

    pub(crate) fn mode_inside(inner: String, asked: &'static str, outer: String) -> Self {
        Self::new(Kind::ModeInside { inner, asked, outer })
    }

    pub(crate) fn no_transaction(what: &'static str) -> Self {
        Self::new(Kind::NoTransaction { what })
    }

    pub(crate) fn closed() -> Self {
        Self::new(Kind::Closed)
    }

    /// Whether the database said it, so that on PostgreSQL the transaction around the statement is lost.
    pub(crate) fn breaks_transaction(&self) -> bool {
        matches!(
            *self.kind,
            Kind::Integrity { .. }
                | Kind::Contention(..)
                | Kind::Timeout(_)
                | Kind::Connection(_)
                | Kind::Statement(_)
        )
    }

    /// Whether no row matched.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(*self.kind, Kind::NotFound { .. })
    }

    /// Whether more than one row matched, where one was asked for.
    #[must_use]
    pub fn is_multiple(&self) -> bool {
        matches!(*self.kind, Kind::Multiple { .. })
    }

    /// Whether a write broke a rule of the schema, of whichever kind.
    #[must_use]
    pub fn is_integrity(&self) -> bool {
        matches!(*self.kind, Kind::Integrity { .. } | Kind::Held { .. })
    }

    /// Whether a deletion was refused, since rows point to what would go and protect it (`Protect`, `Restrict`). [`held_by`](Self::held_by) names them.
    #[must_use]
    pub fn is_protected(&self) -> bool {
        matches!(*self.kind, Kind::Held { .. })
    }

    /// The rows that keep others from being deleted: one entry for each foreign key.
    #[must_use]
    pub fn held_by(&self) -> &[HeldBy] {
        match &*self.kind {
            Kind::Held { held, .. } => held,
            _ => &[],
        }
    }

    fn violates(&self, which: Violation) -> bool {
        matches!(*self.kind, Kind::Integrity { violation, .. } if violation == which)
    }

    /// Whether a value is there already that may be there once.
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        self.violates(Violation::Unique)
    }

    /// Whether a foreign key would point to nothing.
    #[must_use]
    pub fn is_foreign_key_violation(&self) -> bool {
        self.violates(Violation::ForeignKey) || self.is_protected()
    }

    /// Whether a check of the model refused a value.
    #[must_use]
    pub fn is_check_violation(&self) -> bool {
        self.violates(Violation::Check)
    }

    /// Whether NULL was written where a value has to be.
    #[must_use]
    pub fn is_not_null_violation(&self) -> bool {
        self.violates(Violation::NotNull)
    }

    /// The table whose rule was broken. MariaDB names it for foreign keys and checks only; for the statements of a model it is filled in.
    #[must_use]
    pub fn table(&self) -> Option<&str> {
        match &*self.kind {
            Kind::Integrity { table, .. } => table.as_deref(),
            _ => None,
        }
    }

    /// The name of the broken constraint.
    ///
    /// SQLite names checks only, MariaDB no NOT NULL. For the statements of a model the other names are filled in from its columns.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        match &*self.kind {
            Kind::Integrity { constraint, .. } => constraint.as_deref(),
            _ => None,
        }
    }

    /// The columns of the broken constraint.
    ///
    /// MariaDB names the constraint alone, and so does PostgreSQL for checks. For the statements of a model its columns are filled in.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        match &*self.kind {
            Kind::Integrity { columns, .. } => columns,
            _ => &[],
        }
    }

    /// Whether no connection, or no turn to write, became free within the wait time.
    #[must_use]
    pub fn is_pool_timeout(&self) -> bool {
        matches!(*self.kind, Kind::WaitTime { .. })
    }

    /// The bridge's own error, such as a `.wait()` on an event loop.
    #[must_use]
    pub fn bridge(&self) -> Option<&BridgeError> {
        match &*self.kind {
            Kind::Bridge(error) => Some(error),
            _ => None,
        }
    }

    /// Whether the bridge between sync and async code refused.
    #[must_use]
    pub fn is_bridge(&self) -> bool {
        matches!(*self.kind, Kind::Bridge(_))
    }

    /// Whether an earlier failure, or its end, keeps the transaction from being used.
    #[must_use]
    pub fn is_transaction_broken(&self) -> bool {
        matches!(*self.kind, Kind::TransactionBroken(_) | Kind::TransactionEnded)
    }

    /// Whether the call has to be made inside, or (a durable `atomic`) outside a transaction.
    #[must_use]
    pub fn is_transaction_required(&self) -> bool {
        matches!(
            *self.kind,
            Kind::NoTransaction { .. } | Kind::NotDurable { .. } | Kind::ModeInside { .. }
        )
    }

    /// Whether others were in the way, so that the same transaction may succeed when it is run again, as [`atomic_retry`](crate::atomic_retry) does: it is
    /// one of the three that follow.
    #[must_use]
    pub fn is_contention(&self) -> bool {
        matches!(*self.kind, Kind::Contention(..))
    }

    /// Whether the transaction does not fit the others that ran beside it.
    #[must_use]
    pub fn is_serialization_failure(&self) -> bool {
        matches!(*self.kind, Kind::Contention(Contention::Serialization, _))
    }

    /// Whether the database ended a circle of waiting transactions with this one.
    ///
    /// A circle that is found in this program, of connections that wait for each other, is an error of the [bridge](Self::bridge).
    #[must_use]
    pub fn is_deadlock(&self) -> bool {
        matches!(*self.kind, Kind::Contention(Contention::Deadlock, _))
    }

    /// Whether a lock was not to be had, at once or within the time that the database waits.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        matches!(*self.kind, Kind::Contention(Contention::Locked, _))
    }

    /// Whether the database stopped the statement because it took too long.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(*self.kind, Kind::Timeout(_))
    }

    /// Whether the connection could not be made, or broke: also [while a write was on its way](Self::is_commit_unknown).
    #[must_use]
    pub fn is_connection(&self) -> bool {
        matches!(
            *self.kind,
            Kind::Connection(_) | Kind::CommitUnknown(_) | Kind::Closed
        )
    }

    /// Whether the connection was lost while a COMMIT, or a write outside of a transaction, was on its way. It may have happened, so it is never done again
    /// by itself: give it a key that is unique, and look for that.
    #[must_use]
    pub fn is_commit_unknown(&self) -> bool {
        matches!(*self.kind, Kind::CommitUnknown(_))
    }

    /// Whether it comes from an [`on_commit_or_fail`](crate::on_commit_or_fail) hook: the transaction is committed.
    #[must_use]
    pub fn is_after_commit(&self) -> bool {
        matches!(*self.kind, Kind::Hook(_))
    }

    /// Whether the database has no such thing.
    #[must_use]
    pub fn is_unsupported(&self) -> bool {
        matches!(*self.kind, Kind::Unsupported { .. })
    }

    /// Whether it is the connection that is lost, and not the pool that is closed.
    pub(crate) fn is_lost(&self) -> bool {
        matches!(*self.kind, Kind::Connection(_))
    }

    /// Whether a column held a value of another shape than expected.
    #[must_use]
    pub fn is_decode(&self) -> bool {
        matches!(*self.kind, Kind::Decode { .. })
    }

    /// Whether the settings or a model are wrong.
    #[must_use]
    pub fn is_configuration(&self) -> bool {
        matches!(*self.kind, Kind::Configuration(_))
    }

    /// The user's own error, if it is one of type `E` (see [`other`](Self::other)).
    #[must_use]
    pub fn downcast_ref<E: StdError + 'static>(&self) -> Option<&E> {
        match &*self.kind {
            Kind::Other(error) => error.downcast_ref(),
            _ => None,
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.kind.source()
    }
}

impl From<BridgeError> for Error {
    fn from(error: BridgeError) -> Self {
        Self::new(Kind::Bridge(error))
    }
}
