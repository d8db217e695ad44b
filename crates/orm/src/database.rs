//! Databases: found through the `Context`, never passed by hand.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use nuages_bridge::{Local, LocalScope};

use crate::compiler::{Compiled, compile, syntax};
use crate::driver::{Answer, Call, Driver, RowSink, Sink};
use crate::pool::{Holder, Pool, Purpose};
use crate::query::{Explain, Select, Statement};
use crate::row::Placed;
use crate::transaction::{Level, TRANSACTION};
use crate::{Dialect, Error, Op, Result, Row};

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
        DatabaseOptions {
            source: Source::Url(url.into()),
            pool_size: POOL_SIZE,
            wait_time: WAIT_TIME,
        }
    }

    /// A database behind a driver of your own.
    pub fn with_driver(driver: Driver) -> DatabaseOptions {
        DatabaseOptions {
            source: Source::Driver(driver),
            pool_size: POOL_SIZE,
            wait_time: WAIT_TIME,
        }
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

    /// Waits until its connections are free, and closes them. Calls that come later get an error.
    ///
    /// # Errors
    ///
    /// They were not free within the wait time; the error names who holds one.
    pub fn close(&self) -> Op<'static, ()> {
        let pool = Arc::clone(&self.pool);
        Op::leaf("Database::close", async move { pool.close().await })
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

/// Connections in a pool.
const POOL_SIZE: u32 = 10;

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

/// How long a call waits for a connection, or for its turn.
const WAIT_TIME: Duration = Duration::from_secs(30);

/// How a database is connected to.
#[must_use]
pub struct DatabaseOptions {
    source: Source,
    pool_size: u32,
    wait_time: Duration,
}

enum Source {
    Url(String),
    Driver(Driver),
}

impl DatabaseOptions {
    /// How many connections there may be. 10 by default; at least 1.
    pub fn pool_size(mut self, connections: u32) -> Self {
        self.pool_size = connections;
        self
    }

    /// How long a call waits for a connection, or for its turn to write, before it fails with an error that names who holds them. 30 seconds by default.
    pub fn wait_time(mut self, wait_time: Duration) -> Self {
        self.wait_time = wait_time;
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
                Source::Url(url) => driver(&url)?,
                Source::Driver(driver) => driver,
            };
            let pool = Pool::new(driver, self.pool_size, self.wait_time);
            // One at once: a wrong URL is an error here, and not in the first request.
            drop(
                pool.lease(Purpose::Read, Holder::new("`Database::connect`", None))
                    .await?,
            );
            Ok(Database { pool })
        })
    }
}

impl fmt::Debug for DatabaseOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabaseOptions")
            .field("pool_size", &self.pool_size)
            .field("wait_time", &self.wait_time)
            .finish_non_exhaustive()
    }
}

fn driver(url: &str) -> Result<Driver> {
    let scheme = url.split_once(':').map_or(url, |(scheme, _)| scheme);
    match scheme {
        "sqlite" => sqlite(url),
        "postgres" | "postgresql" => postgres(url),
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
fn postgres(url: &str) -> Result<Driver> {
    Ok(Driver::Async(Arc::new(
        crate::driver::postgres::PostgresDriver::from_url(url)?,
    )))
}

#[cfg(not(feature = "postgres"))]
fn postgres(_url: &str) -> Result<Driver> {
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
}

impl Target {
    /// Looks into the `Context`: to be called when the call starts, not when it is made.
    pub(crate) fn find(using: Option<Database>) -> Result<Self> {
        let database = resolve(using)?;
        let level = TRANSACTION
            .get()
            .and_then(|innermost| Level::of(&innermost, &database));
        Ok(Self { database, level })
    }

    pub(crate) fn in_transaction(&self) -> bool {
        self.level.is_some()
    }

    pub(crate) async fn call(&self, call: Call, purpose: Purpose) -> Result<Answer> {
        self.database.pool.count_statement();
        let holder = Holder::new("a query", None);
        match &self.level {
            Some(level) => level.call(call, holder).await,
            None => self.database.pool.lease(purpose, holder).await?.call(call).await,
        }
    }

    /// Runs a statement whose rows go to a sink, and gives the sink back.
    pub(crate) async fn rows<S: Sink>(&self, call: Call, purpose: Purpose) -> Result<S> {
        let Answer::Rows(sink) = self.call(call, purpose).await? else {
            unreachable!("a driver answers what it was asked for")
        };
        match (sink as Box<dyn Any>).downcast::<S>() {
            Ok(sink) => Ok(*sink),
            Err(_) => unreachable!("the sink that comes back is the one that was sent"),
        }
    }

    pub(crate) async fn count(&self, call: Call, purpose: Purpose) -> Result<u64> {
        match self.call(call, purpose).await? {
            Answer::Count(count) => Ok(count),
            Answer::Rows(_) | Answer::Done => unreachable!("a driver answers what it was asked for"),
        }
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
}

fn prepare(using: Option<Database>, statement: Statement) -> Result<(Target, Compiled)> {
    let target = Target::find(using)?;
    let compiled = compile(target.database.dialect(), statement, target.in_transaction())?;
    Ok((target, compiled))
}

fn purpose(writes: bool) -> Purpose {
    if writes { Purpose::Write } else { Purpose::Read }
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
    let (
        target,
        Compiled {
            sql,
            values,
            places,
            writes,
        },
    ) = prepare(using, statement)?;
    let call = Call::rows(sql, values, Box::new(Decode::new(decode, places)));
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
