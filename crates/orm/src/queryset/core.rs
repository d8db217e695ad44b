//! What every kind of queryset is made of: a SELECT without types, and where it runs.

use std::ops::{Bound, RangeBounds};

use crate::condition::Test;
use crate::database::{self, Database};
use crate::meta::ModelMeta;
use crate::model::{Model, Reader, Record, Selected, one};
use crate::prefetch::Plan;
use crate::query::{Aggregate, Expr, Order, Select, Statement};
use crate::{Error, Op, Result, Row};

/// A query on its way.
#[derive(Clone, Debug)]
pub(crate) struct Core {
    pub(crate) select: Select,
    using: Option<Database>,
    /// What is loaded with the records by queries of its own.
    pub(crate) plan: Plan,
    /// What was asked for and can't be done: said when the query runs.
    misuse: Option<&'static str>,
}

impl Core {
    pub(crate) fn new(model: &'static ModelMeta) -> Self {
        Self {
            select: Select::from(model),
            using: None,
            plan: Plan::default(),
            misuse: None,
        }
    }

    fn is_sliced(&self) -> bool {
        self.select.limit.is_some() || self.select.offset.is_some()
    }

    /// Filters and orders come before a slice: afterwards they would have to apply to its rows, which SQL does not do.
    fn refuse_if_sliced(&mut self, misuse: &'static str) {
        if self.is_sliced() {
            self.misuse.get_or_insert(misuse);
        }
    }

    pub(crate) fn filter(&mut self, test: Test) {
        self.refuse_if_sliced("a sliced query can't be filtered; call `.filter(..)` before `.slice(..)`");
        let expr = match self.select.filter.take() {
            Some(filter) => {
                Test {
                    expr: filter,
                    nullable: false,
                }
                .and(test)
                .expr
            }
            None => test.expr,
        };
        self.select.filter = Some(expr);
    }

    pub(crate) fn having(&mut self, test: Test) {
        self.refuse_if_sliced("a sliced query can't be filtered; call `.having(..)` before `.slice(..)`");
        let expr = match self.select.having.take() {
            Some(having) => {
                Test {
                    expr: having,
                    nullable: false,
                }
                .and(test)
                .expr
            }
            None => test.expr,
        };
        self.select.having = Some(expr);
    }

    pub(crate) fn order_by(&mut self, push: impl FnOnce(&mut Vec<Order>)) {
        self.refuse_if_sliced("a sliced query can't be ordered; call `.order_by(..)` before `.slice(..)`");
        self.select.order.clear();
        push(&mut self.select.order);
    }

    /// A slice of a slice counts from the start of the first one.
    pub(crate) fn slice(&mut self, range: impl RangeBounds<u64>) {
        let start = match range.start_bound() {
            Bound::Included(start) => *start,
            Bound::Excluded(start) => start.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(end) => Some(end.saturating_add(1)),
            Bound::Excluded(end) => Some(*end),
            Bound::Unbounded => None,
        };
        let asked = end.map(|end| end.saturating_sub(start));
        let left = self.select.limit.map(|limit| limit.saturating_sub(start));
        self.select.limit = match (left, asked) {
            (Some(left), Some(asked)) => Some(left.min(asked)),
            (left, asked) => left.or(asked),
        };
        if start > 0 {
            self.select.offset = Some(self.select.offset.unwrap_or(0).saturating_add(start));
        }
    }

    pub(crate) fn database(&self) -> Option<Database> {
        self.using.clone()
    }

    pub(crate) fn using(&mut self, database: &Database) {
        self.using = Some(database.clone());
    }

    /// Orders as the model says, where the query does not.
    pub(crate) fn default_order(&mut self) {
        if self.select.order.is_empty() {
            let model = self.select.model;
            self.select.order = model
                .ordering
                .iter()
                .map(|(column, descending)| own(column, *descending))
                .collect();
        }
    }

    /// The order in which there is a first row: the query's, the model's, or by primary key.
    pub(crate) fn some_order(&mut self) {
        self.default_order();
        if self.select.order.is_empty() && self.select.group_by.is_empty() {
            self.select.order = vec![own(self.select.model.primary_key, false)];
        }
    }

    /// As rows of the model's table that an aggregate can span: a slice becomes a condition on the key.
    pub(crate) fn as_rows(&mut self) {
        self.select.for_update = false;
        if !self.is_sliced() {
            self.select.order.clear();
            return;
        }
        self.some_order();
        let model = self.select.model;
        let key = || Expr::Column {
            path: [].into(),
            column: model.primary_key,
        };
        let mut slice = std::mem::replace(&mut self.select, Select::from(model));
        slice.columns = vec![key()];
        self.select.filter = Some(Expr::InSelect(Box::new(key()), Box::new(slice)));
    }

    /// As a query inside another one, in an order where that matters.
    pub(crate) fn into_select(mut self) -> Select {
        self.default_order();
        self.select.for_update = false;
        self.select
    }

    /// The other way round.
    pub(crate) fn reverse(&mut self) {
        self.refuse_if_sliced("a sliced query can't be reversed; call `.reverse()` before `.slice(..)`");
        self.some_order();
        for part in &mut self.select.order {
            part.descending = !part.descending;
        }
    }

