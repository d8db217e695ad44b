//! Where files go unless somebody says otherwise: into memory, and to disk past a threshold.

use std::path::PathBuf;

use bytes::{Bytes, BytesMut};

use super::temporary::Writer;
use super::{FileInfo, NewFile, Received, UploadHandler, UploadInfo, UploadedFile};
use crate::error::{Op, Result};
use crate::off_loop::off_loop;
use crate::request::Limits;

/// Stores files: in memory while all of a request's together are small, in temporary files otherwise. Django's
/// `MemoryFileUploadHandler` and `TemporaryFileUploadHandler` in one.
///
/// A file that turns out to be larger than the memory that is left goes to disk with what came of it. The disk is written in blocks of
/// a mebibyte, off the event loop.
#[derive(Debug)]
pub struct StandardUploads {
    threshold: usize,
    /// What files may still take of memory.
    left: usize,
    directory: Option<PathBuf>,
    current: Option<Current>,
}

#[derive(Debug)]
struct Current {
    info: FileInfo,
    size: u64,
    store: Store,
}

enum Store {
    Memory(BytesMut),
    Disk {
        /// Made by the first block; gone while a block is on its way.
        writer: Option<Writer>,
        waiting: Vec<Bytes>,
        waiting_bytes: usize,
    },
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Memory(_) => "memory",
            Self::Disk { .. } => "disk",
        })
    }
}

/// What one hop to a thread writes.
const BLOCK: usize = 1 << 20;

impl StandardUploads {
    /// With the threshold and the directory of these limits.
    pub fn new(limits: &Limits) -> Self {
        Self {
            threshold: limits.file_memory,
            left: limits.file_memory,
            directory: limits.temporary_directory.clone(),
            current: None,
        }
    }

    async fn receive(&mut self, chunk: Bytes) -> Result<Received> {
        let Some(current) = &mut self.current else {
            return Ok(Received::PassOn(chunk));
        };
        current.size += chunk.len() as u64;
        if let Store::Memory(memory) = &mut current.store {
            if current.size <= self.left as u64 {
                memory.extend_from_slice(&chunk);
                return Ok(Received::Taken);
            }
            let before = std::mem::take(memory).freeze();
            current.store = Store::Disk {
                waiting_bytes: before.len(),
                waiting: vec![before],
                writer: None,
            };
        }
        if let Store::Disk {
            waiting,
            waiting_bytes,
            ..
        } = &mut current.store
        {
            *waiting_bytes += chunk.len();
            waiting.push(chunk);
            if *waiting_bytes >= BLOCK {
                current.store.flush(self.directory.clone()).await?;
            }
        }
        Ok(Received::Taken)
    }

    async fn complete(&mut self) -> Result<Option<UploadedFile>> {
        let Some(mut current) = self.current.take() else {
            return Ok(None);
        };
        current.store.flush(self.directory.clone()).await?;
        Ok(match current.store {
            Store::Memory(memory) => {
                self.left = self.left.saturating_sub(memory.len());
                Some(UploadedFile::in_memory(current.info, memory))
            }
            Store::Disk { writer, .. } => {
                writer.map(|writer| UploadedFile::temporary(current.info, writer.finish(), current.size))
            }
        })
    }
}

impl Store {
    /// Writes what waits. Dropped midway, the file goes with the thread that writes it.
    async fn flush(&mut self, directory: Option<PathBuf>) -> Result<()> {
        let Self::Disk {
            writer,
            waiting,
            waiting_bytes,
        } = self
        else {
            return Ok(());
        };
        let (taken, blocks) = (writer.take(), std::mem::take(waiting));
        *waiting_bytes = 0;
        let written = off_loop(move || {
            let mut writer = match taken {
                Some(writer) => writer,
                None => Writer::create(directory.as_deref())?,
            };
            writer.write(&blocks).map(|()| writer)
        });
        *writer = Some(written.await??);
        Ok(())
    }
}

impl UploadHandler for StandardUploads {
    fn begin(&mut self, _upload: &UploadInfo) {
        self.left = self.threshold;
        self.current = None;
    }

    fn new_file(&mut self, file: FileInfo) -> Op<'_, NewFile> {
        self.current = Some(Current {
            info: file,
            size: 0,
            store: Store::Memory(BytesMut::new()),
        });
        Op::ready("StandardUploads::new_file", Ok(NewFile::PassOn))
    }

    fn receive_data_chunk(&mut self, chunk: Bytes, _start: u64) -> Op<'_, Received> {
        Op::leaf("StandardUploads::receive_data_chunk", self.receive(chunk))
    }

    fn file_complete(&mut self, _size: u64) -> Op<'_, Option<UploadedFile>> {
        Op::leaf("StandardUploads::file_complete", self.complete())
    }

    fn file_abandoned(&mut self) {
        self.current = None;
    }

    fn upload_interrupted(&mut self) {
        self.current = None;
    }
}
