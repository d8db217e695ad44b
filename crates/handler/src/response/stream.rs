//! Bodies that come piece by piece: of async streams, and of the iterators of sync code.

use std::fmt;
use std::pin::{Pin, pin};
use std::task::{Context as Poller, Poll, ready};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http_body::Frame;
use nuages_bridge::{BridgeError, Context, async_frame};
use nuages_protocol::{Body, BoxError};

use super::Response;
use crate::error::Error;
use crate::off_loop::{later, off_loop};
use crate::panic::{Panic, caught};

/// A piece of a streamed body: bytes or text, or a `Result` of it, whose error breaks the response off.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be a piece of a response's body",
    note = "a piece is text (`&'static str`, `String`), bytes (`Bytes`, `Vec<u8>`), or a `Result` of one of these"
)]
pub trait IntoChunk {
    /// The bytes.
    ///
    /// # Errors
    ///
    /// What went wrong; nothing comes after it.
    fn into_chunk(self) -> Result<Bytes, Error>;
}

macro_rules! chunks {
    ($($Type:ty),*) => {
        $(impl IntoChunk for $Type {
            fn into_chunk(self) -> Result<Bytes, Error> {
                Ok(self.into())
            }
        })*
    };
}
chunks!(Bytes, Vec<u8>, String, &'static str, &'static [u8]);

impl<C: IntoChunk, E: Into<Error>> IntoChunk for Result<C, E> {
    fn into_chunk(self) -> Result<Bytes, Error> {
        self.map_err(Into::into)?.into_chunk()
    }
}

impl Response {
    /// A response whose body comes from an async stream, as fast as the client takes it.
    ///
    /// The stream is polled only when the connection has room, in the context of the view that made it, and dropped when the client goes. An error breaks
    /// the response off: the client sees that it is not whole, and the log says why.
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_handler::{App, Client, Response, Urls};
    ///
    /// async fn numbers() -> Response {
    ///     Response::stream(tokio_stream::iter((1..=3).map(|n| format!("{n}\n"))))
    /// }
    ///
    /// # mod tokio_stream {
    /// #     pub fn iter<I: Iterator + Unpin>(i: I) -> Iter<I> { Iter(i) }
    /// #     pub struct Iter<I>(I);
    /// #     impl<I: Iterator + Unpin> futures_core::Stream for Iter<I> {
    /// #         type Item = I::Item;
    /// #         fn poll_next(mut self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<Option<I::Item>> {
    /// #             std::task::Poll::Ready(self.0.next())
    /// #         }
    /// #     }
    /// # }
    /// let client = Client::new(App::new().urls(Urls::new().path("", numbers)));
    /// assert_eq!(client.get("/").wait()?.text(), "1\n2\n3\n");
    /// # Ok::<(), nuages_handler::Error>(())
    /// ```
    pub fn stream<S>(stream: S) -> Self
    where
        S: Stream<Item: IntoChunk> + Send + 'static,
    {
        Self::default().body(of_stream(stream))
    }

    /// A response whose body comes from an iterator of sync code, which may block: a query's rows, a file's lines.
    ///
    /// It is pulled on a thread of the bridge, in the context of the view that made it, until 64 KiB are there or 10 milliseconds have gone by; then it
    /// rests until the client has taken that. It is never gathered into memory, needs no thread while the client is slow, and is dropped when the client goes.
    /// An error breaks the response off, as for [`stream`](Self::stream).
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_handler::{App, Client, Response, Urls};
    ///
    /// fn export() -> Response {
    ///     Response::iter((1..=3).map(|n| format!("{n}\n"))).header("content-type", "text/csv; charset=utf-8")
    /// }
    ///
    /// let client = Client::new(App::new().urls(Urls::new().path("", export)));
    /// assert_eq!(client.get("/").wait()?.text(), "1\n2\n3\n");
    /// # Ok::<(), nuages_handler::Error>(())
    /// ```
    pub fn iter<I>(iterator: I) -> Self
    where
        I: IntoIterator<Item: IntoChunk, IntoIter: Send + 'static>,
    {
        Self::default().body(of_iterator(iterator.into_iter()))
    }
}

pub(super) fn of_stream<S>(stream: S) -> Body
where
    S: Stream<Item: IntoChunk> + Send + 'static,
{
    Body::new(Streamed {
        stream: Some(Box::pin(stream)),
        context: Context::current().detached(),
    })
}

pub(super) fn of_iterator<I>(iterator: I) -> Body
where
    I: Iterator<Item: IntoChunk> + Send + 'static,
{
    Body::new(Pulled {
        state: State::Resting(OffLoop(Some(iterator))),
        context: Context::current().detached(),
    })
}

/// A response that can't be finished: it is too late for a page, so the log gets it.
fn broken(error: &Error) -> BoxError {
    tracing::error!(?error, "a response broke off");
    Box::new(BrokenOff(error.to_string()))
}

fn panicked(panic: &Panic) -> BoxError {
    tracing::error!(
        ?panic,
        "a response broke off: the code that makes its body panicked"
    );
    Box::new(BrokenOff("a panic".to_owned()))
}

#[derive(Debug, thiserror::Error)]
#[error("the response broke off: {0}")]
struct BrokenOff(String);

struct Streamed<S> {
    /// Gone at its end.
    stream: Option<Pin<Box<S>>>,
    context: Context,
}

