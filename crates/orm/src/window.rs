//! Windows: what is computed over the rows around each row.

use std::fmt;
use std::marker::PhantomData;

use crate::compute::{Base, Compute};
use crate::expression::{Expression, Grouped};
use crate::field_type::ColumnType;
use crate::order::IntoOrder;
use crate::query::{self, Expr, Frame, FrameBound, FrameUnit, WindowFunction};
use crate::selection::Selection;

/// The rows that a window function goes over, in a query of `S`: all, or those with the same values, in an order.
///
/// # Examples
///
/// ```
/// # use nuages_orm::prelude::*;
/// # #[model] struct Book { id: i64, title: String, genre: String, stock: i32 }
/// # fn main() -> nuages_orm::Result<()> {
/// # let db = Database::connect("sqlite::memory:").wait()?;
/// # nuages_orm::create_tables(&db, &[Book::meta()]).wait()?;
/// # db.sync_scope(|| {
/// # for (title, genre, stock) in [("Nuages", "jazz", 3), ("Minor Swing", "jazz", 5), ("L'Écume des jours", "novel", 2)] {
/// #     Book::create().title(title).genre(genre).stock(stock).wait()?;
/// # }
/// use nuages_orm::{Window, rank};
///
/// // The book of each genre of which there are most.
/// let most: Vec<(Book, i64)> = Book::objects()
///     .annotate(|b| rank().over(Window::new().partition_by(b.genre).order_by(b.stock.desc())))
///     .filter(|_, rank| rank.eq(1))
///     .order_by(|b, _| b.title)
///     .all()
///     .wait()?;
/// let titles: Vec<&str> = most.iter().map(|(book, _)| book.title.as_str()).collect();
/// assert_eq!(titles, ["L'Écume des jours", "Minor Swing"]);
///
/// // A running total.
/// let totals: Vec<Option<i64>> = Book::objects()
///     .values(|b| b.stock.sum().over(Window::new().order_by(b.id)))
///     .order_by(|b| b.id)
///     .all()
///     .wait()?;
/// assert_eq!(totals, [Some(3), Some(8), Some(10)]);
/// # Ok(()) }) }
/// ```
#[must_use = "a window is an argument of `.over(..)`"]
pub struct Window<S> {
    partition: Vec<Expr>,
    order: Vec<query::Order>,
    frame: Option<Frame>,
    scope: PhantomData<fn() -> S>,
}

impl<S> Default for Window<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Window<S> {
    /// All rows of the query, in no order.
    pub fn new() -> Self {
        Self {
            partition: Vec::new(),
            order: Vec::new(),
            frame: None,
            scope: PhantomData,
        }
    }

    /// Only the rows with the same values here as the present row.
    pub fn partition_by(mut self, values: impl Selection<S>) -> Self {
        values.push_to(&mut self.partition);
        self
    }

    /// In this order. Aggregates then go up to the present row and its equals, if no frame says otherwise.
    pub fn order_by(mut self, order: impl IntoOrder<S>) -> Self {
        order.push_to(&mut self.order);
        self
    }

    /// Only the rows from one to another, counted from the present one.
    pub fn rows(self, start: FrameBound, end: FrameBound) -> Self {
        self.frame(FrameUnit::Rows, start, end)
    }

    /// Only the rows whose value, in an order by one number, is within a distance from that of the present row.
    pub fn range(self, start: FrameBound, end: FrameBound) -> Self {
        self.frame(FrameUnit::Range, start, end)
    }

    fn frame(mut self, unit: FrameUnit, start: FrameBound, end: FrameBound) -> Self {
        self.frame = Some(Frame { unit, start, end });
        self
    }
}

impl<S> Clone for Window<S> {
    fn clone(&self) -> Self {
        Self {
            partition: self.partition.clone(),
            order: self.order.clone(),
            frame: self.frame,
            scope: PhantomData,
        }
    }
}

impl<S> fmt::Debug for Window<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Window")
            .field("partition", &self.partition)
            .field("order", &self.order)
            .field("frame", &self.frame)
            .finish()
    }
}

