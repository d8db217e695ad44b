//! Queries that are built once and run many times.

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};

use super::{Core, QuerySet};
use crate::compiler::Template;
use crate::database;
use crate::expression::Operand;
use crate::field_type::{FieldType, Primitive};
use crate::model::{Model, Reader, Record, Selected, one};
use crate::query::{Aggregate, Expr, Select};
use crate::{Error, Op, Result, Value};

/// A value that a [kept](QuerySet::keep) query gets each time it runs: it is compared as a value of the type `T` is.
pub struct Parameter<T> {
    index: usize,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Parameter<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Parameter<T> {}

impl<T> fmt::Debug for Parameter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Parameter").field(&self.index).finish()
    }
}

#[diagnostic::do_not_recommend]
impl<S, T: FieldType> Operand<S, T> for Parameter<T> {
    fn into_operand(self) -> Expr {
        Expr::Parameter(self.index, <T::Stored as Primitive>::KIND)
    }
}

/// The types of a kept query's parameters: a tuple of what columns hold.
#[diagnostic::on_unimplemented(
    message = "`{Self}` are no parameters of a query",
    label = "not a tuple of types that columns hold",
    note = "name a tuple, also for one parameter: `.keep::<(i64,), _>(|books, (author,)| ..)`"
)]
pub trait Parameters: Send + 'static {
    /// What stands for them in the query.
    type Slots;

    #[doc(hidden)]
    fn slots() -> Self::Slots;

    #[doc(hidden)]
    fn values(self) -> Vec<Value>;
}

macro_rules! parameters {
    ($($type:ident $index:tt),*) => {
        impl<$($type: FieldType),*> Parameters for ($($type,)*) {
            type Slots = ($(Parameter<$type>,)*);

            fn slots() -> Self::Slots {
                ($(Parameter::<$type> { index: $index, of: PhantomData },)*)
            }

            fn values(self) -> Vec<Value> {
                vec![$(crate::ColumnType::to_value(&self.$index)),*]
            }
        }
    };
}

parameters!(A 0);
parameters!(A 0, B 1);
parameters!(A 0, B 1, C 2);
parameters!(A 0, B 1, C 2, D 3);
parameters!(A 0, B 1, C 2, D 3, E 4);
parameters!(A 0, B 1, C 2, D 3, E 4, F 5);

/// A query whose SQL is written once, when it first runs, and that runs again with other values for its parameters: what [`keep`](QuerySet::keep) gives.
///
/// It can be a `static`, in a [`LazyLock`](std::sync::LazyLock), and be shared by all threads. The database, too, has prepared the statement once for each
/// connection.
#[must_use = "a kept query does nothing until one of its operations, such as `.all(..)`, is `.await`ed or `.wait()`ed for"]
pub struct Kept<S: Record, P> {
    core: Core,
    statements: Arc<Statements>,
    of: PhantomData<fn(P) -> S>,
}

/// A statement for each dialect.
pub(crate) type Dialects = [OnceLock<Template>; 3];

#[derive(Default)]
struct Statements {
    all: Dialects,
    first: Dialects,
    get: Dialects,
    count: Dialects,
    exists: Dialects,
}

impl<S: Record, P> Clone for Kept<S, P> {
    fn clone(&self) -> Self {
        Self {
            core: self.core.clone(),
            statements: Arc::clone(&self.statements),
            of: PhantomData,
        }
    }
}

impl<S: Record, P> fmt::Debug for Kept<S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Kept").field(&self.core.select).finish()
    }
}

impl<S: Record> QuerySet<S> {
    /// Keeps the query, to be run again and again with other values and without its SQL being written again: for hot paths.
    ///
    /// # Examples
    ///
    /// ```
    /// # use nuages_orm::prelude::*;
    /// # #[model] struct Book { id: i64, title: String, stock: i32 }
    /// # fn main() -> nuages_orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").wait()?;
    /// # nuages_orm::create_tables(&db, &[Book::meta()]).wait()?;
    /// # db.sync_scope(|| {
    /// # for (title, stock) in [("Nuages", 3), ("Minor Swing", 0), ("Belleville", 1)] { Book::create().title(title).stock(stock).wait()?; }
    /// use std::sync::LazyLock;
    /// use nuages_orm::Kept;
    ///
    /// static IN_STOCK: LazyLock<Kept<Book, (String, i32)>> = LazyLock::new(|| {
    ///     Book::objects().keep::<(String, i32), _>(|books, (title, least)| books.filter(|b| b.title.eq(title) & b.stock.ge(least)))
    /// });
    ///
    /// assert_eq!(IN_STOCK.all(("Nuages".to_owned(), 2)).wait()?.len(), 1);
    /// assert!(!IN_STOCK.exists(("Belleville".to_owned(), 2)).wait()?);
    /// # Ok(()) }) }
    /// ```
    pub fn keep<P: Parameters, T: Record<Model = S::Model>>(
        self,
        query: impl FnOnce(Self, P::Slots) -> QuerySet<T>,
    ) -> Kept<T, P> {
        Kept {
            core: query(self, P::slots()).into_core(),
            statements: Arc::new(Statements::default()),
            of: PhantomData,
        }
    }
}

