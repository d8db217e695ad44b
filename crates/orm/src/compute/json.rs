//! JSON documents, looked into and made.

use serde_json::Value as Document;
use uuid::Uuid;

use super::{Base, Compute, IntoExpression};
use crate::condition::{Condition, Test};
use crate::expression::Expression;
use crate::field_type::{FieldType, Primitive};
use crate::located::is_null;
use crate::query::{Expr, Function, Step};

/// What a database finds in JSON documents: columns of `Json<T>` and of `serde_json::Value`.
///
/// What is not there is NULL. JSON's own null is a value, and not NULL: [`is_json_null`](Self::is_json_null) asks for it, `is_null()` for what is missing.
///
/// # Examples
///
/// ```
/// # use nuages_orm::prelude::*;
/// # use nuages_orm::JsonFunctions as _;
/// # #[model] struct Record { id: i64, data: serde_json::Value }
/// # fn main() -> nuages_orm::Result<()> {
/// # let db = Database::connect("sqlite::memory:").wait()?;
/// # nuages_orm::create_tables(&db, &[Record::meta()]).wait()?;
/// # db.sync_scope(|| {
/// Record::create().data(serde_json::json!({"title": "Nuages", "takes": [1, 2, 7]})).wait()?;
/// let last: Vec<Option<i64>> = Record::objects()
///     .filter(|r| r.data.key("title").text().startswith("Nu"))
///     .values(|r| r.data.key("takes").index(-1).value_as::<i64>())
///     .all()
///     .wait()?;
/// assert_eq!(last, [Some(7)]);
/// # Ok(()) }) }
/// ```
pub trait JsonFunctions: Compute<Type: crate::ColumnType<Base: FieldType<Stored = Document>>> {
    /// The value of a key; NULL where there is none.
    fn key(self, key: impl Into<String>) -> Expression<Self::Scope, Option<Document>> {
        step(self, Step::Key(key.into()))
    }

    /// The element at a position from 0 on, or from the end on where that is negative; NULL where there is none.
    fn index(self, index: i64) -> Expression<Self::Scope, Option<Document>> {
        step(self, Step::Index(index))
    }

    /// The value as text, a string without its quotes; JSON's null is NULL.
    fn text(self) -> Expression<Self::Scope, Option<String>> {
        Expression::computed(as_text(self.expression().expr), true)
    }

    /// The value as a type that databases know: `r.data.key("year").value_as::<i32>()`. JSON's null is NULL.
    fn value_as<T: FieldType>(self) -> Expression<Self::Scope, Option<T>> {
        let text = as_text(self.expression().expr);
        Expression::computed(Expr::Cast(Box::new(text), <T::Stored as Primitive>::KIND), true)
    }

    /// All of another document is in this one, objects by their keys, arrays in any order.
    fn json_contains(
        self,
        part: impl IntoExpression<Self::Scope, Type: HoldsJson>,
    ) -> Condition<Self::Scope> {
        contains(self.expression().expr, part.into_expression().expr)
    }

    /// All of this document is in another one.
    fn json_contained_by(
        self,
        whole: impl IntoExpression<Self::Scope, Type: HoldsJson>,
    ) -> Condition<Self::Scope> {
        contains(whole.into_expression().expr, self.expression().expr)
    }

    /// It is an object with this key, whatever the value.
    fn has_key(self, key: impl Into<String>) -> Condition<Self::Scope> {
        has(&self.expression().expr, key.into()).into()
    }

    /// It is an object with all these keys.
    fn has_keys<K: Into<String>>(self, keys: impl IntoIterator<Item = K>) -> Condition<Self::Scope> {
        let document = self.expression().expr;
        let all = keys.into_iter().map(|key| has(&document, key.into()).expr);
        certain(Expr::And(all.collect())).into()
    }

    /// It is an object with one of these keys.
    fn has_any_keys<K: Into<String>>(self, keys: impl IntoIterator<Item = K>) -> Condition<Self::Scope> {
        let document = self.expression().expr;
        let any = keys.into_iter().map(|key| has(&document, key.into()).expr);
        certain(Expr::Or(any.collect())).into()
    }

