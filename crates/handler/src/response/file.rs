//! Files as answers: in blocks, in ranges, and not at all where the client has them.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use http_body::{Frame, SizeHint};
use nuages_bridge::BridgeError;
use nuages_protocol::{Body, BoxError};

use super::Precondition;
use super::range::Ranges;
use super::{ETag, Response, content_disposition};
use crate::error::{Error, Op, Result};
use crate::off_loop::{later, off_loop};
use crate::request::Request;

/// A file as an answer.
///
/// It is read in blocks of 256 KiB off the event loop, as fast as the client takes it; one of up to 64 KiB at once with its opening. Its length, type, tag and time of change are told; conditions
/// (`If-None-Match` and the like) and ranges (one or up to 16, RFC 9110, section 14) are answered by 304, 412, 206 and 416. Parts that are larger together
/// than the file are answered by the whole.
///
/// The path is the program's: one that a visitor chose needs a check first that it leads nowhere else.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, FileResponse, Op, Request, Response, Result, Urls};
///
/// async fn manual(request: Request) -> Result<Response> {
///     FileResponse::new("Cargo.toml").attachment("manual.txt").respond(&request).await
/// }
///
/// fn manual_sync(request: Request) -> Result<Response> {
///     FileResponse::new("Cargo.toml").attachment("manual.txt").respond(&request).wait()
/// }
///
/// let client = Client::new(App::new().urls(Urls::new().path("a/", manual).path("b/", manual_sync)));
/// for path in ["/a/", "/b/"] {
///     let response = client.get(path).header("range", "bytes=0-8").wait()?;
///     assert_eq!((response.status().as_u16(), response.text()), (206, "[package]"));
///     assert_eq!(response.header("content-disposition"), Some("attachment; filename=\"manual.txt\""));
/// }
/// # Ok::<(), nuages_handler::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a file is not sent until `respond` makes a response of it"]
pub struct FileResponse {
    content: Content,
    content_type: Option<HeaderValue>,
    disposition: Option<HeaderValue>,
    etag: Option<ETag>,
    last_modified: Option<SystemTime>,
}

#[derive(Clone, Debug)]
enum Content {
    Path(PathBuf),
    Bytes(Bytes),
}

