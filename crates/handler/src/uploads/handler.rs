//! What is done with a file while it comes: Django's upload handlers.

use std::sync::Arc;

use bytes::Bytes;

use super::UploadedFile;
use crate::error::Op;

/// What a form that is about to be read says of itself.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UploadInfo {
    /// The declared length of the whole form, if there is one.
    pub content_length: Option<u64>,
}

/// A file that begins to come. A clone is cheap.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FileInfo {
    /// The field of the form.
    pub field: Arc<str>,
    /// The name, made [safe](super::safe_file_name).
    pub name: Arc<str>,
    /// The name as it was sent. It may be a path, or worse.
    pub sent_name: Arc<str>,
    /// What the client says that it is.
    pub content_type: Option<Arc<str>>,
}

/// What becomes of a file that begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NewFile {
    /// The next handlers are told of it too.
    PassOn,
    /// It is this handler's: those after it are neither told of it nor given its bytes. Django's `StopFutureHandlers`.
    Keep,
    /// Nobody wants it: it is left out, and the form goes on. Django's `SkipFile`.
    Skip,
    /// The form ends here, with what came before. Django's `StopUpload`.
    Stop,
}

/// What becomes of bytes that came.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Received {
    /// The next handler gets these: the same ones, or others instead.
    PassOn(Bytes),
    /// They are this handler's.
    Taken,
    /// The file is left out from here on; what was stored of it is dropped.
    Skip,
    /// The form ends here, with what came before this file.
    Stop,
}

/// Does something with the files of a form while they come: Django's upload handler.
///
/// The handlers of a request form a chain ([`UploadHandlers`](super::UploadHandlers)): each gets what those before it passed on. They are asked in
/// this order: [`begin`](Self::begin), then for each file [`new_file`](Self::new_file), [`receive_data_chunk`](Self::receive_data_chunk) for
/// every 64 KiB of it, and [`file_complete`](Self::file_complete); at the end [`upload_complete`](Self::upload_complete), or
/// [`upload_interrupted`](Self::upload_interrupted) where the end does not come.
///
/// Each that may do I/O returns an [`Op`](nuages_bridge::Op), so that a slow disk or a remote store blocks no event loop. The client is not read
/// meanwhile. An error is the answer to the request. A handler of plain code that may block is a
/// [`SyncUploadHandler`](super::SyncUploadHandler).
///
/// # Examples
///
/// ```
/// use nuages_bridge::Op;
/// use nuages_handler::{Bytes, Error};
/// use nuages_handler::uploads::{Received, UploadHandler, UploadedFile};
///
/// /// Counts what comes, and passes it on.
/// struct Progress { bytes: u64 }
///
/// impl UploadHandler for Progress {
///     fn receive_data_chunk(&mut self, chunk: Bytes, _start: u64) -> Op<'_, Received, Error> {
///         self.bytes += chunk.len() as u64;
///         Op::ready("Progress", Ok(Received::PassOn(chunk)))
///     }
/// }
/// ```
pub trait UploadHandler: Send + 'static {
    /// The form begins.
    fn begin(&mut self, upload: &UploadInfo) {
        let _ = upload;
    }

    /// A file begins.
    fn new_file(&mut self, file: FileInfo) -> Op<'_, NewFile> {
        let _ = file;
        Op::ready("UploadHandler::new_file", Ok(NewFile::PassOn))
    }

    /// Bytes of the file came: 64 KiB, or less at its end; `start` is where in the file they stand.
    fn receive_data_chunk(&mut self, chunk: Bytes, start: u64) -> Op<'_, Received> {
        let _ = start;
        Op::ready("UploadHandler::receive_data_chunk", Ok(Received::PassOn(chunk)))
    }

    /// The file has ended: what was stored of it. The first handler that gives one ends the question; those before it have seen the end, and
    /// those after it get [`file_abandoned`](Self::file_abandoned).
    fn file_complete(&mut self, size: u64) -> Op<'_, Option<UploadedFile>> {
        let _ = size;
        Op::ready("UploadHandler::file_complete", Ok(None))
    }

    /// The file is nobody's: it was skipped, or another handler keeps it. What was stored of it can go.
    fn file_abandoned(&mut self) {}

    /// The form has ended well.
    fn upload_complete(&mut self) -> Op<'_, ()> {
        Op::ready("UploadHandler::upload_complete", Ok(()))
    }

    /// The form will not end: an error, a client that has gone, a panic. It is called once, and must not block.
    fn upload_interrupted(&mut self) {}
}
