//! Style sheets, scripts and pictures: served while developing, collected with hashed names for production.
//!
//! While developing, [`StaticFiles::new`] serves folders as they are. For production, [`collect`](StaticFiles::collect) copies all of them
//! into one folder, under names that hold a hash of what is in them (`css/site.1f3a….css`), with the references between
//! them rewritten and compressed copies beside them. [`StaticFiles::collected`] serves that folder: a browser keeps a file for
//! a year without asking again, since another content would have another name. Templates are the same in both:
//! `{{ static_url("css/site.css") }}`.
//!
//! # Examples
//!
//! ```
//! use nuages_handler::{App, Client, Urls};
//! use nuages_views::StaticFiles;
//!
//! # let folder = tempfile::tempdir()?;
//! # std::fs::create_dir_all(folder.path().join("static/css"))?;
//! # std::fs::write(folder.path().join("static/css/site.css"), "body { background: url(../paper.png) }")?;
//! # std::fs::write(folder.path().join("static/paper.png"), "a picture")?;
//! # let (source, target) = (folder.path().join("static"), folder.path().join("build"));
//! let files = StaticFiles::new().dir(&source);
//! let client = Client::new(files.clone().attach(App::new()));
//! assert!(client.get("/static/css/site.css").wait()?.text().contains("url(../paper.png)"));
//!
//! // When the program is built or deployed:
//! let collected = files.collect(&target).wait()?;
//! assert_eq!(collected.files(), 2);
//!
//! // In production:
//! let files = StaticFiles::collected(&target)?;
//! let style = files.url_path("css/site.css")?.into_owned(); // `css/site.<hash>.css`
//! let client = Client::new(files.attach(App::new()));
//! let response = client.get(format!("/static/{style}")).wait()?;
//! assert_eq!(response.header("cache-control"), Some("public, max-age=31536000, immutable"));
//! # Ok::<(), nuages_handler::Error>(())
//! ```

mod collect;
mod compress;
mod manifest;
mod path;
mod references;
mod serve;

use std::borrow::Cow;
use std::fmt;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use nuages_bridge::{Local, may_block, sync_to_async};
use nuages_handler::{App, IntoView as _, Op, Path, Request, RequestHook, Response, Result, Urls, get};

pub use self::collect::Collected;
use self::manifest::Manifest;

/// The name of the route that serves them.
const ROUTE: &str = "static";

/// The static files of the application that answers the current request.
static CURRENT: Local<StaticFiles> = Local::new("nuages_views::static_files");

/// The static files of a program: a cheap handle. See [the module](self).
#[derive(Clone)]
#[must_use = "static files are served once they are attached to an application"]
pub struct StaticFiles {
    inner: Arc<Inner>,
}

#[derive(Clone)]
struct Inner {
    /// Each with what stands before the paths of its files; the first that has a file wins.
    folders: Vec<Folder>,
    prefix: String,
    base: Option<String>,
    /// The names, where the files were collected.
    manifest: Option<Manifest>,
}

#[derive(Clone, Debug)]
struct Folder {
    prefix: String,
    path: PathBuf,
}

/// What is wrong with static files: a file that is not there, a manifest that can't be read.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct StaticError {
    message: String,
    #[source]
    source: Option<std::io::Error>,
}

impl StaticError {
    fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            source: None,
        }
    }

    fn io(doing: &str, path: &FilePath, source: std::io::Error) -> Self {
        Self {
            message: format!("can't {doing} {}", path.display()),
            source: Some(source),
        }
    }
}

impl Default for StaticFiles {
    fn default() -> Self {
        Self::new()
    }
}

impl StaticFiles {
    /// No files yet; [`dir`](Self::dir) adds folders, whose files are served as they are.
    pub fn new() -> Self {
        Self::with(Inner {
            folders: Vec::new(),
            prefix: "static/".to_owned(),
            base: None,
            manifest: None,
        })
    }

    /// What [`collect`](Self::collect) has put into a folder.
    ///
    /// # Errors
    ///
    /// Where its manifest, `staticfiles.json`, is missing or can't be read.
    ///
    /// # Blocking
    ///
    /// Reads the manifest: call it when the program starts.
    pub fn collected(folder: impl Into<PathBuf>) -> Result<Self, StaticError> {
        let path = folder.into();
        let manifest = Manifest::read(&path)?;
        Ok(Self::with(Inner {
            folders: vec![Folder {
                prefix: String::new(),
                path,
            }],
            manifest: Some(manifest),
            ..(*Self::new().inner).clone()
        }))
    }

    fn with(inner: Inner) -> Self {
        Self {
            inner: Arc::new(inner),
        }
    }

