//! Loading states: which relations of a record came with it, in its type.
//!
//! Each model with relations has one type parameter, a tuple with a state for each of them. A user's `impl<S: Loading> Book<S>` reaches every
//! state, and a new relation only makes the tuple longer.

use std::collections::HashMap;
use std::fmt::{self, Debug};
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use crate::database::Database;
use crate::driver::BoxFuture;
use crate::meta::RelationMeta;
use crate::model::{Model, Reader, Record, Selected};
use crate::path::{Cons, Nil};
use crate::prefetch::{Query, RowKey};
use crate::relation::Relation;
use crate::{Result, Value};

/// The relation `R` did not come with the record.
pub struct NotLoaded<R = ()>(PhantomData<fn() -> R>);

/// The relation came with the record: what it leads to is in it, as a `T`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Loaded<T>(pub(crate) T);

impl<T> std::ops::Deref for Loaded<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<R> NotLoaded<R> {
    pub(crate) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<R> Clone for NotLoaded<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for NotLoaded<R> {}

impl<R> Default for NotLoaded<R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<R> Debug for NotLoaded<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NotLoaded")
    }
}

impl<R> PartialEq for NotLoaded<R> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<R> Eq for NotLoaded<R> {}

impl<R> Hash for NotLoaded<R> {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// The state of one relation: [`NotLoaded`] or [`Loaded`].
pub trait State: Clone + Debug + PartialEq + Send + Sync + Sized + 'static {
    /// Chooses the columns that `decode` reads.
    #[doc(hidden)]
    fn select(selection: &mut Selected);

    /// How many they are.
    #[doc(hidden)]
    fn width() -> usize;

    /// Makes it of a row.
    #[doc(hidden)]
    fn decode(reader: &mut Reader<'_>) -> Result<Self>;

    /// Loads what the state of a to-many relation holds, for the records with these keys.
    #[doc(hidden)]
    fn prefetch<'a>(
        _query: &'a Query,
        _relation: &'static RelationMeta,
        _owners: &'a [Value],
        _using: Option<&'a Database>,
    ) -> BoxFuture<'a, Result<HashMap<RowKey, Self>>> {
        Box::pin(async { Ok(HashMap::new()) })
    }
}

impl<R: 'static> State for NotLoaded<R> {
    fn select(_: &mut Selected) {}

    fn width() -> usize {
        0
    }

    fn decode(_: &mut Reader<'_>) -> Result<Self> {
        Ok(Self::new())
    }
}

impl<T: Record> State for Loaded<T> {
    fn select(selection: &mut Selected) {
        T::select(selection);
    }

    fn width() -> usize {
        Selected::count_of::<T>()
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self> {
        Ok(Self(T::decode(reader)?))
    }
}

macro_rules! loading {
    (trait: $($place:ident)*; $($tuple:tt;)*) => {
        /// The loading states of all relations of a model: a tuple with a [`State`] for each, in the order of the fields.
        ///
        /// # Examples
        ///
        /// A method of `Book` in every state:
        ///
        /// ```
        /// # use nuages_orm::prelude::*;
        /// # #[model] struct Author { id: i64, name: String, #[relation(reverse = Book::author)] books: Many<Book> }
        /// #[model]
        /// struct Book {
        ///     id: i64,
        ///     title: String,
        /// #   stock: i32,
        ///     #[relation(on_delete = Protect)]
        ///     author: ForeignKey<Author>,
        /// #   #[relation(on_delete = SetNull)] editor: Option<ForeignKey<Author>>,
        /// }
        ///
        /// impl<S: Loading> Book<S> {
        ///     fn shout(&self) -> String {
        ///         self.title.to_uppercase()
        ///     }
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
        /// let nuages = Book::objects().filter(|b| b.title.eq("Nuages"));
        /// assert_eq!(nuages.clone().first().wait()?.unwrap().shout(), "NUAGES");
        /// assert_eq!(nuages.select_related(|b| b.author).first().wait()?.unwrap().shout(), "NUAGES");
        /// # Ok(()) }) }
        /// ```
        #[diagnostic::on_unimplemented(
            message = "`{Self}` is not the loading states of a model",
            label = "not loading states",
            note = "name a loaded record by `With`: `With<Book, book::author>`"
        )]
        pub trait Loading: Send + Sync + 'static {
            $(
                #[doc = concat!("The state of the ", stringify!($place), " relation.")]
                type $place: State;
            )*
        }
        $(loading!(tuple: $tuple);)*
    };
    (tuple: ($($state:ident = $place:ident)* / $($rest:ident)*)) => {
        impl<$($state: State),*> Loading for ($($state,)*) {
            $(type $place = $state;)*
            $(type $rest = NotLoaded;)*
        }
    };
}

