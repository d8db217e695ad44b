//! Foreign keys, as fields of a record.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::key::IntoKey;
use crate::loading::{Loaded, NotLoaded, SerializeState, State};
use crate::model::{Model, Reader, Record};
use crate::path::NotLoadedCallSelectRelated;
use crate::queryset::QuerySet;
use crate::{Op, Result};

/// A foreign key to a row of the model `M`. In a model it is written `ForeignKey<Author>`; `#[model]` adds the state.
///
/// Loaded by [`select_related`](QuerySet::select_related), it dereferences to the object: `book.author.name`. Not loaded, it has the
/// [`key`](Self::key), and whatever else one tries to read of the object does not compile. Nothing is ever queried behind one's back.
///
/// One that may be missing is an `Option<ForeignKey<Author>>`, also when it is loaded: `if let Some(editor) = &book.editor { editor.name .. }`.
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
/// let book = Book::objects().select_related(|b| b.author).get(|b| b.title.eq("Nuages")).wait()?;
/// assert_eq!(book.author.name, "Django Reinhardt");
///
/// let book = Book::objects().get(|b| b.title.eq("Nuages")).wait()?;
/// assert_eq!(book.author.key(), 1);
/// let author = book.author.fetch().wait()?; // a query of its own
/// assert_eq!(author.name, "Django Reinhardt");
/// # Ok(()) }) }
/// ```
///
/// Without `select_related`, this does not compile:
///
/// ```compile_fail,E0277
/// # use nuages_orm::prelude::*;
/// # #[model] struct Author { id: i64, name: String }
/// # #[model] struct Book { id: i64, title: String, #[relation(on_delete = Protect)] author: ForeignKey<Author> }
/// # async fn example() -> nuages_orm::Result<()> {
/// let book = Book::objects().get(|b| b.id.eq(3)).await?;
/// println!("{} by {}", book.title, book.author.name);
/// # Ok(())
/// # }
/// ```
pub struct ForeignKey<M: Model, S = NotLoaded> {
    key: M::Key,
    state: S,
}

/// A foreign key that no two rows have in common: each row of the model `M` has one row that points to it at most. In a model it is written
/// `OneToOne<User>`, and the other side `ReverseOneToOne<Profile>`: see [`ReverseOneToOne`](crate::ReverseOneToOne).
pub type OneToOne<M, S = NotLoaded> = ForeignKey<M, S>;

impl<M: Model, S: State> ForeignKey<M, S> {
    /// The key of the object: what the column holds.
    pub fn key(&self) -> M::Key {
        self.key.clone()
    }

    /// Loads the object now, by a query of its own.
    ///
    /// For many objects, `select_related` loads all of them in one query.
    ///
    /// # Errors
    ///
    /// As [`QuerySet::get`].
    #[track_caller]
    pub fn fetch(&self) -> Op<'static, M> {
        QuerySet::<M>::new().get_by_key(self.key(), M::OPERATIONS.fetch)
    }

    #[doc(hidden)]
    pub fn decode(key: M::Key, reader: &mut Reader<'_>) -> Result<Self> {
        Ok(Self {
            key,
            state: S::decode(reader)?,
        })
    }

    #[doc(hidden)]
    pub fn decode_optional(key: Option<M::Key>, reader: &mut Reader<'_>) -> Result<Option<Self>> {
        match key {
            Some(key) => Self::decode(key, reader).map(Some),
            None => {
                reader.skip(S::width());
                Ok(None)
            }
        }
    }
}

impl<M: Model, R> ForeignKey<M, NotLoaded<R>> {
    /// A foreign key to an object, given by reference or by key. To point a field elsewhere: `book.author = ForeignKey::to(&django)`.
    pub fn to(object: impl IntoKey<M>) -> Self {
        Self {
            key: object.into_key(),
            state: NotLoaded::new(),
        }
    }
}

impl<M: Model, T: Record<Model = M>> ForeignKey<M, Loaded<T>> {
    /// A foreign key that has its object with it.
    pub fn loaded(object: T) -> Self {
        Self {
            key: object.primary_key(),
            state: Loaded(object),
        }
    }

    /// Takes the object out. An associated function, so that it hides no method of the object.
    pub fn into_inner(this: Self) -> T {
        this.state.0
    }
}

impl<M: Model, T: Record<Model = M>> Deref for ForeignKey<M, Loaded<T>> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.state.0
    }
}

// What is not loaded dereferences to columns at no path: their fields have the names of the object's, and no use, so that reading one is a compile
// error that says what to load.
impl<M: Model, R: 'static> Deref for ForeignKey<M, NotLoaded<R>> {
    type Target = M::Fields<NotLoadedCallSelectRelated<R>>;

    fn deref(&self) -> &Self::Target {
        M::fields_at()
    }
}

// Written out, since derived ones would ask the same of the model.
impl<M: Model, S: Clone> Clone for ForeignKey<M, S> {
    fn clone(&self) -> Self {
        Self {
            key: self.key.clone(),
            state: self.state.clone(),
        }
    }
}

impl<M: Model, S: PartialEq> PartialEq for ForeignKey<M, S> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && self.state == other.state
    }
}

impl<M: Model, S: Eq> Eq for ForeignKey<M, S> {}

impl<M: Model, S: Hash> Hash for ForeignKey<M, S> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
        self.state.hash(state);
    }
}

impl<M: Model, S: fmt::Debug> fmt::Debug for ForeignKey<M, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ForeignKey")
            .field(&self.key)
            .field(&self.state)
            .finish()
    }
}

impl<M: Model, S: SerializeState<M>> Serialize for ForeignKey<M, S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        self.state.serialize(&self.key, serializer)
    }
}

impl<'de, M: Model, R> Deserialize<'de> for ForeignKey<M, NotLoaded<R>> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self {
            key: M::Key::deserialize(deserializer)?,
            state: NotLoaded::new(),
        })
    }
}
