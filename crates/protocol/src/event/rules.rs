//! The rules of a response's events, as one machine: what may follow what, and how many bytes there may be.

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};

use super::{
    EventError, HttpResponseBody, HttpResponsePathSend, HttpResponseStart, HttpResponseTrailers, SendEvent,
};

/// Where a response is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Before its start.
    Waiting,
    /// Between its start and its last part.
    Body,
    /// After the body, before the last trailers.
    Trailers,
    /// Complete.
    Done,
}

/// What is to be done for an event that is allowed.
#[derive(Debug)]
pub(crate) enum Step {
    /// Begin a response.
    Start(HttpResponseStart),
    /// Send these bytes, perhaps none.
    Data(Bytes),
    /// Send the file, or the part of one, that was opened for the event.
    File,
    /// Send these trailers; `None` while more of them follow.
    Trailers(Option<HeaderMap>),
    /// Nothing: it is not for us, or too late.
    Ignore,
}

/// One response, as far as it has come.
#[derive(Debug)]
pub(crate) struct Rules {
    phase: Phase,
    /// Whether the body stays at home: an answer to `HEAD`, a 204, a 304.
    bodiless: bool,
    head_request: bool,
    declared: Option<u64>,
    sent: u64,
    trailers: bool,
    collected: HeaderMap,
    /// Whether a part with bytes has come, which a path can't follow.
    parts: bool,
}

