//! A file as a body: read in large blocks, off the event loop.

use std::{
    fmt,
    fs::File,
    future::{Future, IntoFuture as _},
    io,
    ops::Range,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use nuages_bridge::{BridgeError, sync_to_async};

use crate::BoxError;

/// How much is read by one hop to a thread: large, so that the hop costs little beside the reading.
const BLOCK: u64 = 256 * 1024;

type Reading = Pin<Box<dyn Future<Output = Result<io::Result<Bytes>, BridgeError>> + Send>>;

/// A part of an open file that is still to be sent.
pub(super) struct FileBody {
    file: Arc<File>,
    position: u64,
    left: u64,
    reading: Option<Reading>,
}

impl FileBody {
    pub(super) fn new(file: Arc<File>, range: &Range<u64>) -> Self {
        Self {
            file,
            position: range.start,
            left: range.end.saturating_sub(range.start),
            reading: None,
        }
    }

    pub(super) fn left(&self) -> u64 {
        self.left
    }

    pub(super) fn poll_block(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let reading = self.reading.get_or_insert_with(|| {
            let (file, position) = (Arc::clone(&self.file), self.position);
            let length = self.left.min(BLOCK) as usize;
            let block = sync_to_async(move || read(&file, position, length)).parallel();
            Box::pin(block.into_future())
        });
        let block = ready!(reading.as_mut().poll(cx));
        self.reading = None;
        let block = block
            .map_err(BoxError::from)
            .and_then(|block| block.map_err(BoxError::from));
        match &block {
            Ok(block) => {
                self.position += block.len() as u64;
                self.left -= block.len() as u64;
            }
            Err(_) => self.left = 0,
        }
        Poll::Ready(Some(block))
    }
}

impl fmt::Debug for FileBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileBody")
            .field("position", &self.position)
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

/// Reads without moving the file's own position, which others may rely on.
fn read(file: &File, position: u64, length: usize) -> io::Result<Bytes> {
    let mut block = vec![0; length];
    let mut filled = 0;
    while filled < length {
        match read_at(file, &mut block[filled..], position + filled as u64) {
            Ok(0) => {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the file became shorter while it was sent",
                ));
            }
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(block.into())
}

#[cfg(unix)]
fn read_at(file: &File, block: &mut [u8], position: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, block, position)
}

#[cfg(windows)]
fn read_at(file: &File, block: &mut [u8], position: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, block, position)
}
