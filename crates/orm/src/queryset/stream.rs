//! Records in chunks, so that no more of them are in memory than a chunk has.
//!
//! Each chunk is a query of its own, which goes on behind the last record of the chunk before (keyset pagination): it works alike on every database, holds
//! no connection between two chunks, and costs the last chunk no more than the first.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, IntoFuture as _, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::{Core, QuerySet, Values};
use crate::compiler;
use crate::dynamic::read;
use crate::model::{Model, Reader, Record, Selected};
use crate::query::{Expr, Function, Nulls, Operator, Order, Select, SetOperator, both, own};
use crate::selection::Selection;
use crate::{Error, Kind, Op, Result, Value};

/// Records in a chunk, if nothing else is said: as many as in Django.
const CHUNK: u64 = 2_000;

impl<S: Record> QuerySet<S> {
    /// The records, one after the other, in async code. They are read in chunks, so that memory stays flat however many there are.
    ///
    /// Each chunk is a query of its own: in a transaction, others of it can be made in between; outside of one, a record that is changed meanwhile is seen as
    /// it is when its chunk is read. The query has to be ordered by columns, if it is; what it is ordered by should not change meanwhile.
    ///
    /// # Examples
    ///
    /// ```
    /// # use nuages_orm::prelude::*;
    /// # #[model] struct Tag { id: i64, name: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> nuages_orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # nuages_orm::create_tables(&db, &[Tag::meta()]).await?;
    /// # db.scope(async {
    /// # Tag::objects().bulk_create(["swing", "musette"].map(|name| Tag::create().name(name))).await?;
    /// let mut tags = Tag::objects().order_by(|t| t.name).stream().chunk_size(500);
    /// while let Some(tag) = tags.next().await {
    ///     println!("{}", tag?.name);
    /// }
    /// # Ok(()) }).await }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of every query, as an item, which is the last one; a configuration error for an order that is not one of columns, for a
    /// [`union_all`](Self::union_all), and where [`prefetch_related`](Self::prefetch_related) is asked for without a `chunk_size`: there is one query for each
    /// chunk.
    pub fn stream(&self) -> Records<S> {
        Records(self.chunks(), None)
    }

    /// The records, one after the other, in sync code. See [`stream`](Self::stream).
    ///
    /// # Examples
    ///
    /// ```
    /// # use nuages_orm::prelude::*;
    /// # #[model] struct Tag { id: i64, name: String }
    /// # fn main() -> nuages_orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").wait()?;
    /// # nuages_orm::create_tables(&db, &[Tag::meta()]).wait()?;
    /// # db.sync_scope(|| {
    /// # Tag::objects().bulk_create(["swing", "musette"].map(|name| Tag::create().name(name))).wait()?;
    /// for tag in Tag::objects().order_by(|t| t.name).iter() {
    ///     println!("{}", tag?.name);
    /// }
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Blocking
    ///
    /// `next()` waits for a query once a chunk. On an event loop that is an error, as for every `.wait()`.
    pub fn iter(&self) -> RecordsIter<S> {
        RecordsIter(self.chunks())
    }

    fn chunks(&self) -> Chunks<S> {
        let core = self.core.clone();
        let plan = core.take_plan();
        let prefetches = !plan.is_empty();
        let load: Load<S> = Arc::new(move |mut core: Core, keys: Vec<Expr>, kinds: Vec<Kind>| {
            core.plan = crate::prefetch::Plan::default();
            let plan = plan.clone();
            Op::leaf(S::Model::OPERATIONS.all, async move {
                let mut columns = Selected::columns_of::<S>();
                columns.extend(keys);
                let (mut records, last) = chunk(core, columns, kinds, S::decode).await?;
                if !plan.is_empty() {
                    S::prefetch(&mut records, &plan).await?;
                }
                Ok((records, last))
            })
        });
        Chunks::new(core, prefetches, load)
    }
}

impl<M: Model, V: Selection<M>> Values<M, V> {
    /// The rows, one after the other, in async code. See [`QuerySet::stream`].
    pub fn stream(self) -> Records<V::Row> {
        Records(self.chunks(), None)
    }

    /// The rows, one after the other, in sync code. See [`QuerySet::stream`].
    pub fn iter(self) -> RecordsIter<V::Row> {
        RecordsIter(self.chunks())
    }

    fn chunks(self) -> Chunks<V::Row> {
        let (mut core, values) = self.into_parts();
        if core.select.distinct {
            core.misuse("distinct values can't be streamed; take `.all()`, or `.slice(..)` them");
        }
        let load: Load<V::Row> = Arc::new(move |core: Core, keys: Vec<Expr>, kinds: Vec<Kind>| {
            let columns = values.iter().cloned().chain(keys).collect();
            Op::leaf(M::OPERATIONS.values, async move {
                chunk(core, columns, kinds, |reader| Ok(V::row(V::decode(reader)?))).await
            })
        });
        Chunks::new(core, false, load)
    }
}

