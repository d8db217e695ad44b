//! Files that are gone when nobody has them any more.

use std::fmt;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use bytes::Bytes;
use tempfile::{Builder, TempPath};

use crate::off_loop::later;

/// The path of a temporary file, removed on drop: on a thread where the drop is on an event loop, since removing a large
/// file takes a while, and right there where no thread can be had.
pub(super) struct Temporary {
    path: Option<TempPath>,
}

impl Temporary {
    pub(super) fn path(&self) -> &Path {
        self.path.as_deref().unwrap_or(Path::new(""))
    }

    /// Removes the file right here: for code that may block.
    pub(super) fn remove(mut self) {
        self.path = None;
    }

    /// Moves the file; what is there is replaced, unless it has to stay. Gives the path back where that fails.
    pub(super) fn persist(mut self, to: &Path, replace: bool) -> Result<(), (io::Error, Self)> {
        let Some(path) = self.path.take() else {
            return Ok(());
        };
        let moved = if replace {
            path.persist(to)
        } else {
            path.persist_noclobber(to)
        };
        moved.map_err(|error| {
            self.path = Some(error.path);
            (error.error, self)
        })
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(path) = self.path.take() {
            // The path removes its file when it is dropped, and so it does if this is dropped unrun.
            later(move || drop(path));
        }
    }
}

impl fmt::Debug for Temporary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path().fmt(f)
    }
}

/// A temporary file that is being written. Its functions block.
pub(super) struct Writer {
    file: File,
    path: Temporary,
}

impl Writer {
    /// In a directory, or that of the system.
    pub(super) fn create(directory: Option<&Path>) -> io::Result<Self> {
        let mut builder = Builder::new();
        builder.prefix("nuages-").suffix(".upload");
        let file = match directory {
            Some(directory) => builder.tempfile_in(directory)?,
            None => builder.tempfile()?,
        };
        let (file, path) = file.into_parts();
        Ok(Self {
            file,
            path: Temporary { path: Some(path) },
        })
    }

    pub(super) fn write(&mut self, blocks: &[Bytes]) -> io::Result<()> {
        blocks.iter().try_for_each(|block| self.file.write_all(block))
    }

    pub(super) fn copy_from(&mut self, mut source: impl io::Read) -> io::Result<u64> {
        io::copy(&mut source, &mut self.file)
    }

    /// Closes the file. Its bytes are the system's to bring to the disk: a temporary file does not outlive a crash.
    pub(super) fn finish(self) -> Temporary {
        self.path
    }

    /// Closes the file once its bytes are on the disk.
    pub(super) fn finish_synced(self) -> io::Result<Temporary> {
        self.file.sync_all()?;
        Ok(self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temporary_file_goes_with_its_path() {
        let directory = tempfile::tempdir().unwrap();
        let mut writer = Writer::create(Some(directory.path())).unwrap();
        writer.write(&[Bytes::from_static(b"nuages")]).unwrap();
        let file = writer.finish();
        let path = file.path().to_owned();
        assert_eq!(std::fs::read(&path).unwrap(), b"nuages");
        drop(file);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn on_an_event_loop_it_goes_on_a_thread() {
        let directory = tempfile::tempdir().unwrap();
        let file = Writer::create(Some(directory.path())).unwrap().finish();
        let path = file.path().to_owned();
        drop(file);
        while path.exists() {
            tokio::task::yield_now().await;
        }
    }

    #[test]
    fn it_goes_with_a_runtime_that_ends_before() {
        let directory = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let path = runtime.block_on_it(|| {
            let file = Writer::create(Some(directory.path())).unwrap().finish();
            file.path().to_owned()
        });
        drop(runtime);
        assert!(!path.exists());
    }

    /// `Runtime::block_on` is the bridge's alone; a runtime that is entered is enough here.
    trait Entered {
        fn block_on_it<T>(&self, f: impl FnOnce() -> T) -> T;
    }

    impl Entered for tokio::runtime::Runtime {
        fn block_on_it<T>(&self, f: impl FnOnce() -> T) -> T {
            let _entered = self.enter();
            f()
        }
    }
}
