//! What every kind of queryset is made of: a SELECT without types, and where it runs.

use std::ops::{Bound, RangeBounds};

use crate::condition::Test;
use crate::database::{self, Database};
use crate::meta::ModelMeta;
use crate::model::{Model, Reader, Record, Selected, one};
use crate::prefetch::Plan;
use crate::query::{
    Aggregate, Explain, Expr, Order, Select, SetOperator, Source, Statement, both, own, same_row,
};
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

    pub(crate) fn misused(&self) -> Option<&'static str> {
        self.misuse
    }

    /// What was asked for can't be done; the first such thing is told.
    pub(crate) fn misuse(&mut self, misuse: &'static str) {
        self.misuse.get_or_insert(misuse);
    }

    /// Filters and orders come before a slice: afterwards they would have to apply to its rows, which SQL does not do.
    fn refuse_if_sliced(&mut self, misuse: &'static str) {
        if self.select.is_sliced() {
            self.misuse.get_or_insert(misuse);
        }
    }

    pub(crate) fn filter(&mut self, test: Test) {
        self.refuse_if_sliced("a sliced query can't be filtered; call `.filter(..)` before `.slice(..)`");
        self.select.filter = Some(both(self.select.filter.take(), same_row(test.expr)));
    }

    pub(crate) fn having(&mut self, test: Test) {
        self.refuse_if_sliced("a sliced query can't be filtered; call `.having(..)` before `.slice(..)`");
        self.select.having = Some(both(self.select.having.take(), test.expr));
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
                .map(|(column, descending)| Order::by(own(column), *descending))
                .collect();
        }
    }

    /// The order in which there is a first row: the query's, the model's, or by primary key.
    pub(crate) fn some_order(&mut self) {
        self.default_order();
        if self.select.order.is_empty() && self.select.group_by.is_empty() {
            self.select.order = vec![Order::by(own(self.select.model.primary_key), false)];
        }
    }

    /// As rows that an aggregate can span: what is sliced, or there only once, becomes a query inside.
    pub(crate) fn as_rows(&mut self) {
        self.select.lock = None;
        if !self.select.is_sliced() && !self.select.distinct && self.select.distinct_on.is_empty() {
            self.select.order.clear();
            return;
        }
        if self.select.is_sliced() {
            self.some_order();
        }
        let model = self.select.model;
        let mut rows = std::mem::replace(&mut self.select, Select::from(model));
        rows.own_columns();
        self.select = Select::over(rows);
    }

    /// Puts the rows of another query of the same model to these, or takes them away.
    pub(crate) fn combine(&mut self, operator: SetOperator, other: Self) {
        if let Some(misuse) = other.misuse {
            self.misuse.get_or_insert(misuse);
        }
        if self.select.lock.is_some() || other.select.lock.is_some() {
            self.misuse.get_or_insert(
                "the rows of a set operation can't be locked; lock those of one model with `.select_for_update()`",
            );
        }
        let model = self.select.model;
        let members = match std::mem::replace(&mut self.select, Select::from(model)) {
            // `a.union(b).union(c)` is one operation of three.
            Select {
                source: Some(source),
                filter: None,
                limit: None,
                offset: None,
                distinct: false,
                distinct_on,
                ..
            } if source.operator == operator && source.records && distinct_on.is_empty() => source.members,
            first => vec![member(first)],
        };
        self.select.source = Some(Box::new(Source {
            operator,
            members: members.into_iter().chain([member(other.select)]).collect(),
            records: true,
        }));
    }

    /// The rows for which the conditions of this query, and of another one, together hold.
    pub(crate) fn join(
        &mut self,
        other: Self,
        join: impl FnOnce(Option<Expr>, Option<Expr>) -> Option<Expr>,
    ) {
        if let Some(misuse) = other.misuse {
            self.misuse.get_or_insert(misuse);
        }
        let plain = |select: &Select| {
            !select.is_sliced()
                && select.source.is_none()
                && select.distinct_on.is_empty()
                && select.distinct == self.select.distinct
        };
        if !plain(&self.select) || !plain(&other.select) {
            self.misuse.get_or_insert(
                "`&`, `|` and `^` join the conditions of plain queries; of sliced, distinct or combined ones take `.intersection(..)` or `.union(..)`",
            );
        }
        self.select.filter = join(self.select.filter.take(), other.select.filter);
    }

    /// One row for each set of values, the first in the query's order.
    pub(crate) fn distinct_on(&mut self, columns: Vec<Expr>) {
        self.refuse_if_sliced(
            "a sliced query can't be made distinct; call `.distinct_on(..)` before `.slice(..)`",
        );
        self.select.distinct_on = columns;
    }

    /// As a query inside another one, in an order where that matters.
    pub(crate) fn into_select(mut self) -> Select {
        self.default_order();
        self.select.lock = None;
        self.select
    }

    /// The other way round.
    pub(crate) fn reverse(&mut self) {
        self.refuse_if_sliced("a sliced query can't be reversed; call `.reverse()` before `.slice(..)`");
        self.some_order();
        self.select.order.iter_mut().for_each(Order::reverse);
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

    pub(crate) fn take_plan(&self) -> Plan {
        self.plan.clone().using(self.using.clone())
    }

    #[track_caller]
    pub(crate) fn count<M: Model>(mut self) -> Op<'static, u64> {
        self.as_rows();
        self.count_rows::<M>()
    }

    /// How many rows there are of these columns.
    #[track_caller]
    pub(crate) fn count_of<M: Model>(mut self, columns: Vec<Expr>) -> Op<'static, u64> {
        self.select.lock = None;
        if self.select.is_sliced() || self.select.distinct || !self.select.group_by.is_empty() {
            let model = self.select.model;
            let mut rows = std::mem::replace(&mut self.select, Select::from(model));
            rows.columns = columns;
            rows.order.clear();
            self.select = Select::over_outputs(rows);
            return self.count_rows::<M>();
        }
        self.count::<M>()
    }

    #[track_caller]
    fn count_rows<M: Model>(self) -> Op<'static, u64> {
        Op::leaf(M::OPERATIONS.count, async move {
            let count = Expr::Aggregate {
                function: Aggregate::Count,
                expr: None,
                distinct: false,
                filter: None,
            };
            let rows = self.fetch(vec![count], |reader| reader.next::<i64>()).await?;
            Ok(u64::try_from(one::<M, _>(rows)?).unwrap_or(0))
        })
    }

    #[track_caller]
    pub(crate) fn exists<M: Model>(mut self) -> Op<'static, bool> {
        Op::leaf(M::OPERATIONS.exists, async move {
            if self.select.is_sliced() {
                self.as_rows();
            }
            self.select.lock = None;
            self.select.order.clear();
            self.select.distinct_on.clear();
            self.select.distinct = false;
            self.slice(..1);
            let there = Expr::Value(crate::Value::Int(1));
            let rows = self.fetch(vec![there], |reader| reader.next::<i32>()).await?;
            Ok(!rows.is_empty())
        })
    }

    /// How the database would run it.
    #[track_caller]
    pub(crate) fn explain(
        mut self,
        name: &'static str,
        columns: Vec<Expr>,
        explain: Explain,
    ) -> Op<'static, String> {
        self.default_order();
        self.select.columns = columns;
        Op::leaf(name, async move {
            if let Some(misuse) = self.misuse {
                return Err(Error::configuration(misuse));
            }
            database::explain(self.using, self.select, explain).await
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
        if self.select.is_sliced() {
            return Err(Error::configuration(
                "a sliced query can't be updated or deleted; choose the rows with `.filter(..)`",
            ));
        }
        let model = self.select.model;
        let filter = if self.select.source.is_some() || !self.select.distinct_on.is_empty() {
            let mut keys = self.select;
            keys.columns = vec![own(model.primary_key)];
            keys.lock = None;
            Some(Expr::InSelect(Box::new(own(model.primary_key)), Box::new(keys)))
        } else {
            self.select.filter
        };
        let statement = statement(model, filter);
        database::execute(self.using, statement).await
    }
}

/// Whether there is a row also where nothing is found.
fn counts(columns: &[Expr]) -> bool {
    matches!(columns, [Expr::Aggregate { .. }, ..])
}

/// A query of records as a member of a set operation.
fn member(select: Select) -> Select {
    let mut core = Core::new(select.model);
    core.select = select;
    core.select.lock = None;
    if core.select.is_sliced() || !core.select.distinct_on.is_empty() {
        core.default_order();
    } else {
        core.select.order.clear();
    }
    core.select.own_columns();
    core.select
}
