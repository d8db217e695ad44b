//! Signals: code that runs when a row of a model is saved or deleted, wherever in the program that is.
//!
//! Receivers are sync or async closures, run one after the other by the operation that sends the signal, inside its transaction if it has one. The first
//! error is the operation's. `create()`, `get_or_create()`, `update_or_create()` and `save()` send the two of saving, `delete()` of a record those of
//! deleting. `update`, `bulk_create`, `bulk_update` and `delete` of a queryset send none: they are statements about many rows, that nobody loads.
//!
//! # Examples
//!
//! ```
//! use nuages_orm::prelude::*;
//! use nuages_orm::signals::{self, Saved};
//!
//! #[model]
//! struct Book { id: i64, title: String }
//!
//! #[model]
//! struct Entry { id: i64, line: String }
//!
//! # fn main() -> nuages_orm::Result<()> {
//! # let db = Database::connect("sqlite::memory:").wait()?;
//! # nuages_orm::create_tables(&db, &[Book::meta(), Entry::meta()]).wait()?;
//! # db.sync_scope(|| {
//! signals::post_save(async |saved: Saved<Book>| {
//!     let title = saved.get(|b| b.title).unwrap_or_default();
//!     Entry::create().line(if saved.created() { format!("new: {title}") } else { title }).await?;
//!     Ok(())
//! });
//! Book::create().title("Nuages").wait()?;
//! assert_eq!(Entry::objects().all().wait()?[0].line, "new: Nuages");
//! # Ok::<(), nuages_orm::Error>(()) }) }
//! ```

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use nuages_bridge::sync_to_async;

use crate::column::Column;
use crate::database::Database;
use crate::driver::BoxFuture;
use crate::field_type::{ColumnType, FieldType, Primitive};
use crate::meta::ModelMeta;
use crate::model::{Fields, Model};
use crate::path::Root;
use crate::{Error, Result, Value};

/// What happens to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    PreSave,
    PostSave,
    PreDelete,
    PostDelete,
}

/// A row to which it happens.
#[derive(Debug)]
#[doc(hidden)]
pub struct Event {
    pub(crate) values: Vec<(&'static str, Value)>,
    pub(crate) created: bool,
    /// The columns that are written, where not all are.
    pub(crate) update_fields: Option<Vec<&'static str>>,
    pub(crate) using: Option<Database>,
}

type Call = Arc<dyn Fn(Arc<Event>) -> BoxFuture<'static, Result<()>> + Send + Sync>;

struct Entry {
    number: u64,
    signal: Signal,
    model: &'static ModelMeta,
    call: Call,
}

static RECEIVERS: RwLock<Vec<Entry>> = RwLock::new(Vec::new());
/// How many there are: most programs have none, and do not look further.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Whether anybody listens to what happens to rows of a model.
pub(crate) fn listened(model: &'static ModelMeta) -> bool {
    COUNT.load(Ordering::Acquire) > 0
        && RECEIVERS
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .any(|entry| entry.model == model)
}

/// Runs the receivers, in the order in which they came.
pub(crate) async fn send(signal: Signal, model: &'static ModelMeta, event: &Arc<Event>) -> Result<()> {
    let calls: Vec<Call> = RECEIVERS
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .iter()
        .filter(|entry| entry.signal == signal && entry.model == model)
        .map(|entry| Arc::clone(&entry.call))
        .collect();
    for call in calls {
        call(Arc::clone(event)).await?;
    }
    Ok(())
}

/// A row that is saved: what receivers of [`pre_save`] and [`post_save`] get.
pub struct Saved<M> {
    event: Arc<Event>,
    model: PhantomData<fn() -> M>,
}

/// A row that is deleted: what receivers of [`pre_delete`] and [`post_delete`] get.
pub struct Deleted<M> {
    event: Arc<Event>,
    model: PhantomData<fn() -> M>,
}

macro_rules! events {
    ($($name:ident)*) => {$(
        impl<M> Clone for $name<M> {
            fn clone(&self) -> Self {
                Self { event: Arc::clone(&self.event), model: PhantomData }
            }
        }

        impl<M> fmt::Debug for $name<M> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.event).finish()
            }
        }

        impl<M: Model> Of for $name<M> {
            type Model = M;

            fn of(event: Arc<Event>) -> Self {
                Self { event, model: PhantomData }
            }
        }

        impl<M: Model> $name<M> {
            /// A column's value: `saved.get(|b| b.title)`. Nothing, where the operation does not have it: the key of a row that is not made yet, or a
            /// column that `save().only(..)` leaves out.
            pub fn get<C: ColumnType>(&self, column: impl FnOnce(&'static Fields<M>) -> Column<Root<M>, C>) -> Option<C> {
                let name = column(M::fields_at()).name();
                let (_, value) = self.event.values.iter().find(|(column, _)| *column == name)?;
                if value.is_null() {
                    return C::null();
                }
                let stored = <C::Base as FieldType>::Stored::from_value(value)?;
                C::Base::from_stored(stored).ok().map(C::from_base)
            }

            /// The database that the operation was told to use, by `using(&db)`.
            #[must_use]
            pub fn using(&self) -> Option<&Database> {
                self.event.using.as_ref()
            }
        }
    )*};
}

