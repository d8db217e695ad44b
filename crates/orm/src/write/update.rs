//! New values for columns: what `update` and `create` take.

use std::fmt;
use std::marker::PhantomData;

use crate::column::Column;
use crate::expression::Expression;
use crate::field_type::{ColumnType, FieldType};
use crate::key::{IntoKey, IntoOptionalKey};
use crate::model::Model;
use crate::path::{Root, ToOnePath};
use crate::query::Expr;
use crate::relation::{Forward, One, OneOrNone, Related};
use crate::tuples::pushed_in_tuples;
use crate::value::Value;

/// A column of `M` and its new value: `b.stock.set(b.stock - 1)`.
pub struct Assignment<M> {
    column: &'static str,
    value: Expr,
    model: PhantomData<fn() -> M>,
}

impl<M> Assignment<M> {
    pub(crate) fn new(column: &'static str, value: Expr) -> Self {
        Self {
            column,
            value,
            model: PhantomData,
        }
    }
}

impl<M> fmt::Debug for Assignment<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Assignment")
            .field(&self.column)
            .field(&self.value)
            .finish()
    }
}

/// What `update` takes: an [`Assignment`], or a tuple of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no new value for a column of `{M}`",
    label = "not an assignment to columns of `{M}`",
    note = "set columns of the queried model: `.update(|b| (b.stock.set(b.stock - 1), b.title.set(\"Nuages\")))`"
)]
pub trait Assignments<M> {
    /// Appends them.
    #[doc(hidden)]
    fn push_to(self, out: &mut Vec<(&'static str, Expr)>);
}

#[diagnostic::do_not_recommend]
impl<M> Assignments<M> for Assignment<M> {
    fn push_to(self, out: &mut Vec<(&'static str, Expr)>) {
        out.push((self.column, self.value));
    }
}

pushed_in_tuples!(Assignments, (&'static str, Expr), $);

/// Columns of `M` by themselves: a column, a foreign key, or a tuple of these.
#[diagnostic::on_unimplemented(
    message = "`{Self}` names no columns of `{M}`",
    label = "not columns of `{M}`",
    note = "name columns of the model itself: `|b| (b.title, b.author)`"
)]
pub trait Columns<M> {
    /// Appends their names.
    #[doc(hidden)]
    fn push_to(self, out: &mut Vec<&'static str>);
}

impl<M: Model, C: ColumnType> Columns<M> for Column<Root<M>, C> {
    fn push_to(self, out: &mut Vec<&'static str>) {
        out.push(self.name());
    }
}

impl<M: Model, R: Forward<From = M>> Columns<M> for Related<Root<M>, R> {
    fn push_to(self, out: &mut Vec<&'static str>) {
        out.push(R::COLUMN);
    }
}

pushed_in_tuples!(Columns, &'static str, $);

/// What a column of type `C` can be set to in a query of `S`: a value, or a column or expression of the same query.
#[diagnostic::on_unimplemented(
    message = "a column of type `{C}` can't be set to `{Self}`",
    label = "neither a `{C}` nor an expression of that type",
    note = "text columns take `&str` too; columns that may be NULL take the value itself or an `Option` of it"
)]
pub trait Assign<S, C: ColumnType> {
    /// The expression.
    #[doc(hidden)]
    fn into_assigned(self) -> Expr;
}

macro_rules! assign {
    ($([$($generics:tt)*] $from:ty => $to:ty, |$value:ident| $expr:expr;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<S, $($generics)*> Assign<S, $to> for $from {
            fn into_assigned(self) -> Expr {
                let $value = self;
                Expr::Value($expr)
            }
        }
    )*};
}

assign! {
    [T: FieldType] T => T, |value| value.to_value();
    [T: FieldType] &T => T, |value| value.to_value();
    [T: FieldType] T => Option<T>, |value| value.to_value();
    [T: FieldType] &T => Option<T>, |value| value.to_value();
    [T: FieldType] Option<T> => Option<T>, |value| value.to_value();
    [T: FieldType] &Option<T> => Option<T>, |value| value.to_value();
    [] &str => String, |text| text.into();
    [] &str => Option<String>, |text| text.into();
    [] &[u8] => Vec<u8>, |bytes| bytes.to_vec().into();
    [] &[u8] => Option<Vec<u8>>, |bytes| bytes.to_vec().into();
}

impl<P: ToOnePath, C: ColumnType, To: ColumnType> Assign<P::Scope, To> for Column<P, C>
where
    P::Out<C>: Fits<To>,
{
    fn into_assigned(self) -> Expr {
        self.located().expr()
    }
}

impl<S, C: Fits<To>, To: ColumnType> Assign<S, To> for Expression<S, C> {
    fn into_assigned(self) -> Expr {
        self.expr
    }
}

/// Columns whose values fit into a column of type `To`: of the same type, and not NULL, unless that one may be.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` does not fit into a column of type `{To}`",
    label = "not a `{To}`",
    note = "what may be NULL does not fit into a column that may not"
)]
pub trait Fits<To>: ColumnType {}

#[diagnostic::do_not_recommend]
impl<T: FieldType> Fits<T> for T {}
#[diagnostic::do_not_recommend]
impl<T: FieldType> Fits<Option<T>> for T {}
#[diagnostic::do_not_recommend]
impl<T: FieldType> Fits<Option<T>> for Option<T> {}

impl<M: Model, R: Forward<From = M>> Related<Root<M>, R> {
    /// In [`update`](crate::QuerySet::update): what the foreign key points to from now on. Where it may be NULL, that may be `None::<&Author>`.
    pub fn set<K>(self, object: K) -> Assignment<M>
    where
        R::Kind: Points<R::To, K>,
    {
        Assignment::new(R::COLUMN, Expr::Value(<R::Kind as Points<R::To, K>>::key(object)))
    }
}

/// Relations whose foreign key can be set to a `K`: to what [`IntoKey`] takes, and where it may be NULL, to what [`IntoOptionalKey`] takes.
#[diagnostic::on_unimplemented(
    message = "a foreign key to `{M}` can't be set to `{K}`",
    label = "not something that this foreign key can point to",
    note = "give a reference to the object, `&author`, a foreign key to it, `&book.author`, or its key, `author.id`; a nullable one takes an `Option` of these too"
)]
pub trait Points<M: Model, K> {
    /// The key.
    #[doc(hidden)]
    fn key(object: K) -> Value;
}

impl<M: Model, K: IntoKey<M>> Points<M, K> for One {
    fn key(object: K) -> Value {
        object.into_key().to_value()
    }
}

impl<M: Model, K: IntoOptionalKey<M>> Points<M, K> for OneOrNone {
    fn key(object: K) -> Value {
        object.into_optional_key().to_value()
    }
}
