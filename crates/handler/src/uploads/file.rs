//! A file that a visitor sent.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::temporary::{Temporary, Writer};
use super::{FileInfo, safe_file_name};
use crate::error::{Error, Op, Result};
use crate::off_loop::off_loop;

/// A file that a visitor sent, in memory or in a temporary file. A clone is the same file.
///
/// The temporary file is removed when the last clone is dropped, which is with the request unless somebody keeps one; whoever wants the
/// file moves it to its place by [`persist`](Self::persist) or [`save_in`](Self::save_in).
///
/// What the visitor says of it (its name, its type) is a claim. The name is made [safe](safe_file_name); what is in the file is not looked at.
///
/// # Examples
///
/// ```
/// use nuages_handler::{Error, Result};
/// use nuages_handler::uploads::Files;
///
/// fn add_cover(files: Files) -> Result<String> {
///     let cover = files.get("cover").ok_or_else(|| Error::bad_request("A cover is missing."))?;
///     let path = cover.save_in("media/covers").wait()?;
///     Ok(format!("stored as {}", path.display()))
/// }
/// ```
#[derive(Clone)]
pub struct UploadedFile {
    inner: Arc<Inner>,
}

struct Inner {
    info: FileInfo,
    size: u64,
    content: Content,
}

enum Content {
    Memory(Bytes),
    Disk(Mutex<OnDisk>),
}

enum OnDisk {
    Temporary(Temporary),
    /// Somebody's, at a place of its own.
    Kept(PathBuf),
}

impl UploadedFile {
    /// A file in memory, for tests and for handlers of one's own.
    pub fn new(field: impl AsRef<str>, name: impl AsRef<str>, content: impl Into<Bytes>) -> Self {
        let info = FileInfo {
            field: field.as_ref().into(),
            name: safe_file_name(name.as_ref()).into(),
            sent_name: name.as_ref().into(),
            content_type: None,
        };
        Self::in_memory(info, content)
    }

    /// A file in memory, as a handler was told of it.
    pub fn in_memory(info: FileInfo, content: impl Into<Bytes>) -> Self {
        let content = content.into();
        let size = content.len() as u64;
        Self::of(info, size, Content::Memory(content))
    }

    /// A file that a handler stored itself. It is not removed.
    pub fn stored(info: FileInfo, path: impl Into<PathBuf>, size: u64) -> Self {
        Self::of(info, size, Content::Disk(Mutex::new(OnDisk::Kept(path.into()))))
    }

    pub(super) fn temporary(info: FileInfo, path: Temporary, size: u64) -> Self {
        Self::of(info, size, Content::Disk(Mutex::new(OnDisk::Temporary(path))))
    }

    fn of(info: FileInfo, size: u64, content: Content) -> Self {
        Self {
            inner: Arc::new(Inner { info, size, content }),
        }
    }

    /// The field of the form.
    pub fn field(&self) -> &str {
        &self.inner.info.field
    }

    /// Its name, made [safe](safe_file_name).
    pub fn name(&self) -> &str {
        &self.inner.info.name
    }

    /// Its name as it was sent. It may be a path, or worse: never use it as a name of a file.
    pub fn sent_name(&self) -> &str {
        &self.inner.info.sent_name
    }

    /// What the visitor says that it is.
    pub fn content_type(&self) -> Option<&str> {
        self.inner.info.content_type.as_deref()
    }

    /// Its length in bytes.
    pub fn size(&self) -> u64 {
        self.inner.size
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.inner.size == 0
    }

    /// Its bytes, if they are in memory.
    pub fn bytes(&self) -> Option<&Bytes> {
        match &self.inner.content {
            Content::Memory(bytes) => Some(bytes),
            Content::Disk(_) => None,
        }
    }

    /// Where it is on disk, if it is; it may be moved or removed from there.
    pub fn path(&self) -> Option<PathBuf> {
        self.inner.path()
    }

