//! Rust in a migration.

use std::fmt;
use std::sync::Arc;

use nuages_bridge::sync_to_async;
use nuages_orm::driver::BoxFuture;

use crate::Result;

/// What runs: a boxed future each time.
pub type RunRustFn = Arc<dyn Fn() -> BoxFuture<'static, Result<()>> + Send + Sync>;

/// Runs Rust, for data that SQL alone does not move.
///
/// The code finds the database in its context, as all code does, and joins the migration's transaction. Its models are the ones of that point
/// of the history: declare them in the migration's file, with the columns that they have there, by `#[model(table = "book")] struct Book { .. }`. So what
/// the program's own models become later changes nothing here.
///
/// # Examples
///
/// ```
/// use nuages_migrations::{Migration, RunRust};
/// use nuages_orm::prelude::*;
///
/// #[model(table = "book")]
/// struct Book {
///     id: i64,
///     title: String,
/// }
///
/// let migration = Migration::new("0002_trim_titles").operation(
///     RunRust::new("trim the titles", async || {
///         for mut book in Book::objects().all().await? {
///             book.title = book.title.trim().to_owned();
///             book.save().await?;
///         }
///         Ok(())
///     })
///     .reverse_nothing(),
/// );
/// # assert_eq!(migration.name(), "0002_trim_titles");
/// ```
#[derive(Clone)]
pub struct RunRust {
    pub(crate) what: String,
    pub(crate) forward: RunRustFn,
    pub(crate) backward: Option<RunRustFn>,
    pub(crate) elidable: bool,
}

impl RunRust {
    /// Async code, and what it does in a few words.
    pub fn new<F, Fut>(what: impl Into<String>, code: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        Self::of(what.into(), Arc::new(move || Box::pin(code())))
    }

    /// Sync code, which may block.
    pub fn sync<F>(what: impl Into<String>, code: F) -> Self
    where
        F: Fn() -> Result<()> + Send + Sync + 'static,
    {
        Self::of(what.into(), blocking(code))
    }

    fn of(what: String, forward: RunRustFn) -> Self {
        Self {
            what,
            forward,
            backward: None,
            elidable: false,
        }
    }

    /// Async code that takes it back.
    #[must_use]
    pub fn reverse<F, Fut>(mut self, code: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        self.backward = Some(Arc::new(move || Box::pin(code())));
        self
    }

    /// Sync code that takes it back.
    #[must_use]
    pub fn reverse_sync<F>(mut self, code: F) -> Self
    where
        F: Fn() -> Result<()> + Send + Sync + 'static,
    {
        self.backward = Some(blocking(code));
        self
    }

    /// Nothing has to be done to take it back.
    #[must_use]
    pub fn reverse_nothing(mut self) -> Self {
        self.backward = Some(Arc::new(|| Box::pin(async { Ok(()) })));
        self
    }

    /// A squashed migration may leave it out.
    #[must_use]
    pub fn elidable(mut self) -> Self {
        self.elidable = true;
        self
    }

    pub(super) fn describe(&self) -> String {
        format!("Run Rust: {}", self.what)
    }
}

fn blocking<F>(code: F) -> RunRustFn
where
    F: Fn() -> Result<()> + Send + Sync + 'static,
{
    let code = Arc::new(code);
    Arc::new(move || {
        let code = Arc::clone(&code);
        Box::pin(async move { sync_to_async(move || code()).await? })
    })
}

impl fmt::Debug for RunRust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunRust")
            .field("what", &self.what)
            .finish_non_exhaustive()
    }
}

/// The same code is equal; another closure is not.
impl PartialEq for RunRust {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.forward, &other.forward)
    }
}
