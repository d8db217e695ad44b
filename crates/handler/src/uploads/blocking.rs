//! Upload handlers of plain code that may block.

use std::fmt;

use bytes::Bytes;
use nuages_bridge::Op as BridgeOp;

use super::{FileInfo, NewFile, Received, UploadHandler, UploadInfo, UploadedFile};
use crate::error::{Error, Op, Result};
use crate::off_loop::{later, off_loop};

/// An [`UploadHandler`] of plain code that may block: each call runs on a thread, and the event loop goes on meanwhile.
///
/// # Examples
///
/// ```
/// use std::io::Write as _;
/// use nuages_handler::{Bytes, Request, Result};
/// use nuages_handler::uploads::{Blocking, Received, SyncUploadHandler, UploadHandlers};
///
/// /// Writes all files one after the other, into what may be a slow pipe.
/// struct Tee(std::process::ChildStdin);
///
/// impl SyncUploadHandler for Tee {
///     fn receive_data_chunk(&mut self, chunk: Bytes, _start: u64) -> Result<Received> {
///         self.0.write_all(&chunk)?;
///         Ok(Received::PassOn(chunk))
///     }
/// }
///
/// fn watch(request: &Request, pipe: std::process::ChildStdin) -> Result<()> {
///     request.set_upload_handlers(UploadHandlers::standard(request).first(Blocking::new(Tee(pipe))))
/// }
/// ```
pub trait SyncUploadHandler: Send + 'static {
    /// As [`UploadHandler::begin`]: plain code in either kind, and must not block.
    fn begin(&mut self, upload: &UploadInfo) {
        let _ = upload;
    }

    /// As [`UploadHandler::new_file`].
    ///
    /// # Errors
    ///
    /// An error is the answer to the request; so it is for the others.
    fn new_file(&mut self, file: FileInfo) -> Result<NewFile> {
        let _ = file;
        Ok(NewFile::PassOn)
    }

    /// As [`UploadHandler::receive_data_chunk`].
    ///
    /// # Errors
    ///
    /// As [`new_file`](Self::new_file).
    fn receive_data_chunk(&mut self, chunk: Bytes, start: u64) -> Result<Received> {
        let _ = start;
        Ok(Received::PassOn(chunk))
    }

    /// As [`UploadHandler::file_complete`].
    ///
    /// # Errors
    ///
    /// As [`new_file`](Self::new_file).
    fn file_complete(&mut self, size: u64) -> Result<Option<UploadedFile>> {
        let _ = size;
        Ok(None)
    }

    /// As [`UploadHandler::file_abandoned`]: plain code in either kind, and must not block.
    fn file_abandoned(&mut self) {}

    /// As [`UploadHandler::upload_complete`].
    ///
    /// # Errors
    ///
    /// As [`new_file`](Self::new_file).
    fn upload_complete(&mut self) -> Result<()> {
        Ok(())
    }

    /// As [`UploadHandler::upload_interrupted`], but may block.
    fn upload_interrupted(&mut self) {}
}

/// Makes an [`UploadHandler`] of a [`SyncUploadHandler`].
pub struct Blocking<H: SyncUploadHandler> {
    /// Gone while a call runs on a thread: where that is dropped midway, the handler ends there.
    handler: Option<Guard<H>>,
}

/// Tells the handler of an end that does not come, wherever that finds it.
struct Guard<H: SyncUploadHandler> {
    handler: Option<H>,
    ended: bool,
}

impl<H: SyncUploadHandler> Drop for Guard<H> {
    fn drop(&mut self) {
        if let Some(mut handler) = self.handler.take()
            && !self.ended
        {
            later(move || handler.upload_interrupted());
        }
    }
}

impl<H: SyncUploadHandler> Blocking<H> {
    /// The handler, for async and sync views alike.
    pub fn new(handler: H) -> Self {
        let handler = Guard {
            handler: Some(handler),
            ended: false,
        };
        Self {
            handler: Some(handler),
        }
    }

    fn call<T: Send + 'static>(
        &mut self,
        name: &'static str,
        f: impl FnOnce(&mut H) -> Result<T> + Send + 'static,
    ) -> BridgeOp<'_, T, Error> {
        BridgeOp::new(name, async move {
            let Some(mut guard) = self.handler.take() else {
                return Err(Error::from(Lost));
            };
            let (guard, result) = off_loop(move || {
                let result = guard.handler.as_mut().map_or_else(|| Err(Lost.into()), f);
                (guard, result)
            })
            .await?;
            self.handler = Some(guard);
            result
        })
    }

    fn now(&mut self, f: impl FnOnce(&mut H)) {
        if let Some(handler) = self.handler.as_mut().and_then(|guard| guard.handler.as_mut()) {
            f(handler);
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the upload handler was lost: the future of its last call was dropped")]
struct Lost;

impl<H: SyncUploadHandler> UploadHandler for Blocking<H> {
    fn begin(&mut self, upload: &UploadInfo) {
        self.now(|handler| handler.begin(upload));
    }

    fn new_file(&mut self, file: FileInfo) -> Op<'_, NewFile> {
        self.call("UploadHandler::new_file", move |handler| handler.new_file(file))
    }

    fn receive_data_chunk(&mut self, chunk: Bytes, start: u64) -> Op<'_, Received> {
        self.call("UploadHandler::receive_data_chunk", move |handler| {
            handler.receive_data_chunk(chunk, start)
        })
    }

    fn file_complete(&mut self, size: u64) -> Op<'_, Option<UploadedFile>> {
        self.call("UploadHandler::file_complete", move |handler| {
            handler.file_complete(size)
        })
    }

    fn file_abandoned(&mut self) {
        self.now(SyncUploadHandler::file_abandoned);
    }

    fn upload_complete(&mut self) -> Op<'_, ()> {
        if let Some(guard) = &mut self.handler {
            guard.ended = true;
        }
        self.call(
            "UploadHandler::upload_complete",
            SyncUploadHandler::upload_complete,
        )
    }

    fn upload_interrupted(&mut self) {
        self.handler = None;
    }
}

impl<H: SyncUploadHandler> fmt::Debug for Blocking<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocking").finish_non_exhaustive()
    }
}
