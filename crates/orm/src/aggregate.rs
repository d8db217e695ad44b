//! Aggregates: one value of many rows.

use rust_decimal::Decimal;

use crate::compute::{Base, Compute, NumberFunctions as _};
use crate::condition::IntoCondition;
use crate::expression::{Expression, Grouped, Number};
use crate::field_type::{ColumnType, FieldType};
use crate::query::{Aggregate, Expr};

/// Columns and expressions as what [`aggregate`](crate::QuerySet::aggregate) and, after [`values`](crate::QuerySet::values),
/// [`annotate`](crate::Values::annotate) compute over a group of rows.
///
/// NULLs are left out. Over no rows, all but the counts are NULL, so they are an `Option`; [`coalesce`](Compute::coalesce) gives another value.
///
/// # Examples
///
/// ```
/// # use nuages_orm::prelude::*;
/// # #[model] struct Book { id: i64, title: String, genre: String, stock: i32, price: f64 }
/// # fn main() -> nuages_orm::Result<()> {
/// # let db = Database::connect("sqlite::memory:").wait()?;
/// # nuages_orm::create_tables(&db, &[Book::meta()]).wait()?;
/// # db.sync_scope(|| {
/// # for (title, stock, price) in [("Nuages", 3, 2.0), ("Minor Swing", 0, 4.0), ("Belleville", 1, 3.0)] {
/// #     Book::create().title(title).genre("jazz").stock(stock).price(price).wait()?;
/// # }
/// let (mean, dearest, sold_out) = Book::objects()
///     .aggregate(|b| (b.price.avg(), b.price.max(), b.id.count().filter(b.stock.eq(0))))
///     .wait()?;
/// assert_eq!((mean, dearest, sold_out), (Some(3.0), Some(4.0), 1));
///
/// let by_genre: Vec<(String, i64)> = Book::objects()
///     .values(|b| b.genre)
///     .annotate(|b| b.stock.sum().coalesce(0))
///     .all()
///     .wait()?;
/// assert_eq!(by_genre, [("jazz".to_owned(), 4)]);
/// # Ok(()) }) }
/// ```
pub trait Aggregates: Compute {
    /// How many rows have a value here.
    fn count(self) -> Expression<Grouped<Self::Scope>, i64> {
        over(self, Aggregate::Count, false)
    }

    /// How many different values there are.
    fn count_distinct(self) -> Expression<Grouped<Self::Scope>, i64> {
        over(self, Aggregate::Count, true)
    }

    /// The sum. Of integers, it has 64 bits, and is an error where it would have more.
    fn sum(self) -> Expression<Grouped<Self::Scope>, Option<<Base<Self> as Summed>::Sum>>
    where
        Base<Self>: Summed,
    {
        over(self, Aggregate::Sum, false)
    }

    /// The mean. Of integers, it is floating point.
    fn avg(self) -> Expression<Grouped<Self::Scope>, Option<<Base<Self> as Summed>::Mean>>
    where
        Base<Self>: Summed,
    {
        over(self, Aggregate::Avg, false)
    }

    /// The smallest value.
    fn min(self) -> Expression<Grouped<Self::Scope>, Option<Base<Self>>> {
        over(self, Aggregate::Min, false)
    }

    /// The largest value.
    fn max(self) -> Expression<Grouped<Self::Scope>, Option<Base<Self>>> {
        over(self, Aggregate::Max, false)
    }

    /// The variance of the values as all there are.
    fn variance(self) -> Expression<Grouped<Self::Scope>, Option<f64>>
    where
        Base<Self>: Number,
    {
        over(self, Aggregate::Variance, false)
    }

    /// The variance of what the values are a sample of; NULL for one value.
    fn sample_variance(self) -> Expression<Grouped<Self::Scope>, Option<f64>>
    where
        Base<Self>: Number,
    {
        over(self, Aggregate::SampleVariance, false)
    }

    /// The standard deviation of the values as all there are.
    fn stddev(self) -> Expression<Grouped<Self::Scope>, Option<f64>>
    where
        Base<Self>: Number,
    {
        self.variance().sqrt()
    }

    /// The standard deviation of what the values are a sample of; NULL for one value.
    fn sample_stddev(self) -> Expression<Grouped<Self::Scope>, Option<f64>>
    where
        Base<Self>: Number,
    {
        self.sample_variance().sqrt()
    }
}

impl<E: Compute> Aggregates for E {}

/// Numbers, and what their sums and means are.
#[diagnostic::on_unimplemented(message = "a database can't sum `{Self}`s up", label = "not a number")]
pub trait Summed: Number {
    /// The type of a sum.
    type Sum: FieldType;
    /// The type of a mean.
    type Mean: FieldType;
}

macro_rules! summed {
    ($($type:ty => $sum:ty, $mean:ty;)*) => {$(
        impl Summed for $type {
            type Sum = $sum;
            type Mean = $mean;
        }
    )*};
}

summed! {
    i16 => i64, f64;
    i32 => i64, f64;
    i64 => i64, f64;
    f64 => f64, f64;
    Decimal => Decimal, Decimal;
}

fn over<E: Compute, C>(of: E, function: Aggregate, distinct: bool) -> Expression<Grouped<E::Scope>, C> {
    Expression::computed(
        Expr::Aggregate {
            function,
            expr: Some(Box::new(of.expression().expr)),
            distinct,
            filter: None,
        },
        function != Aggregate::Count,
    )
}

impl<M, C: ColumnType> Expression<Grouped<M>, C> {
    /// Aggregates of the rows alone for which the condition holds.
    #[must_use]
    pub fn filter(mut self, condition: impl IntoCondition<M>) -> Self {
        let condition = condition.into_condition().test.expr;
        each_aggregate(&mut self.expr, &mut |filter, _| {
            *filter = Some(Box::new(match filter.take() {
                Some(before) => Expr::And(vec![*before, condition.clone()]),
                None => condition.clone(),
            }));
        });
        self
    }

    /// Aggregates of each value once.
    #[must_use]
    pub fn distinct(mut self) -> Self {
        each_aggregate(&mut self.expr, &mut |_, distinct| *distinct = true);
        self
    }
}

/// Changes the aggregates that an expression is made of.
fn each_aggregate(expr: &mut Expr, change: &mut dyn FnMut(&mut Option<Box<Expr>>, &mut bool)) {
    match expr {
        Expr::Aggregate {
            expr,
            distinct,
            filter,
            ..
        } => {
            change(filter, distinct);
            if expr.is_none() {
                *distinct = false;
            }
        }
        Expr::Binary(left, _, right) => {
            each_aggregate(left, change);
            each_aggregate(right, change);
        }
        Expr::Function(_, args) => args.iter_mut().for_each(|arg| each_aggregate(arg, change)),
        Expr::Cast(inner, _) => each_aggregate(inner, change),
        _ => {}
    }
}
