//! The files of a form.

use std::sync::Arc;

use super::UploadedFile;
use crate::extract::{FormRejection, FromRequest, Needs};
use crate::request::Request;

/// The files of a form, by field: an argument of a view, or what [`FormData::files`](crate::FormData::files) gives. A clone is cheap.
///
/// A field that was left empty has no file. See [`UploadedFile`] for what can be done with one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    files: Option<Arc<Vec<UploadedFile>>>,
}

impl Files {
    fn as_slice(&self) -> &[UploadedFile] {
        self.files.as_deref().map_or(&[], Vec::as_slice)
    }

    /// The file of a field; the last one, where there are several.
    pub fn get(&self, field: &str) -> Option<&UploadedFile> {
        self.as_slice().iter().rev().find(|file| file.field() == field)
    }

    /// All files of a field, in their order.
    pub fn get_list<'a>(&'a self, field: &'a str) -> impl Iterator<Item = &'a UploadedFile> {
        self.as_slice().iter().filter(move |file| file.field() == field)
    }

    /// All files, in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, UploadedFile> {
        self.as_slice().iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }
}

impl FromIterator<UploadedFile> for Files {
    fn from_iter<I: IntoIterator<Item = UploadedFile>>(files: I) -> Self {
        let files: Vec<UploadedFile> = files.into_iter().collect();
        Self {
            files: (!files.is_empty()).then(|| Arc::new(files)),
        }
    }
}

impl<'a> IntoIterator for &'a Files {
    type Item = &'a UploadedFile;
    type IntoIter = std::slice::Iter<'a, UploadedFile>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromRequest for Files {
    type Rejection = FormRejection;
    const NEEDS: Needs = Needs::FORM;

    fn from_request(request: &Request) -> Result<Self, FormRejection> {
        request.buffered_form().map(|form| form.files().clone())
    }
}