impl FileResponse {
    /// The file at a path. Its type is guessed by its ending.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let guessed = mime_guess::from_path(&path).first_raw();
        Self {
            content_type: guessed.map(with_charset),
            ..Self::of(Content::Path(path))
        }
    }

    /// A file that is in memory already, with the same care for conditions and ranges. Its tag is made of its bytes, unless one is given.
    pub fn bytes(content: impl Into<Bytes>) -> Self {
        Self::of(Content::Bytes(content.into()))
    }

    fn of(content: Content) -> Self {
        Self {
            content,
            content_type: None,
            disposition: None,
            etag: None,
            last_modified: None,
        }
    }

    /// Has the browser store it under this name instead of showing it.
    pub fn attachment(mut self, name: impl AsRef<str>) -> Self {
        self.disposition = Some(content_disposition(true, Some(name.as_ref())));
        self
    }

    /// Says under which name the browser stores it, should the visitor want that.
    pub fn file_name(mut self, name: impl AsRef<str>) -> Self {
        self.disposition = Some(content_disposition(false, Some(name.as_ref())));
        self
    }

    /// Says what it is, instead of a guess. What can't be sent is left out.
    pub fn content_type(mut self, content_type: impl AsRef<str>) -> Self {
        self.content_type = HeaderValue::from_str(content_type.as_ref()).ok();
        self
    }

    /// Its tag, instead of one made of its length and its time of change.
    pub fn etag(mut self, etag: ETag) -> Self {
        self.etag = Some(etag);
        self
    }

    /// The time of its last change, instead of the file's own.
    pub fn last_modified(mut self, time: SystemTime) -> Self {
        self.last_modified = Some(time);
        self
    }

    /// The response: 200, 206, 304, 412 or 416.
    ///
    /// # Errors
    ///
    /// 404 where there is no file, a directory among that; 500 where it can't be opened.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has done nothing that stays.
    ///
    /// # Blocking
    ///
    /// Opens the file. Its bytes are read when the client takes them, but for those of a small file.
    pub fn respond(self, request: &Request) -> Op<'static, Response> {
        let request = request.clone();
        Op::leaf("FileResponse::respond", async move {
            let path = match &self.content {
                Content::Bytes(bytes) => {
                    let (source, size) = (Source::Bytes(bytes.clone()), bytes.len() as u64);
                    return Ok(self.answer(&request, source, size, None));
                }
                Content::Path(path) => path.clone(),
            };
            off_loop(move || {
                let (file, size, modified) = open(path).map_err(not_there)?;
                let source = Source::File(Closed(Some(file)));
                Ok(self.answer(&request, source, size, modified))
            })
            .await?
        })
    }

    fn answer(self, request: &Request, source: Source, size: u64, modified: Option<SystemTime>) -> Response {
        let modified = self.last_modified.or(modified);
        let etag = self.etag.or_else(|| match &source {
            Source::Bytes(bytes) => Some(ETag::of(bytes)),
            _ => modified.map(|modified| ETag::of_file(size, modified)),
        });
        let mut response = Response::default();
        let headers = response.headers_mut();
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        let octets = HeaderValue::from_static("application/octet-stream");
        let content_type = self.content_type.unwrap_or(octets);
        headers.insert(header::CONTENT_TYPE, content_type.clone());
        if let Some(disposition) = self.disposition {
            headers.insert(header::CONTENT_DISPOSITION, disposition);
        }
        if let Some(etag) = &etag {
            response = response.etag(etag);
        }
        if let Some(modified) = modified {
            response = response.last_modified(modified);
        }
        match request.precondition(etag.as_ref(), modified) {
            Precondition::Proceed => {}
            Precondition::NotModified => return response.not_modified(),
            Precondition::Failed => return response.precondition_failed(),
        }
        // Ranges are of GET alone, RFC 9110, section 14.2.
        let wanted = (*request.method() == Method::GET && request.range_applies(etag.as_ref(), modified))
            .then(|| request.header("range"))
            .flatten();
        match Ranges::read(wanted, size) {
            Ranges::Whole => {
                let source = match *request.method() {
                    Method::HEAD => source,
                    _ => source.at_once(0..size),
                };
                response.body(source.body([Segment::Content(0..size)]))
            }
            Ranges::Unsatisfiable => {
                let mut refused = Response::new(StatusCode::RANGE_NOT_SATISFIABLE);
                if let Ok(range) = HeaderValue::try_from(format!("bytes */{size}")) {
                    refused.headers_mut().insert(header::CONTENT_RANGE, range);
                }
                refused
            }
            Ranges::Parts(parts) => {
                let mut response = response.status_code(StatusCode::PARTIAL_CONTENT);
                let headers = response.headers_mut();
                if let [part] = &parts[..] {
                    if let Ok(range) = HeaderValue::try_from(content_range(part, size)) {
                        headers.insert(header::CONTENT_RANGE, range);
                    }
                    return response.body(source.body([Segment::Content(part.clone())]));
                }
                let boundary = uuid::Uuid::new_v4().simple().to_string();
                let multipart = format!("multipart/byteranges; boundary={boundary}");
                if let Ok(multipart) = HeaderValue::try_from(multipart) {
                    headers.insert(header::CONTENT_TYPE, multipart);
                }
                response.body(source.body(by_parts(&parts, size, &boundary, &content_type)))
            }
        }
    }
}

fn with_charset(kind: &'static str) -> HeaderValue {
    if kind.starts_with("text/") {
        HeaderValue::try_from(format!("{kind}; charset=utf-8")).unwrap_or(HeaderValue::from_static(kind))
    } else {
        HeaderValue::from_static(kind)
    }
}

fn open(path: PathBuf) -> io::Result<(File, u64, Option<SystemTime>)> {
    let file = File::open(path)?;
    // Of the file that was opened, not of what is at the path by now.
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    Ok((file, metadata.len(), metadata.modified().ok()))
}

fn not_there(error: io::Error) -> Error {
    let missing = matches!(
        error.kind(),
        io::ErrorKind::NotFound
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::InvalidInput
    );
    let error = Error::from(error);
    if missing {
        error.with_status(StatusCode::NOT_FOUND)
    } else {
        error
    }
}

fn content_range(part: &Range<u64>, size: u64) -> String {
    format!("bytes {}-{}/{size}", part.start, part.end - 1)
}

/// `multipart/byteranges`, RFC 9110, section 14.6.
fn by_parts(parts: &[Range<u64>], size: u64, boundary: &str, content_type: &HeaderValue) -> Vec<Segment> {
    let content_type = content_type.to_str().unwrap_or("application/octet-stream");
    let mut segments = Vec::with_capacity(parts.len() * 2 + 1);
    for (number, part) in parts.iter().enumerate() {
        let before = if number == 0 { "" } else { "\r\n" };
        let range = content_range(part, size);
        let head =
            format!("{before}--{boundary}\r\ncontent-type: {content_type}\r\ncontent-range: {range}\r\n\r\n");
        segments.push(Segment::Text(head.into()));
        segments.push(Segment::Content(part.clone()));
    }
    segments.push(Segment::Text(format!("\r\n--{boundary}--\r\n").into()));
    segments
}

