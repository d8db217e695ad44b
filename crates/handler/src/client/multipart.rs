//! A form with files, as a browser sends it.

use std::fmt::Display;

use bytes::Bytes;

/// A form with files, for [`ClientRequest::multipart`](crate::ClientRequest::multipart).
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, MultipartForm, Request, Result, Urls};
///
/// async fn sizes(request: Request) -> Result<String> {
///     Ok(request.body().await?.len().to_string())
/// }
///
/// let form = MultipartForm::new().field("title", "Nuages").file("cover", "cover.png", "image/png", "no picture");
/// let client = Client::new(App::new().urls(Urls::new().path("", sizes)));
/// assert_eq!(client.post("/").multipart(form).wait()?.status(), 200);
/// # Ok::<(), nuages_handler::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "a form does nothing until a request takes it"]
pub struct MultipartForm {
    body: Vec<u8>,
}

/// No test sends a file that holds this line.
const BOUNDARY: &str = "nuages-test-client-7f2c9a4e1d";

impl MultipartForm {
    /// A form without fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field.
    pub fn field(mut self, name: &str, value: impl Display) -> Self {
        self.part(
            &format!("form-data; name=\"{}\"", quoted(name)),
            None,
            value.to_string().as_bytes(),
        );
        self
    }

    /// Adds a file, with the name that the visitor has for it.
    pub fn file(mut self, field: &str, name: &str, content_type: &str, content: impl AsRef<[u8]>) -> Self {
        let disposition = format!(
            "form-data; name=\"{}\"; filename=\"{}\"",
            quoted(field),
            quoted(name)
        );
        self.part(&disposition, Some(content_type), content.as_ref());
        self
    }

    fn part(&mut self, disposition: &str, content_type: Option<&str>, content: &[u8]) {
        let mut head = format!("--{BOUNDARY}\r\ncontent-disposition: {disposition}\r\n");
        if let Some(content_type) = content_type {
            head.push_str(&format!("content-type: {content_type}\r\n"));
        }
        head.push_str("\r\n");
        self.body.extend_from_slice(head.as_bytes());
        self.body.extend_from_slice(content);
        self.body.extend_from_slice(b"\r\n");
    }

    pub(super) fn into_content(mut self) -> (String, Bytes) {
        self.body
            .extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        (
            format!("multipart/form-data; boundary={BOUNDARY}"),
            self.body.into(),
        )
    }
}

/// What browsers do to quotes and line breaks in names (HTML, section 4.10.21.8).
fn quoted(text: &str) -> String {
    text.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}
