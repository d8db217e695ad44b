//! How long a request may take, and how many are worked on at a time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::error::{Error, Result};
use crate::middleware::{AsyncMiddleware, MiddlewareNotUsed, Next};
use crate::request::Request;
use crate::response::Response;
use crate::settings::Settings;

/// How soon who was turned away may come again.
const RETRY: Duration = Duration::from_secs(1);

/// Answers with 503 where the layers inside take too long until their response begins.
///
/// An async view is dropped then; a sync view runs on, since nothing can stop it, sees [`cancelled`](nuages_bridge::cancelled), and has its waits end.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use nuages_handler::{App, Client, Timeout, Urls};
///
/// async fn endless() -> &'static str { std::future::pending().await }
///
/// let app = App::new().middleware(Timeout::new(Duration::from_millis(1))).urls(Urls::new().path("", endless));
/// assert_eq!(Client::new(app).get("/").wait()?.status(), 503);
/// # Ok::<(), nuages_handler::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Timeout {
    time: Duration,
}

impl Timeout {
    /// A timeout.
    pub fn new(time: Duration) -> Self {
        Self { time }
    }

    /// That of [`limits.timeout`](crate::LimitSettings::timeout).
    ///
    /// # Errors
    ///
    /// Where that is zero, this middleware is not used.
    pub fn from_settings(settings: &Settings) -> Result<Self, MiddlewareNotUsed> {
        let time = settings.limits.timeout;
        if time.is_zero() {
            return Err(MiddlewareNotUsed::because("`limits.timeout` is zero"));
        }
        Ok(Self::new(time))
    }
}

impl AsyncMiddleware for Timeout {
    async fn call(&self, request: Request, next: Next) -> Result<Response> {
        match tokio::time::timeout(self.time, next.run(request)).await {
            Ok(response) => response,
            Err(_) => Err(Error::unavailable(RETRY)),
        }
    }
}

/// Lets as many requests in as the program can do well at a time. The others wait for their turn, in the order of their coming, and get 503 where it does not come in time.
#[derive(Clone, Debug)]
pub struct ConcurrencyLimit {
    turns: Arc<Semaphore>,
    queue_time: Duration,
}

impl ConcurrencyLimit {
    /// So many requests at a time, and so long a wait for the others.
    pub fn new(requests: usize, queue_time: Duration) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(requests.min(Semaphore::MAX_PERMITS))),
            queue_time,
        }
    }

    /// As [`limits.concurrency`](crate::LimitSettings::concurrency) and [`limits.queue_time`](crate::LimitSettings::queue_time) say.
    ///
    /// # Errors
    ///
    /// Where the former is zero, this middleware is not used.
    pub fn from_settings(settings: &Settings) -> Result<Self, MiddlewareNotUsed> {
        let limits = &settings.limits;
        if limits.concurrency == 0 {
            return Err(MiddlewareNotUsed::because("`limits.concurrency` is zero"));
        }
        Ok(Self::new(limits.concurrency, limits.queue_time))
    }
}

impl AsyncMiddleware for ConcurrencyLimit {
    async fn call(&self, request: Request, next: Next) -> Result<Response> {
        let turn = match self.turns.try_acquire() {
            Ok(turn) => turn,
            Err(_) => match tokio::time::timeout(self.queue_time, self.turns.acquire()).await {
                Ok(Ok(turn)) => turn,
                Ok(Err(_)) | Err(_) => return Err(Error::unavailable(RETRY)),
            },
        };
        let response = next.run(request).await;
        drop(turn);
        response
    }
}
