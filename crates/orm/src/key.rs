//! What can stand for an object where a foreign key is compared or set.

use std::collections::HashSet;

use uuid::Uuid;

use crate::foreign_key::ForeignKey;
use crate::loading::State;
use crate::model::{Model, Record};
use crate::prefetch::RowKey;
use crate::{ColumnType, Value};

/// What points to a row of the model `M`: a reference to the object in any loading state, a foreign key to it, or its key.
///
/// Keys of the types that databases know are taken as they are; implement it for a key type of your own, if you pass keys without objects.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not point to a row of `{M}`",
    label = "neither a `&{M}` nor a key of one",
    note = "give a reference to the object, `&author`, a foreign key to it, `&book.author`, or its key, `author.id`"
)]
pub trait IntoKey<M: Model> {
    /// The key.
    fn into_key(self) -> M::Key;
}

#[diagnostic::do_not_recommend]
impl<S: Record> IntoKey<S::Model> for &S {
    fn into_key(self) -> <S::Model as Model>::Key {
        self.primary_key()
    }
}

#[diagnostic::do_not_recommend]
impl<M: Model, S: State> IntoKey<M> for &ForeignKey<M, S> {
    fn into_key(self) -> M::Key {
        self.key()
    }
}

/// A key that the program makes: it grows with time, so that new rows lie together.
#[doc(hidden)]
#[must_use]
pub fn new_uuid() -> Value {
    Uuid::now_v7().to_value()
}

/// The value of a foreign key's default as the model has it.
#[doc(hidden)]
pub fn key_value<M: Model>(object: impl IntoKey<M>) -> Value {
    object.into_key().to_value()
}

/// The value of a nullable foreign key's default as the model has it.
#[doc(hidden)]
pub fn optional_key_value<M: Model>(object: impl IntoOptionalKey<M>) -> Value {
    object.into_optional_key().to_value()
}

macro_rules! keys {
    ($($key:ty: $given:ty;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<M: Model<Key = $key>> IntoKey<M> for $given {
            fn into_key(self) -> $key {
                self.into()
            }
        }

        #[diagnostic::do_not_recommend]
        impl<M: Model<Key = $key>> IntoOptionalKey<M> for $given {
            fn into_optional_key(self) -> Option<$key> {
                Some(self.into())
            }
        }
    )*};
}

keys! {
    i64: i64;
    i32: i32;
    i16: i16;
    Uuid: Uuid;
    String: String;
    String: &str;
}

/// Some rows of the model `M`: a list of what [`IntoKey`] takes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no list of objects of `{M}`",
    label = "not a list of `{M}`s or their keys",
    note = "give a list of references to objects of `{M}`, or of their keys, also of one alone: `.add([&django])`"
)]
pub trait Objects<M: Model> {
    /// Their keys, each once.
    #[doc(hidden)]
    fn into_keys(self) -> Vec<Value>;
}

#[diagnostic::do_not_recommend]
impl<M: Model, I: IntoIterator<Item: IntoKey<M>>> Objects<M> for I {
    fn into_keys(self) -> Vec<Value> {
        let mut seen = HashSet::new();
        let keys = self.into_iter().map(|object| object.into_key().to_value());
        keys.filter(|key| seen.insert(RowKey::of(key))).collect()
    }
}

/// What points to a row of the model `M`, or to none: whatever [`IntoKey`] takes, or an `Option` of it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not point to a row of `{M}`, or to none",
    label = "neither a `&{M}`, a key of one, nor an `Option` of these",
    note = "give a reference to the object, `&author`, a foreign key to it, `&book.author`, its key, `author.id`, or an `Option` of one of these"
)]
pub trait IntoOptionalKey<M: Model> {
    /// The key.
    fn into_optional_key(self) -> Option<M::Key>;
}

#[diagnostic::do_not_recommend]
impl<S: Record> IntoOptionalKey<S::Model> for &S {
    fn into_optional_key(self) -> Option<<S::Model as Model>::Key> {
        Some(self.primary_key())
    }
}

#[diagnostic::do_not_recommend]
impl<M: Model, S: State> IntoOptionalKey<M> for &ForeignKey<M, S> {
    fn into_optional_key(self) -> Option<M::Key> {
        Some(self.key())
    }
}

#[diagnostic::do_not_recommend]
impl<M: Model, K: IntoKey<M>> IntoOptionalKey<M> for Option<K> {
    fn into_optional_key(self) -> Option<M::Key> {
        self.map(K::into_key)
    }
}

#[diagnostic::do_not_recommend]
impl<M: Model, S: State> IntoOptionalKey<M> for &Option<ForeignKey<M, S>> {
    fn into_optional_key(self) -> Option<M::Key> {
        self.as_ref().map(ForeignKey::key)
    }
}