    fn change(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.inner));
        self
    }

    /// Adds a folder. Where several have the same file, the first one counts.
    pub fn dir(self, path: impl Into<PathBuf>) -> Self {
        self.dir_as("", path)
    }

    /// Adds a folder whose files have paths that begin with `prefix`: `dir_as("shop", ..)` has `shop/logo.svg`.
    pub fn dir_as(self, prefix: impl AsRef<str>, path: impl Into<PathBuf>) -> Self {
        let prefix = match prefix.as_ref().trim_matches('/') {
            "" => String::new(),
            prefix => format!("{prefix}/"),
        };
        let folder = Folder {
            prefix,
            path: path.into(),
        };
        self.change(|inner| inner.folders.push(folder))
    }

    /// Where [`attach`](Self::attach) puts them. Default: `static/`.
    pub fn prefix(self, prefix: impl AsRef<str>) -> Self {
        let prefix = format!("{}/", prefix.as_ref().trim_matches('/'));
        self.change(|inner| inner.prefix = prefix)
    }

    /// Another host that serves the collected files: `https://static.example.org/`. Templates then lead there.
    pub fn base_url(self, base: impl Into<String>) -> Self {
        let mut base = base.into();
        if !base.ends_with('/') {
            base.push('/');
        }
        self.change(|inner| inner.base = Some(base))
    }

    /// Serves them below their prefix, and lets `{{ static_url("..") }}` of templates know them.
    pub fn attach(self, app: App) -> App {
        let urls = Urls::new().include(self.inner.prefix.clone(), self.urls());
        app.hook(self).urls(urls)
    }

    /// The route that serves them, named `static`: what [`attach`](Self::attach) adds.
    pub fn urls(&self) -> Urls {
        let files = self.clone();
        // Sync: files are read by code that blocks, on a thread.
        let serve = move |request: Request, Path(path): Path<String>| -> Result<Response> {
            serve::serve(&files, &request, &path)
        };
        Urls::new()
            .path("<path:file>", get(serve.into_view().named("static files")))
            .name(ROUTE)
    }

    /// The path of a file below the prefix: with its hash where the files were collected.
    ///
    /// # Errors
    ///
    /// Where the files were collected, and this was not one of them.
    pub fn url_path<'a>(&'a self, path: &'a str) -> Result<Cow<'a, str>, StaticError> {
        let Some(manifest) = &self.inner.manifest else {
            return Ok(Cow::Borrowed(path));
        };
        manifest.hashed(path).map(Cow::Borrowed).ok_or_else(|| {
            StaticError::new(format!(
                "`{path}` is not one of the collected static files: add it to a folder of static files and collect them again"
            ))
        })
    }

    /// Copies all files into a folder for [`collected`](Self::collected): with hashed names, references rewritten, and compressed by gzip
    /// and brotli where that makes them smaller.
    ///
    /// What is there already is not made again. What an earlier collection left and this one did not need is removed,
    /// except for the files of the one before: pages that are open still ask for them. A folder that has files and no manifest is left
    /// alone.
    ///
    /// # Errors
    ///
    /// Where a file can't be read or written; where a style sheet refers to a file that is not there, or to itself
    /// in a circle; where the target is a folder of something else.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it goes on to its end on its thread. The manifest is written last, so what is half done is never served.
    ///
    /// # Blocking
    ///
    /// `.wait()` works on the calling thread. Compressing as well as it can be done takes time: seconds for megabytes.
    #[track_caller]
    pub fn collect(&self, target: impl Into<PathBuf>) -> Op<'static, Collected> {
        let (inner, target) = (Arc::clone(&self.inner), target.into());
        Op::leaf("StaticFiles::collect", async move {
            let work = move || collect::collect(&inner, &target);
            if may_block() {
                return Ok(work()?);
            }
            Ok(sync_to_async(work).parallel().await??)
        })
    }
}

/// The address of a static file, in the application that answers the current request.
///
/// # Errors
///
/// Where no static files are attached, or the file is not one of those that were collected.
pub fn static_url(path: &str) -> Result<String, StaticError> {
    let Some(files) = CURRENT.get() else {
        return Err(StaticError::new(format!(
            "there are no static files for `{path}`: call `StaticFiles::new().dir(\"static\").attach(app)`"
        )));
    };
    let hashed = files.url_path(path)?;
    if let Some(base) = &files.inner.base {
        return Ok(format!("{base}{}", path::encoded(&hashed)));
    }
    nuages_handler::reverse(ROUTE, [("file", &*hashed)])
        .map_err(|error| StaticError::new(format!("`{path}` has no address: {error}")))
}

impl RequestHook for StaticFiles {
    fn context(&self) {
        CURRENT.set(self.clone());
    }
}

impl fmt::Debug for StaticFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticFiles")
            .field("folders", &self.inner.folders)
            .field("collected", &self.inner.manifest.is_some())
            .finish_non_exhaustive()
    }
}
