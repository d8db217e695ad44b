//! Records with some of their model's columns.

use crate::model::Record;
use crate::queryset::QuerySet;

/// A record that has some of its model's columns, besides the key: what a query [`only`](QuerySet::only) reads. A column that it has not can't be read: that
/// does not compile.
///
/// [`only!`](crate::only) makes one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no record with some of a model's columns",
    label = "not made by `only!`",
    note = "write `only! {{ struct {Self} of Book {{ title: String }} }}`, with the model's name and the columns that are read"
)]
pub trait Partial: Record {}

impl<S: Record> QuerySet<S> {
    /// Reads the columns of `T` alone, which [`only!`](crate::only) has made: the others are deferred, and are not there to be read.
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_orm::only;
    /// # use nuages_orm::prelude::*;
    /// # #[model] struct Book { id: i64, title: String, text: String, stock: i32 }
    ///
    /// only! {
    ///     /// A book as a list shows it.
    ///     struct Line of Book {
    ///         title: String,
    ///         stock: i32,
    ///     }
    /// }
    ///
    /// # fn main() -> nuages_orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").wait()?;
    /// # nuages_orm::create_tables(&db, &[Book::meta()]).wait()?;
    /// # db.sync_scope(|| {
    /// # Book::create().title("Nuages").text("Long ago, ..").stock(3).wait()?;
    /// let lines: Vec<Line> = Book::objects().filter(|b| b.text.startswith("Long")).only::<Line>().all().wait()?;
    /// assert_eq!((lines[0].id, lines[0].title.as_str(), lines[0].stock), (1, "Nuages", 3));
    /// # Ok(()) }) }
    /// ```
    pub fn only<T: Partial<Model = S::Model>>(self) -> QuerySet<T> {
        QuerySet::from_core(self.into_core())
    }
}

/// Makes a struct of some columns of a model, and its key, for [`QuerySet::only`]. Columns have the names and types that they have in the model: the
/// compiler checks it.
#[macro_export]
macro_rules! only {
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $name:ident of $model:ident {
            $($(#[$field_attribute:meta])* $field_visibility:vis $field:ident : $type:ty),+ $(,)?
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Debug, PartialEq)]
        $visibility struct $name {
            /// The primary key.
            $visibility id: <$model as $crate::Model>::Key,
            $($(#[$field_attribute])* $field_visibility $field: $type),+
        }

        impl $crate::Partial for $name {}

        impl $crate::Record for $name {
            type Model = $model;

            fn primary_key(&self) -> <$model as $crate::Model>::Key {
                ::core::clone::Clone::clone(&self.id)
            }

            fn column_values(&self) -> ::std::vec::Vec<$crate::Value> {
                ::std::vec::Vec::new()
            }

            fn select(selection: &mut $crate::__private::Selected) {
                let fields = <$model as $crate::Model>::fields_at::<$crate::Root<$model>>();
                selection.some(&[
                    <$model as $crate::Model>::PRIMARY_KEY,
                    $($crate::Column::<$crate::Root<$model>, $type>::column(fields.$field)),+
                ]);
            }

            fn decode(reader: &mut $crate::__private::Reader<'_>) -> $crate::Result<Self> {
                ::core::result::Result::Ok(Self {
                    id: reader.next()?,
                    $($field: reader.next()?),+
                })
            }
        }
    };
}
