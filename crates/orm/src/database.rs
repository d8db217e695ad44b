//! Databases: found through the `Context`, never passed by hand.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use nuages_bridge::{Local, LocalScope};
use tracing::Instrument as _;

use crate::compiler::{Compiled, compile, syntax, template};
use crate::driver::{Call, Driver, RowSink, Sink, Want};
use crate::meta::ModelMeta;
use crate::observe::Watch;
use crate::pool::{Holder, Limits, Pool, PoolStatus, Purpose};
use crate::query::{Explain, Lock, Select, Statement};
use crate::queryset::Dialects;
use crate::replicas::{Replicas, has_written, wrote};
use crate::router::{routed, routed_write};
use crate::row::Placed;
use crate::transaction::{Isolated, Level, TRANSACTION};
use crate::{Dialect, Error, Op, Result, Row, Value};

/// The database of a piece of work, where it has one of its own: a request's, a test's.
pub(crate) static DATABASE: Local<Database> = Local::new("database");

/// The database of everything else.
static DEFAULT: RwLock<Option<Database>> = RwLock::new(None);

/// A database with its pool of connections: a cheap handle.
///
/// Most code never sees one. A program connects and [makes it the default](Self::make_default); from then on each call finds it. Of several, in this
/// order, a call takes: the one given with `.using(&db)`, the one of the transaction around it, the one of the [scope](Self::scope) around it, the
/// default. (A scope that was opened inside a transaction comes before it.)
///
/// # Examples
///
/// ```
/// use nuages_orm::{Database, Result, raw};
///
/// # fn main() -> Result<()> {
/// let db = Database::connect("sqlite::memory:").wait()?;
/// let rows: Vec<(String,)> = raw("SELECT $1").bind("Nuages").using(&db).fetch().wait()?;
/// assert_eq!(rows, [("Nuages".to_owned(),)]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Database {
    pool: Arc<Pool>,
    replicas: Option<Arc<Replicas>>,
}

impl Database {
    /// Connects to the database of a URL, with the [default options](DatabaseOptions).
    ///
    /// - `sqlite:shop.sqlite3`, `sqlite:/var/lib/shop.sqlite3`: a file, made if it is not there.
    /// - `sqlite::memory:`: a database in memory that this handle's connections share, gone with them.
    /// - `postgres://user:password@host:port/name`
    /// - `mariadb://user:password@host:port/name`, or `mysql://..`. MySQL is not tested.
    ///
    /// # Errors
    ///
    /// The URL names no database that this build knows, or it cannot be reached.
    pub fn connect(url: impl Into<String>) -> Op<'static, Self> {
        Self::options(url).connect()
    }

    /// The options of a connection, to change before it is made.
    pub fn options(url: impl Into<String>) -> DatabaseOptions {
        DatabaseOptions::new(Source::Url(url.into()))
    }

    /// A database behind a driver of your own.
    pub fn with_driver(driver: Driver) -> DatabaseOptions {
        DatabaseOptions::new(Source::Driver(driver))
    }

    /// The database that a call made here would use.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn current() -> Result<Self> {
        resolve(None)
    }

    /// Makes it the database of all code that has no other, in the whole process.
    pub fn make_default(&self) {
        *DEFAULT.write().unwrap_or_else(PoisonError::into_inner) = Some(self.clone());
    }

    /// Makes it the database of a future, and of what that calls.
    pub fn scope<F: Future>(&self, future: F) -> LocalScope<F> {
        DATABASE.scope(self.clone(), future)
    }

    /// Makes it the database of sync code, and of what that calls.
    pub fn sync_scope<R>(&self, f: impl FnOnce() -> R) -> R {
        DATABASE.sync_scope(self.clone(), f)
    }

    /// The SQL that it speaks.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.pool.dialect()
    }

    /// Another handle of the same database, with one connection of its own that is opened when it is needed: for sessions that set something, or hold a lock.
    ///
    /// It is not equal to this one, and joins none of its transactions. [Close](Self::close) it at the end.
    #[must_use]
    pub fn separate(&self) -> Self {
        Self {
            pool: self.pool.separate(),
            replicas: None,
        }
    }

    /// Waits until its connections are free, and closes them. Calls that come later get an error.
    ///
    /// # Errors
    ///
    /// They were not free within the wait time; the error names who holds one.
    pub fn close(&self) -> Op<'static, ()> {
        let pool = Arc::clone(&self.pool);
        Op::leaf("Database::close", async move { pool.close().await })
    }

    /// How its connections are used at this moment.
    #[must_use]
    pub fn status(&self) -> PoolStatus {
        self.pool.status()
    }

    /// The same database, whose querysets read from copies of it: one after the other.
    ///
    /// Only reads of querysets outside of any transaction go there. What writes, an [`atomic`](crate::atomic) whole, `select_for_update` and hand-written SQL go
    /// to the primary; and so do the reads of a request that has written before, since a replica may be behind. (A request is what has this database as
    /// its hook; other code has [`primary`](Self::primary).) A replica that does not answer is passed over.
    #[must_use]
    pub fn with_replicas(&self, replicas: impl IntoIterator<Item = Self>) -> Self {
        let pools = replicas.into_iter().map(|replica| replica.pool).collect();
        Self {
            pool: Arc::clone(&self.pool),
            replicas: Replicas::new(pools),
        }
    }

    /// The same database without its replicas: for a read that must not be behind.
    #[must_use]
    pub fn primary(&self) -> Self {
        Self {
            pool: Arc::clone(&self.pool),
            replicas: None,
        }
    }

    pub(crate) fn pool(&self) -> &Arc<Pool> {
        &self.pool
    }
}