async fn chunk<T: Send + 'static>(
    core: Core,
    columns: Vec<Expr>,
    kinds: Vec<Kind>,
    mut decode: impl FnMut(&mut Reader<'_>) -> Result<T> + Send + 'static,
) -> Result<Chunk<T>> {
    let first = columns.len() - kinds.len();
    let decode = move |reader: &mut Reader<'_>| {
        let keys = kinds.iter().enumerate();
        let keys = keys.map(|(index, kind)| read(reader.row(), first + index, *kind));
        Ok((keys.collect::<Result<Vec<_>>>()?, decode(reader)?))
    };
    let (mut keys, rows): (Vec<Vec<Value>>, Vec<T>) = core.fetch(columns, decode).await?.into_iter().unzip();
    Ok((rows, keys.pop()))
}

/// The rows of a chunk, and the keys of the last of them.
type Chunk<T> = (Vec<T>, Option<Vec<Value>>);

/// Runs the query of a chunk: with these keys behind what is selected, of these kinds.
type Load<T> =
    Arc<dyn Fn(Core, Vec<Expr>, Vec<Kind>) -> Op<'static, (Vec<T>, Option<Vec<Value>>)> + Send + Sync>;

/// Where a stream stands.
struct Chunks<T> {
    core: Core,
    load: Load<T>,
    order: Vec<Order>,
    kinds: Vec<Kind>,
    nullable: Vec<bool>,
    /// A chunk, where the user has said how large.
    size: Option<u64>,
    needs_size: bool,
    /// How many rows may still come, of a sliced query.
    left: Option<u64>,
    after: Option<Vec<Value>>,
    ready: VecDeque<T>,
    asked: u64,
    ended: bool,
    refused: Option<&'static str>,
}

impl<T: Send + 'static> Chunks<T> {
    fn new(mut core: Core, needs_size: bool, load: Load<T>) -> Self {
        let mut refused = None;
        let combined = core.select.source.as_ref();
        if combined.is_some_and(|source| source.operator == SetOperator::UnionAll && source.members.len() > 1)
        {
            refused =
                Some("a `union_all` can't be streamed, since a record may be there twice; take `.union(..)`");
        }
        core.default_order();
        let mut order = core.select.order.clone();
        if !core.select.distinct_on.is_empty()
            || core.select.filter.as_ref().is_some_and(compiler::has_window)
        {
            // What goes on behind a record must not change what a window sees.
            let mut rows = core.select.clone();
            rows.own_columns();
            (rows.limit, rows.offset, rows.lock) = (None, None, None);
            let mut outer = Select::over(rows);
            (outer.limit, outer.offset, outer.lock) =
                (core.select.limit, core.select.offset, core.select.lock);
            core.select = outer;
        }
        // Each record needs a place of its own.
        let key = own(core.select.model.primary_key);
        match order.iter().position(|part| part.expr == key) {
            Some(key) => order.truncate(key + 1),
            None => order.push(Order::by(key, false)),
        }
        let (mut kinds, mut nullable) = (Vec::new(), Vec::new());
        for part in &order {
            match compiler::kind_of(core.select.model, &part.expr) {
                Some((kind, may_be_null)) if !matches!(part.expr, Expr::Function(Function::Random, _)) => {
                    kinds.push(kind);
                    nullable.push(may_be_null);
                }
                _ => {
                    refused = Some(
                        "a query that is streamed has to be ordered by columns; take `.all()`, or another order",
                    );
                }
            }
        }
        core.select.order.clone_from(&order);
        Self {
            left: core.select.limit,
            core,
            load,
            order,
            kinds,
            nullable,
            size: None,
            needs_size,
            after: None,
            ready: VecDeque::new(),
            asked: 0,
            ended: false,
            refused,
        }
    }

    /// The next chunk's query; `None` after the last one.
    fn query(&mut self) -> Option<Result<Op<'static, Chunk<T>>>> {
        if self.ended {
            return None;
        }
        if self.needs_size && self.size.is_none() {
            self.refused = Some(
                "`prefetch_related` makes a query for each chunk of a stream: say how large one is, `.chunk_size(..)`",
            );
        }
        if let Some(refused) = self.refused {
            self.ended = true;
            return Some(Err(Error::configuration(refused)));
        }
        self.asked = self.size.unwrap_or(CHUNK).min(self.left.unwrap_or(u64::MAX));
        if self.asked == 0 {
            self.ended = true;
            return None;
        }
        let mut core = self.core.clone();
        core.select.limit = Some(self.asked);
        if let Some(after) = &self.after {
            core.select.offset = None;
            core.select.filter = Some(both(core.select.filter.take(), self.behind(after)));
        }
        let keys = self.order.iter().map(|part| part.expr.clone()).collect();
        Some(Ok((self.load)(core, keys, self.kinds.clone())))
    }

    /// Takes a chunk in.
    fn take(&mut self, loaded: Result<Chunk<T>>) -> Result<()> {
        let (rows, last) = match loaded {
            Ok(loaded) => loaded,
            Err(error) => {
                self.ended = true;
                return Err(error);
            }
        };
        let count = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        self.left = self.left.map(|left| left.saturating_sub(count));
        self.ended = count < self.asked;
        self.after = last;
        self.ready = rows.into();
        Ok(())
    }

    /// The condition that a row is behind the one with these keys.
    fn behind(&self, keys: &[Value]) -> Expr {
        let mut behind = Expr::Or(Vec::new());
        let parts = self.order.iter().zip(keys).zip(&self.nullable).rev();
        for ((part, key), nullable) in parts {
            let nulls_first = part.nulls.map_or(part.descending, |nulls| nulls == Nulls::First);
            let is_null = |yes| Expr::IsNull(Box::new(part.expr.clone()), yes);
            let compare = |operator| {
                Expr::Binary(
                    Box::new(part.expr.clone()),
                    operator,
                    Box::new(Expr::Value(key.clone())),
                )
            };
            let (beyond, same) = if key.is_null() {
                let beyond = if nulls_first {
                    is_null(false)
                } else {
                    Expr::Or(Vec::new())
                };
                (beyond, is_null(true))
            } else {
                let beyond = compare(if part.descending {
                    Operator::Lt
                } else {
                    Operator::Gt
                });
                let beyond = match *nullable && !nulls_first {
                    true => Expr::Or(vec![beyond, is_null(true)]),
                    false => beyond,
                };
                (beyond, compare(Operator::Eq))
            };
            behind = match behind {
                Expr::Or(parts) if parts.is_empty() => beyond,
                behind => Expr::Or(vec![beyond, Expr::And(vec![same, behind])]),
            };
        }
        behind
    }
}

