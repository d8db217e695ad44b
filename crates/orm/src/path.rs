//! The way from a query's model to a column, in the type: [`Root`], and a [`Hop`] for each relation that is followed.

use std::marker::PhantomData;

use crate::field_type::ColumnType;
use crate::meta::RelationMeta;
use crate::model::Model;
use crate::relation::{Relation, RelationKind, ToOne};

/// The query's own model `M`: where every path starts.
#[derive(Debug)]
pub struct Root<M>(PhantomData<fn() -> M>);

/// The path `P`, and then over the relation `R`.
#[derive(Debug)]
pub struct Hop<P, R>(PhantomData<fn() -> (P, R)>);

/// Where the columns of a related object stand that was not loaded with the relation `R`: at no path of any query, so that they have no use.
///
/// If the compiler names this type, the query lacks `.select_related(..)` with that relation.
#[derive(Debug)]
pub struct NotLoadedCallSelectRelated<R>(PhantomData<fn() -> R>);

/// A way from a query's model to a column.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a path of a query",
    label = "this is not a column of a query",
    note = "columns come as the argument of a queryset's closure: `.filter(|b| b.title.eq(..))`"
)]
pub trait Path: 'static {
    /// The model that the path starts at.
    type Root: Model;

    /// What columns at its end may be compared with: other columns of the same query, or, past a to-many relation, plain values only.
    type Scope;

    /// The type that a column of type `C` at its end has, as part of a row: an `Option`, if the path follows a nullable relation.
    type Out<C: ColumnType>: ColumnType;

    /// Collects the relations that it follows.
    fn hops(out: &mut Vec<&'static RelationMeta>);
}

impl<M: Model> Path for Root<M> {
    type Root = M;
    type Scope = M;
    type Out<C: ColumnType> = C;

    fn hops(_: &mut Vec<&'static RelationMeta>) {}
}

impl<P: Path, R: Relation> Path for Hop<P, R> {
    type Root = P::Root;
    type Scope = <R::Kind as RelationKind>::Scope<P::Scope>;
    type Out<C: ColumnType> = <R::Kind as RelationKind>::Out<P::Out<C>>;

    fn hops(out: &mut Vec<&'static RelationMeta>) {
        P::hops(out);
        R::meta().push_hops(out);
    }
}

/// A path that leads from one row to one row at most, so that following it multiplies none.
#[diagnostic::on_unimplemented(
    message = "the path `{Self}` leads from one row to many",
    label = "one row has many of these",
    note = "order by, or select, what each row has one of; count the others with `.annotate(|a| a.books.count())`"
)]
pub trait ToOnePath: Path {}

impl<M: Model> ToOnePath for Root<M> {}
impl<P: ToOnePath, R: Relation<Kind: ToOne>> ToOnePath for Hop<P, R> {}

/// What only a loaded value can do: be printed, compared, serialised. Columns can't; that they seem to have these traits is for the compiler's
/// message.
#[diagnostic::on_unimplemented(
    message = "this is a column of a query, not a value",
    label = "the value is still in the database",
    note = "in a queryset's closure, columns are compared by methods: `.filter(|b| b.title.eq(\"Nuages\"))`"
)]
#[doc(hidden)]
pub trait Readable<C> {}

/// What tells that the relation was not loaded: `#[model]` implements it for each relation, under a condition that never holds and has the
/// relation's own message.
#[diagnostic::on_unimplemented(
    message = "`{Self}` was not loaded",
    label = "the value is still in the database",
    note = "load it in the query: `.select_related(..)`"
)]
#[doc(hidden)]
pub trait LoadedBy<C> {}

impl<R: LoadedBy<C>, C> Readable<C> for NotLoadedCallSelectRelated<R> {}
impl<P: Readable<C>, R, C> Readable<C> for Hop<P, R> {}

/// The path's relations as a list, outermost first: what `select_related` follows.
#[doc(hidden)]
pub trait Unroll<List> {
    /// The list.
    type Out;
}

/// The end of a list of relations.
#[derive(Debug)]
#[doc(hidden)]
pub struct Nil;

/// A list of relations: `R`, and then the others.
#[derive(Debug)]
#[doc(hidden)]
pub struct Cons<R, Tail>(PhantomData<fn() -> (R, Tail)>);

impl<M, List> Unroll<List> for Root<M> {
    type Out = List;
}

impl<P: Unroll<Cons<R, List>>, R, List> Unroll<List> for Hop<P, R> {
    type Out = P::Out;
}
