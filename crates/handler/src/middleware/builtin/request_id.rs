//! A number for each request, in its log lines and in its response.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderName, HeaderValue};

use crate::middleware::NeutralMiddleware;
use crate::request::Request;
use crate::response::Response;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Gives each request a number, and sends it as `X-Request-ID`; [`request_id`] is how a view gets to know it.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, Request, RequestId, Urls, request_id};
///
/// fn home(request: Request) -> String { request_id(&request).unwrap_or_default() }
///
/// let app = App::new().middleware(RequestId::new()).urls(Urls::new().path("", home));
/// let response = Client::new(app).get("/").wait()?;
/// assert_eq!(response.header("x-request-id"), Some(response.text()));
/// # Ok::<(), nuages_handler::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct RequestId {
    trusted: bool,
}

/// Among a request's values.
#[derive(Clone)]
struct Number(HeaderValue);

impl RequestId {
    /// A number of our own for each request.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes over the number that a request has already, where it has a harmless form: behind a proxy that gives one.
    #[must_use]
    pub fn from_proxy(mut self) -> Self {
        self.trusted = true;
        self
    }
}

/// The number of a request, if [`RequestId`] gave it one.
pub fn request_id(request: &Request) -> Option<String> {
    let Number(number) = request.get::<Number>()?;
    number.to_str().ok().map(str::to_owned)
}

/// A number that no other request of any process has: half of it is the process's, at random, the other half is counted.
fn next() -> HeaderValue {
    static PROCESS: LazyLock<u64> = LazyLock::new(|| {
        let (high, _) = uuid::Uuid::new_v4().as_u64_pair();
        high
    });
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let mut text = [0_u8; 32];
    let number = (u128::from(*PROCESS) << 64) | u128::from(COUNT.fetch_add(1, Ordering::Relaxed));
    for (at, digit) in text.iter_mut().enumerate() {
        // Each is a digit of sixteen.
        *digit = b"0123456789abcdef"[((number >> (124 - 4 * at)) & 15) as usize];
    }
    HeaderValue::from_bytes(&text).unwrap_or(HeaderValue::from_static("0"))
}

fn is_harmless(value: &HeaderValue) -> bool {
    let bytes = value.as_bytes();
    (1..=128).contains(&bytes.len())
        && bytes
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

impl NeutralMiddleware for RequestId {
    fn before(&self, request: &Request) -> Option<Response> {
        let sent = request
            .headers()
            .get(HEADER)
            .filter(|value| self.trusted && is_harmless(value));
        request.insert(Number(sent.cloned().unwrap_or_else(next)));
        None
    }

    fn after(&self, request: &Request, mut response: Response) -> Response {
        if let Some(Number(number)) = request.get() {
            response.headers_mut().insert(HEADER, number);
        }
        response
    }
}
