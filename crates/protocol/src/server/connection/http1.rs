//! HTTP/1: requests one after the other, until either side has enough.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::Poll,
    time::Duration,
};

use hyper::service::service_fn;
use hyper_util::rt::TokioIo;

use super::{Core, Driver, NEXT, Order, report, wire::Wire};
use crate::{
    Application,
    server::{Shared, request::answer},
};

enum End {
    /// hyper has finished: the connection is closed, or it is no longer HTTP.
    Finished(hyper::Result<()>),
    /// Nothing has happened for a while.
    Rest(Duration),
    Close,
}

pub(super) async fn serve<A: Application>(shared: &Arc<Shared<A>>, core: &Arc<Core>, driver: &mut Driver) {
    loop {
        core.cork(true);
        let service = service_fn(|request| {
            core.begin_request();
            answer(shared, core, request)
        });
        let mut connection = shared
            .http1
            .serve_connection(TokioIo::new(Wire::new(core)), service)
            .with_upgrades();
        let end = poll_fn(|cx| {
            match driver.before(cx) {
                Order::Drain => Pin::new(&mut connection).graceful_shutdown(),
                Order::Close => return Poll::Ready(End::Close),
                Order::Wait | Order::Rest(_) => {}
            }
            let turn = Pin::new(&mut connection).poll(cx);
            let order = driver.after(cx, true);
            match (turn, order) {
                (Poll::Ready(result), _) => Poll::Ready(End::Finished(result)),
                (Poll::Pending, Order::Rest(time)) => Poll::Ready(End::Rest(time)),
                (Poll::Pending, Order::Close) => Poll::Ready(End::Close),
                (Poll::Pending, Order::Wait | Order::Drain) => Poll::Pending,
            }
        })
        .await;
        match end {
            End::Finished(result) => {
                // Whatever speaks on this connection from here on flushes for itself.
                core.cork(false);
                if let Err(error) = result {
                    if error.is_parse() {
                        core.left_unread();
                    }
                    report(core, &error);
                }
                return;
            }
            End::Close => return,
            // hyper's buffers are most of what an idle connection costs.
            End::Rest(idle) => {
                if let Some(parts) = connection.into_parts() {
                    core.socket().unread(&parts.read_buf);
                }
                driver.clock.rest(&core.limits, idle);
                if core.socket().ahead().is_empty() && !driver.more(NEXT, true).await {
                    return;
                }
                core.suspicious.store(true, Ordering::Relaxed);
            }
        }
    }
}
