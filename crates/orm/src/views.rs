//! Where views meet the ORM: what needs both, and so belongs to neither's core.
//!
//! [`get_object_or_404`] finds what a URL names. [`atomic`] is the crate's own with the handler's error, so that `?` takes any error inside it. A
//! [`Database`] is a [`RequestHook`]: `App::new().hook(database)` makes it the database of every request.

use nuages_bridge::Op;
use nuages_handler::{Error, RequestHook};

use crate::database::DATABASE;
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
impl RequestHook for Database {
    fn context(&self) {
        DATABASE.set(self.clone());
    }
}