    /// All of it, in memory. One that is in memory already is not copied.
    ///
    /// # Errors
    ///
    /// When the file can't be read.
    ///
    /// # Blocking
    ///
    /// Reads the disk, if it is there.
    pub fn read(&self) -> Op<'static, Bytes> {
        let inner = Arc::clone(&self.inner);
        Op::leaf("UploadedFile::read", async move {
            match &inner.content {
                Content::Memory(bytes) => Ok(bytes.clone()),
                Content::Disk(_) => {
                    let bytes = off_loop(move || std::fs::read(inner.path().unwrap_or_default())).await??;
                    Ok(bytes.into())
                }
            }
        })
    }

    /// Its bytes in blocks of 256 KiB, for what is too large to have in memory.
    pub fn chunks(&self) -> FileChunks {
        FileChunks {
            inner: Arc::clone(&self.inner),
            at: 0,
            file: None,
        }
    }

    /// Moves the file to a place; a file that is there is replaced.
    ///
    /// It is renamed where it is in a temporary file on the same filesystem, and written beside its place and then renamed otherwise, so that nobody
    /// ever sees half of it. On Unix its mode becomes 0644, as Django's `FILE_UPLOAD_PERMISSIONS`. Reading goes on working, from there.
    ///
    /// # Errors
    ///
    /// When the file can't be written there. The upload is as it was.
    ///
    /// # Cancel safety
    ///
    /// A dropped future may have moved it, or not.
    ///
    /// # Blocking
    ///
    /// Works on the disk.
    pub fn persist(&self, to: impl Into<PathBuf>) -> Op<'static, ()> {
        let (inner, to) = (Arc::clone(&self.inner), to.into());
        Op::leaf("UploadedFile::persist", async move {
            off_loop(move || inner.persist(&to, true))
                .await?
                .map_err(Error::from)
        })
    }

    /// Moves the file into a directory under its safe name, or under one like it if there is a file of that name. The path that it has then.
    ///
    /// # Errors
    ///
    /// As [`persist`](Self::persist).
    ///
    /// # Cancel safety
    ///
    /// As [`persist`](Self::persist).
    ///
    /// # Blocking
    ///
    /// As [`persist`](Self::persist).
    pub fn save_in(&self, directory: impl Into<PathBuf>) -> Op<'static, PathBuf> {
        let (inner, directory) = (Arc::clone(&self.inner), directory.into());
        Op::leaf("UploadedFile::save_in", async move {
            off_loop(move || inner.save_in(&directory))
                .await?
                .map_err(Error::from)
        })
    }
}

impl Inner {
    fn path(&self) -> Option<PathBuf> {
        let Content::Disk(disk) = &self.content else {
            return None;
        };
        Some(match &*disk.lock().unwrap_or_else(PoisonError::into_inner) {
            OnDisk::Temporary(path) => path.path().to_owned(),
            OnDisk::Kept(path) => path.clone(),
        })
    }

    fn save_in(&self, directory: &Path) -> io::Result<PathBuf> {
        let name = &*self.info.name;
        let mut to = directory.join(name);
        // The name is a plain one, unless a handler of somebody's made it.
        if Path::new(name).file_name() != Some(name.as_ref()) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the name of the file is a path",
            ));
        }
        loop {
            match self.persist(&to, false) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    let (stem, extension) = match name.rfind('.') {
                        Some(dot) if dot > 0 => name.split_at(dot),
                        _ => (name, ""),
                    };
                    let id = uuid::Uuid::new_v4().simple().to_string();
                    // A long name gives way, so that the new one is none that the filesystem refuses.
                    let room = 255 - 9 - extension.len().min(200);
                    let end = (0..=stem.len().min(room))
                        .rev()
                        .find(|&end| stem.is_char_boundary(end));
                    let stem = &stem[..end.unwrap_or(0)];
                    to = directory.join(format!("{stem}_{}{extension}", &id[..8]));
                }
                done => return done.map(|()| to),
            }
        }
    }

    fn persist(&self, to: &Path, replace: bool) -> io::Result<()> {
        match &self.content {
            Content::Memory(bytes) => {
                let mut writer = beside(to)?;
                writer.write(std::slice::from_ref(bytes))?;
                place(writer, to, replace)
            }
            Content::Disk(disk) => {
                let mut disk = disk.lock().unwrap_or_else(PoisonError::into_inner);
                let here = std::mem::replace(&mut *disk, OnDisk::Kept(to.to_owned()));
                let (result, here) = match here {
                    OnDisk::Temporary(path) => rename(path, to, replace),
                    OnDisk::Kept(path) => (copy(&path, to, replace), Some(OnDisk::Kept(path))),
                };
                match here {
                    Some(here) if result.is_err() => *disk = here,
                    Some(OnDisk::Temporary(path)) => path.remove(),
                    Some(OnDisk::Kept(_)) | None => {}
                }
                result
            }
        }
    }
}

