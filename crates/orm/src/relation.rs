//! Relations in the type: each foreign key and each other side of one is a marker type, and a field in the column struct.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use crate::condition::Condition;
use crate::field_type::ColumnType;
use crate::key::IntoKey;
use crate::located::{Located, is_null};
use crate::meta::RelationMeta;
use crate::model::Model;
use crate::path::{Hop, Path, Readable};
use crate::query::Operator;

/// A relation of a model. `#[model]` makes one type for each, in a module named as the model: `book::author`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a relation",
    label = "not a relation of a model",
    note = "`#[model]` makes a type for each relation, in a module named as the model: `book::author`"
)]
pub trait Relation: 'static {
    /// The model that has the field.
    type From: Model;
    /// The model that it leads to.
    type To: Model;
    /// To how many rows it leads.
    type Kind: RelationKind;

    /// What is known about it at run time.
    fn meta() -> &'static RelationMeta;
}

/// To how many rows a relation leads: [`One`], [`OneOrNone`] or [`Any`].
pub trait RelationKind: 'static {
    /// The type of a column reached over the relation.
    type Out<C: ColumnType>: ColumnType;
    /// What such a column may be compared with.
    type Scope<S>;
}

/// A relation that leads to one row at most.
#[diagnostic::on_unimplemented(
    message = "this path follows a relation that leads to many rows",
    label = "each row has many of these",
    note = "a query can be ordered by, and select, what each row has one of; count the others: `.annotate(|a| a.books.count())`"
)]
pub trait ToOne: RelationKind {}

/// A foreign key that is always there.
#[derive(Debug)]
pub struct One;

/// A nullable foreign key.
#[derive(Debug)]
pub struct OneOrNone;

/// The other side of a foreign key.
#[derive(Debug)]
pub struct Any;

impl RelationKind for One {
    type Out<C: ColumnType> = C;
    type Scope<S> = S;
}

impl RelationKind for OneOrNone {
    type Out<C: ColumnType> = Option<C::Base>;
    type Scope<S> = S;
}

impl RelationKind for Any {
    type Out<C: ColumnType> = Option<C::Base>;
    type Scope<S> = ValuesOnly;
}

impl ToOne for One {}
impl ToOne for OneOrNone {}

/// The scope in which there are no columns.
#[derive(Debug)]
pub struct ValuesOnly;

/// A foreign key as the closures of a query see it: `b.author`. It dereferences to the columns of the model that it leads to, so
/// `b.author.country.name` is a column.
pub struct Related<P, R>(PhantomData<fn() -> (P, R)>);

impl<P, R> Related<P, R> {
    #[doc(hidden)]
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<P, R> Default for Related<P, R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P, R> Clone for Related<P, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P, R> Copy for Related<P, R> {}

impl<P: Readable<R>, R> fmt::Debug for Related<P, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Related")
    }
}

impl<P: 'static, R: Relation> Deref for Related<P, R> {
    type Target = <R::To as Model>::Fields<Hop<P, R>>;

    fn deref(&self) -> &Self::Target {
        <R::To as Model>::fields_at::<Hop<P, R>>()
    }
}

impl<P: Path, R: Relation> Related<P, R> {
    /// The foreign key's own column.
    pub(crate) fn located() -> Located {
        Located::of::<Hop<P, R>>(R::meta().to_column, R::meta().nullable)
    }

    /// It points to this object, or the object with this key.
    pub fn eq(self, object: impl IntoKey<R::To>) -> Condition<P::Root> {
        Self::located()
            .compare(Operator::Eq, object.into_key().to_value())
            .into()
    }

    /// It points to another object than this.
    pub fn ne(self, object: impl IntoKey<R::To>) -> Condition<P::Root> {
        Self::located()
            .compare(Operator::Ne, object.into_key().to_value())
            .into()
    }

    /// It points to one of these objects.
    pub fn in_<K: IntoKey<R::To>>(self, objects: impl IntoIterator<Item = K>) -> Condition<P::Root> {
        let keys = objects
            .into_iter()
            .map(|object| object.into_key().to_value())
            .collect();
        Self::located().one_of(keys).into()
    }

    /// It points to nothing.
    pub fn is_null(self) -> Condition<P::Root> {
        Self::located().test(is_null).into()
    }
}