/// A piece of a body.
enum Segment {
    Text(Bytes),
    Content(Range<u64>),
}

/// An open file, closed off the event loop.
struct Closed(Option<File>);

impl Drop for Closed {
    fn drop(&mut self) {
        if let Some(file) = self.0.take() {
            later(move || drop(file));
        }
    }
}

type Reading = Pin<Box<dyn Future<Output = Result<io::Result<(Closed, Bytes)>, BridgeError>> + Send>>;

enum Source {
    Bytes(Bytes),
    File(Closed),
    Reading(Reading),
    Gone,
}

impl Source {
    /// In memory, if it is small; what can't be read fails when it is sent.
    fn at_once(self, all: Range<u64>) -> Self {
        match self {
            Self::File(file) if all.end <= SMALL => match read_at(file, all.clone()) {
                Ok((_, bytes)) if bytes.len() as u64 == all.end => Self::Bytes(bytes),
                Ok((file, _)) => Self::File(file),
                Err(_) => Self::Gone,
            },
            other => other,
        }
    }

    fn body(self, segments: impl IntoIterator<Item = Segment>) -> Body {
        let segments: VecDeque<Segment> = segments.into_iter().collect();
        if let (Self::Bytes(bytes), [Segment::Content(part)]) = (&self, segments.as_slices().0) {
            return bytes.slice(part.start as usize..part.end as usize).into();
        }
        let left = segments.iter().map(|segment| match segment {
            Segment::Text(text) => text.len() as u64,
            Segment::Content(part) => part.end - part.start,
        });
        Body::new(FileBody {
            left: left.sum(),
            source: self,
            segments,
        })
    }
}

/// What one hop to a thread reads.
const BLOCK: u64 = 256 * 1024;

/// What is read together with the opening of the file, so that a small file takes one hop.
const SMALL: u64 = 64 * 1024;

struct FileBody {
    source: Source,
    segments: VecDeque<Segment>,
    left: u64,
}

fn read_at(mut file: Closed, part: Range<u64>) -> io::Result<(Closed, Bytes)> {
    let wanted = (part.end - part.start).min(BLOCK);
    let mut block = Vec::with_capacity(wanted as usize);
    if let Some(file) = &mut file.0 {
        file.seek(SeekFrom::Start(part.start))?;
        file.take(wanted).read_to_end(&mut block)?;
    }
    if block.is_empty() {
        return Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "the file has become shorter while it was sent",
        ));
    }
    Ok((file, block.into()))
}

impl http_body::Body for FileBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let data = loop {
            let part = match self.segments.front_mut() {
                None => return Poll::Ready(None),
                Some(Segment::Text(text)) => {
                    let text = std::mem::take(text);
                    self.segments.pop_front();
                    break text;
                }
                Some(Segment::Content(part)) if part.is_empty() => {
                    self.segments.pop_front();
                    continue;
                }
                Some(Segment::Content(part)) => part.clone(),
            };
            let data = match std::mem::replace(&mut self.source, Source::Gone) {
                Source::Gone => return Poll::Ready(None),
                Source::Bytes(bytes) => {
                    let data = bytes.slice(part.start as usize..part.end as usize);
                    self.source = Source::Bytes(bytes);
                    data
                }
                Source::File(file) => {
                    self.source = Source::Reading(Box::pin(off_loop(move || read_at(file, part))));
                    continue;
                }
                Source::Reading(mut reading) => {
                    let Poll::Ready(read) = reading.as_mut().poll(cx) else {
                        self.source = Source::Reading(reading);
                        return Poll::Pending;
                    };
                    match read.map_err(Error::from).and_then(|read| Ok(read?)) {
                        Ok((file, data)) => {
                            self.source = Source::File(file);
                            data
                        }
                        Err(error) => {
                            tracing::error!(?error, "a file could not be sent to its end");
                            return Poll::Ready(Some(Err(error.to_string().into())));
                        }
                    }
                }
            };
            if let Some(Segment::Content(part)) = self.segments.front_mut() {
                part.start += data.len() as u64;
            }
            break data;
        };
        self.left = self.left.saturating_sub(data.len() as u64);
        Poll::Ready(Some(Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