/// What a panic cuts off is closed, so a database is as it was.
impl std::panic::UnwindSafe for Database {}
impl std::panic::RefUnwindSafe for Database {}

/// Handles of the same pool are equal.
impl PartialEq for Database {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.pool, &other.pool)
    }
}

impl Eq for Database {}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the URL: it may hold a password.
        f.debug_struct("Database")
            .field("dialect", &self.dialect())
            .finish_non_exhaustive()
    }
}

impl Database {
    /// How many statements were sent to it since it was connected, without those that begin and end transactions. For tests that pin how many a view needs.
    ///
    /// # Examples
    ///
    /// ```
    /// # use nuages_orm::prelude::*;
    /// # #[model] struct Tag { id: i64, name: String }
    /// # fn main() -> nuages_orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").wait()?;
    /// # nuages_orm::create_tables(&db, &[Tag::meta()]).wait()?;
    /// let before = db.statements();
    /// Tag::objects().using(&db).all().wait()?;
    /// assert_eq!(db.statements() - before, 1);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.pool.statements()
    }
}

/// How a database is connected to.
#[must_use]
pub struct DatabaseOptions {
    source: Source,
    name: Option<String>,
    limits: Limits,
}

enum Source {
    Url(String),
    Driver(Driver),
}

impl DatabaseOptions {
    fn new(source: Source) -> Self {
        Self {
            source,
            name: None,
            limits: Limits {
                name: String::new(),
                size: 10,
                wait_time: Duration::from_secs(30),
                check_after: Duration::from_secs(30),
                idle_time: Some(Duration::from_mins(10)),
                lifetime: Some(Duration::from_mins(30)),
                slow_query: Some(Duration::from_secs(1)),
                log_values: false,
                transaction_pooling: false,
            },
        }
    }

    /// What errors and logs call it, where there are several. By default "the PostgreSQL database", and so on.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// How many connections there may be. 10 by default; at least 1.
    pub fn pool_size(mut self, connections: u32) -> Self {
        self.limits.size = connections;
        self
    }

    /// How long a call waits for a connection, or for its turn to write, before it fails with an error that names who holds them. 30 seconds by default.
    ///
    /// A new connection has as much time to be made.
    pub fn wait_time(mut self, wait_time: Duration) -> Self {
        self.limits.wait_time = wait_time;
        self
    }

    /// After how much idle time a connection is asked whether its other end is still there, before it is used. 30 seconds by default.
    pub fn check_after(mut self, idle: Duration) -> Self {
        self.limits.check_after = idle;
        self
    }

