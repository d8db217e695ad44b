//! Functions of dates, times and moments.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};

use super::{Base, Compute, With, of, same};
use crate::expression::Expression;
use crate::field_type::{FieldType, Primitive};
use crate::query::{Expr, Function, Part};

/// What a database computes of dates, times and moments.
pub trait DateFunctions: Compute {
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

impl<E: Compute> DateFunctions for E {}

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

/// The moment at which the statement runs, by the database's clock. In a transaction of PostgreSQL, the moment at which that began.
#[must_use]
pub fn now<S>() -> Expression<S, Timestamp> {
    Expression::new(Expr::Function(Function::Now, Vec::new()))
}