    /// It is there, and JSON's null.
    #[expect(
        clippy::wrong_self_convention,
        reason = "as all functions, it takes the column or the expression itself"
    )]
    fn is_json_null(self) -> Condition<Self::Scope> {
        let value = self.expression().expr;
        let missing = is_null(as_text(value.clone()));
        certain(Expr::And(vec![Expr::IsNull(Box::new(value), false), missing])).into()
    }
}

impl<E> JsonFunctions for E
where
    E: Compute<Type: crate::ColumnType<Base: FieldType<Stored = Document>>>,
    Base<E>: FieldType<Stored = Document>,
{
}

/// Types of columns that hold JSON.
pub trait HoldsJson: crate::ColumnType {}

impl<C: crate::ColumnType<Base: FieldType<Stored = Document>>> HoldsJson for C {}

fn step<E: Compute>(of: E, step: Step) -> Expression<E::Scope, Option<Document>> {
    let (document, path) = match of.expression().expr {
        Expr::Json {
            document,
            mut path,
            text: false,
        } => {
            path.push(step);
            (document, path)
        }
        other => (Box::new(other), vec![step]),
    };
    let json = Expr::Json {
        document,
        path,
        text: false,
    };
    Expression::computed(json, true)
}

fn as_text(expr: Expr) -> Expr {
    match expr {
        Expr::Json { document, path, .. } => Expr::Json {
            document,
            path,
            text: true,
        },
        other => Expr::Json {
            document: Box::new(other),
            path: Vec::new(),
            text: true,
        },
    }
}

fn contains<S>(whole: Expr, part: Expr) -> Condition<S> {
    Test {
        expr: Expr::Function(Function::JsonContains, vec![whole, part]),
        nullable: true,
    }
    .into()
}

fn certain(expr: Expr) -> Test {
    Test {
        expr,
        nullable: false,
    }
}

fn has(document: &Expr, key: String) -> Test {
    let (document, mut path) = match document.clone() {
        Expr::Json {
            document,
            path,
            text: false,
        } => (document, path),
        other => (Box::new(other), Vec::new()),
    };
    path.push(Step::Key(key));
    let value = Expr::Json {
        document,
        path,
        text: false,
    };
    certain(Expr::IsNull(Box::new(value), false))
}

/// A JSON object that a database makes of a row: `json_object().with("title", b.title).with("year", b.published.year())`.
#[must_use]
pub fn json_object<S>() -> Expression<S, Document> {
    Expression::new(Expr::Function(Function::JsonObject, Vec::new()))
}

/// A JSON array that a database makes of a row: `json_array().and(b.title).and(b.stock)`.
#[must_use]
pub fn json_array<S>() -> Expression<S, Document> {
    Expression::new(Expr::Function(Function::JsonArray, Vec::new()))
}

impl<S> Expression<S, Document> {
    /// With a key and its value, for [`json_object`].
    #[must_use]
    pub fn with(self, key: &str, value: impl IntoExpression<S>) -> Self {
        let mut args = match self.expr {
            Expr::Function(Function::JsonObject, args) => args,
            _ => Vec::new(),
        };
        args.extend([Expr::Value(key.into()), value.into_expression().expr]);
        Self::new(Expr::Function(Function::JsonObject, args))
    }

    /// With one more element, for [`json_array`].
    #[must_use]
    pub fn and(self, value: impl IntoExpression<S>) -> Self {
        let mut args = match self.expr {
            Expr::Function(Function::JsonArray, args) => args,
            _ => Vec::new(),
        };
        args.push(value.into_expression().expr);
        Self::new(Expr::Function(Function::JsonArray, args))
    }
}

/// A random UUID, another one for each row.
#[must_use]
pub fn uuid4<S>() -> Expression<S, Uuid> {
    Expression::new(Expr::Function(Function::Uuid4, Vec::new()))
}

/// A UUID that starts with the time, another one for each row.
#[must_use]
pub fn uuid7<S>() -> Expression<S, Uuid> {
    Expression::new(Expr::Function(Function::Uuid7, Vec::new()))
}