    /// After how much idle time a connection is closed. 10 minutes by default; `None` for never.
    ///
    /// A program without a runtime closes none of itself.
    pub fn idle_time(mut self, idle: impl Into<Option<Duration>>) -> Self {
        self.limits.idle_time = idle.into();
        self
    }

    /// How old a connection gets: one that is older is closed when it is given back, and a new one made. 30 minutes by default; `None` for no limit.
    pub fn lifetime(mut self, lifetime: impl Into<Option<Duration>>) -> Self {
        self.limits.lifetime = lifetime.into();
        self
    }

    /// How long a statement takes, with the time it waited, before a warning is logged that names its view. 1 second by default; `None` for no warnings.
    pub fn slow_query(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.limits.slow_query = time.into();
        self
    }

    /// Logs the values of statements too, in their spans. Off by default: they are your users' data.
    pub fn log_values(mut self) -> Self {
        self.limits.log_values = true;
        self
    }

    /// For a PostgreSQL behind a pooler that gives each transaction another connection: PgBouncer with `pool_mode = transaction`.
    ///
    /// No prepared statement is kept, each statement outside of an `atomic` is a transaction of its own (two round trips more), and
    /// [`pinned_connection`](crate::pinned_connection) is refused, since there are no sessions. PgBouncer wants `ignore_startup_parameters = extra_float_digits`.
    ///
    /// No test of ours runs behind a PgBouncer yet: try it with yours before you depend on it.
    pub fn transaction_pooling(mut self) -> Self {
        self.limits.transaction_pooling = true;
        self
    }

    /// Connects.
    ///
    /// # Errors
    ///
    /// The URL names no database that this build knows, or it cannot be reached.
    pub fn connect(self) -> Op<'static, Database> {
        Op::leaf("Database::connect", async move {
            let driver = match self.source {
                Source::Url(url) => driver(&url, self.limits.transaction_pooling)?,
                Source::Driver(driver) => driver,
            };
            let mut limits = self.limits;
            limits.name = self.name.unwrap_or_else(|| {
                let kind = match driver.dialect() {
                    Dialect::Sqlite => "SQLite",
                    Dialect::Postgres => "PostgreSQL",
                    Dialect::MariaDb => "MariaDB",
                };
                format!("the {kind} database")
            });
            let pool = Pool::new(driver, limits);
            // One at once: a wrong URL is an error here, and not in the first request.
            drop(
                pool.lease(Purpose::Read, Holder::new("Database::connect"))
                    .await?,
            );
            Ok(Database { pool, replicas: None })
        })
    }
}

impl fmt::Debug for DatabaseOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabaseOptions")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

pub(crate) fn driver(url: &str, transaction_pooling: bool) -> Result<Driver> {
    let scheme = url.split_once(':').map_or(url, |(scheme, _)| scheme);
    match scheme {
        "sqlite" => sqlite(url),
        "postgres" | "postgresql" => postgres(url, transaction_pooling),
        _ if transaction_pooling => Err(Error::configuration(
            "`transaction_pooling` is for PostgreSQL behind a pooler such as PgBouncer",
        )),
        "mariadb" | "mysql" => mariadb(url),
        // Not the whole URL: it may hold a password.
        scheme => Err(Error::configuration(format!(
            "`{scheme}:` is no database that nuages knows; write `sqlite:path/to/file.sqlite3`, `sqlite::memory:`, `postgres://user@host/name` or `mariadb://user@host/name`"
        ))),
    }
}

#[cfg(feature = "sqlite")]
fn sqlite(url: &str) -> Result<Driver> {
    let rest = url.strip_prefix("sqlite:").unwrap_or(url);
    Ok(Driver::Blocking(Arc::new(
        crate::driver::sqlite::SqliteDriver::from_url(rest)?,
    )))
}

#[cfg(not(feature = "sqlite"))]
fn sqlite(_url: &str) -> Result<Driver> {
    Err(Error::configuration(
        "this program was built without SQLite: turn on the feature `sqlite` of nuages-orm",
    ))
}

