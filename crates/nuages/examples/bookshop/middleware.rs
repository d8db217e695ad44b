//! Middleware of each kind: the async one around the whole shop, the sync one around what is one customer's own, the one that is neither where no I/O is done.

use std::time::Instant;

use nuages::handler::NeutralMiddleware;
use nuages::prelude::*;

use crate::cart::Wishes;

/// Logs one line a request. Async: it holds no thread while the view works.
pub async fn log(request: Request, next: Next) -> Result<Response> {
    let started = Instant::now();
    let (method, path) = (request.method().clone(), request.path().to_owned());
    let response = next.run(request).await?;
    let status = response.status().as_u16();
    tracing::info!(%method, path, status, ms = started.elapsed().as_millis(), "request");
    Ok(response)
}

/// Keeps pages that are one customer's own out of shared caches. Sync, as a team's older middleware often is, and none the slower
/// beside sync views: they share its thread.
pub fn private(request: Request, next: Next) -> Result<Response> {
    let response = next.run(request).wait()?;
    Ok(response.header("cache-control", "private, no-store"))
}

/// Lets the top of every page say how much is in the cart. Neither sync nor async: it only reads a cookie.
pub fn cart_count() -> impl NeutralMiddleware {
    let count = |request: &Request| {
        let copies = Wishes::of(request).copies();
        if copies > 0 {
            set_template_value(request, "in_cart", copies);
        }
        None
    };
    neutral(count, |_, response| response).named("cart_count")
}
