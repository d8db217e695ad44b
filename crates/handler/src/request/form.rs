//! A form that was sent.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::QueryDict;
use crate::error::{Error, Result};
use crate::extract::FromRequest;
use crate::request::Request;

/// Django's limit: more fields than any page has, fewer than make a server busy.
const MAX_FIELDS: usize = 1000;

/// The fields of an HTML form as they were sent, read like a [`QueryDict`]. A clone is cheap.
///
/// # Examples
///
/// ```
/// use nuages_handler::FormData;
///
/// // As an extractor; `request.form()` gives the same.
/// fn sign(form: FormData) -> String {
///     format!("thank you, {}", form.get("name").unwrap_or("stranger"))
/// }
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct FormData {
    fields: Arc<QueryDict>,
}

impl FormData {
    pub(super) fn parse(body: &[u8]) -> Result<Self> {
        // Counted before they are read: a megabyte of `&a` shall not become a million strings.
        if body.iter().filter(|&&b| b == b'&').count() >= MAX_FIELDS {
            return Err(Error::bad_request(format!(
                "A form can have {MAX_FIELDS} fields at most."
            )));
        }
        Ok(QueryDict::parse(body).into())
    }
}

impl From<QueryDict> for FormData {
    fn from(fields: QueryDict) -> Self {
        Self {
            fields: Arc::new(fields),
        }
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for FormData {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Self {
        QueryDict::from_iter(fields).into()
    }
}

impl Deref for FormData {
    type Target = QueryDict;

    fn deref(&self) -> &QueryDict {
        &self.fields
    }
}

impl FromRequest for FormData {
    const NEEDS_BODY: bool = true;

    fn from_request(request: &Request) -> Result<Self> {
        request.buffered_form()
    }
}

/// The names alone: values hold passwords, and logs are read by many.
impl fmt::Debug for FormData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.fields.iter().map(|(name, _)| name))
            .finish()
    }
}
