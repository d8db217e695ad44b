//! What `atomic` takes: a sync or an async block, told apart by the compiler.

use std::future::Future;

/// Marks a body that is sync code.
#[derive(Debug)]
pub struct SyncBody(());

/// Marks a body that is async code.
#[derive(Debug)]
pub struct AsyncBody(());

/// The code inside an [`atomic`](super::atomic): a closure that returns a `Result`, or an async one.
///
/// Implemented for both kinds of closures. `M` marks the kind, and is inferred.
#[diagnostic::on_unimplemented(
    message = "`atomic` cannot run this",
    label = "not a closure that returns `Result<_, {E}>`",
    note = "write `atomic(async || {{ ..; Ok(value) }})`, or `atomic(|| {{ ..; Ok(value) }})` for sync code",
    note = "an error of your own becomes one with `.map_err(Error::other)`"
)]
pub trait Body<M, E> {
    /// What it gives when all went well.
    type Value;
}

impl<F, T, E> Body<SyncBody, E> for F
where
    F: FnOnce() -> Result<T, E>,
{
    type Value = T;
}

impl<F, Fut, T, E> Body<AsyncBody, E> for F
where
    F: FnOnce() -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    type Value = T;
}