events!(Saved Deleted);

impl<M: Model> Saved<M> {
    /// Whether the row is a new one.
    #[must_use]
    pub fn created(&self) -> bool {
        self.event.created
    }

    /// The columns that are written, where not all are: by `save().only(..)` and `update_or_create()`.
    #[must_use]
    pub fn update_fields(&self) -> Option<&[&'static str]> {
        self.event.update_fields.as_deref()
    }
}

/// What receivers get.
pub trait Of: Send + 'static {
    /// Whose rows.
    type Model: Model;

    /// The event, typed.
    #[doc(hidden)]
    fn of(event: Arc<Event>) -> Self;
}

/// Marks a receiver that is sync code.
#[derive(Debug)]
pub struct SyncReceiver(());

/// Marks a receiver that is async code.
#[derive(Debug)]
pub struct AsyncReceiver(());

/// What a receiver may return: nothing, or a `Result` whose error ends the operation.
pub trait ReceiverResult: Send + 'static {
    /// As a result.
    fn into_result(self) -> Result<()>;
}

impl ReceiverResult for () {
    fn into_result(self) -> Result<()> {
        Ok(())
    }
}

impl ReceiverResult for Result<(), Error> {
    fn into_result(self) -> Result<()> {
        self
    }
}

/// Code that receives a signal: a closure or an async one, of the event. `K` marks the kind, and is inferred.
#[diagnostic::on_unimplemented(
    message = "this can't receive the signal",
    label = "not a closure of the event that returns nothing or a `Result<(), nuages_orm::Error>`",
    note = "name the model in the event's type: `post_save(|saved: Saved<Book>| ..)`, or `post_save(async |saved: Saved<Book>| ..)`"
)]
pub trait Receiver<E, K>: Send + Sync + 'static {
    /// Runs it.
    #[doc(hidden)]
    fn receive(self: Arc<Self>, event: E) -> BoxFuture<'static, Result<()>>;
}

impl<E, F, R> Receiver<E, SyncReceiver> for F
where
    E: Send + 'static,
    F: Fn(E) -> R + Send + Sync + 'static,
    R: ReceiverResult,
{
    fn receive(self: Arc<Self>, event: E) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move { sync_to_async(move || self(event).into_result()).await? })
    }
}

impl<E, F, Fut> Receiver<E, AsyncReceiver> for F
where
    E: Send + 'static,
    F: Fn(E) -> Fut + Send + Sync + 'static,
    Fut: Future<Output: ReceiverResult> + Send + 'static,
{
    fn receive(self: Arc<Self>, event: E) -> BoxFuture<'static, Result<()>> {
        let future = self(event);
        Box::pin(async move { future.await.into_result() })
    }
}

/// A receiver that was connected. It stays so until [`disconnect`](Self::disconnect), also where this is dropped.
#[derive(Debug)]
pub struct Connected {
    number: u64,
}

impl Connected {
    /// It receives nothing any more.
    pub fn disconnect(self) {
        let mut receivers = RECEIVERS.write().unwrap_or_else(PoisonError::into_inner);
        receivers.retain(|entry| entry.number != self.number);
        COUNT.store(receivers.len(), Ordering::Release);
    }
}

fn connect<E: Of, K>(signal: Signal, receiver: impl Receiver<E, K>) -> Connected {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let receiver = Arc::new(receiver);
    let entry = Entry {
        number,
        signal,
        model: E::Model::meta(),
        call: Arc::new(move |event| Arc::clone(&receiver).receive(E::of(event))),
    };
    let mut receivers = RECEIVERS.write().unwrap_or_else(PoisonError::into_inner);
    receivers.push(entry);
    COUNT.store(receivers.len(), Ordering::Release);
    Connected { number }
}

/// Runs code before a row is written. An error keeps it from being written.
pub fn pre_save<M: Model, K>(receiver: impl Receiver<Saved<M>, K>) -> Connected {
    connect(Signal::PreSave, receiver)
}

/// Runs code when a row was written, in the same transaction, if there is one.
pub fn post_save<M: Model, K>(receiver: impl Receiver<Saved<M>, K>) -> Connected {
    connect(Signal::PostSave, receiver)
}

/// Runs code before a record is deleted. An error keeps it from being deleted.
pub fn pre_delete<M: Model, K>(receiver: impl Receiver<Deleted<M>, K>) -> Connected {
    connect(Signal::PreDelete, receiver)
}

/// Runs code when a record was deleted, in the same transaction, if there is one.
pub fn post_delete<M: Model, K>(receiver: impl Receiver<Deleted<M>, K>) -> Connected {
    connect(Signal::PostDelete, receiver)
}
