//! Columns as the closures of a query see them.

use std::fmt;
use std::marker::PhantomData;

use crate::field_type::ColumnType;
use crate::located::Located;
use crate::path::{Path, Readable, Root};
use crate::write::{Assign, Assignment};

/// A column at the end of the path `P`, of the type `C`.
///
/// Comparisons give a [`Condition`](crate::Condition), arithmetic an [`Expression`](crate::Expression).
pub struct Column<P, C> {
    name: &'static str,
    of: PhantomData<fn() -> (P, C)>,
}

impl<P, C> Column<P, C> {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            of: PhantomData,
        }
    }
}

impl<P, C> Clone for Column<P, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P, C> Copy for Column<P, C> {}

impl<P, C> Column<P, C> {
    pub(crate) fn name(self) -> &'static str {
        self.name
    }
}

impl<P, C> Column<P, C> {
    /// Its name, for what `only!` makes.
    #[doc(hidden)]
    #[must_use]
    pub fn column(self) -> &'static str {
        self.name
    }
}

impl<P: Path, C: ColumnType> Column<P, C> {
    pub(crate) fn located(self) -> Located {
        Located::of::<P>(self.name, C::NULLABLE)
    }
}

impl<M: crate::Model, C: ColumnType> Column<Root<M>, C> {
    /// In [`update`](crate::QuerySet::update): the column's new value, which may be computed of the old ones.
    ///
    /// # Examples
    ///
    /// ```
    /// # use nuages_orm::prelude::*;
    /// # #[model] struct Author { id: i64, name: String, #[relation(reverse = Book::author)] books: Many<Book> }
    /// # #[model] struct Book {
    /// #     id: i64, title: String, stock: i32,
    /// #     #[relation(on_delete = Protect)] author: ForeignKey<Author>,
    /// #     #[relation(on_delete = SetNull)] editor: Option<ForeignKey<Author>>,
    /// # }
    /// # fn main() -> nuages_orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").wait()?;
    /// # nuages_orm::create_tables(&db, &[Author::meta(), Book::meta()]).wait()?;
    /// # db.sync_scope(|| {
    /// # let django = Author::create().name("Django Reinhardt").wait()?;
    /// # let boris = Author::create().name("Boris Vian").wait()?;
    /// # for (title, stock) in [("Nuages", 3), ("Minor Swing", 0), ("Belleville", 1)] {
    /// #     Book::create().title(title).stock(stock).author(&django).editor(&boris).wait()?;
    /// # }
    /// let nuages = Book::objects().filter(|b| b.title.eq("Nuages"));
    /// nuages.update(|b| (b.stock.set(b.stock - 1), b.title.set("Nuages (sold)"))).wait()?;
    /// assert_eq!(Book::objects().get(|b| b.title.eq("Nuages (sold)")).wait()?.stock, 2);
    /// # Ok(()) }) }
    /// ```
    pub fn set(self, value: impl Assign<M, C>) -> Assignment<M> {
        Assignment::new(self.name, value.into_assigned())
    }
}

// What follows is only for the compiler's messages: columns of what was not loaded look as if they could be used as values, on the condition
// `Readable`, which never holds and says what to do. Code that would run is not there.

impl<P: Readable<C>, C> fmt::Display for Column<P, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl<P: Readable<C>, C> fmt::Debug for Column<P, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl<P: Readable<C>, C, U: ?Sized> PartialEq<U> for Column<P, C> {
    fn eq(&self, _: &U) -> bool {
        false
    }
}

impl<P: Readable<C>, C> serde::Serialize for Column<P, C> {
    fn serialize<Z: serde::Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.serialize_unit()
    }
}

impl<P: Readable<C>, C, U: ?Sized> AsRef<U> for Column<P, C> {
    fn as_ref(&self) -> &U {
        unreachable!("a column has no value")
    }
}

// Written out, not made by a macro, since the compiler shows the method that was called.
#[doc(hidden)]
#[expect(
    clippy::should_implement_trait,
    clippy::inherent_to_string_shadow_display,
    reason = "these are for values"
)]
impl<P, C> Column<P, C> {
    #[rustfmt::skip]
    pub fn to_string(&self) -> String where P: Readable<C> { no_value() }
    #[rustfmt::skip]
    pub fn to_owned(&self) -> C where P: Readable<C> { no_value() }
    #[rustfmt::skip]
    pub fn clone(&self) -> C where P: Readable<C> { no_value() }
    #[rustfmt::skip]
    pub fn into<T>(self) -> T where P: Readable<C> { no_value() }
    #[rustfmt::skip]
    pub fn as_str(&self) -> &str where P: Readable<C> { no_value() }
    #[rustfmt::skip]
    pub fn len(&self) -> usize where P: Readable<C> { no_value() }
    #[rustfmt::skip]
    pub fn is_empty(&self) -> bool where P: Readable<C> { no_value() }
    #[rustfmt::skip]
    pub fn trim(&self) -> &str where P: Readable<C> { no_value() }
    #[rustfmt::skip]
    pub fn to_lowercase(&self) -> String where P: Readable<C> { no_value() }
    #[rustfmt::skip]
    pub fn to_uppercase(&self) -> String where P: Readable<C> { no_value() }
    #[rustfmt::skip]
    pub fn is_some(&self) -> bool where P: Readable<C> { no_value() }
    #[rustfmt::skip]
    pub fn is_none(&self) -> bool where P: Readable<C> { no_value() }
}

fn no_value<T>() -> T {
    unreachable!("a column has no value")
}