impl Rules {
    pub(crate) fn new(method: &Method) -> Self {
        Self {
            phase: Phase::Waiting,
            bodiless: false,
            head_request: *method == Method::HEAD,
            declared: None,
            sent: 0,
            trailers: false,
            collected: HeaderMap::new(),
            parts: false,
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    /// Whether what is sent as body is thrown away.
    pub(crate) fn is_bodiless(&self) -> bool {
        self.bodiless
    }

    pub(crate) fn is_done(&self) -> bool {
        self.phase == Phase::Done
    }

    /// Takes an event, or says why it has no place. One that is refused changes nothing.
    pub(crate) fn check(&mut self, event: SendEvent) -> Result<Step, EventError> {
        match event {
            SendEvent::HttpResponseStart(start) => self.start(start),
            SendEvent::HttpResponseBody(HttpResponseBody { body, more_body }) => {
                if self.is_late("http.response.body")? {
                    return Ok(Step::Ignore);
                }
                self.take(body.len() as u64, more_body)?;
                Ok(Step::Data(body))
            }
            SendEvent::HttpResponseZeroCopySend(part) => {
                if self.is_late("http.response.zerocopysend")? {
                    return Ok(Step::Ignore);
                }
                let Some(count) = part.count else {
                    return Err(EventError::new("the length of a file's part is not known"));
                };
                self.take(count, part.more_body)?;
                Ok(Step::File)
            }
            SendEvent::HttpResponsePathSend(path) => self.path(&path),
            SendEvent::HttpResponseTrailers(trailers) => self.trailers(trailers),
            SendEvent::HttpResponseEarlyHint(_) => match self.phase {
                Phase::Waiting => Err(EventError::new(
                    "`http.response.early_hint` was sent before `http.response.start`",
                )),
                // hyper has no way to send a 103, so hints are taken and go no further.
                Phase::Body | Phase::Trailers | Phase::Done => Ok(Step::Ignore),
            },
            SendEvent::HttpResponseDebug(_) => Err(EventError::new(
                "`http.response.debug` is for test clients; look for it among the scope's extensions first",
            )),
            event => Err(EventError::new(format!(
                "`{}` has no place in an answer to a request",
                event.kind()
            ))),
        }
    }

    /// How many bytes a file must have to be sent by its path; `None` if any length will do.
    pub(crate) fn expected(&self) -> Option<u64> {
        if self.bodiless { None } else { self.declared }
    }

    fn start(&mut self, mut start: HttpResponseStart) -> Result<Step, EventError> {
        if self.phase != Phase::Waiting {
            return Err(EventError::new(
                "`http.response.start` was sent a second time; a response starts once",
            ));
        }
        start.invalid.check()?;
        if start.status.as_u16() < 200 {
            return Err(EventError::new(format!(
                "{} is no status of a response; it must be 200 or above",
                start.status.as_u16()
            )));
        }
        // How the body is framed on the wire is the server's business.
        start.headers.remove(header::TRANSFER_ENCODING);
        self.declared = declared_length(&start.headers)?;
        self.bodiless =
            self.head_request || matches!(start.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        self.trailers = start.trailers;
        self.phase = Phase::Body;
        Ok(Step::Start(start))
    }

    /// Whether a part of the body comes after the last one, and is ignored therefore.
    fn is_late(&self, kind: &str) -> Result<bool, EventError> {
        match self.phase {
            Phase::Waiting => Err(EventError::new(format!(
                "`{kind}` was sent before `http.response.start`"
            ))),
            Phase::Body => Ok(false),
            Phase::Trailers | Phase::Done => Ok(true),
        }
    }

    /// Counts a part of the body.
    fn take(&mut self, length: u64, more: bool) -> Result<(), EventError> {
        let sent = self.sent.saturating_add(length);
        if let Some(declared) = self.expected() {
            if sent > declared {
                return Err(EventError::new(format!(
                    "the body is longer than its content-length of {declared} bytes"
                )));
            }
            if !more && sent < declared {
                return Err(EventError::new(format!(
                    "the body ends after {sent} bytes; its content-length is {declared}"
                )));
            }
        }
        self.sent = sent;
        self.parts = true;
        if !more {
            self.end_body();
        }
        Ok(())
    }

    fn end_body(&mut self) {
        self.phase = if self.trailers {
            Phase::Trailers
        } else {
            Phase::Done
        };
    }

    fn path(&mut self, path: &HttpResponsePathSend) -> Result<Step, EventError> {
        if self.is_late("http.response.pathsend")? {
            return Err(EventError::new(
                "`http.response.pathsend` is the whole body; it can't follow the end of one",
            ));
        }
        if self.parts {
            return Err(EventError::new(
                "`http.response.pathsend` is the whole body; it can't be mixed with other parts",
            ));
        }
        if !path.path.is_absolute() {
            return Err(EventError::new(format!(
                "`{}` is not an absolute path, which `http.response.pathsend` needs",
                path.path.display()
            )));
        }
        self.end_body();
        Ok(Step::File)
    }

    fn trailers(&mut self, trailers: HttpResponseTrailers) -> Result<Step, EventError> {
        match self.phase {
            Phase::Done => return Ok(Step::Ignore),
            Phase::Trailers => {}
            Phase::Body if self.trailers => {
                return Err(EventError::new(
                    "`http.response.trailers` was sent before the end of the body",
                ));
            }
            Phase::Waiting | Phase::Body => {
                return Err(EventError::new(
                    "`http.response.trailers` was sent although the start did not announce them; set its `trailers`",
                ));
            }
        }
        trailers.invalid.check()?;
        self.collected.extend(trailers.headers);
        if trailers.more_trailers {
            return Ok(Step::Trailers(None));
        }
        self.phase = Phase::Done;
        Ok(Step::Trailers(Some(std::mem::take(&mut self.collected))))
    }
}

/// The one length that the headers declare.
pub(crate) fn declared_length(headers: &HeaderMap) -> Result<Option<u64>, EventError> {
    let mut lengths = headers.get_all(header::CONTENT_LENGTH).iter();
    let Some(first) = lengths.next() else {
        return Ok(None);
    };
    let digits = first
        .to_str()
        .ok()
        .filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
    let length = digits
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| EventError::new(format!("{first:?} is no content-length")))?;
    if lengths.next().is_some() {
        return Err(EventError::new("a response has one content-length"));
    }
    Ok(Some(length))
}