impl<S: Stream<Item: IntoChunk> + Send> http_body::Body for Streamed<S> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Poller<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let context = self.context.clone();
        loop {
            let Some(stream) = &mut self.stream else {
                return Poll::Ready(None);
            };
            // A stream of the user's is async code: what blocks in it is refused.
            let next = std::future::poll_fn(|cx| stream.as_mut().poll_next(cx));
            let polled = caught(|| {
                let poll = context.clone().run(|| pin!(async_frame(next)).poll(cx));
                poll.map(|item| item.map(IntoChunk::into_chunk))
            });
            let item = match polled {
                Ok(polled) => ready!(polled),
                Err(panic) => {
                    self.stream = None;
                    return Poll::Ready(Some(Err(panicked(&panic))));
                }
            };
            match item {
                None => self.stream = None,
                Some(Ok(chunk)) if chunk.is_empty() => {}
                Some(Ok(chunk)) => return Poll::Ready(Some(Ok(Frame::data(chunk)))),
                Some(Err(error)) => {
                    self.stream = None;
                    return Poll::Ready(Some(Err(broken(&error))));
                }
            }
        }
    }
}

impl<S> Drop for Streamed<S> {
    fn drop(&mut self) {
        // In its context, in which it has run.
        let stream = self.stream.take();
        self.context.clone().run(|| drop(stream));
    }
}

/// What is pulled at once, in bytes and in time: an iterator that is slow is heard as it goes.
const CHUNK: usize = 64 * 1024;
const PATIENCE: Duration = Duration::from_millis(10);

/// An iterator whose destructor may block, such as that of a query.
struct OffLoop<I: Send + 'static>(Option<I>);

impl<I: Send + 'static> Drop for OffLoop<I> {
    fn drop(&mut self) {
        if let Some(iterator) = self.0.take() {
            later(move || drop(iterator));
        }
    }
}

type Pull<I> = Pin<Box<dyn Future<Output = Result<Pulling<I>, BridgeError>> + Send>>;

struct Pulling<I: Send + 'static> {
    /// Gone at its end.
    iterator: Option<OffLoop<I>>,
    chunk: Bytes,
    error: Option<Error>,
}

enum State<I: Send + 'static> {
    Resting(OffLoop<I>),
    OnThread(Pull<I>),
    /// Nothing comes behind this error.
    Failing(Error),
    Ended,
}

struct Pulled<I: Send + 'static> {
    state: State<I>,
    context: Context,
}

impl<I: Send + 'static> Unpin for Pulled<I> {}

fn pull<I>(mut iterator: OffLoop<I>) -> Pulling<I>
where
    I: Iterator<Item: IntoChunk> + Send + 'static,
{
    let begin = Instant::now();
    let mut whole = Bytes::new();
    let mut joined = BytesMut::new();
    let mut error = None;
    let mut ended = true;
    while let Some(item) = iterator.0.as_mut().and_then(Iterator::next) {
        match item.into_chunk() {
            Ok(chunk) if whole.is_empty() && joined.is_empty() => whole = chunk,
            Ok(chunk) => {
                if joined.is_empty() {
                    joined.reserve(CHUNK.max(whole.len() + chunk.len()));
                    joined.extend_from_slice(&std::mem::take(&mut whole));
                }
                joined.extend_from_slice(&chunk);
            }
            Err(failed) => {
                error = Some(failed);
                break;
            }
        }
        let bytes = whole.len() + joined.len();
        if bytes >= CHUNK || (bytes > 0 && begin.elapsed() >= PATIENCE) {
            ended = false;
            break;
        }
    }
    if ended {
        // Here it may block, and this thread knows it.
        drop(iterator.0.take());
    }
    Pulling {
        iterator: (!ended).then_some(iterator),
        chunk: if joined.is_empty() { whole } else { joined.freeze() },
        error,
    }
}

impl<I> http_body::Body for Pulled<I>
where
    I: Iterator<Item: IntoChunk> + Send + 'static,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Poller<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        loop {
            match std::mem::replace(&mut self.state, State::Ended) {
                State::Ended => return Poll::Ready(None),
                State::Failing(error) => return Poll::Ready(Some(Err(broken(&error)))),
                State::Resting(iterator) => {
                    let pull = self.context.clone().scope(off_loop(move || pull(iterator)));
                    self.state = State::OnThread(Box::pin(pull));
                }
                State::OnThread(mut pull) => {
                    let polled = match caught(|| pull.as_mut().poll(cx)) {
                        Ok(Poll::Pending) => {
                            self.state = State::OnThread(pull);
                            return Poll::Pending;
                        }
                        Ok(Poll::Ready(polled)) => polled,
                        Err(panic) => return Poll::Ready(Some(Err(panicked(&panic)))),
                    };
                    let pulled = match polled {
                        Ok(pulled) => pulled,
                        Err(error) => return Poll::Ready(Some(Err(broken(&error.into())))),
                    };
                    self.state = match (pulled.error, pulled.iterator) {
                        (Some(error), _) => State::Failing(error),
                        (None, Some(iterator)) => State::Resting(iterator),
                        (None, None) => State::Ended,
                    };
                    if !pulled.chunk.is_empty() {
                        return Poll::Ready(Some(Ok(Frame::data(pulled.chunk))));
                    }
                }
            }
        }
    }
}

impl<I: Send + 'static> fmt::Debug for Pulled<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pulled").finish_non_exhaustive()
    }
}
