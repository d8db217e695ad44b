//! A form with files, part by part.

use std::fmt;

use bytes::{Bytes, BytesMut};

use super::{Event, MultipartError, Parser, PartHeaders};
use crate::error::{Error, Op, Result};
use crate::extract::{FormRejection, FromRequest, Needs};
use crate::request::{Chunks, ContentType, Limits, Request};
use crate::uploads::safe_file_name;

/// A form with files, read part by part as it comes: for a view that sends a file elsewhere without keeping it.
///
/// Nothing is stored, and no [upload handler](crate::uploads::UploadHandler) is asked; most views rather take
/// [`FormData`](crate::FormData) and [`Files`](crate::uploads::Files). What does not say that it is `multipart/form-data` is a 415.
/// The limits on the number of fields and files, on headers and on the whole hold here too.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, Result, Urls};
/// use nuages_handler::uploads::Multipart;
///
/// async fn measure(mut form: Multipart) -> Result<String> {
///     let mut sizes = String::new();
///     while let Some(mut part) = form.next_part().await? {
///         let mut size = 0;
///         while let Some(chunk) = part.chunk().await? {
///             size += chunk.len();
///         }
///         sizes += &format!("{}: {size}\n", part.name());
///     }
///     Ok(sizes)
/// }
///
/// let client = Client::new(App::new().urls(Urls::new().path("", measure)));
/// let form = "--x\r\nContent-Disposition: form-data; name=\"cover\"; filename=\"a.png\"\r\n\r\nPNG\r\n--x--\r\n";
/// let request = client.post("/").header("content-type", "multipart/form-data; boundary=x").body(form);
/// assert_eq!(request.wait()?.text(), "cover: 3\n");
/// # Ok::<(), nuages_handler::Error>(())
/// ```
pub struct Multipart {
    chunks: Chunks,
    parser: Parser,
    limits: Limits,
    fields: usize,
    files: usize,
    /// What the fields that were read as text have taken.
    text: usize,
    in_part: bool,
    failed: Option<MultipartError>,
}

impl Multipart {
    pub(crate) fn new(
        chunks: Chunks,
        content_type: &ContentType,
        limits: &Limits,
    ) -> Result<Self, MultipartError> {
        let boundary = content_type.parameter("boundary").unwrap_or_default();
        Ok(Self {
            chunks,
            parser: Parser::new(boundary, limits.part_headers)?,
            limits: limits.clone(),
            fields: 0,
            files: 0,
            text: 0,
            in_part: false,
            failed: None,
        })
    }

    /// The next part; what was not read of the one before is skipped. `None` at the end.
    ///
    /// # Errors
    ///
    /// [`MultipartError`], from then on each time.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has lost at most the rest of the part before.
    ///
    /// # Blocking
    ///
    /// Waits for the client to send it.
    pub fn next_part(&mut self) -> Op<'_, Option<Part<'_>>> {
        Op::new("Multipart::next_part", async {
            match self.advance().await? {
                Some(headers) => Ok(Some(Part {
                    reader: self,
                    headers,
                })),
                None => Ok(None),
            }
        })
    }

    pub(crate) async fn advance(&mut self) -> Result<Option<PartHeaders>, MultipartError> {
        loop {
            match self.event().await? {
                Event::Part(headers) => {
                    self.in_part = true;
                    self.count(&headers)?;
                    return Ok(Some(headers));
                }
                Event::End => return Ok(None),
                Event::Data(_) | Event::PartEnd | Event::NeedMore => {}
            }
        }
    }

    fn count(&mut self, headers: &PartHeaders) -> Result<(), MultipartError> {
        let error = if headers.file_name.is_some() {
            self.files += 1;
            (self.files > self.limits.files).then(|| MultipartError::too_many_files(self.limits.files))
        } else {
            self.fields += 1;
            (self.fields > self.limits.fields).then(|| MultipartError::too_many_fields(self.limits.fields))
        };
        self.check(error.map_or(Ok(()), Err))
    }

