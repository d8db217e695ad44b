//! Where views meet the ORM: what needs both, and so belongs to neither's core.
//!
//! [`get_object_or_404`] finds what a URL names. [`atomic`] is the crate's own with the handler's error, so that `?` takes any error inside it. A
//! [`Database`] is a [`RequestHook`]: `App::new().hook(database)` makes it the database of every request.

use std::sync::Arc;

use nuages_bridge::Op;
use nuages_handler::{
    BoxFuture, Error, IntoView, Next, Request, RequestHook, Response, Result, View, ViewCall,
};

use crate::database::DATABASE;
use crate::observe::{REQUEST, RequestState};
use crate::transaction::{Atomic, Body};
use crate::{Database, Fields, IntoCondition, QuerySet, Record};

/// Finds the one object that fits, or answers with 404.
///
/// # Examples
///
/// ```
/// use nuages_handler::{Path, Result};
/// use nuages_orm::prelude::*;
/// use nuages_orm::views::get_object_or_404;
///
/// #[model]
/// struct Book {
///     id: i64,
///     #[field(max_length = 200)]
///     title: String,
/// }
///
/// async fn book_detail(Path(id): Path<i64>) -> Result<String> {
///     let book = get_object_or_404(Book::objects(), |b| b.id.eq(id)).await?;
///     Ok(book.title)
/// }
///
/// fn book_detail_sync(Path(id): Path<i64>) -> Result<String> {
///     let book = get_object_or_404(Book::objects(), |b| b.id.eq(id)).wait()?;
///     Ok(book.title)
/// }
/// ```
///
/// # Errors
///
/// 404 where nothing fits; otherwise as [`QuerySet::get`], as a 500.
#[track_caller]
pub fn get_object_or_404<S, C>(
    queryset: QuerySet<S>,
    condition: impl FnOnce(&'static Fields<S::Model>) -> C,
) -> Op<'static, S, Error>
where
    S: Record,
    C: IntoCondition<S::Model>,
{
    queryset.get(condition).map_err(|error| {
        let found_nothing = error.is_not_found();
        let error = Error::from(error);
        if found_nothing {
            error.with_status(nuages_handler::StatusCode::NOT_FOUND)
        } else {
            error
        }
    })
}

/// [`atomic`](crate::atomic) for views: the error of its body is the handler's, which `?` makes of any other.
///
/// What the body returns as an error comes out as it is, after the rollback: `downcast_ref` finds it.
///
/// # Examples
///
/// ```
/// use nuages_bridge::sync_to_async;
/// use nuages_handler::Result;
/// use nuages_orm::views::atomic;
///
/// fn legacy_invoice(order: &str) -> Result<u32, std::num::ParseIntError> {
///     order.parse()
/// }
///
/// async fn checkout(order: String) -> Result<u32> {
///     atomic(async move || Ok(sync_to_async(move || legacy_invoice(&order)).await??)).await
/// }
/// ```
#[track_caller]
pub fn atomic<'a, B, M>(body: B) -> Atomic<'a, B, M, Error>
where
    B: Body<M, Error>,
{
    Atomic::new(body)
}

/// Makes it the database of each request of an application.
///
/// Views run outside of a transaction then, but for those that are [`atomic`](AtomicView::atomic); [`atomic_requests`](Database::atomic_requests) turns that round.
impl RequestHook for Database {
    fn context_of(&self, view: &str) {
        enter(self, view);
    }
}

impl Database {
    /// As a hook: each view of the application runs in an `atomic` of this database, but for those that are [`non_atomic`](AtomicView::non_atomic).
    /// Django's `ATOMIC_REQUESTS`.
    ///
    /// An error of the view, or a panic, rolls back; a response of whatever status commits. Sync and async views are treated alike. Middleware and bodies that
    /// stream are outside of it. A view that waits for others holds its connection meanwhile: this is for applications whose views are short.
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_handler::{App, Result, Urls};
    /// use nuages_orm::Database;
    /// use nuages_orm::views::AtomicView as _;
    ///
    /// async fn order() -> Result<&'static str> { Ok("thank you") }
    /// fn health() -> &'static str { "ok" }
    ///
    /// # fn main() -> Result<()> {
    /// let db = Database::connect("sqlite::memory:").wait()?;
    /// let app = App::new()
    ///     .hook(db.atomic_requests())
    ///     .urls(Urls::new().path("order/", order).path("health/", health.non_atomic()));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn atomic_requests(&self) -> AtomicRequests {
        AtomicRequests(self.clone())
    }
}

/// Makes a database that of each request, and runs the views in transactions: see [`Database::atomic_requests`].
#[derive(Clone, Debug)]
pub struct AtomicRequests(Database);

impl RequestHook for AtomicRequests {
    fn context_of(&self, view: &str) {
        enter(&self.0, view);
    }

    fn wraps_views(&self) -> bool {
        true
    }

    fn view<'a>(&'a self, _: &'a Request, call: ViewCall) -> BoxFuture<'a, Result<Response>> {
        let database = &self.0;
        Box::pin(async move {
            if call.value::<NonAtomic>().is_some() {
                return call.run().await;
            }
            atomic(async move || call.run().await).using(database).await
        })
    }
}

/// What is said of one view, of either kind.
pub trait AtomicView<M>: IntoView<M> + Sized {
    /// Runs it in an `atomic` of the request's database.
    #[track_caller]
    fn atomic(self) -> View {
        self.into_view().layer(in_transaction)
    }

    /// Runs it outside of a transaction, also where the [others](Database::atomic_requests) are in one.
    #[track_caller]
    fn non_atomic(self) -> View {
        self.into_view().with_value(NonAtomic)
    }
}

impl<M, V: IntoView<M>> AtomicView<M> for V {}

/// Marks a view that wants no transaction around it.
#[derive(Clone, Copy)]
struct NonAtomic;

async fn in_transaction(request: Request, next: Next) -> Result<Response> {
    atomic(async move || next.run(request).await).await
}

fn enter(database: &Database, view: &str) {
    DATABASE.set(database.clone());
    REQUEST.set(Arc::new(RequestState::new(view)));
}