/// A window function that lacks its window: [`over`](Self::over) gives it.
#[must_use = "a window function is a value when it has its window: `.over(Window::new()..)`"]
pub struct Windowed<S, C> {
    function: WindowFunction,
    args: Vec<Expr>,
    of: PhantomData<fn() -> (S, C)>,
}

impl<S, C> fmt::Debug for Windowed<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Windowed").field(&self.function).finish()
    }
}

impl<S, C: ColumnType> Windowed<S, C> {
    fn new(function: WindowFunction, args: Vec<Expr>) -> Self {
        Self {
            function,
            args,
            of: PhantomData,
        }
    }

    /// Its value for each row, over this window.
    pub fn over(self, window: Window<S>) -> Expression<S, C> {
        over(self.function, self.args, window, C::NULLABLE)
    }
}

fn over<S, C>(
    function: WindowFunction,
    args: Vec<Expr>,
    window: Window<S>,
    nullable: bool,
) -> Expression<S, C> {
    let window = query::Window {
        function,
        args,
        partition: window.partition,
        order: window.order,
        frame: window.frame,
    };
    Expression::computed(Expr::Window(Box::new(window)), nullable)
}

impl<M, C: ColumnType> Expression<Grouped<M>, C> {
    /// The aggregate for each row, over the rows of a window: `b.stock.sum().over(Window::new().partition_by(b.genre))`.
    pub fn over(self, window: Window<M>) -> Expression<M, C> {
        over(WindowFunction::Aggregate, vec![self.expr], window, self.nullable)
    }
}

/// The number of the row in its window, from 1.
pub fn row_number<S>() -> Windowed<S, i64> {
    Windowed::new(WindowFunction::RowNumber, Vec::new())
}

/// The number of the row in its window, from 1; equals have the same one, and then some are left out: 1, 1, 3.
pub fn rank<S>() -> Windowed<S, i64> {
    Windowed::new(WindowFunction::Rank, Vec::new())
}

/// The number of the row in its window, from 1; equals have the same one, and none is left out: 1, 1, 2.
pub fn dense_rank<S>() -> Windowed<S, i64> {
    Windowed::new(WindowFunction::DenseRank, Vec::new())
}

/// The rank as a part of all: 0 for the first row, 1 for the last.
pub fn percent_rank<S>() -> Windowed<S, f64> {
    Windowed::new(WindowFunction::PercentRank, Vec::new())
}

/// Which part of the rows is up to the row, its equals among them: more than 0, and 1 for the last.
pub fn cume_dist<S>() -> Windowed<S, f64> {
    Windowed::new(WindowFunction::CumeDist, Vec::new())
}

/// The number of the bucket that the row is in, from 1, where the window is put into so many of them, as even as can be.
pub fn ntile<S>(buckets: u32) -> Windowed<S, i64> {
    Windowed::new(WindowFunction::Ntile(buckets), Vec::new())
}

/// Values of other rows of a window.
pub trait Windows: Compute {
    /// The value so many rows before; NULL where there is no such row.
    fn lag(self, rows: u32) -> Windowed<Self::Scope, Option<Base<Self>>> {
        of(self, WindowFunction::Lag(rows))
    }

    /// The value so many rows behind; NULL where there is no such row.
    fn lead(self, rows: u32) -> Windowed<Self::Scope, Option<Base<Self>>> {
        of(self, WindowFunction::Lead(rows))
    }

    /// The value of the first row that the window has.
    fn first_value(self) -> Windowed<Self::Scope, Option<Base<Self>>> {
        of(self, WindowFunction::FirstValue)
    }

    /// The value of the last row that the window has. In an order, and without a frame, that is the present row or an equal of it.
    fn last_value(self) -> Windowed<Self::Scope, Option<Base<Self>>> {
        of(self, WindowFunction::LastValue)
    }

    /// The value of the row with this number, from 1; NULL where the window has fewer.
    fn nth_value(self, number: u32) -> Windowed<Self::Scope, Option<Base<Self>>> {
        of(self, WindowFunction::NthValue(number.max(1)))
    }
}

impl<E: Compute> Windows for E {}

fn of<E: Compute>(of: E, function: WindowFunction) -> Windowed<E::Scope, Option<Base<E>>> {
    Windowed::new(function, vec![of.expression().expr])
}
