//! The test client: requests to an application without a network.

mod assertions;
mod draft;
mod events;
mod factory;
mod multipart;
mod request;
mod response;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{HeaderMap, HeaderValue, Method, header};

pub use self::events::{ClientStream, ServerEvent};
pub use self::factory::{FactoryRequest, RequestFactory};
pub use self::multipart::MultipartForm;
pub use self::request::ClientRequest;
pub use self::response::ClientResponse;
use crate::handler::{Handler, IntoHandler};

/// A browser for tests, without a network.
///
/// It keeps cookies. What a visitor would see as a page with status 500 is an `Err` with what went wrong, so that `?` and `unwrap` show it; see
/// [`raise_exceptions`](Self::raise_exceptions). A clone is the same browser, with the same cookies.
///
/// A request runs in the context of the test. Waited for in a sync test, sync views run on the test's own thread.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, FormData, Urls, post};
///
/// fn sign(form: FormData) -> String {
///     format!("thank you, {}", form.get("name").unwrap_or("stranger"))
/// }
///
/// let client = Client::new(App::new().urls(Urls::new().path("sign/", post(sign))));
/// let response = client.post("/sign/").form([("name", "Django")]).wait()?;
/// assert_eq!(response.status(), 200);
/// assert_eq!(response.text(), "thank you, Django");
///
/// // The same in an async test: `client.post("/sign/").form([("name", "Django")]).await?`
/// # Ok::<(), nuages_handler::Error>(())
/// ```
#[derive(Clone)]
pub struct Client {
    handler: Handler,
    cookies: Arc<Mutex<BTreeMap<String, String>>>,
    raise: bool,
    enforce_csrf: bool,
}

/// Among a request's values: it comes from the test client, which reads the response at once and as a whole.
#[derive(Clone, Debug)]
pub(crate) struct TestRequest {
    /// Whether the error of a view is wanted, and not only its page.
    pub(crate) raise: bool,
    pub(crate) enforce_csrf: bool,
}

impl Client {
    /// A client of an application: an [`App`](crate::App), or the [`Handler`] that it was built into.
    ///
    /// # Panics
    ///
    /// If the application can't be built; the message says why.
    #[track_caller]
    pub fn new(app: impl IntoHandler) -> Self {
        match app.into_handler() {
            Ok(handler) => Self {
                handler,
                cookies: Arc::default(),
                raise: true,
                enforce_csrf: false,
            },
            Err(error) => panic!("the application can't be built: {error}"),
        }
    }

    /// Whether a request whose view fails with status 500, or panics, is an `Err` with that error; it is, unless this says otherwise. Without it, the test
    /// sees the page that a visitor would.
    #[must_use]
    pub fn raise_exceptions(mut self, raise: bool) -> Self {
        self.raise = raise;
        self
    }

    /// Has [`Csrf`](crate::Csrf) check the requests of this client too. Without it they are let through, as in Django's tests.
    #[must_use]
    pub fn enforce_csrf(mut self) -> Self {
        self.enforce_csrf = true;
        self
    }

    /// Sets a cookie, as if the application had.
    pub fn set_cookie(&self, name: impl Into<String>, value: impl Into<String>) {
        self.jar().insert(name.into(), value.into());
    }

    /// The application.
    pub fn handler(&self) -> &Handler {
        &self.handler
    }

    /// A request by `method` to `target`: a path, with a query if there is one.
    pub fn request(&self, method: Method, target: impl AsRef<str>) -> ClientRequest {
        ClientRequest::new(self.clone(), method, target.as_ref())
    }

    /// A GET request.
    pub fn get(&self, target: impl AsRef<str>) -> ClientRequest {
        self.request(Method::GET, target)
    }

    /// A POST request.
    pub fn post(&self, target: impl AsRef<str>) -> ClientRequest {
        self.request(Method::POST, target)
    }

    /// A PUT request.
    pub fn put(&self, target: impl AsRef<str>) -> ClientRequest {
        self.request(Method::PUT, target)
    }

    /// A PATCH request.
    pub fn patch(&self, target: impl AsRef<str>) -> ClientRequest {
        self.request(Method::PATCH, target)
    }

    /// A DELETE request.
    pub fn delete(&self, target: impl AsRef<str>) -> ClientRequest {
        self.request(Method::DELETE, target)
    }

    /// A HEAD request.
    pub fn head(&self, target: impl AsRef<str>) -> ClientRequest {
        self.request(Method::HEAD, target)
    }

    /// An OPTIONS request.
    pub fn options(&self, target: impl AsRef<str>) -> ClientRequest {
        self.request(Method::OPTIONS, target)
    }

    /// The value of a cookie that the application has set, as it stands in the header.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.jar().get(name).cloned()
    }

    fn jar(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the jar sends with each request. Paths and domains are not looked at: there is one host.
    pub(crate) fn cookie_header(&self) -> Option<HeaderValue> {
        let pairs: Vec<String> = self
            .jar()
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if pairs.is_empty() {
            None
        } else {
            HeaderValue::from_str(&pairs.join("; ")).ok()
        }
    }

    fn keep_cookies(&self, headers: &HeaderMap) {
        for value in headers.get_all(header::SET_COOKIE) {
            let Some(cookie) = value
                .to_str()
                .ok()
                .and_then(|text| cookie::Cookie::parse(text).ok())
            else {
                continue;
            };
            if cookie
                .max_age()
                .is_some_and(|age| age <= cookie::time::Duration::ZERO)
            {
                self.jar().remove(cookie.name());
            } else {
                self.jar()
                    .insert(cookie.name().to_owned(), cookie.value().to_owned());
            }
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("cookies", &*self.jar())
            .finish_non_exhaustive()
    }
}
