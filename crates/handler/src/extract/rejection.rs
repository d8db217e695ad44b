//! Why an argument of a view could not be made: a type for each extractor, with a status and a text that names what is wrong.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use http::StatusCode;

use crate::error::Error;
use crate::request::BodyRejection;
use crate::uploads::MultipartError;

/// The place of a mistake in data: `order.lines[2].copies`; nothing for the whole.
fn field_of(path: &serde_path_to_error::Path) -> Option<String> {
    let text = path.to_string();
    (text != "." && text != "?").then_some(text)
}

/// Why a query is not what the view expects: 400.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub struct QueryRejection {
    field: Option<String>,
    message: String,
}

impl QueryRejection {
    pub(super) fn new(path: Option<&serde_path_to_error::Path>, message: impl fmt::Display) -> Self {
        Self {
            field: path.and_then(field_of),
            message: message.to_string(),
        }
    }

    /// 400.
    pub fn status(&self) -> StatusCode {
        StatusCode::BAD_REQUEST
    }

    /// The parameter that is wrong, if it is one.
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }
}

impl fmt::Display for QueryRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the query is not as expected: ")?;
        if let Some(field) = &self.field {
            write!(f, "`{field}`: ")?;
        }
        f.write_str(&self.message)
    }
}

/// Why JSON is not what the view expects: 415 where the body does not say that it is JSON, 400 where it is none or has not the right shape, and
/// the body's own where that could not be read.
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
#[non_exhaustive]
pub struct JsonRejection {
    kind: JsonKind,
}

#[derive(Clone, Debug, thiserror::Error)]
enum JsonKind {
    #[error("JSON is expected: `content-type: application/json`")]
    Type,
    #[error(transparent)]
    Body(BodyRejection),
    #[error("the JSON is not as expected: {}{message}", field.as_ref().map(|field| format!("`{field}`: ")).unwrap_or_default())]
    Data {
        field: Option<String>,
        message: String,
        line: usize,
        column: usize,
    },
}

impl JsonRejection {
    pub(crate) fn content_type() -> Self {
        Self { kind: JsonKind::Type }
    }

    pub(crate) fn data(error: &serde_path_to_error::Error<serde_json::Error>) -> Self {
        let cause = error.inner();
        Self {
            kind: JsonKind::Data {
                field: field_of(error.path()),
                // It says the line and the column itself.
                message: cause.to_string(),
                line: cause.line(),
                column: cause.column(),
            },
        }
    }

    /// Of what comes before the byte that is none of UTF-8.
    pub(crate) fn utf8(before: &[u8]) -> Self {
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        let column = before.len() - memchr::memrchr(b'\n', before).map_or(0, |at| at + 1) + 1;
        Self {
            kind: JsonKind::Data {
                field: None,
                message: format!("it is not UTF-8 at line {line} column {column}"),
                line,
                column,
            },
        }
    }

    /// 415, 400, or what the body's own failure has.
    pub fn status(&self) -> StatusCode {
        match &self.kind {
            JsonKind::Type => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            JsonKind::Body(body) => body.status(),
            JsonKind::Data { .. } => StatusCode::BAD_REQUEST,
        }
    }

    /// The field that is wrong, as `order.lines[2].copies`.
    pub fn field(&self) -> Option<&str> {
        match &self.kind {
            JsonKind::Data { field, .. } => field.as_deref(),
            JsonKind::Type | JsonKind::Body(_) => None,
        }
    }

    /// The line of the mistake, from 1.
    pub fn line(&self) -> Option<usize> {
        match self.kind {
            JsonKind::Data { line, .. } => Some(line),
            JsonKind::Type | JsonKind::Body(_) => None,
        }
    }

    /// The column of the mistake, in bytes from 1.
    pub fn column(&self) -> Option<usize> {
        match self.kind {
            JsonKind::Data { column, .. } => Some(column),
            JsonKind::Type | JsonKind::Body(_) => None,
        }
    }
}

impl From<BodyRejection> for JsonRejection {
    fn from(body: BodyRejection) -> Self {
        Self {
            kind: JsonKind::Body(body),
        }
    }
}

/// Why a form is not what the view expects: 415 where the body is something else than a form, 400 or 413 where it is no valid one, 400 where it has not
/// the right fields, and the body's own status where that could not be read.
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
#[non_exhaustive]
pub struct FormRejection {
    kind: FormKind,
}

#[derive(Clone, Debug, thiserror::Error)]
enum FormKind {
    #[error("a form is expected: `application/x-www-form-urlencoded` or `multipart/form-data`")]
    Type,
    #[error("a form with files is expected: `multipart/form-data`")]
    NotMultipart,
    #[error("a form is read as UTF-8, and this one says that it is `{0}`")]
    Charset(String),
    #[error("the form is not valid UTF-8")]
    Utf8,
    #[error("the form has more than {0} fields")]
    Fields(usize),
    #[error(transparent)]
    Body(BodyRejection),
    #[error(transparent)]
    Multipart(MultipartError),
    #[error("the form is not as expected: {}{message}", field.as_ref().map(|field| format!("`{field}`: ")).unwrap_or_default())]
    Data { field: Option<String>, message: String },
    #[error("an upload handler refused the form: {0}")]
    Handler(Arc<Error>),
}

