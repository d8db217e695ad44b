//! The `#[model]` attribute of `nuages-orm`.
//!
//! This crate has no API of its own: use `nuages_orm::model`, or `nuages::model` of the facade. It is thin: [`parse`] reads the struct and its
//! attributes into [`parse::Model`], [`generate`] writes the code of each concern. What the code does is in `nuages-orm`; what is made here is only
//! what differs between models, since all of it is compiled anew for each.

mod generate;
mod names;
mod parse;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

/// Makes a model of a struct: a table whose rows are Rust values.
///
/// ```text
/// #[model(table = "book", ordering = [-published, title], unique_together = [[title, author]])]
/// pub struct Book {
///     pub id: i64,                              // the automatic primary key
///     #[field(max_length = 200)]
///     pub title: String,
///     pub published: Date,
///     #[field(max_digits = 8, decimal_places = 2)]
///     pub price: Decimal,
///     #[field(default = 0, check = "stock >= 0")]
///     pub stock: i32,
///     #[relation(on_delete = Protect)]
///     pub author: ForeignKey<Author>,
///     #[relation(on_delete = SetNull)]
///     pub editor: Option<ForeignKey<Author>>,
///     #[relation(reverse = Review::book)]
///     pub reviews: Many<Review>,
/// }
/// ```
///
/// # What is made
///
/// - `Book<S>`, with one type parameter for the loading states of its relations, which is seldom written: `Book` alone is the state in which none is
///   loaded, `With<Book, book::author>` one in which the author is. A model without relations has no parameter.
/// - `Book::objects()`, `Book::create()`, `Book::fields()`, and on a record `save()` and `delete()`.
/// - `BookFields`, what the closures of queries get, and `BookCreate`, what `create()` gives.
/// - The module `book`, with a type for each relation.
/// - `Clone`, `Debug`, `PartialEq`, and serde's `Serialize` (an unloaded relation as its key, a loaded one as the object) and, for `Book` without
///   loaded relations, `Deserialize`.
///
/// # Options of the model
///
/// - `table = ".."`: the table's name; without it, the struct's in snake case: `OrderLine` is `order_line`.
/// - `ordering = [-published, title]`: the order of a query that names none; `-` descends.
/// - `unique_together = [[title, author]]`: sets of fields that are unique together.
/// - `crate = path`: where `nuages_orm` is, if it has another name.
///
/// # Options of a field
///
/// `#[field(..)]`: `max_length = 200`, `unique`, `db_index`, `default = 0`, `check = "stock >= 0"` (SQL), `max_digits = 8, decimal_places = 2`.
/// `#[serde(skip)]` and `#[serde(rename = "..")]` do what they do in serde.
///
/// # Relations
///
/// - `ForeignKey<Author>`, or `Option<ForeignKey<Author>>` where there may be none, with `#[relation(on_delete = Protect)]`, `Cascade`, or (only where
///   there may be none) `SetNull`; `#[field(unique)]` makes it one to one. Its column is `author_id`, and has an index.
/// - `Many<Book>` with `#[relation(reverse = Book::author)]` is the other side of a foreign key; it has no column.
#[proc_macro_attribute]
pub fn model(options: TokenStream, item: TokenStream) -> TokenStream {
    expand(options, item, "::nuages_orm")
}

/// The same, for the facade: the code it makes finds the ORM in the crate `nuages`.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn facade_model(options: TokenStream, item: TokenStream) -> TokenStream {
    expand(options, item, "::nuages::orm")
}

fn expand(options: TokenStream, item: TokenStream, root: &str) -> TokenStream {
    match parse::model(options.into(), item.into(), root) {
        Ok(model) => generate::model(&model).into(),
        Err(failure) => failure.into_tokens().into(),
    }
}
