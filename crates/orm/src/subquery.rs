//! Queries inside queries.

use std::fmt;
use std::marker::PhantomData;

use crate::column::Column;
use crate::condition::{Condition, Test};
use crate::expression::{Expression, Operand};
use crate::field_type::ColumnType;
use crate::located::Located;
use crate::model::{Model, Record};
use crate::path::{Path, ToOnePath};
use crate::query::{Expr, Select};
use crate::queryset::{QuerySet, Values};
use crate::related_many::RelatedMany;
use crate::relation::{Related, Relation};
use crate::selection::Selection;

/// Whether a query has rows, as a condition of the query around it. What is [`outer`](Column::outer) in it is a column of that one.
///
/// # Examples
///
/// ```
/// # use nuages_orm::prelude::*;
/// # #[model] struct Author { id: i64, name: String }
/// # #[model] struct Book { id: i64, title: String, stock: i32, #[relation(on_delete = Protect)] author: ForeignKey<Author> }
/// # fn main() -> nuages_orm::Result<()> {
/// # let db = Database::connect("sqlite::memory:").wait()?;
/// # nuages_orm::create_tables(&db, &[Author::meta(), Book::meta()]).wait()?;
/// # db.sync_scope(|| {
/// # for name in ["Django", "Nuages"] { let author = Author::create().name(name).wait()?; Book::create().title("Nuages").stock(1).author(&author).wait()?; }
/// use nuages_orm::exists;
///
/// // Authors with a book that is called as they are.
/// let namesakes = Author::objects().filter(|a| exists(Book::objects().filter(|b| b.title.eq(a.name.outer()))));
/// assert_eq!(namesakes.count().wait()?, 1);
/// # Ok(()) }) }
/// ```
pub fn exists<S, R: Record>(query: QuerySet<R>) -> Condition<S> {
    Test {
        expr: Expr::Exists(Box::new(query.into_select())),
        nullable: false,
    }
    .into()
}

/// The first value of a query, in its order, as an expression of the query around it; NULL where it has no row.
///
/// # Examples
///
/// ```
/// # use nuages_orm::prelude::*;
/// # #[model] struct Author { id: i64, name: String }
/// # #[model] struct Book { id: i64, title: String, stock: i32, #[relation(on_delete = Protect)] author: ForeignKey<Author> }
/// # fn main() -> nuages_orm::Result<()> {
/// # let db = Database::connect("sqlite::memory:").wait()?;
/// # nuages_orm::create_tables(&db, &[Author::meta(), Book::meta()]).wait()?;
/// # db.sync_scope(|| {
/// # let django = Author::create().name("Django Reinhardt").wait()?;
/// # for (title, stock) in [("Nuages", 3), ("Minor Swing", 0)] { Book::create().title(title).stock(stock).author(&django).wait()?; }
/// use nuages_orm::subquery;
///
/// let best: Vec<(String, Option<String>)> = Author::objects()
///     .values(|a| {
///         let of_author = Book::objects().filter(|b| b.author.id.eq(a.id.outer()));
///         (a.name, subquery(of_author.order_by(|b| b.stock.desc()).values(|b| b.title)))
///     })
///     .all()
///     .wait()?;
/// assert_eq!(best, [("Django Reinhardt".to_owned(), Some("Nuages".to_owned()))]);
/// # Ok(()) }) }
/// ```
pub fn subquery<S, M: Model, V>(values: Values<M, V>) -> Expression<S, Option<<V::Row as ColumnType>::Base>>
where
    V: Selection<M, Row: ColumnType>,
{
    let mut select = values.into_select();
    select.limit = Some(select.limit.map_or(1, |limit| limit.min(1)));
    Expression::computed(Expr::Subquery(Box::new(select)), true)
}

/// A column of the query around this one.
pub struct Outer<C> {
    expr: Expr,
    nullable: bool,
    of: PhantomData<fn() -> C>,
}

impl<C> Clone for Outer<C> {
    fn clone(&self) -> Self {
        Self {
            expr: self.expr.clone(),
            nullable: self.nullable,
            of: PhantomData,
        }
    }
}

impl<C> fmt::Debug for Outer<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Outer").field(&self.expr).finish()
    }
}

impl<P: ToOnePath, C: ColumnType> Column<P, C> {
    /// This column in a query inside this one: see [`exists`].
    #[must_use]
    pub fn outer(self) -> Outer<C> {
        let located: Located = self.located();
        let nullable = located.nullable();
        let expr = match located.expr() {
            Expr::Column { path, column } => Expr::Outer { path, column },
            other => other,
        };
        Outer {
            expr,
            nullable,
            of: PhantomData,
        }
    }
}

#[diagnostic::do_not_recommend]
impl<S, C: ColumnType> Operand<S, C::Base> for Outer<C> {
    fn into_operand(self) -> Expr {
        self.expr
    }

    fn nullable(&self) -> bool {
        self.nullable
    }
}

impl<P: Path, C: ColumnType> Column<P, C> {
    /// One of the values of a query: `.filter(|b| b.title.in_query(Song::objects().values(|s| s.name)))`.
    pub fn in_query<M: Model, V>(self, values: Values<M, V>) -> Condition<P::Root>
    where
        V: Selection<M, Row: ColumnType<Base = C::Base>>,
    {
        among(self.located(), values.into_select()).into()
    }
}

impl<P: Path, R: Relation> Related<P, R> {
    /// It points to one of the records of a query: `.filter(|b| b.author.in_query(Author::objects().filter(..)))`.
    pub fn in_query<S: Record<Model = R::To>>(self, query: QuerySet<S>) -> Condition<P::Root> {
        let mut select = query.into_select();
        select.columns = vec![Expr::Column {
            path: [].into(),
            column: <R::To as Model>::PRIMARY_KEY,
        }];
        among(Self::located(), select).into()
    }
}

impl<P: Path, R: Relation> RelatedMany<P, R> {
    /// It leads to one of the records of a query: `.filter(|b| b.tags.in_query(Tag::objects().filter(..)))`.
    pub fn in_query<S: Record<Model = R::To>>(self, query: QuerySet<S>) -> Condition<P::Root> {
        let mut select = query.into_select();
        select.columns = vec![Expr::Column {
            path: [].into(),
            column: <R::To as Model>::PRIMARY_KEY,
        }];
        among(Self::located(), select).into()
    }
}

/// Whether a column's value is among those of a query. What is NULL on either side is not.
fn among(located: Located, mut select: Select) -> Test {
    if let [column] = select.columns.as_slice() {
        // `x NOT IN (.., NULL)` would never be true.
        let there = Expr::IsNull(Box::new(column.clone()), false);
        if select.limit.is_none() && select.offset.is_none() && select.group_by.is_empty() {
            select.filter = Some(match select.filter.take() {
                Some(filter) => Expr::And(vec![filter, there]),
                None => there,
            });
        }
    }
    if select.limit.is_none() && select.offset.is_none() {
        select.order.clear();
    }
    located.test(|expr| Expr::InSelect(Box::new(expr), Box::new(select)))
}