impl<S: Record, P: Parameters> Kept<S, P> {
    /// The records. As [`QuerySet::all`].
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn all(&self, parameters: P) -> Op<'static, Vec<S>> {
        let kept = self.clone();
        Op::leaf(S::Model::OPERATIONS.all, async move {
            let statements = Arc::clone(&kept.statements);
            kept.records(&statements.all, parameters, Core::default_order)
                .await
        })
    }

    /// The first record, if there is one. As [`QuerySet::first`].
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn first(&self, parameters: P) -> Op<'static, Option<S>> {
        let kept = self.clone();
        Op::leaf(S::Model::OPERATIONS.first, async move {
            let statements = Arc::clone(&kept.statements);
            let first = |core: &mut Core| {
                core.some_order();
                core.slice(..1);
            };
            Ok(kept.records(&statements.first, parameters, first).await?.pop())
        })
    }

    /// The one record that the query has. As [`QuerySet::get`].
    ///
    /// # Errors
    ///
    /// [`is_not_found`](Error::is_not_found) if there is none, [`is_multiple`](Error::is_multiple) if there are more, and those of every query.
    #[track_caller]
    pub fn get(&self, parameters: P) -> Op<'static, S> {
        let kept = self.clone();
        Op::leaf(S::Model::OPERATIONS.get, async move {
            let statements = Arc::clone(&kept.statements);
            let two = |core: &mut Core| {
                core.select.order.clear();
                core.slice(..2);
            };
            one::<S::Model, _>(kept.records(&statements.get, parameters, two).await?)
        })
    }

    /// How many records there are.
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn count(&self, parameters: P) -> Op<'static, u64> {
        let kept = self.clone();
        Op::leaf(S::Model::OPERATIONS.count, async move {
            let statements = Arc::clone(&kept.statements);
            let count = |mut core: Core| {
                core.as_rows();
                core.select.columns = vec![Expr::Aggregate {
                    function: Aggregate::Count,
                    expr: None,
                    distinct: false,
                    filter: None,
                }];
                core.select
            };
            let decode = |reader: &mut Reader<'_>| reader.next::<i64>();
            let counted = kept.fetch(&statements.count, parameters, count, decode).await?;
            Ok(counted
                .first()
                .map_or(0, |count| u64::try_from(*count).unwrap_or(0)))
        })
    }

    /// Whether there is a record.
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn exists(&self, parameters: P) -> Op<'static, bool> {
        let kept = self.clone();
        Op::leaf(S::Model::OPERATIONS.exists, async move {
            let statements = Arc::clone(&kept.statements);
            let there = |mut core: Core| {
                core.slice(..1);
                core.select.columns = vec![Expr::Value(Value::Int(1))];
                core.select
            };
            let decode = |reader: &mut Reader<'_>| reader.next::<i32>();
            Ok(!kept
                .fetch(&statements.exists, parameters, there, decode)
                .await?
                .is_empty())
        })
    }

    async fn records(
        &self,
        statement: &Dialects,
        parameters: P,
        prepare: impl FnOnce(&mut Core),
    ) -> Result<Vec<S>> {
        let plan = self.core.take_plan();
        let select = |mut core: Core| {
            prepare(&mut core);
            core.select.columns = Selected::columns_of::<S>();
            core.select
        };
        let mut records = self.fetch(statement, parameters, select, S::decode).await?;
        if !plan.is_empty() {
            S::prefetch(&mut records, &plan).await?;
        }
        Ok(records)
    }

    async fn fetch<T: Send + 'static>(
        &self,
        statement: &Dialects,
        parameters: P,
        select: impl FnOnce(Core) -> Select,
        mut decode: impl FnMut(&mut Reader<'_>) -> Result<T> + Send + 'static,
    ) -> Result<Vec<T>> {
        if let Some(misuse) = self.core.misused() {
            return Err(Error::configuration(misuse));
        }
        let core = || select(self.core.clone());
        let decode = move |row: &dyn crate::Row| decode(&mut Reader::new(row));
        let (database, about) = (self.core.database(), (S::Model::meta(), self.core.select.lock));
        database::fetch_kept(database, about, statement, core, &parameters.values(), decode).await
    }
}
