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

/// A relation with a column of its own: a foreign key, or the side of a one to one relation that has it. `#[model]` implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no column of its own",
    label = "neither a `ForeignKey<..>` nor the side of a `OneToOne<..>` that has the column",
    note = "the other side of a foreign key is changed by its operations: `author.books.add([&book])`"
)]
pub trait Forward: Relation {
    /// Its column's name.
    #[doc(hidden)]
    const COLUMN: &'static str;
}

/// The other side of a foreign key. `#[model]` implements it.
pub trait Reverse: Relation {
    /// The foreign key.
    type Forward: Forward<From = Self::To, To = Self::From>;

    /// The foreign key's column.
    #[doc(hidden)]
    const COLUMN: &'static str = <Self::Forward as Forward>::COLUMN;
}

/// The other side of a one to one relation. `#[model]` implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` leads to one row, and its key is in the row itself",
    label = "not the other side of a `OneToOne<..>`",
    note = "a foreign key is loaded by `.select_related(..)`, in the same query"
)]
pub trait ReverseOne: Reverse {}

/// A many to many relation, seen from one of its sides. `#[model]` implements it.
pub trait ManySides: Relation {
    /// The side that makes it.
    type Making: ManySides;
    /// The table between the two models.
    type Through: crate::many_to_many::Through;
}

/// A relation of the model by the hash of its name, so that another model's code can name its type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no such relation",
    label = "no relation of `{Self}` has this name",
    note = "name a field of `{Self}` that is a `ForeignKey<..>`, a `OneToOne<..>` or a `ManyToMany<..>`"
)]
#[doc(hidden)]
pub trait RelationNamed<const NAME: u64>: Model {
    /// The relation.
    type Relation: Relation<From = Self>;
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

/// A relation that may lead to nothing.
#[diagnostic::on_unimplemented(
    message = "this foreign key may not be NULL, so a row can't be taken out of the relation",
    label = "each row has to point somewhere",
    note = "point the row elsewhere, `other.books.add([&book])`, or delete it, `author.books.filter(|b| ..).delete()`",
    note = "or let it point to nothing: `Option<ForeignKey<..>>`"
)]
pub trait MayBeNull: RelationKind {}

impl MayBeNull for OneOrNone {}

impl ToOne for One {}
impl ToOne for OneOrNone {}

/// The scope in which there are no columns.
#[derive(Debug)]
pub struct ValuesOnly;

/// A foreign key, or either side of a one to one relation, as the closures of a query see it: `b.author`. It dereferences to the columns of the model that it leads to, so
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
    /// The key of what it leads to: of a foreign key its own column.
    pub(crate) fn located() -> Located {
        Located::of::<Hop<P, R>>(<R::To as Model>::PRIMARY_KEY, R::meta().nullable)
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
