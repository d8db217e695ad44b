//! Extractors that read the body.

use serde::de::DeserializeOwned;

use super::{FormRejection, FromRequest, JsonRejection, Needs};
use crate::request::Request;

/// The body as an HTML form, read into a type of serde's. It may have files too, which [`Files`](crate::uploads::Files) gives.
///
/// What does not fit is a 400 that names the field: a [`FormRejection`]. A form that people fill in had better come back with a message at each field: that is what
/// `#[derive(Form)]` of nuages-views is for.
///
/// # Examples
///
/// ```
/// use nuages_handler::Form;
///
/// #[derive(serde::Deserialize)]
/// struct Vote { choice: u8 }
///
/// async fn vote(Form(vote): Form<Vote>) -> String {
///     format!("counted for {}", vote.choice)
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form<T>(
    /// What was sent.
    pub T,
);

impl<T: DeserializeOwned> FromRequest for Form<T> {
    type Rejection = FormRejection;
    const NEEDS: Needs = Needs::FORM;

    fn from_request(request: &Request) -> Result<Self, FormRejection> {
        let text = request.buffered_form_text()?;
        serde_html_form::from_bytes(&text).map(Self).map_err(|error| {
            // Read again with a record of where it is, to say where it went wrong.
            let fields = serde_html_form::Deserializer::new(form_urlencoded::parse(&text));
            match serde_path_to_error::deserialize::<_, T>(fields) {
                Err(error) => FormRejection::data(error.path(), error.inner()),
                Ok(_) => FormRejection::data(&serde_path_to_error::Track::new().path(), error),
            }
        })
    }
}

/// JSON: the body as an argument, or a value as an answer.
///
/// As an argument, a body that is not declared as JSON is a 415, one that does not fit a 400 that names the field, the line and the column: a
/// [`JsonRejection`].
///
/// # Examples
///
/// ```
/// use nuages_handler::Json;
///
/// #[derive(serde::Deserialize, serde::Serialize)]
/// struct Point { x: i32, y: i32 }
///
/// async fn mirror(Json(point): Json<Point>) -> Json<Point> {
///     Json(Point { x: point.y, y: point.x })
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Json<T>(
    /// What was sent, or is to be sent.
    pub T,
);

impl<T: DeserializeOwned> FromRequest for Json<T> {
    type Rejection = JsonRejection;
    const NEEDS: Needs = Needs::BODY;

    fn from_request(request: &Request) -> Result<Self, JsonRejection> {
        request.buffered_json().map(Self)
    }
}
