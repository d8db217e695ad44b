//! A limit on what one request may bring.

use bytes::Bytes;
use http::StatusCode;

use super::{Received, UploadHandler, UploadInfo};
use crate::error::{Error, Op};

/// Refuses a form whose files are larger than this together: 413, as soon as it is clear.
///
/// It is to stand [first](super::UploadHandlers::first), so that nothing past it is stored. What was stored is removed.
///
/// # Examples
///
/// ```
/// use nuages_handler::{Request, Result};
/// use nuages_handler::uploads::{Files, Quota, UploadHandlers};
///
/// async fn avatar(request: Request) -> Result<String> {
///     request.set_upload_handlers(UploadHandlers::standard(&request).first(Quota::new(200 << 10)))?;
///     let files = request.files().await?;
///     Ok(format!("{} files", files.len()))
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Quota {
    limit: u64,
    left: u64,
}

impl Quota {
    /// That many bytes at most, all files of a request together.
    pub fn new(bytes: u64) -> Self {
        Self {
            limit: bytes,
            left: bytes,
        }
    }
}

impl UploadHandler for Quota {
    fn begin(&mut self, _upload: &UploadInfo) {
        self.left = self.limit;
    }

    fn receive_data_chunk(&mut self, chunk: Bytes, _start: u64) -> Op<'_, Received> {
        let received = match self.left.checked_sub(chunk.len() as u64) {
            Some(left) => {
                self.left = left;
                Ok(Received::PassOn(chunk))
            }
            None => Err(Error::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("Files of {} bytes at most are taken here.", self.limit),
            )),
        };
        Op::ready("Quota::receive_data_chunk", received)
    }
}
