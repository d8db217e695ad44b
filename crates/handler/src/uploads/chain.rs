//! The handlers of a request, one after the other.

use std::fmt;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::multipart::PartHeaders;
use super::{
    FileInfo, Files, Multipart, NewFile, Received, StandardUploads, UploadHandler, UploadInfo, UploadedFile,
    safe_file_name,
};
use crate::extract::FormRejection;
use crate::request::{FormData, QueryDict, Request};

/// The handlers that take the files of a form: each gets what those before it passed on.
///
/// They are set for all requests by [`App::upload_handlers`](crate::App::upload_handlers), or for one by
/// [`Request::set_upload_handlers`], before its form is read.
#[derive(Default)]
#[must_use = "handlers do nothing until a request has them"]
pub struct UploadHandlers {
    handlers: Vec<Box<dyn UploadHandler>>,
}

impl UploadHandlers {
    /// None: all files are read and dropped.
    pub fn new() -> Self {
        Self::default()
    }

    /// The one that stores files, with the limits of the request's application: [`StandardUploads`].
    pub fn standard(request: &Request) -> Self {
        Self::new().then(StandardUploads::new(request.limits()))
    }

    /// Puts a handler before the others.
    pub fn first(mut self, handler: impl UploadHandler) -> Self {
        self.handlers.insert(0, Box::new(handler));
        self
    }

    /// Puts a handler behind the others.
    pub fn then(mut self, handler: impl UploadHandler) -> Self {
        self.handlers.push(Box::new(handler));
        self
    }
}

impl fmt::Debug for UploadHandlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadHandlers")
            .field("handlers", &self.handlers.len())
            .finish()
    }
}

/// What the handlers get at once.
const CHUNK: usize = 64 * 1024;

/// Tells the handlers of an end that does not come: an error, a dropped future, a panic.
struct Running {
    handlers: Vec<Box<dyn UploadHandler>>,
    ended: bool,
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.ended {
            for handler in &mut self.handlers {
                handler.upload_interrupted();
            }
        }
    }
}

/// How a file ended.
enum Ended {
    Kept(UploadedFile),
    Nobodys,
    StopUpload,
}

/// Reads a form to its end.
pub(crate) async fn read_form(
    mut form: Multipart,
    handlers: UploadHandlers,
    upload: UploadInfo,
) -> Result<FormData, FormRejection> {
    let mut running = Running {
        handlers: handlers.handlers,
        ended: false,
    };
    for handler in &mut running.handlers {
        handler.begin(&upload);
    }
    let mut fields = Vec::new();
    let mut files = Vec::new();
    while let Some(headers) = form.advance().await? {
        match &headers.file_name {
            None => {
                let text = form.text(&headers).await?;
                fields.push((headers.name, text));
            }
            // What browsers send for a field of files that was left empty.
            Some(name) if name.is_empty() => {}
            Some(name) => {
                let info = info(&headers, name);
                match running.file(&mut form, info).await? {
                    Ended::Kept(file) => files.push(file),
                    Ended::Nobodys => {}
                    Ended::StopUpload => break,
                }
            }
        }
    }
    for handler in &mut running.handlers {
        handler.upload_complete().await.map_err(FormRejection::handler)?;
    }
    running.ended = true;
    Ok(FormData::new(
        QueryDict::from_iter(fields),
        Files::from_iter(files),
    ))
}

fn info(headers: &PartHeaders, name: &str) -> FileInfo {
    FileInfo {
        field: headers.name.as_str().into(),
        name: safe_file_name(name).into(),
        sent_name: name.into(),
        content_type: headers.content_type.as_deref().map(Arc::from),
    }
}

impl Running {
    /// Gives one file to the handlers.
    async fn file(&mut self, form: &mut Multipart, info: FileInfo) -> Result<Ended, FormRejection> {
        // Those up to the one that keeps the file for itself.
        let mut told = 0;
        for handler in &mut self.handlers {
            let new = handler
                .new_file(info.clone())
                .await
                .map_err(FormRejection::handler)?;
            told += 1;
            match new {
                NewFile::PassOn => {}
                NewFile::Keep => break,
                NewFile::Skip => return Ok(self.abandon(told, Ended::Nobodys)),
                NewFile::Stop => return Ok(self.abandon(told, Ended::StopUpload)),
            }
        }
        let mut seen = vec![0; told];
        let mut waiting = BytesMut::new();
        loop {
            let data = form.data().await?;
            let at_end = data.is_none();
            let mut data = data.unwrap_or_default();
            while !data.is_empty() || (at_end && !waiting.is_empty()) {
                let chunk = if waiting.is_empty() && data.len() >= CHUNK {
                    data.split_to(CHUNK)
                } else {
                    let taken = data.len().min(CHUNK - waiting.len());
                    waiting.extend_from_slice(&data.split_to(taken));
                    if waiting.len() < CHUNK && !at_end {
                        break;
                    }
                    waiting.split().freeze()
                };
                match self.chunk(chunk, &mut seen).await? {
                    Received::Skip => return Ok(self.abandon(told, Ended::Nobodys)),
                    Received::Stop => return Ok(self.abandon(told, Ended::StopUpload)),
                    Received::PassOn(_) | Received::Taken => {}
                }
            }
            if at_end {
                return self.complete(&seen).await;
            }
        }
    }

    /// Gives one chunk to the handlers that were told of the file; `seen` is what each had before.
    async fn chunk(&mut self, mut chunk: Bytes, seen: &mut [u64]) -> Result<Received, FormRejection> {
        for (handler, seen) in self.handlers.iter_mut().zip(seen) {
            let start = *seen;
            *seen += chunk.len() as u64;
            let received = handler.receive_data_chunk(chunk, start).await;
            match received.map_err(FormRejection::handler)? {
                Received::PassOn(next) if !next.is_empty() => chunk = next,
                Received::PassOn(_) => return Ok(Received::Taken),
                ended => return Ok(ended),
            }
        }
        Ok(Received::Taken)
    }

    async fn complete(&mut self, seen: &[u64]) -> Result<Ended, FormRejection> {
        let mut kept = None;
        for (handler, &size) in self.handlers.iter_mut().zip(seen) {
            if kept.is_some() {
                handler.file_abandoned();
            } else {
                kept = handler
                    .file_complete(size)
                    .await
                    .map_err(FormRejection::handler)?;
            }
        }
        Ok(kept.map_or(Ended::Nobodys, Ended::Kept))
    }

    fn abandon(&mut self, told: usize, ended: Ended) -> Ended {
        for handler in &mut self.handlers[..told] {
            handler.file_abandoned();
        }
        ended
    }
}
