//! Values that depend on conditions: SQL's CASE.

use std::fmt;
use std::marker::PhantomData;

use crate::compute::IntoExpression;
use crate::condition::IntoCondition;
use crate::expression::{Expression, Operand};
use crate::field_type::ColumnType;
use crate::query::Expr;

/// A value where a condition holds: `when(b.stock.gt(0), "in stock").otherwise("sold out")`. The first condition that holds counts.
///
/// # Examples
///
/// ```
/// # use nuages_orm::prelude::*;
/// # #[model] struct Book { id: i64, title: String, stock: i32 }
/// # fn main() -> nuages_orm::Result<()> {
/// # let db = Database::connect("sqlite::memory:").wait()?;
/// # nuages_orm::create_tables(&db, &[Book::meta()]).wait()?;
/// # db.sync_scope(|| {
/// # for (title, stock) in [("Nuages", 3), ("Minor Swing", 0), ("Belleville", 50)] {
/// #     Book::create().title(title).stock(stock).wait()?;
/// # }
/// let shelf: Vec<(String, String)> = Book::objects()
///     .values(|b| (b.title, when(b.stock.gt(10), "plenty").when(b.stock.gt(0), "some").otherwise("none")))
///     .order_by(|b| b.title)
///     .all()
///     .wait()?;
/// let words: Vec<&str> = shelf.iter().map(|(_, word)| word.as_str()).collect();
/// assert_eq!(words, ["plenty", "none", "some"]);
/// # Ok(()) }) }
/// ```
pub fn when<S, V: IntoExpression<S>>(condition: impl IntoCondition<S>, value: V) -> Case<S, V::Type> {
    let value = value.into_expression();
    Case {
        whens: vec![(condition.into_condition().test.expr, value.expr)],
        nullable: value.nullable,
        of: PhantomData,
    }
}

/// Conditions and their values; see [`when`].
#[must_use = "a case is a value when it ends: `.otherwise(..)` or `.or_null()`"]
pub struct Case<S, C> {
    whens: Vec<(Expr, Expr)>,
    nullable: bool,
    of: PhantomData<fn() -> (S, C)>,
}

impl<S, C: ColumnType> Case<S, C> {
    /// Else, a value where this condition holds.
    pub fn when(mut self, condition: impl IntoCondition<S>, value: impl Operand<S, C::Base>) -> Self {
        self.nullable |= value.nullable();
        self.whens
            .push((condition.into_condition().test.expr, value.into_operand()));
        self
    }

    /// Else this value.
    pub fn otherwise(self, value: impl Operand<S, C::Base>) -> Expression<S, C> {
        let nullable = self.nullable || value.nullable();
        let otherwise = Some(Box::new(value.into_operand()));
        Expression::computed(
            Expr::Case {
                whens: self.whens,
                otherwise,
            },
            nullable,
        )
    }

    /// Else NULL.
    pub fn or_null(self) -> Expression<S, Option<C::Base>> {
        Expression::computed(
            Expr::Case {
                whens: self.whens,
                otherwise: None,
            },
            true,
        )
    }
}

impl<S, C> Clone for Case<S, C> {
    fn clone(&self) -> Self {
        Self {
            whens: self.whens.clone(),
            nullable: self.nullable,
            of: PhantomData,
        }
    }
}

impl<S, C> fmt::Debug for Case<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Case").field(&self.whens).finish()
    }
}
