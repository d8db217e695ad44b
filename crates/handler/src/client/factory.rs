//! Requests without an application, for tests of what takes one.

use std::fmt;

use http::Method;

use super::draft::{Draft, building};
use crate::error::Result;
use crate::request::Request;

/// Makes requests for tests that call a view, a middleware or an extractor themselves: Django's `RequestFactory`.
///
/// # Examples
///
/// ```
/// use nuages_handler::{FromRequest, Query, RequestFactory};
///
/// let request = RequestFactory::new().get("/books/").query([("page", 2)]).build()?;
/// let Query(values) = Query::<Vec<(String, u32)>>::from_request(&request)?;
/// assert_eq!(values, [("page".to_owned(), 2)]);
/// # Ok::<(), nuages_handler::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct RequestFactory {}

/// A request that is being put together.
#[derive(Clone)]
#[must_use = "a request does nothing until it is built"]
pub struct FactoryRequest {
    draft: Draft,
}
building!(FactoryRequest);

impl RequestFactory {
    /// A factory.
    pub fn new() -> Self {
        Self::default()
    }

    /// A request by `method` to `target`: a path, with a query if there is one.
    pub fn request(&self, method: Method, target: impl AsRef<str>) -> FactoryRequest {
        FactoryRequest {
            draft: Draft::new(method, target.as_ref()),
        }
    }

    /// A GET request.
    pub fn get(&self, target: impl AsRef<str>) -> FactoryRequest {
        self.request(Method::GET, target)
    }

    /// A POST request.
    pub fn post(&self, target: impl AsRef<str>) -> FactoryRequest {
        self.request(Method::POST, target)
    }
}

impl FactoryRequest {
    /// The request.
    ///
    /// # Errors
    ///
    /// When it can't be sent, as with a header that holds a line break.
    pub fn build(self) -> Result<Request> {
        let (scope, body) = self.draft.into_scope()?;
        Ok(Request::new(scope, body))
    }
}

impl fmt::Debug for FactoryRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FactoryRequest").field(&self.draft).finish()
    }
}