#[cfg(feature = "postgres")]
fn postgres(url: &str, pooled: bool) -> Result<Driver> {
    Ok(Driver::Async(Arc::new(
        crate::driver::postgres::PostgresDriver::from_url(url, pooled)?,
    )))
}

#[cfg(not(feature = "postgres"))]
fn postgres(_url: &str, _pooled: bool) -> Result<Driver> {
    Err(Error::configuration(
        "this program was built without PostgreSQL: turn on the feature `postgres` of nuages-orm",
    ))
}

#[cfg(feature = "mariadb")]
fn mariadb(url: &str) -> Result<Driver> {
    Ok(Driver::Async(Arc::new(
        crate::driver::mariadb::MariaDbDriver::from_url(url)?,
    )))
}

#[cfg(not(feature = "mariadb"))]
fn mariadb(_url: &str) -> Result<Driver> {
    Err(Error::configuration(
        "this program was built without MariaDB: turn on the feature `mariadb` of nuages-orm",
    ))
}

/// The database of a call.
pub(crate) fn resolve(using: Option<Database>) -> Result<Database> {
    if let Some(database) = using {
        return Ok(database);
    }
    let scoped = DATABASE.get();
    if let Some(level) = TRANSACTION.get()
        && level.scoped == scoped
    {
        return Ok(level.database.clone());
    }
    match scoped {
        Some(database) => Ok(database),
        None => DEFAULT.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(|| {
            Error::configuration(
                "there is no database here: connect with `Database::connect(url)` and call `.make_default()`, or name one with `.using(&db)`",
            )
        }),
    }
}

/// Where a statement runs: in a transaction, or on a connection of its own for as long as it takes.
pub(crate) struct Target {
    pub(crate) database: Database,
    level: Option<Arc<Level>>,
    /// What it is about, for errors and logs.
    model: Option<&'static str>,
}

impl Target {
    /// Looks into the `Context`: to be called when the call starts, not when it is made.
    pub(crate) fn find(using: Option<Database>) -> Result<Self> {
        let database = resolve(using)?;
        let level = TRANSACTION
            .get()
            .and_then(|innermost| Level::of(&innermost, &database));
        Ok(Self {
            database,
            level,
            model: None,
        })
    }

    /// Where a model's rows are written.
    pub(crate) fn of_writes(using: Option<Database>, model: &'static ModelMeta) -> Result<Self> {
        let using = using.or_else(|| routed_write(model));
        Ok(Self::find(using)?.about(model.name))
    }

    pub(crate) fn about(mut self, model: &'static str) -> Self {
        self.model = Some(model);
        self
    }

    /// Whether the code around has the connection for itself, and its session.
    pub(crate) fn is_pinned(&self) -> bool {
        self.level.as_ref().is_some_and(|level| level.is_pinned())
    }

    pub(crate) fn in_transaction(&self) -> bool {
        self.level.as_ref().is_some_and(|level| level.is_transaction())
    }

    /// Runs a statement; gives the number of rows that it changed or gave.
    async fn call(&self, call: &mut Call, purpose: Purpose) -> Result<u64> {
        let limits = self.database.pool.limits();
        self.database.pool.count_statement();
        let watch = Watch::new(limits, call);
        let result = self.run(call, purpose).instrument(watch.span.clone()).await;
        watch.ended(limits, call, &result);
        result
    }

    async fn run(&self, call: &mut Call, purpose: Purpose) -> Result<u64> {
        let holder = Holder::query(self.model);
        if purpose == Purpose::Write && self.database.replicas.is_some() {
            wrote();
        }
        if let Some(level) = &self.level {
            return level.call(call, holder).await;
        }
        if let Some(level) = Isolated::level(&self.database).await? {
            return level.call(call, holder).await;
        }
        if call.repeatable
            && let Some(replicas) = &self.database.replicas
            && !has_written()
        {
            // Where none answers, the primary has what they have.
            if let Some(result) = replicas.call(call, holder).await {
                return result;
            }
        }
        let pool = &self.database.pool;
        let mut lease = pool.lease(purpose, holder).await?;
        match lease.call(call).await {
            Err(error) if error.is_lost() && call.again() => {
                drop(lease);
                pool.lease(purpose, holder).await?.call(call).await
            }
            Err(error)
                if error.is_lost()
                    && purpose == Purpose::Write
                    && self.database.dialect() != Dialect::Sqlite =>
            {
                Err(Error::commit_unknown(error))
            }
            result => result,
        }
    }

