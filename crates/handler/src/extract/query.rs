//! The query, typed.

use serde::de::DeserializeOwned;

use super::FromRequest;
use crate::error::{Error, Result};
use crate::request::Request;

/// What stands behind the question mark of the URL, read into a type of serde's; what does not fit is a 400.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, Query, Urls};
///
/// #[derive(serde::Deserialize)]
/// struct Search { q: String, page: Option<u32> }
///
/// fn search(Query(search): Query<Search>) -> String {
///     format!("{}, page {}", search.q, search.page.unwrap_or(1))
/// }
///
/// let client = Client::new(App::new().urls(Urls::new().path("search/", search)));
/// assert_eq!(client.get("/search/?q=swing&page=2").wait()?.text(), "swing, page 2");
/// assert_eq!(client.get("/search/?q=swing&page=x").wait()?.status(), 400);
/// # Ok::<(), nuages_handler::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query<T>(
    /// What was asked for.
    pub T,
);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    fn from_request(request: &Request) -> Result<Self> {
        serde_html_form::from_str(request.uri().query().unwrap_or_default())
            .map(Self)
            .map_err(|error| Error::bad_request(format!("The query is not as expected: {error}.")))
    }
}
