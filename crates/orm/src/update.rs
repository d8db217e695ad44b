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
use crate::relation::{One, OneOrNone, Related, Relation};

/// A column of `M` and its new value: `b.stock.set(b.stock - 1)`.
pub struct Assignment<M> {
    column: &'static str,
    value: Expr,
    model: PhantomData<fn() -> M>,
}

impl<M> Assignment<M> {
    pub(crate) fn new(column: &'static str, value: Expr) -> Self {
        Self { column, value, model: PhantomData }
    }
}

impl<M> fmt::Debug for Assignment<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Assignment").field(&self.column).field(&self.value).finish()
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

impl<M> Assignments<M> for Assignment<M> {
    fn push_to(self, out: &mut Vec<(&'static str, Expr)>) {
        out.push((self.column, self.value));
    }
}

macro_rules! tuples {
    ($($($part:ident)+;)*) => {$(
        impl<M, $($part: Assignments<M>),+> Assignments<M> for ($($part,)+) {
            fn push_to(self, out: &mut Vec<(&'static str, Expr)>) {
                #[expect(non_snake_case, reason = "the type parameters name the variables too")]
                let ($($part,)+) = self;
                $($part.push_to(out);)+
            }
        }
    )*};
}

tuples! {
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
    A B C D E F G;
    A B C D E F G H;
}

/// What a column of type `C` can be set to in a query of `S`: a value, or a column or expression of the same query.
#[diagnostic::on_unimplemented(
    message = "a column of type `{C}` can't be set to `{Self}`",
    label = "neither a `{C}` nor a column or expression of that type in a query of `{S}`",
    note = "text columns take `&str` too; columns that may be NULL take the value itself or an `Option` of it"
)]
pub trait Assign<S, C: ColumnType> {
    /// The expression.
    #[doc(hidden)]
    fn into_assigned(self) -> Expr;
}

macro_rules! assign {
    ($([$($generics:tt)*] $from:ty => $to:ty, |$value:ident| $expr:expr;)*) => {$(
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
    [] Option<&str> => Option<String>, |text| text.map(str::to_owned).into();
    [] &[u8] => Vec<u8>, |bytes| bytes.to_vec().into();
    [] &[u8] => Option<Vec<u8>>, |bytes| bytes.to_vec().into();
}

impl<P: ToOnePath, C: ColumnType> Assign<P::Scope, P::Out<C>> for Column<P, C> {
    fn into_assigned(self) -> Expr {
        self.located().expr()
    }
}

impl<S, C: ColumnType> Assign<S, C> for Expression<S, C> {
    fn into_assigned(self) -> Expr {
        self.expr
    }
}

impl<M: Model, R: Relation<From = M, Kind = One>> Related<Root<M>, R> {
    /// In [`update`](crate::QuerySet::update): what the foreign key points to from now on.
    pub fn set(self, object: impl IntoKey<R::To>) -> Assignment<M> {
        Assignment::new(R::meta().from_column, Expr::Value(object.into_key().to_value()))
    }
}

impl<M: Model, R: Relation<From = M, Kind = OneOrNone>> Related<Root<M>, R> {
    /// In [`update`](crate::QuerySet::update): what the foreign key points to from now on, if anything.
    pub fn set_or_null(self, object: impl IntoOptionalKey<R::To>) -> Assignment<M> {
        Assignment::new(R::meta().from_column, Expr::Value(object.into_optional_key().to_value()))
    }
}
