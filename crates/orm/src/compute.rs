//! What a database computes of columns and expressions: functions, by Django's names.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::column::Column;
use crate::expression::{Expression, Number, Operand};
use crate::field_type::{ColumnType, FieldType, Primitive};
use crate::path::ToOnePath;
use crate::query::{Expr, Function, Part};

/// A column or an expression of a query: what functions are computed of.
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

    /// The text in lower case.
    fn lower(self) -> Expression<Self::Scope, With<Self, String>>
    where
        Base<Self>: FieldType<Stored = String>,
    {
        of(self, Function::Lower, [])
    }

    /// The text in upper case.
    fn upper(self) -> Expression<Self::Scope, With<Self, String>>
    where
        Base<Self>: FieldType<Stored = String>,
    {
        of(self, Function::Upper, [])
    }

    /// How many characters the text has.
    fn length(self) -> Expression<Self::Scope, With<Self, i64>>
    where
        Base<Self>: FieldType<Stored = String>,
    {
        of(self, Function::Length, [])
    }

    /// The text without the spaces around it.
    fn trimmed(self) -> Expression<Self::Scope, With<Self, String>>
    where
        Base<Self>: FieldType<Stored = String>,
    {
        of(self, Function::Trim, [])
    }

    /// The text without the spaces before it.
    fn trimmed_start(self) -> Expression<Self::Scope, With<Self, String>>
    where
        Base<Self>: FieldType<Stored = String>,
    {
        of(self, Function::LTrim, [])
    }

    /// The text without the spaces behind it.
    fn trimmed_end(self) -> Expression<Self::Scope, With<Self, String>>
    where
        Base<Self>: FieldType<Stored = String>,
    {
        of(self, Function::RTrim, [])
    }

    /// The first characters of the text.
    fn left(self, characters: u32) -> Expression<Self::Scope, With<Self, String>>
    where
        Base<Self>: FieldType<Stored = String>,
    {
        of(self, Function::Left, [count(characters)])
    }

    /// The last characters of the text.
    fn right(self, characters: u32) -> Expression<Self::Scope, With<Self, String>>
    where
        Base<Self>: FieldType<Stored = String>,
    {
        of(self, Function::Right, [count(characters)])
    }

    /// So many characters of the text, from a position on. The first position is 1.
    fn substr(self, position: u32, characters: u32) -> Expression<Self::Scope, With<Self, String>>
    where
        Base<Self>: FieldType<Stored = String>,
    {
        of(
            self,
            Function::Substr,
            [count(position.max(1)), count(characters)],
        )
    }

    /// The text with one text in place of another, everywhere.
    fn replace(
        self,
        old: impl Operand<Self::Scope, String>,
        new: impl Operand<Self::Scope, String>,
    ) -> Expression<Self::Scope, With<Self, String>>
    where
        Base<Self>: FieldType<Stored = String>,
    {
        of(self, Function::Replace, [old.into_operand(), new.into_operand()])
    }

    /// The text and another one behind it. NULL is the empty text here.
    fn concat(self, other: impl Operand<Self::Scope, String>) -> Expression<Self::Scope, String>
    where
        Base<Self>: FieldType<Stored = String>,
    {
        let args = match self.expression().expr {
            Expr::Function(Function::Concat, mut args) => {
                args.push(other.into_operand());
                args
            }
            first => vec![first, other.into_operand()],
        };
        Expression::new(Expr::Function(Function::Concat, args))
    }

    /// The text so many times.
    fn repeat(self, times: u32) -> Expression<Self::Scope, With<Self, String>>
    where
        Base<Self>: FieldType<Stored = String>,
    {
        of(self, Function::Repeat, [count(times)])
    }

    /// The text from its end to its start.
    fn reversed(self) -> Expression<Self::Scope, With<Self, String>>
    where
        Base<Self>: FieldType<Stored = String>,
    {
        of(self, Function::Reverse, [])
    }

    /// The text made so long by characters before it; a longer one is cut.
    fn lpad(self, characters: u32, fill: &str) -> Expression<Self::Scope, With<Self, String>>
    where
        Base<Self>: FieldType<Stored = String>,
    {
        of(
            self,
            Function::LPad,
            [count(characters), Expr::Value(fill.into())],
        )
    }

    /// The text made so long by characters behind it; a longer one is cut.
    fn rpad(self, characters: u32, fill: &str) -> Expression<Self::Scope, With<Self, String>>
    where
        Base<Self>: FieldType<Stored = String>,
    {
        of(
            self,
            Function::RPad,
            [count(characters), Expr::Value(fill.into())],
        )
    }

    /// Where another text starts in it, counted from 1; 0 where it is not in it.
    fn str_index(self, text: impl Operand<Self::Scope, String>) -> Expression<Self::Scope, With<Self, i64>>
    where
        Base<Self>: FieldType<Stored = String>,
    {
        of(self, Function::StrIndex, [text.into_operand()])
    }

    /// The number without its sign.
    fn abs(self) -> Expression<Self::Scope, Self::Type>
    where
        Base<Self>: Number,
    {
        same(self, Function::Abs, [])
    }

    /// The next whole number up.
    fn ceil(self) -> Expression<Self::Scope, Self::Type>
    where
        Base<Self>: Number,
    {
        same(self, Function::Ceil, [])
    }

    /// The next whole number down.
    fn floor(self) -> Expression<Self::Scope, Self::Type>
    where
        Base<Self>: Number,
    {
        same(self, Function::Floor, [])
    }

    /// The number with so many digits after the point, half of one away from zero.
    fn round(self, places: u32) -> Expression<Self::Scope, Self::Type>
    where
        Base<Self>: Number,
    {
        same(self, Function::Round, [count(places)])
    }

    /// -1, 0 or 1.
    fn sign(self) -> Expression<Self::Scope, With<Self, i32>>
    where
        Base<Self>: Number,
    {
        of(self, Function::Sign, [])
    }

    /// The rest of a division of integers, with the sign of this number.
    fn modulo(self, other: impl Operand<Self::Scope, Base<Self>>) -> Expression<Self::Scope, Self::Type>
    where
        Base<Self>: Integer,
    {
        pair(self, Function::Mod, other)
    }

    /// The number to the power of another one.
    fn power(self, exponent: f64) -> Expression<Self::Scope, With<Self, f64>>
    where
        Base<Self>: Number,
    {
        of(self, Function::Power, [Expr::Value(exponent.into())])
    }

    /// The square root. Of a negative number it is NULL, or an error on PostgreSQL.
    fn sqrt(self) -> Expression<Self::Scope, Option<f64>>
    where
        Base<Self>: Number,
    {
        float(self, Function::Sqrt)
    }

    /// `e` to the power of the number.
    fn exp(self) -> Expression<Self::Scope, Option<f64>>
    where
        Base<Self>: Number,
    {
        float(self, Function::Exp)
    }

    /// The natural logarithm. Of what is not positive it is NULL, or an error on PostgreSQL.
    fn ln(self) -> Expression<Self::Scope, Option<f64>>
    where
        Base<Self>: Number,
    {
        float(self, Function::Ln)
    }

    /// The sine of an angle in radians.
    fn sin(self) -> Expression<Self::Scope, Option<f64>>
    where
        Base<Self>: Number,
    {
        float(self, Function::Sin)
    }

    /// The cosine of an angle in radians.
    fn cos(self) -> Expression<Self::Scope, Option<f64>>
    where
        Base<Self>: Number,
    {
        float(self, Function::Cos)
    }

    /// The tangent of an angle in radians.
    fn tan(self) -> Expression<Self::Scope, Option<f64>>
    where
        Base<Self>: Number,
    {
        float(self, Function::Tan)
    }

    /// The angle, in radians, of a sine. Out of -1 to 1 it is NULL, or an error on PostgreSQL.
    fn asin(self) -> Expression<Self::Scope, Option<f64>>
    where
        Base<Self>: Number,
    {
        float(self, Function::ASin)
    }

    /// The angle, in radians, of a cosine. Out of -1 to 1 it is NULL, or an error on PostgreSQL.
    fn acos(self) -> Expression<Self::Scope, Option<f64>>
    where
        Base<Self>: Number,
    {
        float(self, Function::ACos)
    }

    /// The angle, in radians, of a tangent.
    fn atan(self) -> Expression<Self::Scope, Option<f64>>
    where
        Base<Self>: Number,
    {
        float(self, Function::ATan)
    }

    /// An angle in radians, in degrees.
    fn degrees(self) -> Expression<Self::Scope, Option<f64>>
    where
        Base<Self>: Number,
    {
        float(self, Function::Degrees)
    }

    /// An angle in degrees, in radians.
    fn radians(self) -> Expression<Self::Scope, Option<f64>>
    where
        Base<Self>: Number,
    {
        float(self, Function::Radians)
    }

    /// The year. Of a moment, as all parts of it: in UTC.
    ///
    /// To find what lies in a year, compare with its first and last day: an index serves that, and no computed year.
    fn year(self) -> Expression<Self::Scope, With<Self, i32>>
    where
        Base<Self>: FieldType<Stored: HasDate>,
    {
        of(self, Function::Extract(Part::Year), [])
    }

    /// The year to which the week belongs, by ISO 8601.
    fn iso_year(self) -> Expression<Self::Scope, With<Self, i32>>
    where
        Base<Self>: FieldType<Stored: HasDate>,
    {
        of(self, Function::Extract(Part::IsoYear), [])
    }

    /// The quarter, 1 to 4.
    fn quarter(self) -> Expression<Self::Scope, With<Self, i32>>
    where
        Base<Self>: FieldType<Stored: HasDate>,
    {
        of(self, Function::Extract(Part::Quarter), [])
    }

    /// The month, 1 to 12.
    fn month(self) -> Expression<Self::Scope, With<Self, i32>>
    where
        Base<Self>: FieldType<Stored: HasDate>,
    {
        of(self, Function::Extract(Part::Month), [])
    }

    /// The week of the year, 1 to 53, by ISO 8601.
    fn week(self) -> Expression<Self::Scope, With<Self, i32>>
    where
        Base<Self>: FieldType<Stored: HasDate>,
    {
        of(self, Function::Extract(Part::Week), [])
    }

    /// The day of the month, 1 to 31.
    fn day(self) -> Expression<Self::Scope, With<Self, i32>>
    where
        Base<Self>: FieldType<Stored: HasDate>,
    {
        of(self, Function::Extract(Part::Day), [])
    }

    /// The day of the week: Sunday is 1, Saturday 7.
    fn week_day(self) -> Expression<Self::Scope, With<Self, i32>>
    where
        Base<Self>: FieldType<Stored: HasDate>,
    {
        of(self, Function::Extract(Part::WeekDay), [])
    }

    /// The day of the week, by ISO 8601: Monday is 1, Sunday 7.
    fn iso_week_day(self) -> Expression<Self::Scope, With<Self, i32>>
    where
        Base<Self>: FieldType<Stored: HasDate>,
    {
        of(self, Function::Extract(Part::IsoWeekDay), [])
    }

    /// The hour, 0 to 23.
    fn hour(self) -> Expression<Self::Scope, With<Self, i32>>
    where
        Base<Self>: FieldType<Stored: HasTime>,
    {
        of(self, Function::Extract(Part::Hour), [])
    }

    /// The minute, 0 to 59.
    fn minute(self) -> Expression<Self::Scope, With<Self, i32>>
    where
        Base<Self>: FieldType<Stored: HasTime>,
    {
        of(self, Function::Extract(Part::Minute), [])
    }

    /// The second, 0 to 59, without its fraction.
    fn second(self) -> Expression<Self::Scope, With<Self, i32>>
    where
        Base<Self>: FieldType<Stored: HasTime>,
    {
        of(self, Function::Extract(Part::Second), [])
    }

    /// The date of a date and time.
    fn date(self) -> Expression<Self::Scope, With<Self, Date>>
    where
        Base<Self>: FieldType<Stored: HasDate + HasTime>,
    {
        of(self, Function::Date, [])
    }

    /// The time of a date and time.
    fn time(self) -> Expression<Self::Scope, With<Self, Time>>
    where
        Base<Self>: FieldType<Stored: HasDate + HasTime>,
    {
        of(self, Function::Time, [])
    }

    /// The first day of the year.
    fn trunc_year(self) -> Expression<Self::Scope, Self::Type>
    where
        Base<Self>: FieldType<Stored: HasDate>,
    {
        same(self, Function::Trunc(Part::Year), [])
    }

    /// The first day of the quarter.
    fn trunc_quarter(self) -> Expression<Self::Scope, Self::Type>
    where
        Base<Self>: FieldType<Stored: HasDate>,
    {
        same(self, Function::Trunc(Part::Quarter), [])
    }

    /// The first day of the month.
    fn trunc_month(self) -> Expression<Self::Scope, Self::Type>
    where
        Base<Self>: FieldType<Stored: HasDate>,
    {
        same(self, Function::Trunc(Part::Month), [])
    }

    /// The Monday of the week.
    fn trunc_week(self) -> Expression<Self::Scope, Self::Type>
    where
        Base<Self>: FieldType<Stored: HasDate>,
    {
        same(self, Function::Trunc(Part::Week), [])
    }

    /// The start of the day.
    fn trunc_day(self) -> Expression<Self::Scope, Self::Type>
    where
        Base<Self>: FieldType<Stored: HasDate>,
    {
        same(self, Function::Trunc(Part::Day), [])
    }

    /// The start of the hour.
    fn trunc_hour(self) -> Expression<Self::Scope, Self::Type>
    where
        Base<Self>: FieldType<Stored: HasDate + HasTime>,
    {
        same(self, Function::Trunc(Part::Hour), [])
    }

    /// The start of the minute.
    fn trunc_minute(self) -> Expression<Self::Scope, Self::Type>
    where
        Base<Self>: FieldType<Stored: HasDate + HasTime>,
    {
        same(self, Function::Trunc(Part::Minute), [])
    }

    /// The start of the second.
    fn trunc_second(self) -> Expression<Self::Scope, Self::Type>
    where
        Base<Self>: FieldType<Stored: HasDate + HasTime>,
    {
        same(self, Function::Trunc(Part::Second), [])
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

/// Integers.
#[diagnostic::on_unimplemented(message = "`{Self}` is no integer")]
pub trait Integer: Number {}

impl Integer for i16 {}
impl Integer for i32 {}
impl Integer for i64 {}

/// What has a date: dates, dates and times, moments.
#[diagnostic::on_unimplemented(message = "`{Self}` has no date")]
pub trait HasDate: Primitive {}

impl HasDate for Date {}
impl HasDate for DateTime {}
impl HasDate for Timestamp {}

/// What has a time of day: times, dates and times, moments.
#[diagnostic::on_unimplemented(message = "`{Self}` has no time of day")]
pub trait HasTime: Primitive {}

impl HasTime for Time {}
impl HasTime for DateTime {}
impl HasTime for Timestamp {}

/// A value as an expression, for a type of your own too: `value(Tempo::Presto)`.
#[must_use]
pub fn value<S, T: ColumnType>(value: T) -> Expression<S, T> {
    Expression::new(Expr::Value(value.to_value()))
}

/// The moment at which the statement runs, by the database's clock. In a transaction of PostgreSQL, the moment at which that began.
#[must_use]
pub fn now<S>() -> Expression<S, Timestamp> {
    Expression::new(Expr::Function(Function::Now, Vec::new()))
}

/// A number from 0 to 1, another one for each row: `.order_by(|_| random())` shuffles.
#[must_use]
pub fn random<S>() -> Expression<S, f64> {
    Expression::new(Expr::Function(Function::Random, Vec::new()))
}

/// What is an expression in a query of `S`: a column, an expression, or a value of a type that databases store.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no expression in a query of `{S}`",
    label = "neither a column or expression of the query, nor a value",
    note = "a value of a type of your own is written `value(..)`"
)]
pub trait IntoExpression<S> {
    /// Its type.
    type Type: ColumnType;