/// Records, or values, as a stream: what [`stream`](QuerySet::stream) gives.
///
/// # Cancel safety
///
/// `next()` may be dropped: what was read of a chunk is kept for the next call, and a query that is under way goes on with it.
#[must_use = "a stream does nothing until its `next()` is awaited"]
pub struct Records<T>(Chunks<T>, Option<Loading<T>>);

type Loading<T> = Pin<Box<dyn Future<Output = Result<Chunk<T>>> + Send>>;

/// Records, or values, as an iterator: what [`iter`](QuerySet::iter) gives.
#[must_use = "an iterator does nothing until it is iterated over"]
pub struct RecordsIter<T>(Chunks<T>);

impl<T> fmt::Debug for Records<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Records").field(&self.0.core.select).finish()
    }
}

impl<T> fmt::Debug for RecordsIter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RecordsIter").field(&self.0.core.select).finish()
    }
}

impl<T: Send + 'static> Records<T> {
    /// So many records at once: 2,000 if nothing is said. At least 1.
    pub fn chunk_size(mut self, records: u64) -> Self {
        self.0.size = Some(records.max(1));
        self
    }

    /// The next one; `None` after the last, and after an error.
    pub async fn next(&mut self) -> Option<Result<T>> {
        poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        loop {
            if let Some(row) = self.0.ready.pop_front() {
                return Poll::Ready(Some(Ok(row)));
            }
            let loading = match &mut self.1 {
                Some(loading) => loading,
                None => match self.0.query() {
                    None => return Poll::Ready(None),
                    Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                    Some(Ok(query)) => self.1.insert(Box::pin(query.into_future())),
                },
            };
            let Poll::Ready(loaded) = loading.as_mut().poll(cx) else {
                return Poll::Pending;
            };
            self.1 = None;
            if let Err(error) = self.0.take(loaded) {
                return Poll::Ready(Some(Err(error)));
            }
        }
    }
}

impl<T: Send + Unpin + 'static> Stream for Records<T> {
    type Item = Result<T>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        self.get_mut().poll(cx)
    }
}

impl<T: Send + 'static> RecordsIter<T> {
    /// So many records at once: 2,000 if nothing is said. At least 1.
    pub fn chunk_size(mut self, records: u64) -> Self {
        self.0.size = Some(records.max(1));
        self
    }
}

impl<T: Send + 'static> Iterator for RecordsIter<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        loop {
            if let Some(row) = self.0.ready.pop_front() {
                return Some(Ok(row));
            }
            let loaded = match self.0.query()? {
                Ok(query) => query.wait(),
                Err(error) => return Some(Err(error)),
            };
            if let Err(error) = self.0.take(loaded) {
                return Some(Err(error));
            }
        }
    }
}
