//! The end of a request: told once, whichever way it ends.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use nuages_bridge as bridge;
use nuages_protocol::{Body, BoxError};
use pin_project_lite::pin_project;

use super::send;
use crate::handler::Shared;
use crate::request::Request;

/// Tells `request_finished` when it is dropped: with the response's body, which is after its last byte or when the client has gone, or with
/// the future of a request whose client goes away before there is a response.
pub(crate) struct Finish {
    open: Option<(Arc<Shared>, Request)>,
    /// That of the request, once its response has left it.
    context: Option<bridge::Context>,
}

impl Finish {
    /// `None` where nobody listens, so that such a request pays nothing.
    pub(crate) fn of(shared: &Arc<Shared>, request: &Request) -> Option<Self> {
        if shared.signals.finished.is_empty() {
            return None;
        }
        Some(Self {
            open: Some((Arc::clone(shared), request.clone())),
            context: None,
        })
    }

    /// Tells it now.
    pub(crate) async fn now(mut self) {
        if let Some((shared, request)) = self.open.take() {
            send("request_finished", &shared.signals.finished, request).await;
        }
    }

    /// Lets it be told when this body has ended.
    pub(crate) fn after(mut self, body: Body) -> Body {
        self.context = Some(bridge::Context::current());
        Body::new(Finishing { body, _finish: self })
    }
}

impl Drop for Finish {
    fn drop(&mut self) {
        let Some((shared, request)) = self.open.take() else {
            return;
        };
        // A request that is given up is dropped inside its context.
        let context = self.context.take().unwrap_or_else(bridge::Context::current);
        // A task, since a destructor can't wait; it keeps the request's context, and its thread for sync code.
        context.run(|| {
            let told = bridge::shield(async move {
                send("request_finished", &shared.signals.finished, request).await;
            });
            drop(told);
        });
    }
}

pin_project! {
    struct Finishing {
        #[pin]
        body: Body,
        _finish: Finish,
    }
}

impl http_body::Body for Finishing {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.project().body.poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