    /// The expression.
    fn into_expression(self) -> Expression<S, Self::Type>;
}

#[diagnostic::do_not_recommend]
impl<E: Compute> IntoExpression<E::Scope> for E {
    type Type = E::Type;

    fn into_expression(self) -> Expression<E::Scope, E::Type> {
        self.expression()
    }
}

macro_rules! values {
    ($($type:ty)*) => {$(
        impl<S> IntoExpression<S> for $type {
            type Type = $type;

            fn into_expression(self) -> Expression<S, $type> {
                value(self)
            }
        }
    )*};
}

values!(bool i16 i32 i64 f64 String Vec<u8> Decimal Date Time DateTime Timestamp Uuid serde_json::Value);

impl<S> IntoExpression<S> for &str {
    type Type = String;

    fn into_expression(self) -> Expression<S, String> {
        value(self.to_owned())
    }
}

fn count(n: u32) -> Expr {
    Expr::Value(i32::try_from(n).unwrap_or(i32::MAX).into())
}

fn computed<E: Compute, C>(
    of: E,
    function: Function,
    more: impl IntoIterator<Item = Expr>,
) -> Expression<E::Scope, C> {
    let Expression { expr, nullable, .. } = of.expression();
    let args = std::iter::once(expr).chain(more).collect();
    Expression::computed(Expr::Function(function, args), nullable)
}

fn of<E: Compute, T: FieldType>(
    of: E,
    function: Function,
    more: impl IntoIterator<Item = Expr>,
) -> Expression<E::Scope, With<E, T>> {
    computed(of, function, more)
}

fn same<E: Compute>(
    of: E,
    function: Function,
    more: impl IntoIterator<Item = Expr>,
) -> Expression<E::Scope, E::Type> {
    computed(of, function, more)
}

fn pair<E: Compute>(
    of: E,
    function: Function,
    other: impl Operand<E::Scope, Base<E>>,
) -> Expression<E::Scope, E::Type> {
    let nullable = other.nullable();
    let mut computed = same(of, function, [other.into_operand()]);
    computed.nullable |= nullable;
    computed
}

fn float<E: Compute>(of: E, function: Function) -> Expression<E::Scope, Option<f64>> {
    computed(of, function, [])
}
