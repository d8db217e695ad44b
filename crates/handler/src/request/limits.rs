//! How much of a request is read.

use std::path::PathBuf;
use std::time::Duration;

/// How much an application reads of what a visitor sends, and for how long.
///
/// Each limit has a default that is safe for a public site and that is Django's where Django has one. They are enforced while the
/// body is read: what is too large is refused as soon as that is clear, by the declared length or by the bytes that came.
///
/// | limit | default | past it |
/// |---|---|---|
/// | [`body`](Self::body) | 2.5 MiB | 413 |
/// | [`fields`](Self::fields) | 1,000 | 400 |
/// | [`files`](Self::files) | 100 | 400 |
/// | [`file_memory`](Self::file_memory) | 2.5 MiB | files go to disk |
/// | [`upload`](Self::upload) | 1 GiB | 413 |
/// | [`part_headers`](Self::part_headers) | 8 KiB | 400 |
/// | [`body_timeout`](Self::body_timeout) | 60 s | 408 |
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, FormData, Limits, Urls};
///
/// let app = App::new()
///     .limits(Limits::default().fields(2))
///     .urls(Urls::new().path("", |form: FormData| form.len().to_string()));
/// let client = Client::new(app);
/// assert_eq!(client.post("/").form([("a", 1), ("b", 2)]).wait()?.text(), "2");
/// assert_eq!(client.post("/").form([("a", 1), ("b", 2), ("c", 3)]).wait()?.status(), 400);
/// # Ok::<(), nuages_handler::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "limits do nothing until `App::limits` takes them"]
pub struct Limits {
    pub(crate) body: usize,
    pub(crate) fields: usize,
    pub(crate) files: usize,
    pub(crate) file_memory: usize,
    pub(crate) upload: u64,
    pub(crate) part_headers: usize,
    pub(crate) body_timeout: Option<Duration>,
    pub(crate) temporary_directory: Option<PathBuf>,
}

/// Two and a half mebibytes, as in Django.
const DATA: usize = 5 * 512 * 1024;

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: DATA,
            fields: 1000,
            files: 100,
            file_memory: DATA,
            upload: 1 << 30,
            part_headers: 8 * 1024,
            body_timeout: Some(Duration::from_secs(60)),
            temporary_directory: None,
        }
    }
}

impl Limits {
    /// The bytes of a body that is read into memory whole, and of all fields of a form together that are no files. Past it: 413.
    /// Django's `DATA_UPLOAD_MAX_MEMORY_SIZE`. Default: 2.5 MiB.
    pub fn body(mut self, bytes: usize) -> Self {
        self.body = bytes;
        self
    }

    /// The fields of a form or a query. Past it: 400. Django's `DATA_UPLOAD_MAX_NUMBER_FIELDS`. Default: 1,000.
    pub fn fields(mut self, fields: usize) -> Self {
        self.fields = fields;
        self
    }

    /// The files of a form. Past it: 400. Django's `DATA_UPLOAD_MAX_NUMBER_FILES`. Default: 100.
    pub fn files(mut self, files: usize) -> Self {
        self.files = files;
        self
    }

    /// The bytes that all files of a form together have in memory; a file that would go past it is written to disk instead.
    /// Django's `FILE_UPLOAD_MAX_MEMORY_SIZE`. Default: 2.5 MiB.
    pub fn file_memory(mut self, bytes: usize) -> Self {
        self.file_memory = bytes;
        self
    }

    /// The bytes of a form with files, or of a body that is read as a stream. Past it: 413. Django leaves this to the server in front
    /// of it. A server of ours has a limit of its own for all bodies (the same by default), which comes first. Default: 1 GiB.
    pub fn upload(mut self, bytes: u64) -> Self {
        self.upload = bytes;
        self
    }

    /// The bytes of the headers of one part of a form with files. Past it: 400. Default: 8 KiB.
    pub fn part_headers(mut self, bytes: usize) -> Self {
        self.part_headers = bytes;
        self
    }

    /// How long a body may pause between two of its parts; `None` waits for ever. Past it: 408. Default: 60 seconds.
    pub fn body_timeout(mut self, pause: impl Into<Option<Duration>>) -> Self {
        self.body_timeout = pause.into();
        self
    }

    /// Where files go that are too large for memory. A file that is then moved to its place on the same filesystem is not copied.
    /// Django's `FILE_UPLOAD_TEMP_DIR`. Default: the system's directory for temporary files.
    pub fn temporary_directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.temporary_directory = Some(directory.into());
        self
    }
}