    /// Runs a statement whose rows go to a sink, and gives the sink back.
    pub(crate) async fn rows<S: Sink>(&self, mut call: Call, purpose: Purpose) -> Result<S> {
        self.call(&mut call, purpose).await?;
        let Want::Rows(sink) = call.want else {
            unreachable!("a call for rows has a sink")
        };
        match (sink as Box<dyn Any>).downcast::<S>() {
            Ok(sink) => Ok(*sink),
            Err(_) => unreachable!("the sink that comes back is the one that was sent"),
        }
    }

    pub(crate) async fn count(&self, mut call: Call, purpose: Purpose) -> Result<u64> {
        self.call(&mut call, purpose).await
    }
}

/// Decodes rows where they lie.
pub(crate) struct Decode<T, D> {
    decode: D,
    rows: Vec<T>,
    places: Option<Box<[Option<u32>]>>,
}

impl<T, D> Decode<T, D> {
    pub(crate) fn new(decode: D, places: Option<Box<[Option<u32>]>>) -> Self {
        Self {
            decode,
            rows: Vec::new(),
            places,
        }
    }

    pub(crate) fn into_rows(self) -> Vec<T> {
        self.rows
    }
}

impl<T, D> RowSink for Decode<T, D>
where
    T: Send,
    D: FnMut(&dyn Row) -> Result<T> + Send,
{
    fn row(&mut self, row: &dyn Row) -> Result<()> {
        let decoded = match &self.places {
            None => (self.decode)(row),
            Some(places) => (self.decode)(&Placed { row, places }),
        };
        self.rows.push(decoded?);
        Ok(())
    }

    fn restart(&mut self) -> bool {
        self.rows.clear();
        true
    }
}

fn prepare(using: Option<Database>, statement: Statement) -> Result<(Target, Compiled)> {
    let model = statement.model();
    let using = using.or_else(|| routed(&statement));
    let target = Target::find(using)?.about(model.name);
    let compiled = compile(target.database.dialect(), statement, target.in_transaction())?;
    Ok((target, compiled))
}

fn purpose(writes: bool) -> Purpose {
    if writes { Purpose::Write } else { Purpose::Read }
}

