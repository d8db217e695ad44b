//! What an application keeps for its views.

use super::{FromRequest, StateRejection};
use crate::request::Request;

/// A value that the application was given by [`App::state`](crate::App::state): a clone of it, so one of a kind that is cheap to clone.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use nuages_handler::{App, Client, State, Urls};
///
/// struct Shop { name: String }
///
/// fn home(State(shop): State<Arc<Shop>>) -> String {
///     format!("welcome to {}", shop.name)
/// }
///
/// let shop = Arc::new(Shop { name: "Nuages".into() });
/// let client = Client::new(App::new().state(shop).urls(Urls::new().path("", home)));
/// assert_eq!(client.get("/").wait()?.text(), "welcome to Nuages");
/// # Ok::<(), nuages_handler::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State<T>(
    /// The value.
    pub T,
);

impl<T: Clone + Send + Sync + 'static> FromRequest for State<T> {
    type Rejection = StateRejection;

    fn from_request(request: &Request) -> Result<Self, StateRejection> {
        request.state().map(Self).ok_or_else(StateRejection::of::<T>)
    }
}