loading! {
    trait: First Second Third Fourth Fifth Sixth Seventh Eighth Ninth Tenth Eleventh Twelfth;
    (/ First Second Third Fourth Fifth Sixth Seventh Eighth Ninth Tenth Eleventh Twelfth);
    (A = First / Second Third Fourth Fifth Sixth Seventh Eighth Ninth Tenth Eleventh Twelfth);
    (A = First B = Second / Third Fourth Fifth Sixth Seventh Eighth Ninth Tenth Eleventh Twelfth);
    (A = First B = Second C = Third / Fourth Fifth Sixth Seventh Eighth Ninth Tenth Eleventh Twelfth);
    (A = First B = Second C = Third D = Fourth / Fifth Sixth Seventh Eighth Ninth Tenth Eleventh Twelfth);
    (A = First B = Second C = Third D = Fourth E = Fifth / Sixth Seventh Eighth Ninth Tenth Eleventh Twelfth);
    (A = First B = Second C = Third D = Fourth E = Fifth F = Sixth / Seventh Eighth Ninth Tenth Eleventh Twelfth);
    (A = First B = Second C = Third D = Fourth E = Fifth F = Sixth G = Seventh / Eighth Ninth Tenth Eleventh Twelfth);
    (A = First B = Second C = Third D = Fourth E = Fifth F = Sixth G = Seventh H = Eighth / Ninth Tenth Eleventh Twelfth);
    (A = First B = Second C = Third D = Fourth E = Fifth F = Sixth G = Seventh H = Eighth I = Ninth / Tenth Eleventh Twelfth);
    (A = First B = Second C = Third D = Fourth E = Fifth F = Sixth G = Seventh H = Eighth I = Ninth J = Tenth / Eleventh Twelfth);
    (A = First B = Second C = Third D = Fourth E = Fifth F = Sixth G = Seventh H = Eighth I = Ninth J = Tenth K = Eleventh / Twelfth);
    (A = First B = Second C = Third D = Fourth E = Fifth F = Sixth G = Seventh H = Eighth I = Ninth J = Tenth K = Eleventh L = Twelfth /);
}

/// A record that has the relation `R`, in some state. `#[model]` implements it for each relation.
#[diagnostic::on_unimplemented(message = "`{Self}` has no relation `{R}`", label = "no such relation here")]
pub trait Relate<R: Relation>: Record {
    /// The state that the relation is in.
    type State: State;
    /// The same record with the relation in the state `T`.
    type In<T: State>: Record<Model = Self::Model>;
}

/// The record that `select_related` gives, when a query of `Self` follows a list of relations.
#[doc(hidden)]
pub trait Follow<List>: Record {
    /// The record.
    type Output: Record<Model = Self::Model>;
}

/// What a relation's state becomes, when the rest of a path is followed from there.
#[doc(hidden)]
pub trait Deepen<R: Relation, Tail> {
    /// The record that the relation then leads to.
    type Output: Record<Model = R::To>;
}

impl<S: Record> Follow<Nil> for S {
    type Output = S;
}

impl<S, R: Relation, Tail> Follow<Cons<R, Tail>> for S
where
    S: Relate<R, State: Deepen<R, Tail>>,
{
    type Output = S::In<Loaded<<S::State as Deepen<R, Tail>>::Output>>;
}

impl<R: Relation, Tail> Deepen<R, Tail> for NotLoaded<R>
where
    R::To: Follow<Tail>,
{
    type Output = <R::To as Follow<Tail>>::Output;
}

impl<T, R: Relation, Tail> Deepen<R, Tail> for Loaded<T>
where
    T: Follow<Tail> + Record<Model = R::To>,
{
    type Output = T::Output;
}

/// The record `S` with the relation `R` loaded: `With<Book, book::author>` is what `.select_related(|b| b.author)` gives.
///
/// With more than one relation, it nests: `With<With<Book, book::author>, book::editor>`. Where what is loaded has loaded relations itself, that is
/// the third parameter: `With<Book, book::author, With<Author, author::country>>`.
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
/// struct BookDetail {
///     book: With<Book, book::author>,
/// }
///
/// impl BookDetail {
///     fn heading(&self) -> String {
///         format!("{} by {}", self.book.title, self.book.author.name)
///     }
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
/// let book = Book::objects().select_related(|b| b.author).get(|b| b.title.eq("Nuages")).wait()?;
/// assert_eq!(BookDetail { book }.heading(), "Nuages by Django Reinhardt");
/// # Ok(()) }) }
/// ```
pub type With<S, R, T = <R as Relation>::To> = <S as Relate<R>>::In<Loaded<T>>;

/// A foreign key's state that can be serialised: as the key, or as the object.
#[doc(hidden)]
pub trait SerializeState<M: Model>: State {
    /// Writes it.
    fn serialize<Z: serde::Serializer>(&self, key: &M::Key, serializer: Z) -> Result<Z::Ok, Z::Error>;
}

impl<M: Model, R: 'static> SerializeState<M> for NotLoaded<R> {
    fn serialize<Z: serde::Serializer>(&self, key: &M::Key, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serde::Serialize::serialize(key, serializer)
    }
}

impl<M: Model, T: Record + serde::Serialize> SerializeState<M> for Loaded<T> {
    fn serialize<Z: serde::Serializer>(&self, _: &M::Key, serializer: Z) -> Result<Z::Ok, Z::Error> {
        self.0.serialize(serializer)
    }
}
