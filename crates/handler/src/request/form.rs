//! A form that was sent.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use percent_encoding::percent_decode;

use super::{Limits, QueryDict};
use crate::extract::{FormRejection, FromRequest, Needs};
use crate::request::Request;
use crate::uploads::Files;

/// The fields of an HTML form as they were sent, read like a [`QueryDict`], and its [files](Self::files). A clone is cheap.
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
    files: Files,
}

impl FormData {
    /// A form of these fields and files.
    pub fn new(fields: QueryDict, files: Files) -> Self {
        Self {
            fields: Arc::new(fields),
            files,
        }
    }

    /// Its files; none where it is not `multipart/form-data`.
    pub fn files(&self) -> &Files {
        &self.files
    }

    pub(super) fn parse(body: &[u8], limits: &Limits) -> Result<Self, FormRejection> {
        check_urlencoded(body, limits)?;
        Ok(QueryDict::parse(body).into())
    }
}

/// Whether text of a form or a query may be read.
pub(crate) fn check_urlencoded(text: &[u8], limits: &Limits) -> Result<(), FormRejection> {
    // Counted before they are read: a megabyte of `&a` shall not become a million strings.
    if memchr::memchr_iter(b'&', text).count() >= limits.fields.max(1) {
        return Err(FormRejection::too_many_fields(limits.fields));
    }
    // What separates fields is ASCII, so that the whole is UTF-8 where each of them is.
    let plain = text.is_ascii() && memchr::memchr(b'%', text).is_none();
    let valid = plain
        || match Cow::from(percent_decode(text)) {
            Cow::Borrowed(text) => std::str::from_utf8(text).is_ok(),
            Cow::Owned(text) => std::str::from_utf8(&text).is_ok(),
        };
    if valid { Ok(()) } else { Err(FormRejection::utf8()) }
}

impl From<QueryDict> for FormData {
    fn from(fields: QueryDict) -> Self {
        Self::new(fields, Files::default())
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
    type Rejection = FormRejection;
    const NEEDS: Needs = Needs::FORM;

    fn from_request(request: &Request) -> Result<Self, FormRejection> {
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