    fn check<T>(&mut self, result: Result<T, MultipartError>) -> Result<T, MultipartError> {
        result.inspect_err(|error| self.failed = Some(error.clone()))
    }

    async fn event(&mut self) -> Result<Event, MultipartError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        loop {
            let event = self.parser.next();
            match self.check(event)? {
                Event::NeedMore => {}
                event => return Ok(event),
            }
            let more = self.chunks.next().await.map_err(MultipartError::from);
            match self.check(more)? {
                Some(bytes) => self.parser.push(&bytes),
                None => {
                    let end = self.parser.finish();
                    self.check(end)?;
                }
            }
        }
    }

    /// The next bytes of the part that was advanced to.
    pub(crate) async fn data(&mut self) -> Result<Option<Bytes>, MultipartError> {
        if !self.in_part {
            return Ok(None);
        }
        match self.event().await? {
            Event::Data(bytes) => Ok(Some(bytes)),
            _ => {
                self.in_part = false;
                Ok(None)
            }
        }
    }

    /// The rest of a field, up to what all fields together may have.
    pub(crate) async fn text(&mut self, headers: &PartHeaders) -> Result<String, MultipartError> {
        let limit = self.limits.body;
        let mut value = BytesMut::new();
        self.text = self.text.saturating_add(headers.name.len());
        loop {
            let data = self.data().await?;
            self.text = self.text.saturating_add(data.as_ref().map_or(0, Bytes::len));
            if self.text > limit {
                return self.check(Err(MultipartError::fields_too_large(limit)));
            }
            match data {
                Some(data) => value.extend_from_slice(&data),
                None => break,
            }
        }
        let text = String::from_utf8(value.into()).map_err(|_| MultipartError::utf8(&headers.name));
        self.check(text)
    }
}

impl FromRequest for Multipart {
    type Rejection = FormRejection;
    const NEEDS: Needs = Needs::STREAM;

    fn from_request(request: &Request) -> Result<Self, FormRejection> {
        request.multipart()
    }
}

impl fmt::Debug for Multipart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Multipart")
            .field("fields", &self.fields)
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

/// One part of a [`Multipart`]: a field, or a file.
pub struct Part<'a> {
    reader: &'a mut Multipart,
    headers: PartHeaders,
}

impl Part<'_> {
    /// The field.
    pub fn name(&self) -> &str {
        &self.headers.name
    }

    /// The name of the file, made [safe](safe_file_name); `None` for a field that is no file.
    pub fn file_name(&self) -> Option<String> {
        self.headers.file_name.as_deref().map(safe_file_name)
    }

    /// The name of the file as it was sent. It may be a path, or worse.
    pub fn sent_file_name(&self) -> Option<&str> {
        self.headers.file_name.as_deref()
    }

    /// What the client says that it is.
    pub fn content_type(&self) -> Option<&str> {
        self.headers.content_type.as_deref()
    }

    /// The next bytes; `None` at the part's end.
    ///
    /// # Errors
    ///
    /// [`MultipartError`].
    ///
    /// # Cancel safety
    ///
    /// A dropped future has taken nothing.
    ///
    /// # Blocking
    ///
    /// Waits for the client to send it.
    pub fn chunk(&mut self) -> Op<'_, Option<Bytes>> {
        Op::new("Part::chunk", async {
            self.reader.data().await.map_err(Error::from)
        })
    }

    /// The rest of the part as text, up to [`Limits::body`] for all fields together.
    ///
    /// # Errors
    ///
    /// [`MultipartError`]: 413 past the limit, 400 where it is no UTF-8.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has lost what it read.
    ///
    /// # Blocking
    ///
    /// Waits for the client to send it.
    pub fn text(&mut self) -> Op<'_, String> {
        Op::new("Part::text", async {
            self.reader.text(&self.headers).await.map_err(Error::from)
        })
    }
}

impl fmt::Debug for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part")
            .field("name", &self.headers.name)
            .finish_non_exhaustive()
    }
}
