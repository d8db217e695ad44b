//! What a middleware calls to go on.

use std::fmt;
use std::sync::Arc;

use crate::error::Op;
use crate::middleware::chain;
use crate::request::Request;
use crate::response::Response;
use crate::urls::Endpoint;

/// The layers inside a middleware, down to the view.
///
/// There is one for both kinds of middleware: [`run`](Self::run) is awaited in an `async fn` and waited for in a `fn`.
#[must_use = "a middleware that does not run `Next` has to answer itself"]
pub struct Next {
    route: Arc<Endpoint>,
    /// The layer that runs next.
    at: usize,
}

impl Next {
    pub(super) fn new(route: Arc<Endpoint>, at: usize) -> Self {
        Self { route, at }
    }

    /// Runs the layers inside with this request.
    ///
    /// What a view fails with has become a response already, and so has a panic: a middleware sees the 404 or the 500 that
    /// the visitor gets.
    ///
    /// # Errors
    ///
    /// Only when it is waited for on an event loop; and around a single view ([`View::layer`](crate::View::layer)) that of the view.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the view where it is; a sync view that runs already runs on.
    ///
    /// # Blocking
    ///
    /// Waits for the layers inside. Sync ones run in place, on the thread that waits.
    #[track_caller]
    pub fn run(self, request: Request) -> Op<'static, Response> {
        let Self { route, at } = self;
        // A leaf, though users' code is inside: their async code is polled in frames of its own, which may not block.
        Op::leaf("Next::run", async move {
            let mut response = chain::run(&route, at, request).await;
            match response.take_problem() {
                // Around a single view, errors are still on their way.
                Some(error) => Err(error),
                None => Ok(response),
            }
        })
    }
}

impl fmt::Debug for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layers = self.route.layers.get(self.at..).unwrap_or_default();
        f.debug_struct("Next")
            .field("layers", &layers)
            .field("view", &self.route.view)
            .finish()
    }
}
