//! A wait that is known to the graph while it lasts.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::graph::{self, Registered};
use super::hold::{Resource, blocked_by_this_code};
use crate::BridgeError;

pin_project! {
    /// The future of [`Resource::wait`].
    #[must_use = "futures do nothing unless polled"]
    pub struct Waiting<F> {
        resource: Resource,
        location: &'static Location<'static>,
        // Whether the future was not ready at its first poll.
        parked: bool,
        // Before the future: while it is dropped, the graph no longer counts on it.
        registered: Option<Registered>,
        #[pin]
        future: Option<F>,
    }
}

impl<F> Waiting<F> {
    pub(super) fn new(resource: Resource, future: F, location: &'static Location<'static>) -> Self {
        Self {
            resource,
            location,
            parked: false,
            registered: None,
            future: Some(future),
        }
    }
}

impl<F> fmt::Debug for Waiting<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiting")
            .field("resource", &self.resource.name())
            .finish_non_exhaustive()
    }
}

impl<F: Future> Future for Waiting<F> {
    type Output = Result<F::Output, BridgeError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            panic!("a `Waiting` was polled after it had ended")
        };
        if let Poll::Ready(output) = future.poll(cx) {
            *this.registered = None;
            this.future.set(None);
            return Poll::Ready(Ok(output));
        }
        if !*this.parked {
            *this.parked = true;
            // Who blocks nobody can't close a circle.
            let blocked = blocked_by_this_code();
            if !blocked.is_empty() {
                match graph::register(&this.resource.inner, blocked, this.location) {
                    Ok(registered) => *this.registered = Some(registered),
                    Err(error) => {
                        this.future.set(None);
                        return Poll::Ready(Err(BridgeError::deadlock_refused(error)));
                    }
                }
            }
        }
        Poll::Pending
    }
}
