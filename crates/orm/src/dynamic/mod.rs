//! Queries by names, beside the typed ones: what an admin, a filter in a URL and a shell need.
//!
//! Names are those of the model's fields, followed over relations by `__`, as in Django: `author__country__name__icontains`. A name that is not there is an
//! error that lists those that are.

mod argument;
mod lookup;
mod query;
mod resolve;
mod row;
mod summary;

pub use self::argument::Argument;
pub use self::lookup::{Q, q};
pub use self::query::DynamicQuery;
pub use self::row::DynamicRow;
pub(crate) use self::row::read;
pub use self::summary::{Summary, avg, count, count_distinct, max, min, sum};

use crate::meta::ModelMeta;
use crate::{Error, Result};

/// The models of a program, by name.
///
/// # Examples
///
/// ```
/// use nuages_orm::dynamic::Models;
/// # use nuages_orm::prelude::*;
/// # #[model] struct Author { id: i64, name: String, #[relation(reverse = Book::author)] books: Many<Book> }
/// # #[model] struct Book { id: i64, title: String, stock: i32, #[relation(on_delete = Protect)] author: ForeignKey<Author> }
/// # fn main() -> nuages_orm::Result<()> {
/// # let db = Database::connect("sqlite::memory:").wait()?;
/// # nuages_orm::create_tables(&db, &[Author::meta(), Book::meta()]).wait()?;
/// # db.sync_scope(|| {
/// # let django = Author::create().name("Django Reinhardt").wait()?;
/// # for (title, stock) in [("Nuages", 3), ("Minor Swing", 0), ("Belleville", 1)] {
/// #     Book::create().title(title).stock(stock).author(&django).wait()?;
/// # }
///
/// let models = Models::new([Author::meta(), Book::meta()]);
/// let books = models.get("Book")?.filter(("author__name__icontains", "django"))?.order_by(["-stock"])?;
/// let rows = books.values(["title", "author__name"])?.all().wait()?;
/// assert_eq!(rows[0].to_json().to_string(), r#"{"author__name":"Django Reinhardt","title":"Nuages"}"#);
///
/// let error = models.get("Book")?.filter(("auther__name", "Django")).unwrap_err();
/// assert_eq!(error.to_string(), "Book has no field `auther` (in `auther__name`); there are: id, title, stock, author, author_id");
/// # Ok(()) }) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Models {
    models: Vec<&'static ModelMeta>,
}

impl Models {
    /// These models.
    pub fn new(models: impl IntoIterator<Item = &'static ModelMeta>) -> Self {
        Self {
            models: models.into_iter().collect(),
        }
    }

    /// All rows of the model with this name, whatever its case.
    ///
    /// # Errors
    ///
    /// There is none; the error names those that are there.
    pub fn get(&self, name: &str) -> Result<DynamicQuery> {
        match self.iter().find(|model| model.name.eq_ignore_ascii_case(name)) {
            Some(model) => Ok(DynamicQuery::new(model)),
            None => {
                let names: Vec<_> = self.iter().map(|model| model.name).collect();
                Err(Error::configuration(format!(
                    "there is no model `{name}`; there are: {}",
                    names.join(", ")
                )))
            }
        }
    }

    /// The models, in the order that they were given in.
    pub fn iter(&self) -> impl Iterator<Item = &'static ModelMeta> + '_ {
        self.models.iter().copied()
    }
}
