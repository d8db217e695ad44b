//! One name, two call styles.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::BridgeError;
use crate::async_to_sync::wait_for;

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A piece of I/O that has not happened yet: async code `.await`s it, sync code [`wait`](Self::wait)s for it.
///
/// Whatever touches I/O in nuages returns one, so that there is one name for both kinds of code. It is lazy: it does nothing until then, and a debug build
/// logs one that was dropped unrun.
///
/// # Examples
///
/// A function for both kinds of callers:
///
/// ```
/// use nuages_bridge::{BridgeError, Op};
///
/// fn greeting(name: &str) -> Op<'_, String> {
///     Op::new("greeting", async move { Ok(format!("bonsoir, {name}")) })
/// }
///
/// # fn main() -> Result<(), BridgeError> {
/// assert_eq!(greeting("Django").wait()?, "bonsoir, Django");
/// nuages_bridge::async_to_sync(async {
///     assert_eq!(greeting("Stéphane").await?, "bonsoir, Stéphane");
///     Ok(())
/// })?
/// # }
/// ```
///
/// # Cancel safety
///
/// Dropping it, or the future made of it, stops the operation where it is. What that means is said by whoever returns it.
#[must_use = "an operation does nothing until it is `.await`ed (async code) or `.wait()`ed for (sync code)"]
pub struct Op<'a, T, E = BridgeError> {
    /// Empty once it was taken to be run.
    future: Option<BoxFuture<'a, Result<T, E>>>,
    name: &'static str,
    location: &'static Location<'static>,
    leaf: bool,
}

impl<'a, T, E> Op<'a, T, E> {
    /// An operation. The name is what errors and logs call it.
    #[track_caller]
    pub fn new(name: &'static str, future: impl Future<Output = Result<T, E>> + Send + 'a) -> Self {
        Self {
            future: Some(Box::pin(future)),
            name,
            location: Location::caller(),
            leaf: false,
        }
    }

    /// An operation that holds nobody else's async code, and so may do its work in place when a sync thread waits for it: inside it, and directly
    /// under [`wait`](Self::wait), [`may_block`](crate::may_block) is true.
    #[track_caller]
    pub fn leaf(name: &'static str, future: impl Future<Output = Result<T, E>> + Send + 'a) -> Self {
        let mut op = Self::new(name, future);
        op.leaf = true;
        op
    }

    /// An operation whose result is known already.
    #[track_caller]
    pub fn ready(name: &'static str, result: Result<T, E>) -> Self
    where
        T: Send + 'a,
        E: Send + 'a,
    {
        Self::leaf(name, std::future::ready(result))
    }

    /// What errors and logs call it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The same operation with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U + Send + 'a) -> Op<'a, U, E>
    where
        T: 'a,
        E: 'a,
    {
        self.and_then(|value| Ok(f(value)))
    }

    /// The same operation with another error.
    pub fn map_err<D>(self, f: impl FnOnce(E) -> D + Send + 'a) -> Op<'a, T, D>
    where
        T: 'a,
        E: 'a,
    {
        self.map_result(|result| result.map_err(f))
    }

    /// The same operation with its value checked or changed by plain code.
    pub fn and_then<U>(self, f: impl FnOnce(T) -> Result<U, E> + Send + 'a) -> Op<'a, U, E>
    where
        T: 'a,
        E: 'a,
    {
        self.map_result(|result| result.and_then(f))
    }

    /// The same operation with its result turned into another by plain code.
    pub fn map_result<U, D>(
        mut self,
        f: impl FnOnce(Result<T, E>) -> Result<U, D> + Send + 'a,
    ) -> Op<'a, U, D>
    where
        T: 'a,
        E: 'a,
    {
        let (name, location, leaf) = (self.name, self.location, self.leaf);
        let future = self
            .take()
            .map(|future| -> BoxFuture<'a, Result<U, D>> { Box::pin(async move { f(future.await) }) });
        Op {
            future,
            name,
            location,
            leaf,
        }
    }

    /// Waits for the operation on this thread, for sync code.
    ///
    /// # Errors
    ///
    /// The operation's own, and on an event loop [`SynchronousOnlyOperation`](crate::SynchronousOnlyOperation): the operation is then dropped unrun.
    ///
    /// # Blocking
    ///
    /// It blocks the calling thread for as long as the operation takes. Waits nest.
    #[track_caller]
    pub fn wait(mut self) -> Result<T, E>
    where
        E: From<BridgeError>,
    {
        let Some(future) = self.take() else {
            unreachable!("only `self` by value takes the future")
        };
        wait_for(self.name, Location::caller(), future, self.leaf)?
    }

    fn take(&mut self) -> Option<BoxFuture<'a, Result<T, E>>> {
        self.future.take()
    }
}

impl<T, E> fmt::Debug for Op<'_, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Op")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl<T, E> Drop for Op<'_, T, E> {
    fn drop(&mut self) {
        if cfg!(debug_assertions) && self.future.is_some() && !std::thread::panicking() {
            tracing::warn!(
                operation = self.name,
                made_at = %self.location,
                "an operation was dropped before it ran: `.await` it (async code) or `.wait()` for it (sync code)"
            );
        }
    }
}

impl<'a, T, E> IntoFuture for Op<'a, T, E> {
    type Output = Result<T, E>;
    type IntoFuture = OpFuture<'a, T, E>;

    fn into_future(mut self) -> OpFuture<'a, T, E> {
        let Some(future) = self.take() else {
            unreachable!("only `self` by value takes the future")
        };
        OpFuture { future }
    }
}

/// The future of an [`Op`].
#[must_use = "futures do nothing unless polled"]
pub struct OpFuture<'a, T, E> {
    future: BoxFuture<'a, Result<T, E>>,
}

impl<T, E> fmt::Debug for OpFuture<'_, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpFuture").finish_non_exhaustive()
    }
}

impl<T, E> Future for OpFuture<'_, T, E> {
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.future.as_mut().poll(cx)
    }
}
