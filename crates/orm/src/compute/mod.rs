//! What a database computes of columns and expressions: functions, by Django's names.

mod date;
mod number;
mod operand;
mod text;

pub use self::date::{DateFunctions, HasDate, HasTime, now};
pub use self::number::{Integer, NumberFunctions, random};
pub use self::operand::{IntoExpression, value};
pub use self::text::TextFunctions;

use crate::column::Column;
use crate::expression::{Expression, Operand};
use crate::field_type::{ColumnType, FieldType, Primitive};
use crate::path::ToOnePath;
use crate::query::{Expr, Function};

/// A column or an expression of a query: what functions are computed of. More of them are in [`TextFunctions`], [`NumberFunctions`] and
/// [`DateFunctions`].
///
/// Each function has one name and does the same on each database. What is computed of NULL is NULL, where nothing else is said: the result of a column that
/// may be NULL is an `Option`. The names are those of [Django's functions](https://docs.djangoproject.com/en/stable/ref/models/database-functions/).
///
/// # Examples
///
/// ```
/// # use nuages_orm::prelude::*;
/// # #[model] struct Book { id: i64, title: String, published: Date, price: f64 }
/// # fn main() -> nuages_orm::Result<()> {
/// # let db = Database::connect("sqlite::memory:").wait()?;
/// # nuages_orm::create_tables(&db, &[Book::meta()]).wait()?;
/// # db.sync_scope(|| {
/// # Book::create().title("Nuages").published("1940-12-13".parse::<Date>().unwrap()).price(9.9).wait()?;
/// let loud: Vec<(String, i32)> = Book::objects()
///     .filter(|b| b.title.length().gt(5))
///     .values(|b| (b.title.upper(), b.published.year()))
///     .all()
///     .wait()?;
/// assert_eq!(loud, [("NUAGES".to_owned(), 1940)]);
/// # Ok(()) }) }
/// ```
pub trait Compute: Sized {
    /// The query that it belongs to.
    type Scope;
    /// Its type, an `Option` where it may be NULL.
    type Type: ColumnType;

    /// It as an expression.
    fn expression(self) -> Expression<Self::Scope, Self::Type>;

    /// The value as another type. What the database can't convert is an error, or NULL, as the database has it.
    fn cast<T: FieldType>(self) -> Expression<Self::Scope, With<Self, T>> {
        let Expression { expr, nullable, .. } = self.expression();
        Expression::computed(
            Expr::Cast(Box::new(expr), <T::Stored as Primitive>::KIND),
            nullable,
        )
    }

    /// Another value where this one is NULL.
    fn coalesce(self, other: impl Operand<Self::Scope, Base<Self>>) -> Expression<Self::Scope, Base<Self>> {
        let nullable = other.nullable();
        let args = vec![self.expression().expr, other.into_operand()];
        Expression::computed(Expr::Function(Function::Coalesce, args), nullable)
    }

    /// NULL where it equals the other value.
    fn null_if(
        self,
        other: impl Operand<Self::Scope, Base<Self>>,
    ) -> Expression<Self::Scope, Option<Base<Self>>> {
        let args = vec![self.expression().expr, other.into_operand()];
        Expression::computed(Expr::Function(Function::NullIf, args), true)
    }

    /// The larger of two values; NULL where one is.
    fn greatest(self, other: impl Operand<Self::Scope, Base<Self>>) -> Expression<Self::Scope, Self::Type> {
        pair(self, Function::Greatest, other)
    }

    /// The smaller of two values; NULL where one is.
    fn least(self, other: impl Operand<Self::Scope, Base<Self>>) -> Expression<Self::Scope, Self::Type> {
        pair(self, Function::Least, other)
    }
}

/// The type without the `Option`.
pub(crate) type Base<E> = <<E as Compute>::Type as ColumnType>::Base;

/// Another type, an `Option` of it where the first one may be NULL.
pub(crate) type With<E, T> = <<E as Compute>::Type as ColumnType>::With<T>;

impl<P: ToOnePath, C: ColumnType> Compute for Column<P, C> {
    type Scope = P::Root;
    type Type = P::Out<C>;

    fn expression(self) -> Expression<P::Root, P::Out<C>> {
        let located = self.located();
        let nullable = located.nullable();
        Expression::computed(located.expr(), nullable)
    }
}

impl<S, C: ColumnType> Compute for Expression<S, C> {
    type Scope = S;
    type Type = C;

    fn expression(self) -> Self {
        self
    }
}

impl<S, C: ColumnType> Compute for &Expression<S, C> {
    type Scope = S;
    type Type = C;

    fn expression(self) -> Expression<S, C> {
        self.clone()
    }
}

pub(super) fn count(n: u32) -> Expr {
    Expr::Value(i32::try_from(n).unwrap_or(i32::MAX).into())
}

pub(super) fn computed<E: Compute, C>(
    of: E,
    function: Function,
    more: impl IntoIterator<Item = Expr>,
) -> Expression<E::Scope, C> {
    let Expression { expr, nullable, .. } = of.expression();
    let args = std::iter::once(expr).chain(more).collect();
    Expression::computed(Expr::Function(function, args), nullable)
}

pub(super) fn of<E: Compute, T: FieldType>(
    of: E,
    function: Function,
    more: impl IntoIterator<Item = Expr>,
) -> Expression<E::Scope, With<E, T>> {
    computed(of, function, more)
}

pub(super) fn same<E: Compute>(
    of: E,
    function: Function,
    more: impl IntoIterator<Item = Expr>,
) -> Expression<E::Scope, E::Type> {
    computed(of, function, more)
}

pub(super) fn pair<E: Compute>(
    of: E,
    function: Function,
    other: impl Operand<E::Scope, Base<E>>,
) -> Expression<E::Scope, E::Type> {
    let nullable = other.nullable();
    let mut computed = same(of, function, [other.into_operand()]);
    computed.nullable |= nullable;
    computed
}
