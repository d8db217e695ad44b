//! The other side of a one to one relation, as a field of a record.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::ops::Deref;

use crate::loading::{Loaded, NotLoaded, State};
use crate::located::binary;
use crate::meta::RelationMeta;
use crate::model::{Model, Reader, Record};
use crate::path::NotLoadedCallSelectRelated;
use crate::prefetch::{Holds, Prefetched};
use crate::query::{Expr, Operator, own};
use crate::queryset::QuerySet;
use crate::relation::{Forward, Reverse};
use crate::write::{Creating, Creation, Give, Given};
use crate::{Op, Result, Value};

/// The one row of the model `M` whose one to one relation points here, if there is one: a user's profile. In a model it is written
/// `ReverseOneToOne<Profile>`; `#[model]` adds the state.
///
/// Loaded by [`select_related`](QuerySet::select_related), it dereferences to an `Option`: there may be no such row.
///
/// # Examples
///
/// ```
/// # use nuages_orm::prelude::*;
/// #[model]
/// struct User {
///     id: i64,
///     name: String,
///     #[relation(reverse = Profile::user)]
///     profile: ReverseOneToOne<Profile>,
/// }
///
/// #[model]
/// struct Profile {
///     id: i64,
///     bio: String,
///     #[relation(on_delete = Cascade)]
///     user: OneToOne<User>,
/// }
///
/// # fn main() -> nuages_orm::Result<()> {
/// # let db = Database::connect("sqlite::memory:").wait()?;
/// # nuages_orm::create_tables(&db, &[User::meta(), Profile::meta()]).wait()?;
/// # db.sync_scope(|| {
/// let django = User::create().name("django").wait()?;
/// assert_eq!(django.profile.fetch().wait()?, None);
/// django.profile.create().bio("guitarist").wait()?;
///
/// let users = User::objects().select_related(|u| u.profile).filter(|u| u.profile.bio.contains("guitar"));
/// for user in users.all().wait()? {
///     if let Some(profile) = &*user.profile {
///         assert_eq!(profile.bio, "guitarist");
///     }
/// }
/// # Ok(()) }) }
/// ```
pub struct ReverseOneToOne<M: Model, S = NotLoaded, R = ()> {
    owner: Value,
    relation: &'static RelationMeta,
    state: Option<S>,
    of: PhantomData<fn() -> (M, R)>,
}

impl<M: Model, S, R> ReverseOneToOne<M, S, R> {
    #[doc(hidden)]
    pub fn new(owner: Value, relation: &'static RelationMeta, state: S) -> Self {
        Self {
            owner,
            relation,
            state: Some(state),
            of: PhantomData,
        }
    }

    /// The row, or none, as a queryset.
    pub fn objects(&self) -> QuerySet<M> {
        let here = own(self.relation.to_column);
        QuerySet::filtered(binary(here, Operator::Eq, Expr::Value(self.owner.clone())))
    }

    /// Loads the row now, by a query of its own, if there is one.
    ///
    /// For many records, `select_related` loads all of them in one query.
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn fetch(&self) -> Op<'static, Option<M>> {
        self.objects().first()
    }
}

impl<M: Model, S, R: Reverse<To = M>> ReverseOneToOne<M, S, R> {
    /// Makes the row: a builder like that of the model's `create()`, with the relation given. If there is one already, that is a unique violation.
    #[must_use = "nothing is created until it is `.await`ed (async code) or `.wait()`ed for (sync code)"]
    pub fn create(&self) -> Given<M, Creating, R::Forward>
    where
        M::Create<Creating>: Give<R::Forward>,
    {
        M::building(Creation::new().with(R::Forward::COLUMN, self.owner.clone())).given()
    }
}

impl<M: Model, S: State, R> ReverseOneToOne<M, S, R> {
    #[doc(hidden)]
    pub fn decode(owner: Value, relation: &'static RelationMeta, reader: &mut Reader<'_>) -> Result<Self> {
        let (model, width) = (M::meta(), S::width());
        let key = model
            .columns
            .iter()
            .position(|column| column.column == model.primary_key);
        let missing = width > 0 && reader.is_null(key.unwrap_or_default())?;
        if missing {
            reader.skip(width);
        }
        Ok(Self {
            owner,
            relation,
            state: if missing { None } else { Some(S::decode(reader)?) },
            of: PhantomData,
        })
    }
}

impl<M: Model, T: Record<Model = M>, R> ReverseOneToOne<M, Loaded<T>, R> {
    /// Takes the row out, if there is one. An associated function, so that it hides no method of the `Option`.
    pub fn into_inner(this: Self) -> Option<T> {
        this.state.map(|loaded| loaded.0)
    }
}

/// What `select_related` loaded: the row, if there is one.
impl<M: Model, T: Record<Model = M>, R> Deref for ReverseOneToOne<M, Loaded<T>, R> {
    type Target = Option<Loaded<T>>;

    fn deref(&self) -> &Option<Loaded<T>> {
        &self.state
    }
}

impl<M: Model, T: Record<Model = M>, R> ReverseOneToOne<M, Prefetched<T>, R> {
    /// What [`prefetch_related`](QuerySet::prefetch_related) loaded: the row, if there is one.
    pub fn get(&self) -> Option<&T> {
        self.state.as_ref().and_then(|rows| rows.first())
    }
}

// As that of a foreign key: reading it is a compile error that says what to load.
impl<M: Model, R: 'static, N> Deref for ReverseOneToOne<M, NotLoaded<R>, N> {
    type Target = M::Fields<NotLoadedCallSelectRelated<R>>;

    fn deref(&self) -> &Self::Target {
        M::fields_at()
    }
}

impl<M: Model, S, R> Holds for ReverseOneToOne<M, S, R> {
    type State = S;

    fn parts(&self) -> (&Value, &'static RelationMeta) {
        (&self.owner, self.relation)
    }

    fn fill(&mut self, state: S) {
        self.state = Some(state);
    }
}

impl<M: Model, S: fmt::Debug, R> fmt::Debug for ReverseOneToOne<M, S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReverseOneToOne").field(&self.state).finish()
    }
}

impl<M: Model, S: PartialEq, R> PartialEq for ReverseOneToOne<M, S, R> {
    fn eq(&self, other: &Self) -> bool {
        self.owner == other.owner && std::ptr::eq(self.relation, other.relation) && self.state == other.state
    }
}

impl<M: Model, S: Eq, R> Eq for ReverseOneToOne<M, S, R> {}

impl<M: Model, S: Clone, R> Clone for ReverseOneToOne<M, S, R> {
    fn clone(&self) -> Self {
        Self {
            owner: self.owner.clone(),
            relation: self.relation,
            state: self.state.clone(),
            of: PhantomData,
        }
    }
}

// Records with the same key have the same row.
impl<M: Model, S, R> Hash for ReverseOneToOne<M, S, R> {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}
