//! What is wrong with a form with files.

use http::StatusCode;

use crate::request::BodyRejection;

/// Why a form with files could not be read.
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
#[non_exhaustive]
pub struct MultipartError {
    kind: Kind,
}

#[derive(Clone, Debug, thiserror::Error)]
enum Kind {
    #[error(transparent)]
    Body(BodyRejection),
    #[error(
        "the form has no valid boundary: `multipart/form-data; boundary=..` of 1 to 70 characters is expected"
    )]
    Boundary,
    #[error("the form is not valid: {0}")]
    Malformed(&'static str),
    #[error("the form ends in the middle: its last boundary is missing")]
    Incomplete,
    #[error("the headers of a part of the form are longer than {0} bytes")]
    Headers(usize),
    #[error("the form has more than {0} fields")]
    Fields(usize),
    #[error("the form has more than {0} files")]
    Files(usize),
    #[error("the fields of the form are larger than the limit of {0} bytes")]
    FieldsTooLarge(usize),
    #[error("the field `{0}` is not valid UTF-8")]
    Utf8(String),
}

impl MultipartError {
    pub(crate) fn boundary() -> Self {
        Kind::Boundary.into()
    }

    pub(super) fn malformed(what: &'static str) -> Self {
        Kind::Malformed(what).into()
    }

    pub(super) fn incomplete() -> Self {
        Kind::Incomplete.into()
    }

    pub(super) fn headers_too_long(limit: usize) -> Self {
        Kind::Headers(limit).into()
    }

    pub(super) fn too_many_fields(limit: usize) -> Self {
        Kind::Fields(limit).into()
    }

    pub(super) fn too_many_files(limit: usize) -> Self {
        Kind::Files(limit).into()
    }

    pub(super) fn fields_too_large(limit: usize) -> Self {
        Kind::FieldsTooLarge(limit).into()
    }

    pub(super) fn utf8(field: &str) -> Self {
        Kind::Utf8(field.to_owned()).into()
    }

    /// The status that answers it: 413 for what is too large, else 400; what the body's own failure has.
    pub fn status(&self) -> StatusCode {
        match &self.kind {
            Kind::Body(body) => body.status(),
            Kind::FieldsTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// Whether the form has more fields or files than it may.
    pub fn is_too_many(&self) -> bool {
        matches!(self.kind, Kind::Fields(_) | Kind::Files(_))
    }

    /// Whether the client sent something that is no form.
    pub fn is_malformed(&self) -> bool {
        matches!(
            self.kind,
            Kind::Boundary | Kind::Malformed(_) | Kind::Incomplete | Kind::Headers(_) | Kind::Utf8(_)
        )
    }
}

impl From<Kind> for MultipartError {
    fn from(kind: Kind) -> Self {
        Self { kind }
    }
}

impl From<BodyRejection> for MultipartError {
    fn from(body: BodyRejection) -> Self {
        Kind::Body(body).into()
    }
}
