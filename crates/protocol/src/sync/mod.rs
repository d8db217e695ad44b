//! Blocking applications: WSGI's place in Rust.
//!
//! A [`SyncApplication`] is a plain function from a request, whose body is a [`Read`](std::io::Read), to a response, whose body is an iterator of
//! chunks. It is served without a line of async: each request has a thread, on which all of its code runs.
//!
//! # Examples
//!
//! ```no_run
//! // no_run: it serves until it is told to stop.
//! use nuages_protocol::sync::{Chunks, SyncResponse, sync_fn};
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let app = sync_fn(|request| {
//!         Ok(SyncResponse::new(Chunks::from(format!("bonsoir, {}", request.path_info()))))
//!     });
//! #   #[cfg(feature = "server")]
//!     nuages_protocol::sync::serve("127.0.0.1:8000", app)?;
//! #   #[cfg(not(feature = "server"))]
//! #   let _ = app;
//!     Ok(())
//! }
//! ```

mod adapter;
mod body;
mod chunks;
mod request;
mod stream;
mod to_sync;

use std::{fmt, sync::Arc};

pub use self::{
    adapter::{FromSync, InsideAnother},
    body::SyncBody,
    chunks::Chunks,
    request::SyncRequest,
    to_sync::ToSync,
};
use crate::{BoxError, State};

/// What a [`SyncApplication`] answers: `http`'s response, with [`Chunks`] as its body.
pub type SyncResponse = http::Response<Chunks>;

/// An application that blocks.
///
/// # Examples
///
/// ```
/// use std::io::Read;
/// use nuages_protocol::{BoxError, sync::{Chunks, SyncApplication, SyncRequest, SyncResponse}};
///
/// struct Shout;
///
/// impl SyncApplication for Shout {
///     fn call(&self, mut request: SyncRequest) -> Result<SyncResponse, BoxError> {
///         let mut text = String::new();
///         request.body.read_to_string(&mut text)?;
///         Ok(SyncResponse::new(Chunks::from(text.to_uppercase())))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a blocking application",
    label = "this has no `call(request)`",
    note = "implement `nuages_protocol::sync::SyncApplication` for it, or make one from a closure: `sync_fn(|request| ..)`"
)]
pub trait SyncApplication: Send + Sync + 'static {
    /// Answers one request. It may block: it has a thread of its own.
    ///
    /// Code that takes long asks [`nuages_bridge::cancelled`] now and then whether its client is still there.
    ///
    /// # Errors
    ///
    /// An error is answered with 500 and logged; what the client did wrong while it sent its body (an error of
    /// [`SyncBody`], as it is or as a source) is answered with 400 and is no fault. A panic is answered as an error is.
    fn call(&self, request: SyncRequest) -> Result<SyncResponse, BoxError>;

    /// Runs once, before the server accepts its first connection. What it returns is in the scope of every request.
    ///
    /// # Errors
    ///
    /// An error keeps the server from starting.
    fn startup(&self) -> Result<State, BoxError> {
        Ok(State::new())
    }

    /// Runs once, after the last request.
    ///
    /// # Errors
    ///
    /// An error is returned by whoever serves.
    fn shutdown(&self) -> Result<(), BoxError> {
        Ok(())
    }

    /// This application for a server, or for whatever else takes an [`Application`](crate::Application).
    fn into_application(self) -> FromSync<Self>
    where
        Self: Sized,
    {
        FromSync::new(self)
    }
}

impl<T: SyncApplication> SyncApplication for Arc<T> {
    fn call(&self, request: SyncRequest) -> Result<SyncResponse, BoxError> {
        T::call(self, request)
    }

    fn startup(&self) -> Result<State, BoxError> {
        T::startup(self)
    }

    fn shutdown(&self) -> Result<(), BoxError> {
        T::shutdown(self)
    }
}

/// Makes a [`SyncApplication`] from a function or a closure.
pub fn sync_fn<F>(function: F) -> SyncFn<F>
where
    F: Fn(SyncRequest) -> Result<SyncResponse, BoxError> + Send + Sync + 'static,
{
    SyncFn { function }
}

/// A [`SyncApplication`] that is one function; [`sync_fn`] makes it.
#[derive(Clone, Copy)]
pub struct SyncFn<F> {
    function: F,
}

impl<F> fmt::Debug for SyncFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncFn")
            .field("function", &std::any::type_name::<F>())
            .finish()
    }
}

impl<F> SyncApplication for SyncFn<F>
where
    F: Fn(SyncRequest) -> Result<SyncResponse, BoxError> + Send + Sync + 'static,
{
    fn call(&self, request: SyncRequest) -> Result<SyncResponse, BoxError> {
        (self.function)(request)
    }
}

/// Serves a blocking application until the process is told to end, for a program without a line of async.
///
/// It is [`Server`](crate::server::Server) with its defaults, on a runtime of its own. A program that wants to change the limits makes the
/// server itself.
///
/// # Errors
///
/// As [`Server::bind`](crate::server::Server::bind) and [`Server::serve`](crate::server::Server::serve).
///
/// # Panics
///
/// Inside an async runtime.
///
/// # Blocking
///
/// Until SIGINT or SIGTERM.
#[cfg(feature = "server")]
pub fn serve(
    address: impl Into<crate::server::BindAddress>,
    app: impl SyncApplication,
) -> Result<(), crate::server::Error> {
    nuages_bridge::entry::main(async {
        crate::server::Server::bind(address)
            .await?
            .serve(app.into_application())
            .await
    })
}
