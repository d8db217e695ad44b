//! One name, two call styles.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::mem;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::async_to_sync::{wait_for, wait_for_nothing};
use crate::deadline::Expiry;
use crate::{BridgeError, debug};

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What an operation has to do.
enum Work<'a, T> {
    Future(BoxFuture<'a, T>),
    Known(Known<T>),
    /// It was taken, to be run, or has ended.
    Taken,
}

/// A result that is known already, in place of a future in a box: that would be most of what such an operation costs.
struct Known<T>(T);

#[expect(
    unsafe_code,
    reason = "an allocation less, most of the time of `Op::ready(..).wait()`"
)]
// SAFETY: only `Op::ready` makes one, of a value that is `Send`; whether the type says so is not known where operations are passed around.
unsafe impl<T> Send for Known<T> {}

impl<T> Known<T> {
    fn get(self) -> T {
        self.0
    }
}

/// A piece of I/O that has not happened yet: async code `.await`s it, sync code [`wait`](Self::wait)s for it.
///
/// Whatever touches I/O in nuages returns one, so that there is one name for both kinds of code. It is lazy: it does nothing until then, and debug
/// mode ([`Config::debug`](crate::Config::debug)) logs one that was dropped unrun.
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
    work: Work<'a, Result<T, E>>,
    name: &'static str,
    location: &'static Location<'static>,
    leaf: bool,
}

impl<'a, T, E> Op<'a, T, E> {
    /// An operation. The name is what errors and logs call it.
    #[track_caller]
    pub fn new(name: &'static str, future: impl Future<Output = Result<T, E>> + Send + 'a) -> Self {
        Self {
            work: Work::Future(Box::pin(future)),
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
        Self {
            work: Work::Known(Known(result)),
            name,
            location: Location::caller(),
            leaf: true,
        }
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
        let future: BoxFuture<'a, Result<U, D>> = match self.take() {
            Work::Future(future) => Box::pin(async move { f(future.await) }),
            // Not before it is run: `f` is a part of the operation.
            Work::Known(known) => Box::pin(async move { f(known.get()) }),
            Work::Taken => unreachable!("only `self` by value takes it"),
        };
        Op {
            work: Work::Future(future),
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
        let location = Location::caller();
        match self.take() {
            Work::Future(future) => wait_for(self.name, location, future, self.leaf)?,
            Work::Known(known) => {
                wait_for_nothing(self.name, location)?;
                known.get()
            }
            Work::Taken => unreachable!("only `self` by value takes it"),
        }
    }

    fn take(&mut self) -> Work<'a, Result<T, E>> {
        mem::replace(&mut self.work, Work::Taken)
    }

    /// The operation as a future that no [`Deadline`](crate::Deadline) ends, for one that is made of others: those end, each with an error that it can
    /// clean up after. Its own error need not know the bridge's.
    ///
    /// `.await` and [`into_future`](IntoFuture::into_future) give one that ends.
    pub fn without_deadline(mut self) -> OpFuture<'a, T, E> {
        self.run(None)
    }

    fn run(&mut self, past_deadline: Option<fn(BridgeError) -> E>) -> OpFuture<'a, T, E> {
        OpFuture {
            work: self.take(),
            name: self.name,
            deadline: past_deadline.map(|error| (error, Expiry::new())),
        }
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
        if !matches!(self.work, Work::Taken) && debug::is_on() && !std::thread::panicking() {
            tracing::warn!(
                operation = self.name,
                made_at = %self.location,
                "an operation was dropped before it ran: `.await` it (async code) or `.wait()` for it (sync code)"
            );
        }
    }
}

impl<'a, T, E> IntoFuture for Op<'a, T, E>
where
    E: From<BridgeError>,
{
    type Output = Result<T, E>;
    type IntoFuture = OpFuture<'a, T, E>;

    fn into_future(mut self) -> OpFuture<'a, T, E> {
        self.run(Some(E::from))
    }
}

/// The future of an [`Op`].
///
/// # Errors
///
/// Besides the operation's own: where it is not ready when the [`Deadline`](crate::Deadline) of the code that awaits it passes, the bridge's error that
/// [`is_past_deadline`](BridgeError::is_past_deadline). The operation is then dropped.
#[must_use = "futures do nothing unless polled"]
pub struct OpFuture<'a, T, E> {
    work: Work<'a, Result<T, E>>,
    name: &'static str,
    deadline: Option<Limit<E>>,
}

/// The deadline of whoever awaits an operation, and how that becomes the operation's error.
type Limit<E> = (fn(BridgeError) -> E, Expiry);

impl<T, E> fmt::Debug for OpFuture<'_, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpFuture")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl<T, E> Future for OpFuture<'_, T, E> {
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let result = match &mut this.work {
            Work::Future(future) => future.as_mut().poll(cx),
            Work::Known(_) => match mem::replace(&mut this.work, Work::Taken) {
                Work::Known(known) => Poll::Ready(known.get()),
                Work::Future(_) | Work::Taken => Poll::Pending,
            },
            Work::Taken => panic!("an operation was polled after it had ended"),
        };
        if result.is_pending()
            && let Some((error, expiry)) = &mut this.deadline
            && expiry.has_passed(cx)
        {
            this.work = Work::Taken;
            return Poll::Ready(Err(error(BridgeError::past_deadline(this.name))));
        }
        if result.is_ready() {
            this.work = Work::Taken;
        }
        result
    }
}

// What is pinned is in its own box; a result that is known already never is.
impl<T, E> Unpin for OpFuture<'_, T, E> {}
