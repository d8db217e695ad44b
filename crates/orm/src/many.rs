//! The other side of a foreign key, as a field of a record.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::ops::Deref;

use crate::condition::IntoCondition;
use crate::loading::NotLoaded;
use crate::meta::RelationMeta;
use crate::model::{Fields, Model, Record};
use crate::prefetch::Prefetched;
use crate::query::{Expr, Operator};
use crate::queryset::QuerySet;
use crate::{Op, Value};

/// The rows of the model `M` whose foreign key points here: an author's books. In a model it is written `Many<Book>`; `#[model]` adds the state.
///
/// It holds no rows, but a queryset of them: [`objects`](Self::objects).
///
/// # Examples
///
/// ```
/// # use nuages_orm::prelude::*;
/// #[model]
/// struct Author {
///     id: i64,
///     name: String,
///     #[relation(reverse = Book::author)]
///     books: Many<Book>,
/// }
///
/// #[model]
/// struct Book {
///     id: i64,
///     title: String,
///     stock: i32,
///     #[relation(on_delete = Cascade)]
///     author: ForeignKey<Author>,
/// #   #[relation(on_delete = SetNull)] editor: Option<ForeignKey<Author>>,
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
/// let author = Author::objects().get(|a| a.name.eq("Django Reinhardt")).wait()?;
/// assert_eq!(author.books.all().wait()?.len(), 3);
/// let in_stock = author.books.objects().filter(|b| b.stock.gt(0)).order_by(|b| b.title).all().wait()?;
/// assert_eq!(in_stock[0].title, "Belleville");
/// # Ok(()) }) }
/// ```
pub struct Many<M: Model, S = NotLoaded> {
    owner: Value,
    relation: &'static RelationMeta,
    state: S,
    model: PhantomData<fn() -> M>,
}

impl<M: Model, S> Many<M, S> {
    #[doc(hidden)]
    pub fn new(owner: Value, relation: &'static RelationMeta, state: S) -> Self {
        Self {
            owner,
            relation,
            state,
            model: PhantomData,
        }
    }

    pub(crate) fn owner(&self) -> &Value {
        &self.owner
    }

    pub(crate) fn relation(&self) -> &'static RelationMeta {
        self.relation
    }

    pub(crate) fn state_mut(&mut self) -> &mut S {
        &mut self.state
    }

    /// The rows, as a queryset.
    pub fn objects(&self) -> QuerySet<M> {
        QuerySet::filtered(Expr::Binary(
            Box::new(Expr::Column {
                path: [].into(),
                column: self.relation.to_column,
            }),
            Operator::Eq,
            Box::new(Expr::Value(self.owner.clone())),
        ))
    }

    /// Those of the rows that a condition holds for, as a queryset.
    pub fn filter<C: IntoCondition<M>>(
        &self,
        condition: impl FnOnce(&'static Fields<M>) -> C,
    ) -> QuerySet<M> {
        self.objects().filter(condition)
    }

    /// The rows themselves.
    ///
    /// # Errors
    ///
    /// As [`QuerySet::all`].
    #[track_caller]
    pub fn all(&self) -> Op<'static, Vec<M>> {
        self.objects().all()
    }

    /// How many they are.
    ///
    /// # Errors
    ///
    /// As [`QuerySet::count`].
    #[track_caller]
    pub fn count(&self) -> Op<'static, u64> {
        self.objects().count()
    }
}

impl<M: Model, S> fmt::Debug for Many<M, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Many<{}>", M::meta().name)
    }
}

impl<M: Model, S: PartialEq> PartialEq for Many<M, S> {
    fn eq(&self, other: &Self) -> bool {
        self.owner == other.owner && std::ptr::eq(self.relation, other.relation) && self.state == other.state
    }
}

impl<M: Model, S: Clone> Clone for Many<M, S> {
    fn clone(&self) -> Self {
        Self::new(self.owner.clone(), self.relation, self.state.clone())
    }
}

impl<M: Model, S: Eq> Eq for Many<M, S> {}

/// What [`prefetch_related`](QuerySet::prefetch_related) loaded, as a slice.
impl<M: Model, T: Record<Model = M>> Deref for Many<M, Prefetched<T>> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.state
    }
}

impl<'a, M: Model, T: Record<Model = M>> IntoIterator for &'a Many<M, Prefetched<T>> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.state.iter()
    }
}

// Records with the same key have the same rows.
impl<M: Model, S> Hash for Many<M, S> {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}