    /// Runs it. `columns` are what `decode` reads.
    pub(crate) async fn fetch<T: Send + 'static>(
        mut self,
        columns: Vec<Expr>,
        mut decode: impl FnMut(&mut Reader<'_>) -> Result<T> + Send + 'static,
    ) -> Result<Vec<T>> {
        if let Some(misuse) = self.misuse {
            return Err(Error::configuration(misuse));
        }
        if self.select.limit == Some(0) && !counts(&columns) {
            return Ok(Vec::new());
        }
        self.select.columns = columns;
        let statement = Statement::Select(self.select);
        database::fetch(self.using, statement, move |row| decode(&mut Reader::new(row))).await
    }

    /// Its records, with what is prefetched.
    pub(crate) async fn records<S: Record>(self) -> Result<Vec<S>> {
        let plan = self.take_plan();
        let mut records = self.fetch(Selected::columns_of::<S>(), S::decode).await?;
        if !plan.is_empty() {
            S::prefetch(&mut records, &plan).await?;
        }
        Ok(records)
    }

    /// Its records, with what is prefetched, and with each what is read of one more column, which comes first.
    pub(crate) async fn records_with<S: Record, T: Send + 'static>(
        self,
        column: Expr,
        read: impl Fn(&dyn Row) -> Result<T> + Send + 'static,
    ) -> Result<(Vec<T>, Vec<S>)> {
        let plan = self.take_plan();
        let mut columns = vec![column];
        columns.extend(Selected::columns_of::<S>());
        let decode = move |reader: &mut Reader<'_>| {
            let first = read(reader.row())?;
            reader.skip(1);
            Ok((first, S::decode(reader)?))
        };
        let (firsts, mut records): (Vec<T>, Vec<S>) = self.fetch(columns, decode).await?.into_iter().unzip();
        if !plan.is_empty() {
            S::prefetch(&mut records, &plan).await?;
        }
        Ok((firsts, records))
    }

    /// Its records, with what is prefetched, and what else is read of each row.
    pub(crate) async fn records_and<S: Record, T: Send + 'static>(
        self,
        columns: Vec<Expr>,
        decode: impl Fn(&mut Reader<'_>) -> Result<T> + Send + 'static,
    ) -> Result<Vec<(S, T)>> {
        let plan = self.take_plan();
        let decode = move |reader: &mut Reader<'_>| Ok((S::decode(reader)?, decode(reader)?));
        let rows = self.fetch(columns, decode).await?;
        if plan.is_empty() {
            return Ok(rows);
        }
        let (mut records, rest): (Vec<S>, Vec<T>) = rows.into_iter().unzip();
        S::prefetch(&mut records, &plan).await?;
        Ok(records.into_iter().zip(rest).collect())
    }

    fn take_plan(&self) -> Plan {
        self.plan.clone().using(self.using.clone())
    }

    #[track_caller]
    pub(crate) fn count<M: Model>(mut self) -> Op<'static, u64> {
        Op::leaf(M::OPERATIONS.count, async move {
            self.select.order.clear();
            self.select.for_update = false;
            let (limit, offset) = (self.select.limit.take(), self.select.offset.take().unwrap_or(0));
            let count = Expr::Aggregate {
                function: Aggregate::Count,
                expr: None,
                distinct: false,
                filter: None,
            };
            let rows = self.fetch(vec![count], |reader| reader.next::<i64>()).await?;
            let all = u64::try_from(one::<M, _>(rows)?).unwrap_or(0);
            let from_offset = all.saturating_sub(offset);
            Ok(limit.map_or(from_offset, |limit| from_offset.min(limit)))
        })
    }

    #[track_caller]
    pub(crate) fn exists<M: Model>(mut self) -> Op<'static, bool> {
        Op::leaf(M::OPERATIONS.exists, async move {
            self.select.order.clear();
            self.select.for_update = false;
            self.slice(..1);
            let there = Expr::Value(crate::Value::Int(1));
            let rows = self.fetch(vec![there], |reader| reader.next::<i32>()).await?;
            Ok(!rows.is_empty())
        })
    }

    /// A statement that changes the query's rows, made of its filter.
    pub(crate) async fn execute(
        self,
        statement: impl FnOnce(&'static ModelMeta, Option<Expr>) -> Statement,
    ) -> Result<u64> {
        if let Some(misuse) = self.misuse {
            return Err(Error::configuration(misuse));
        }
        if self.is_sliced() {
            return Err(Error::configuration(
                "a sliced query can't be updated or deleted; choose the rows with `.filter(..)`",
            ));
        }
        let statement = statement(self.select.model, self.select.filter);
        database::execute(self.using, statement).await
    }
}

/// Whether there is a row also where nothing is found.
fn counts(columns: &[Expr]) -> bool {
    matches!(columns, [Expr::Aggregate { .. }, ..])
}

fn own(column: &'static str, descending: bool) -> Order {
    Order {
        expr: Expr::Column {
            path: [].into(),
            column,
        },
        descending,
    }
}
