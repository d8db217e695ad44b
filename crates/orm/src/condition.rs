//! Conditions: what `filter` and `exclude` take, combined by `&`, `|` and `!`.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{BitAnd, BitOr, BitXor, Not};

use crate::column::Column;
use crate::expression::Expression;
use crate::path::ToOnePath;
use crate::query::Expr;

/// A condition without types.
#[derive(Clone, Debug)]
pub(crate) struct Test {
    pub(crate) expr: Expr,
    /// Whether it can be neither true nor false, since a NULL is compared.
    pub(crate) nullable: bool,
}

impl Test {
    pub(crate) fn and(self, other: Self) -> Self {
        let nullable = self.nullable || other.nullable;
        let mut all = match self.expr {
            Expr::And(all) => all,
            one => vec![one],
        };
        match other.expr {
            Expr::And(more) => all.extend(more),
            one => all.push(one),
        }
        Self {
            expr: Expr::And(all),
            nullable,
        }
    }

    pub(crate) fn or(self, other: Self) -> Self {
        let nullable = self.nullable || other.nullable;
        let mut any = match self.expr {
            Expr::Or(any) => any,
            one => vec![one],
        };
        match other.expr {
            Expr::Or(more) => any.extend(more),
            one => any.push(one),
        }
        Self {
            expr: Expr::Or(any),
            nullable,
        }
    }

    /// The opposite, so that each row is on exactly one side: one for which the condition is unknown is on this one.
    pub(crate) fn not(self) -> Self {
        let expr = if self.nullable {
            Expr::Or(vec![
                Expr::Not(Box::new(self.expr.clone())),
                Expr::IsNull(Box::new(self.expr), true),
            ])
        } else {
            Expr::Not(Box::new(self.expr))
        };
        Self {
            expr,
            nullable: false,
        }
    }
}

/// A condition on the rows of a query of `S`: a model, or [`Grouped`](crate::Grouped) of one.
///
/// `&`, `|` and `!` combine them. `!` takes exactly the rows that the condition does not: one where a NULL makes it unknown is among them, as in
/// Django's `exclude`.
///
/// # Examples
///
/// A condition with a name, to be used in several queries:
///
/// ```
/// # use nuages_orm::prelude::*;
/// # #[model] struct Author { id: i64, name: String, #[relation(reverse = Book::author)] books: Many<Book> }
/// # #[model] struct Book {
/// #     id: i64, title: String, stock: i32,
/// #     #[relation(on_delete = Protect)] author: ForeignKey<Author>,
/// #     #[relation(on_delete = SetNull)] editor: Option<ForeignKey<Author>>,
/// # }
/// fn in_stock() -> Condition<Book> {
///     Book::fields().stock.gt(0)
/// }
///
/// # fn main() -> nuages_orm::Result<()> {
/// # let db = Database::connect("sqlite::memory:").wait()?;
/// # nuages_orm::create_tables(&db, &[Author::meta(), Book::meta()]).wait()?;
/// # db.sync_scope(|| {
/// # let django = Author::create().name("Django Reinhardt").wait()?;
/// # let boris = Author::create().name("Boris Vian").wait()?;
/// # for (title, stock) in [("Nuages", 3), ("Minor Swing", 0), ("Belleville", 1)] {
/// #     Book::create().title(title).stock(stock).author(&django).editor(&boris).wait()?;
/// # }
/// let books = Book::objects().filter(|b| in_stock() & !b.title.startswith("N"));
/// assert_eq!(books.count().wait()?, 1);
/// # Ok(()) }) }
/// ```
pub struct Condition<S> {
    pub(crate) test: Test,
    scope: PhantomData<fn() -> S>,
}

impl<S> From<Test> for Condition<S> {
    fn from(test: Test) -> Self {
        Self {
            test,
            scope: PhantomData,
        }
    }
}

impl<S> Clone for Condition<S> {
    fn clone(&self) -> Self {
        self.test.clone().into()
    }
}

impl<S> fmt::Debug for Condition<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Condition").field(&self.test.expr).finish()
    }
}

impl<S> BitAnd for Condition<S> {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        self.test.and(other.test).into()
    }
}

impl<S> BitOr for Condition<S> {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.test.or(other.test).into()
    }
}

/// One of the two holds, and not both.
impl<S> BitXor for Condition<S> {
    type Output = Self;

    fn bitxor(self, other: Self) -> Self {
        let first = self.test.clone().and(other.test.clone().not());
        first.or(self.test.not().and(other.test)).into()
    }
}

impl<S> Condition<S> {
    /// All of these conditions; of none, it holds for each row.
    pub fn all(conditions: impl IntoIterator<Item = Self>) -> Self {
        let none = Test {
            expr: Expr::And(Vec::new()),
            nullable: false,
        };
        let all = conditions.into_iter().map(|condition| condition.test);
        all.fold(none, Test::and).into()
    }

    /// One of these conditions; of none, it holds for no row.
    pub fn any(conditions: impl IntoIterator<Item = Self>) -> Self {
        let none = Test {
            expr: Expr::Or(Vec::new()),
            nullable: false,
        };
        let any = conditions.into_iter().map(|condition| condition.test);
        any.fold(none, Test::or).into()
    }

    /// The condition as a value, to be selected or computed with: true where it holds, else false.
    pub fn value(self) -> Expression<S, bool> {
        Expression::new(Expr::Case {
            whens: vec![(self.test.expr, Expr::Value(true.into()))],
            otherwise: Some(Box::new(Expr::Value(false.into()))),
        })
    }
}

impl<S> Not for Condition<S> {
    type Output = Self;

    fn not(self) -> Self {
        self.test.not().into()
    }
}

/// What can be a condition on a query of `S`: a [`Condition`] on it, or a column that holds a `bool`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no condition on a query of `{S}`",
    label = "not a condition on `{S}`",
    note = "a condition compares columns of the queried model, which are the closure's argument: `.filter(|b| b.title.eq(..))`",
    note = "columns of another model are reached over a relation: `b.author.name.eq(..)`",
    note = "`&`, `|` and `!` combine conditions, `&&` and `||` do not; a condition on an aggregate goes into `.having(..)`"
)]
pub trait IntoCondition<S> {
    /// The condition.
    fn into_condition(self) -> Condition<S>;
}

#[diagnostic::do_not_recommend]
impl<S> IntoCondition<S> for Condition<S> {
    fn into_condition(self) -> Condition<S> {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<P: ToOnePath> IntoCondition<P::Root> for Column<P, bool> {
    fn into_condition(self) -> Condition<P::Root> {
        let located = self.located();
        located.test(|expr| expr).into()
    }
}

/// What is computed can be a condition: `.filter(|b| when(b.stock.gt(9), b.on_sale).otherwise(true))`.
#[diagnostic::do_not_recommend]
impl<S> IntoCondition<S> for Expression<S, bool> {
    fn into_condition(self) -> Condition<S> {
        self.test(|expr| expr).into()
    }
}

#[diagnostic::do_not_recommend]
impl<S> IntoCondition<S> for &Expression<S, bool> {
    fn into_condition(self) -> Condition<S> {
        self.test(|expr| expr).into()
    }
}
