//! The query, typed.

use serde::de::DeserializeOwned;

use super::{FromRequest, QueryRejection};
use crate::request::{Request, check_urlencoded};

/// What stands behind the question mark of the URL, read into a type of serde's; what does not fit is a 400
/// that names the parameter: a [`QueryRejection`].
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
    type Rejection = QueryRejection;

    fn from_request(request: &Request) -> Result<Self, QueryRejection> {
        let text = request.uri().query().unwrap_or_default();
        if let Err(error) = check_urlencoded(text.as_bytes(), request.limits()) {
            return Err(QueryRejection::new(None, error));
        }
        serde_html_form::from_str(text).map(Self).map_err(|error| {
            let fields = serde_html_form::Deserializer::new(form_urlencoded::parse(text.as_bytes()));
            match serde_path_to_error::deserialize::<_, T>(fields) {
                Err(error) => QueryRejection::new(Some(error.path()), error.inner()),
                Ok(_) => QueryRejection::new(None, error),
            }
        })
    }
}
