//! Files that visitors send: stored in memory or on disk, by handlers that can be changed.
//!
//! A form with files is read as it comes: [`FormData`](crate::FormData) holds its fields, and [`Files`] its [`UploadedFile`]s, small ones
//! in memory and others in temporary files ([`Limits::file_memory`](crate::Limits::file_memory)), which are removed when nobody has them any
//! more, whatever happens. [`UploadHandlers`] say what is done with a file while it comes: to limit it ([`Quota`]), to watch it, to send
//! it elsewhere. [`Multipart`] gives the parts to the view itself.
//!
//! # Examples
//!
//! ```
//! use nuages_handler::{App, Client, Result, Urls};
//! use nuages_handler::uploads::Files;
//!
//! async fn cover(files: Files) -> Result<String> {
//!     let Some(file) = files.get("cover") else { return Ok("no file".into()) };
//!     let bytes = file.read().await?;
//!     Ok(format!("{} has {} bytes", file.name(), bytes.len()))
//! }
//!
//! let client = Client::new(App::new().urls(Urls::new().path("cover/", cover)));
//! let form = "--x\r\nContent-Disposition: form-data; name=\"cover\"; filename=\"../a.png\"\r\n\r\nPNG\r\n--x--\r\n";
//! let request = client.post("/cover/").header("content-type", "multipart/form-data; boundary=x").body(form);
//! assert_eq!(request.wait()?.text(), "a.png has 3 bytes");
//! # Ok::<(), nuages_handler::Error>(())
//! ```

mod blocking;
mod chain;
mod file;
mod files;
mod handler;
mod multipart;
mod name;
mod quota;
mod standard;
mod temporary;

pub use self::blocking::{Blocking, SyncUploadHandler};
pub use self::chain::UploadHandlers;
pub(crate) use self::chain::read_form;
pub use self::file::{FileChunks, UploadedFile};
pub use self::files::Files;
pub use self::handler::{FileInfo, NewFile, Received, UploadHandler, UploadInfo};
pub use self::multipart::{Multipart, MultipartError, Part};
pub use self::name::safe_file_name;
pub use self::quota::Quota;
pub use self::standard::StandardUploads;