impl From<FormKind> for FormRejection {
    fn from(kind: FormKind) -> Self {
        Self { kind }
    }
}

impl FormRejection {
    pub(crate) fn content_type() -> Self {
        FormKind::Type.into()
    }

    pub(crate) fn not_multipart() -> Self {
        FormKind::NotMultipart.into()
    }

    pub(crate) fn charset(charset: &str) -> Self {
        FormKind::Charset(charset.to_owned()).into()
    }

    pub(crate) fn utf8() -> Self {
        FormKind::Utf8.into()
    }

    pub(crate) fn too_many_fields(limit: usize) -> Self {
        FormKind::Fields(limit).into()
    }

    pub(crate) fn handler(error: Error) -> Self {
        FormKind::Handler(Arc::new(error)).into()
    }

    pub(super) fn data(path: &serde_path_to_error::Path, message: impl fmt::Display) -> Self {
        FormKind::Data {
            field: field_of(path),
            message: message.to_string(),
        }
        .into()
    }

    /// 415, 400, 413, or what the body's or an upload handler's failure has.
    pub fn status(&self) -> StatusCode {
        match &self.kind {
            FormKind::Type | FormKind::NotMultipart | FormKind::Charset(_) => {
                StatusCode::UNSUPPORTED_MEDIA_TYPE
            }
            FormKind::Utf8 | FormKind::Fields(_) | FormKind::Data { .. } => StatusCode::BAD_REQUEST,
            FormKind::Body(body) => body.status(),
            FormKind::Multipart(form) => form.status(),
            FormKind::Handler(error) => error.status(),
        }
    }

    /// The field that is wrong, if it is one.
    pub fn field(&self) -> Option<&str> {
        match &self.kind {
            FormKind::Data { field, .. } => field.as_deref(),
            _ => None,
        }
    }

    /// What an upload handler said, if it was one.
    pub fn handler_error(&self) -> Option<&Error> {
        match &self.kind {
            FormKind::Handler(error) => Some(error),
            _ => None,
        }
    }

    /// What the visitor is told.
    fn message(&self) -> String {
        match &self.kind {
            // Its author wrote it for the visitor.
            FormKind::Handler(error) => error.to_string(),
            kind => sentence(&kind.to_string()),
        }
    }
}

impl From<BodyRejection> for FormRejection {
    fn from(body: BodyRejection) -> Self {
        FormKind::Body(body).into()
    }
}

impl From<MultipartError> for FormRejection {
    fn from(form: MultipartError) -> Self {
        FormKind::Multipart(form).into()
    }
}

/// Why the path is not what the view expects: 404 where a value does not fit, since there is no such page, 500 where the view's `Path` does not fit its
/// route.
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
#[non_exhaustive]
pub struct PathRejection {
    kind: PathKind,
}

#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum PathKind {
    /// The program's mistake.
    #[error("the view's `Path` does not fit its route: {0}")]
    Shape(String),
    /// The visitor's.
    #[error("the path is not as expected: {0}")]
    Value(String),
}

impl From<PathKind> for PathRejection {
    fn from(kind: PathKind) -> Self {
        Self { kind }
    }
}

impl PathRejection {
    /// 404 or 500.
    pub fn status(&self) -> StatusCode {
        match self.kind {
            PathKind::Shape(_) => StatusCode::INTERNAL_SERVER_ERROR,
            PathKind::Value(_) => StatusCode::NOT_FOUND,
        }
    }
}

/// A view takes a [`State`](super::State) that its application does not have: 500.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the application has no state of the type `{type_name}`: give it by `App::state(..)`")]
#[non_exhaustive]
pub struct StateRejection {
    type_name: &'static str,
}

impl StateRejection {
    pub(super) fn of<T>() -> Self {
        Self {
            type_name: std::any::type_name::<T>(),
        }
    }

    /// 500.
    pub fn status(&self) -> StatusCode {
        StatusCode::INTERNAL_SERVER_ERROR
    }
}

/// A text of ours as the visitor reads it.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    first.chain(chars).chain(['.']).collect()
}

/// The status of a failure of ours and what the visitor is told of it, if `error` is one.
pub(crate) fn answer(error: &dyn Any) -> Option<(StatusCode, String)> {
    macro_rules! one_of {
        ($($Type:ty),*) => {
            $(if let Some(error) = error.downcast_ref::<$Type>() {
                return Some((error.status(), sentence(&error.to_string())));
            })*
        };
    }
    if let Some(form) = error.downcast_ref::<FormRejection>() {
        return Some((form.status(), form.message()));
    }
    one_of!(
        BodyRejection,
        JsonRejection,
        QueryRejection,
        PathRejection,
        StateRejection,
        MultipartError
    );
    None
}
