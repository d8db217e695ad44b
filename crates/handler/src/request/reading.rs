//! What reads the body: each an operation, and each read once and kept.

use std::borrow::Cow;
use std::sync::PoisonError;

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::body::{Chunks, STREAM};
use super::stream::BodyStream;
use super::{BodyRejection, FormData, Request};
use crate::error::{Error, Op, Result};
use crate::extract::{FormRejection, JsonRejection, Needs};
use crate::uploads::{Files, Multipart, UploadHandlers, UploadInfo, read_form};

impl Request {
    /// The whole body.
    ///
    /// It is kept: who asks again gets the same, and so does [`form`](Self::form) after it.
    ///
    /// # Errors
    ///
    /// [`BodyRejection`]: 413 if it is larger than [`Limits::body`](crate::Limits::body), 400 if the client broke off, 408 if it pauses for too long.
    ///
    /// # Cancel safety
    ///
    /// What was read by a dropped future is lost, and the body with it: the next one gets an error.
    ///
    /// # Blocking
    ///
    /// Waits for the client to send it.
    pub fn body(&self) -> Op<'_, Bytes> {
        Op::new("Request::body", async { Ok(self.read_body().await?.clone()) })
    }

    async fn read_body(&self) -> Result<&Bytes, BodyRejection> {
        let read = self.read_cells().body.get_or_init(|| async {
            let limit = self.limits().body as u64;
            let body = self.inner.incoming.take("Request::body")?;
            Chunks::new(body, limit, self.limits()).whole().await
        });
        read.await.as_ref().map_err(Clone::clone)
    }

    /// The body as it comes, for what is too large to have in memory. See [`BodyStream`].
    ///
    /// # Errors
    ///
    /// [`BodyRejection`], where somebody else has taken it already. A body that was read by [`body`](Self::body) is given once more.
    pub fn stream(&self) -> Result<BodyStream, BodyRejection> {
        self.chunks(STREAM).map(BodyStream::new)
    }

    fn chunks(&self, by: &'static str) -> Result<Chunks, BodyRejection> {
        if let Some(read) = self.inner.read.get().and_then(|read| read.body.get()) {
            return Ok(Chunks::of(read.clone()?));
        }
        let body = self.inner.incoming.take(by)?;
        Ok(Chunks::new(body, self.limits().upload, self.limits()))
    }

    /// The body as an HTML form, with or without files.
    ///
    /// Fields are read into memory. Files go where the [upload handlers](crate::uploads::UploadHandlers) say: to memory while they are small, and to disk.
    ///
    /// # Errors
    ///
    /// [`FormRejection`]: 415 where the body is something else than a form, 400 where it is no valid one or has too many fields or files, 413 where it is too
    /// large, and as [`body`](Self::body).
    ///
    /// # Cancel safety
    ///
    /// As [`body`](Self::body). Files that were stored are removed.
    ///
    /// # Blocking
    ///
    /// Waits for the client to send it, and for the disk.
    pub fn form(&self) -> Op<'_, FormData> {
        Op::new("Request::form", async { Ok(self.read_form().await?) })
    }

    /// The files of the form; see [`form`](Self::form).
    ///
    /// # Errors
    ///
    /// As [`form`](Self::form).
    ///
    /// # Cancel safety
    ///
    /// As [`form`](Self::form).
    ///
    /// # Blocking
    ///
    /// As [`form`](Self::form).
    pub fn files(&self) -> Op<'_, Files> {
        Op::new("Request::files", async {
            Ok(self.read_form().await?.files().clone())
        })
    }

    async fn read_form(&self) -> Result<FormData, FormRejection> {
        if self.is_multipart() {
            let form = self.read_cells().form.get_or_init(|| self.read_multipart());
            return form.await.clone();
        }
        if !self.is_form() && !self.inner.incoming.is_empty() {
            return Err(FormRejection::content_type());
        }
        self.read_body().await?;
        self.buffered_form()
    }

    async fn read_multipart(&self) -> Result<FormData, FormRejection> {
        let handlers = {
            let mut uploads = self
                .read_cells()
                .uploads
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            uploads.started = true;
            uploads.handlers.take()
        };
        let handlers = handlers.unwrap_or_else(|| match &self.inner.config.uploads {
            Some(uploads) => uploads(self),
            None => UploadHandlers::standard(self),
        });
        let upload = UploadInfo {
            content_length: self.content_length(),
        };
        read_form(self.multipart_of("Request::form")?, handlers, upload).await
    }

    /// The body as a form with files that the caller reads itself.
    pub(crate) fn multipart(&self) -> Result<Multipart, FormRejection> {
        self.multipart_of(STREAM)
    }

    fn multipart_of(&self, by: &'static str) -> Result<Multipart, FormRejection> {
        match self.content_type() {
            Some(kind) if kind.is_multipart() => {
                check_charset(kind)?;
                Ok(Multipart::new(self.chunks(by)?, kind, self.limits())?)
            }
            _ => Err(FormRejection::not_multipart()),
        }
    }

    /// Says which handlers take the files of this request's form, in place of the application's.
    ///
    /// # Errors
    ///
    /// When the form is being read already: a view that takes `FormData` or `Files` as an argument is too late, a middleware is not.
    pub fn set_upload_handlers(&self, handlers: UploadHandlers) -> Result<()> {
        #[derive(Debug, thiserror::Error)]
        #[error(
            "the upload handlers can't be set any more: the form was read already; set them in a middleware, or take `Request` and read the form in the view"
        )]
        struct TooLate;

        let mut uploads = self
            .read_cells()
            .uploads
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if uploads.started {
            return Err(TooLate.into());
        }
        uploads.handlers = Some(handlers);
        Ok(())
    }

    /// The body as JSON.
    ///
    /// # Errors
    ///
    /// [`JsonRejection`]: 415 where the body does not say that it is JSON, 400 where it is not what `T` needs, with the field, the line and the column,
    /// and as [`body`](Self::body).
    ///
    /// # Cancel safety
    ///
    /// As [`body`](Self::body).
    ///
    /// # Blocking
    ///
    /// Waits for the client to send it.
    pub fn json<T: DeserializeOwned + Send>(&self) -> Op<'_, T> {
        Op::new("Request::json", async {
            if !self.is_json() {
                return Err(Error::from(JsonRejection::content_type()));
            }
            self.read_body().await?;
            Ok(self.buffered_json()?)
        })
    }

    /// Reads what the arguments of a view need. What fails is kept, and told by the argument that asks for it.
    pub(crate) async fn prepare(&self, needs: Needs) {
        if needs.form && self.is_multipart() {
            if needs.body {
                let _ = self.read_body().await;
            }
            let _ = self.read_form().await;
        } else {
            let _ = self.read_body().await;
        }
    }

    /// The body, once it was read.
    pub(crate) fn buffered_body(&self) -> Result<&Bytes, BodyRejection> {
        let read = self.inner.read.get().and_then(|read| read.body.get());
        match read {
            Some(read) => read.as_ref().map_err(Clone::clone),
            None => Err(BodyRejection::not_read()),
        }
    }

    /// The form, once it was read.
    pub(crate) fn buffered_form(&self) -> Result<FormData, FormRejection> {
        let cell = &self.read_cells().form;
        if let Some(form) = cell.get() {
            return form.clone();
        }
        if self.is_multipart() {
            return Err(BodyRejection::not_read().into());
        }
        let form = self
            .urlencoded()
            .and_then(|text| FormData::parse(text, self.limits()));
        // Lost only to somebody who made the same of the same.
        let _ = cell.set(form.clone());
        form
    }

    /// The form as `a=1&b=2`, once it was read.
    pub(crate) fn buffered_form_text(&self) -> Result<Cow<'_, [u8]>, FormRejection> {
        if self.is_multipart() {
            return Ok(self.buffered_form()?.to_string().into_bytes().into());
        }
        let text = self.urlencoded()?;
        super::check_urlencoded(text, self.limits())?;
        Ok(Cow::Borrowed(text))
    }

    /// The body, if that is a form without files; an empty one is a form without fields.
    fn urlencoded(&self) -> Result<&Bytes, FormRejection> {
        let body = self.buffered_body()?;
        match self.content_type() {
            Some(kind) if kind.is_urlencoded() => check_charset(kind).map(|()| body),
            _ if body.is_empty() => Ok(body),
            _ => Err(FormRejection::content_type()),
        }
    }

    pub(crate) fn buffered_json<T: DeserializeOwned>(&self) -> Result<T, JsonRejection> {
        if !self.is_json() {
            return Err(JsonRejection::content_type());
        }
        let body = self.buffered_body()?;
        // All of it, also what `T` does not look at: RFC 8259, section 8.1.
        let text =
            std::str::from_utf8(body).map_err(|error| JsonRejection::utf8(&body[..error.valid_up_to()]))?;
        serde_json::from_str(text).map_err(|_| {
            // Read again with a record of where it is, to say where it went wrong.
            let mut json = serde_json::Deserializer::from_str(text);
            let error = match serde_path_to_error::deserialize::<_, T>(&mut json) {
                Err(error) => error,
                // The value is fine, what is behind it is not.
                Ok(_) => match json.end() {
                    Err(error) => {
                        serde_path_to_error::Error::new(serde_path_to_error::Track::new().path(), error)
                    }
                    Ok(()) => unreachable!("the same text was no JSON a moment ago"),
                },
            };
            JsonRejection::data(&error)
        })
    }

    fn is_multipart(&self) -> bool {
        self.content_type().is_some_and(super::ContentType::is_multipart)
    }

    fn is_form(&self) -> bool {
        self.content_type().is_some_and(super::ContentType::is_urlencoded)
    }

    fn is_json(&self) -> bool {
        self.content_type().is_some_and(super::ContentType::is_json)
    }
}

fn check_charset(kind: &super::ContentType) -> Result<(), FormRejection> {
    if kind.is_utf8() {
        Ok(())
    } else {
        Err(FormRejection::charset(kind.charset().unwrap_or_default()))
    }
}