/// Runs a query whose SQL is written once for each dialect, with values for its parameters.
///
/// Looks into the `Context` when it is first polled.
pub(crate) async fn fetch_kept<T, D>(
    using: Option<Database>,
    (model, lock): (&'static ModelMeta, Option<Lock>),
    statement: &Dialects,
    select: impl FnOnce() -> Select,
    parameters: &[Value],
    decode: D,
) -> Result<Vec<T>>
where
    D: FnMut(&dyn Row) -> Result<T> + Send + 'static,
    T: Send + 'static,
{
    let using = using.or_else(|| {
        let mut about = Select::from(model);
        about.lock = lock;
        routed(&Statement::Select(about))
    });
    let target = Target::find(using)?.about(model.name);
    let dialect = target.database.dialect();
    let slot = match dialect {
        Dialect::Sqlite => &statement[0],
        Dialect::Postgres => &statement[1],
        Dialect::MariaDb => &statement[2],
    };
    let template = match slot.get() {
        Some(template) => template,
        None => {
            let template = template(dialect, Statement::Select(select()))?;
            slot.get_or_init(|| template)
        }
    };
    let compiled = template.with(parameters, target.in_transaction())?;
    let call = Call::rows(
        compiled.sql,
        compiled.values,
        Box::new(Decode::new(decode, compiled.places)),
    );
    let sink: Result<Decode<T, D>> = target.rows(call, Purpose::Read).await;
    let sink = sink.map_err(|error| error.of_model(model))?;
    Ok(sink.into_rows())
}

/// Runs a statement and decodes its rows where they lie.
///
/// Looks into the `Context` when it is first polled.
pub(crate) async fn fetch<T, D>(using: Option<Database>, statement: Statement, decode: D) -> Result<Vec<T>>
where
    D: FnMut(&dyn Row) -> Result<T> + Send + 'static,
    T: Send + 'static,
{
    let model = statement.model();
    let locks = matches!(&statement, Statement::Select(select) if select.lock.is_some());
    let (
        target,
        Compiled {
            sql,
            values,
            places,
            writes,
        },
    ) = prepare(using, statement)?;
    let mut call = Call::rows(sql, values, Box::new(Decode::new(decode, places)));
    call.repeatable = !writes && !locks;
    let sink: Result<Decode<T, D>> = target.rows(call, purpose(writes)).await;
    let sink = sink.map_err(|error| error.of_model(model))?;
    Ok(sink.into_rows())
}

/// How a row of an explanation becomes a line.
type Show = Box<dyn FnMut(&dyn Row) -> Result<String> + Send>;

/// Asks how a query would be run.
pub(crate) async fn explain(using: Option<Database>, select: Select, explain: Explain) -> Result<String> {
    let (target, compiled) = prepare(using, Statement::Select(select))?;
    let dialect = target.database.dialect();
    let sql = syntax(dialect).explain(explain)? + &compiled.sql;
    let show = move |row: &dyn Row| match dialect {
        Dialect::Sqlite => show(row, row.len().saturating_sub(1)),
        Dialect::Postgres | Dialect::MariaDb => {
            let columns = (0..row.len()).map(|index| show(row, index));
            Ok(columns.collect::<Result<Vec<_>>>()?.join(" "))
        }
    };
    let sink = Decode::new(
        Box::new(show) as Box<dyn FnMut(&dyn Row) -> Result<String> + Send>,
        None,
    );
    let call = Call::rows(sql.into(), compiled.values, Box::new(sink));
    let shown: Decode<String, Show> = target.rows(call, Purpose::Read).await?;
    Ok(shown.into_rows().join("\n"))
}

/// A value of whatever type, as text.
fn show(row: &dyn Row, index: usize) -> Result<String> {
    if row.is_null(index)? {
        return Ok("-".to_owned());
    }
    if let Ok(Some(text)) = row.text(index) {
        return Ok(text.to_owned());
    }
    if let Ok(Some(number)) = row.int(index) {
        return Ok(number.to_string());
    }
    if let Ok(Some(number)) = row.float(index) {
        return Ok(number.to_string());
    }
    match row.json(index) {
        Ok(Some(json)) => Ok(json.to_string()),
        _ => Ok(row.decimal(index)?.unwrap_or_default().to_string()),
    }
}

type DecodeBools = fn(&dyn Row) -> Result<Vec<bool>>;

fn bools(row: &dyn Row) -> Result<Vec<bool>> {
    (0..row.len())
        .map(|index| Ok(row.bool(index)?.unwrap_or(true)))
        .collect()
}

/// Whether conditions hold that are of values alone.
pub(crate) async fn holds(
    using: Option<Database>,
    model: &'static crate::meta::ModelMeta,
    conditions: &[crate::query::Expr],
) -> Result<Vec<bool>> {
    let target = Target::find(using)?;
    let (sql, values) = crate::compiler::conditions(target.database.dialect(), model, conditions)?;
    let decode: DecodeBools = bools;
    let call = Call::rows(sql.into(), values, Box::new(Decode::new(decode, None)));
    let sink: Decode<Vec<bool>, DecodeBools> = target.rows(call, Purpose::Read).await?;
    Ok(sink.into_rows().pop().unwrap_or_default())
}

/// Runs a statement; gives the number of rows affected.
///
/// Looks into the `Context` when it is first polled.
pub(crate) async fn execute(using: Option<Database>, statement: Statement) -> Result<u64> {
    let model = statement.model();
    let (
        target,
        Compiled {
            sql, values, writes, ..
        },
    ) = prepare(using, statement)?;
    let count = target.count(Call::count(sql, values), purpose(writes)).await;
    count.map_err(|error| error.of_model(model))
}
