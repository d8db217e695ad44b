//! Functions and lookups of the program's own.

use super::IntoExpression;
use crate::condition::{Condition, Test};
use crate::expression::Expression;
use crate::field_type::FieldType;
use crate::query::{Custom, Expr};

/// A function of the database that the ORM does not have, of any arguments: `custom(&SOUNDEX).of(b.title)`.
///
/// The SQL is the program's own, written for each dialect around the SQL of the arguments; values are bound as everywhere. An extension trait makes a
/// method of it, on every column and expression:
///
/// # Examples
///
/// ```
/// use nuages_orm::prelude::*;
/// use nuages_orm::query::Custom;
/// use nuages_orm::{Kind, custom};
///
/// /// How often one text is in another.
/// static TIMES: Custom = Custom::new("times", Kind::BigInt, |_, args| {
///     let [text, part] = args else { return None };
///     Some(format!("(LENGTH({text}) - LENGTH(REPLACE({text}, {part}, ''))) / LENGTH({part})"))
/// });
///
/// trait TextLookups: Compute {
///     fn times(self, part: &str) -> Expression<Self::Scope, i64> {
///         custom(&TIMES).of(self.expression()).of(part).returning()
///     }
///
///     fn repeats(self, part: &str) -> Condition<Self::Scope> {
///         self.times(part).gt(1)
///     }
/// }
///
/// impl<E: Compute<Type = String>> TextLookups for E {}
///
/// # #[model] struct Book { id: i64, title: String }
/// # fn main() -> nuages_orm::Result<()> {
/// # let db = Database::connect("sqlite::memory:").wait()?;
/// # nuages_orm::create_tables(&db, &[Book::meta()]).wait()?;
/// # db.sync_scope(|| {
/// Book::create().title("Tea for Two for Tea").wait()?;
/// assert_eq!(Book::objects().filter(|b| b.title.repeats("Tea")).values(|b| b.title.times("for")).all().wait()?, [2]);
/// # Ok(()) }) }
/// ```
pub fn custom<S>(of: &'static Custom) -> CustomCall<S> {
    CustomCall {
        custom: *of,
        args: Vec::new(),
        nullable: false,
        scope: std::marker::PhantomData,
    }
}

/// A function of the program's own, on its way: see [`custom`].
#[derive(Debug)]
#[must_use = "it is an expression when it ends: `.returning()` or `.condition()`"]
pub struct CustomCall<S> {
    custom: Custom,
    args: Vec<Expr>,
    nullable: bool,
    scope: std::marker::PhantomData<fn() -> S>,
}

impl<S> CustomCall<S> {
    /// With one more argument.
    pub fn of(mut self, arg: impl IntoExpression<S>) -> Self {
        let arg = arg.into_expression();
        self.nullable |= arg.nullable;
        self.args.push(arg.expr);
        self
    }

    /// As an expression of a type, which has to be what the SQL gives.
    pub fn returning<C: crate::ColumnType<Base: FieldType>>(self) -> Expression<S, C> {
        Expression::computed(Expr::Custom(self.custom, self.args), self.nullable)
    }

    /// As a condition.
    pub fn condition(self) -> Condition<S> {
        Test {
            expr: Expr::Custom(self.custom, self.args),
            nullable: true,
        }
        .into()
    }
}