/// Moves a temporary file, and gives it back where that fails.
fn rename(path: Temporary, to: &Path, replace: bool) -> (io::Result<()>, Option<OnDisk>) {
    if let Err(error) = open_up(path.path()) {
        return (Err(error), Some(OnDisk::Temporary(path)));
    }
    match path.persist(to, replace) {
        Ok(()) => (Ok(()), None),
        Err((error, path)) => {
            let result = match error.kind() {
                io::ErrorKind::CrossesDevices => copy(path.path(), to, replace),
                _ => Err(error),
            };
            (result, Some(OnDisk::Temporary(path)))
        }
    }
}

/// A temporary file where the renaming costs nothing.
fn beside(to: &Path) -> io::Result<Writer> {
    let directory = to.parent().filter(|parent| !parent.as_os_str().is_empty());
    Writer::create(Some(directory.unwrap_or(Path::new("."))))
}

fn place(writer: Writer, to: &Path, replace: bool) -> io::Result<()> {
    let path = writer.finish_synced()?;
    open_up(path.path())?;
    path.persist(to, replace).map_err(|(error, path)| {
        path.remove();
        error
    })
}

fn copy(from: &Path, to: &Path, replace: bool) -> io::Result<()> {
    let mut writer = beside(to)?;
    writer.copy_from(File::open(from)?)?;
    place(writer, to, replace)
}

/// A temporary file is its owner's alone; one that is kept is for the web server too.
fn open_up(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644))?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

impl fmt::Debug for UploadedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadedFile")
            .field("field", &self.field())
            .field("name", &self.name())
            .field("size", &self.size())
            .finish_non_exhaustive()
    }
}

/// The same file, not one with the same bytes.
impl PartialEq for UploadedFile {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }
}

impl Eq for UploadedFile {}

/// The bytes of an [`UploadedFile`], block by block.
///
/// # Examples
///
/// ```
/// use nuages_handler::Result;
/// use nuages_handler::uploads::UploadedFile;
///
/// async fn sum(file: &UploadedFile) -> Result<u64> {
///     let mut chunks = file.chunks();
///     let mut sum = 0;
///     while let Some(chunk) = chunks.next().await? {
///         sum += chunk.iter().map(|&byte| u64::from(byte)).sum::<u64>();
///     }
///     Ok(sum)
/// }
/// ```
pub struct FileChunks {
    inner: Arc<Inner>,
    at: u64,
    /// Opened by the first block.
    file: Option<File>,
}

/// What one hop to a thread reads.
const BLOCK: usize = 256 * 1024;

impl FileChunks {
    /// The next block; `None` at the end.
    ///
    /// # Errors
    ///
    /// When the file can't be read.
    ///
    /// # Cancel safety
    ///
    /// After a dropped future the next one reads on from where the last that ended was.
    ///
    /// # Blocking
    ///
    /// Reads the disk, if the file is there.
    #[expect(
        clippy::should_implement_trait,
        reason = "it is an operation, for both kinds of code; `iter` is the iterator"
    )]
    pub fn next(&mut self) -> Op<'_, Option<Bytes>> {
        Op::leaf("FileChunks::next", async {
            let chunk = match &self.inner.content {
                Content::Memory(bytes) => {
                    let at = (self.at as usize).min(bytes.len());
                    bytes.slice(at..bytes.len().min(at + BLOCK))
                }
                Content::Disk(_) => {
                    let (inner, file, at) = (Arc::clone(&self.inner), self.file.take(), self.at);
                    let (file, block) = off_loop(move || inner.read_block(file, at)).await??;
                    self.file = Some(file);
                    block
                }
            };
            self.at += chunk.len() as u64;
            Ok((!chunk.is_empty()).then_some(chunk))
        })
    }

    /// The blocks one after the other, for sync code.
    ///
    /// # Blocking
    ///
    /// Each step reads the disk, if the file is there.
    pub fn iter(&mut self) -> impl Iterator<Item = Result<Bytes>> {
        std::iter::from_fn(|| self.next().wait().transpose())
    }
}

impl Inner {
    fn read_block(&self, file: Option<File>, at: u64) -> io::Result<(File, Bytes)> {
        let file = match file {
            Some(file) => file,
            None => {
                let mut file = File::open(self.path().unwrap_or_default())?;
                io::Seek::seek(&mut file, io::SeekFrom::Start(at))?;
                file
            }
        };
        let mut block = Vec::with_capacity(BLOCK.min((self.size.saturating_sub(at)) as usize));
        (&file).take(BLOCK as u64).read_to_end(&mut block)?;
        Ok((file, block.into()))
    }
}

impl fmt::Debug for FileChunks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileChunks")
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}
