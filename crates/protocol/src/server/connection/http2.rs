//! HTTP/2: requests side by side, each in a task of its own.

use std::{future::poll_fn, pin::pin, sync::Arc, task::Poll};

use hyper::{server::conn::http2, service::service_fn};
use hyper_util::rt::TokioIo;

use super::{Core, Driver, Order, Streams, report, wire::Wire};
use crate::{
    Application,
    server::{Shared, request::answer},
};

pub(super) async fn serve<A: Application>(
    http2: &http2::Builder<Streams>,
    shared: &Arc<Shared<A>>,
    core: &Arc<Core>,
    driver: &mut Driver,
) {
    let service = service_fn(|request| {
        let (shared, core) = (Arc::clone(shared), Arc::clone(core));
        core.begin_request();
        async move { answer(&shared, &core, request).await }
    });
    let mut connection = pin!(http2.serve_connection(TokioIo::new(Wire::new(core)), service));
    let mut closing = false;
    let end = poll_fn(|cx| {
        match driver.before(cx) {
            Order::Drain => connection.as_mut().graceful_shutdown(),
            Order::Close => return Poll::Ready(None),
            Order::Wait | Order::Rest(_) => {}
        }
        let turn = connection.as_mut().poll(cx);
        if shared.limits.is_last(core.requests()) && !closing {
            // Those that are under way are answered.
            closing = true;
            connection.as_mut().graceful_shutdown();
            cx.waker().wake_by_ref();
        }
        match (turn, driver.after(cx, false)) {
            (Poll::Ready(result), _) => Poll::Ready(Some(result)),
            // An idle client is told, so that it doesn't send a request into a closed connection.
            (Poll::Pending, Order::Close) if !core.is_busy() && !closing => {
                closing = true;
                connection.as_mut().graceful_shutdown();
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            (Poll::Pending, Order::Close) => Poll::Ready(None),
            (Poll::Pending, _) => Poll::Pending,
        }
    })
    .await;
    if let Some(Err(error)) = end {
        // What the client is told of it must not be lost in a reset.
        core.left_unread();
        report(core, &error);
    }
}
