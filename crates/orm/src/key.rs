//! What can stand for an object where a foreign key is compared or set.

use crate::foreign_key::ForeignKey;
use crate::loading::State;
use crate::model::{Model, Record};

/// What points to a row of the model `M`: a reference to the object in any loading state, a foreign key to it, or its key.
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

#[diagnostic::do_not_recommend]
impl<M: Model<Key = i64>> IntoKey<M> for i64 {
    fn into_key(self) -> i64 {
        self
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
impl<M: Model<Key = i64>> IntoOptionalKey<M> for i64 {
    fn into_optional_key(self) -> Option<i64> {
        Some(self)
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
