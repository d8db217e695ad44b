//! The plain pages that answer an error, and the one place where errors are logged.

use http::{HeaderValue, Method, StatusCode, header};
use nuages_protocol::Body;
use std::any::Any;
use std::borrow::Cow;
use std::fmt::Write as _;
use uuid::Uuid;

use super::Error;
use crate::{Request, Response};

/// What stands where a response should be: it is turned into a page at the next boundary, where the request is known.
#[derive(Debug)]
pub(crate) enum Problem {
    Error(Error),
    /// The text of a panic's payload.
    Panic(String),
}

impl Problem {
    pub(crate) fn from_panic(payload: &(dyn Any + Send)) -> Self {
        let text = payload
            .downcast_ref::<&'static str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned());
        Self::Panic(text.unwrap_or_else(|| "a panic whose payload is no text".to_owned()))
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Error(error) => error.status(),
            Self::Panic(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// Makes the page for a response that holds a problem, and logs the problem: once, at the boundary that meets it first.
pub(crate) fn settle(request: &Request, mut response: Response) -> Response {
    let Some(problem) = response.take_problem() else {
        return response;
    };
    let status = problem.status();
    let (method, path) = (request.method(), request.path());
    let mut detail: Cow<'_, str> = Cow::Borrowed(explanation(status));
    let id = status.is_server_error().then(Uuid::new_v4);
    if let Some(id) = id {
        detail = format!("If you report this, please give this number: {id}").into();
    }
    match &problem {
        Problem::Panic(text) => {
            tracing::error!(id = id.map(tracing::field::display), %method, path, panic = %text, "a view or middleware panicked");
        }
        Problem::Error(error) => {
            if id.is_some() {
                tracing::error!(id = id.map(tracing::field::display), %method, path, error = %Chain(error), status = status.as_u16(), "a request failed");
            } else {
                tracing::debug!(%method, path, error = %Chain(error), status = status.as_u16(), "a request was refused");
                if let Some(message) = &error.inner.message {
                    detail = Cow::Owned(message.clone().into_owned());
                }
            }
        }
    }
    let page = page(status, &detail);
    response.set_page(status, page);
    if let Problem::Error(error) = problem {
        for (name, value) in &error.inner.headers {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}

/// Drops the body where HTTP allows none, as for HEAD; its length is still told.
pub(crate) fn without_body(method: &Method, response: &mut http::Response<Body>) {
    let status = response.status();
    if status.is_informational() || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED {
        *response.body_mut() = Body::empty();
    } else if *method == Method::HEAD {
        let length = http_body::Body::size_hint(response.body()).exact();
        *response.body_mut() = Body::empty();
        if let Some(length) = length
            && !response.headers().contains_key(header::CONTENT_LENGTH)
        {
            response
                .headers_mut()
                .insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
    }
}

pub(super) fn title(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Error")
}

fn explanation(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "The request could not be understood.",
        StatusCode::UNAUTHORIZED => "You have to log in first.",
        StatusCode::FORBIDDEN => "You may not see this.",
        StatusCode::NOT_FOUND => "There is no such page on this server.",
        StatusCode::METHOD_NOT_ALLOWED => "This page does not take such a request.",
        StatusCode::PAYLOAD_TOO_LARGE => "What was sent is too large.",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "What was sent has a form that this page does not take.",
        _ => "The request could not be answered.",
    }
}

fn page(status: StatusCode, detail: &str) -> String {
    let title = title(status);
    let mut page = String::with_capacity(256 + detail.len());
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title></head>\n<body><h1>{title}</h1><p>"
    );
    for c in detail.chars() {
        match c {
            '&' => page.push_str("&amp;"),
            '<' => page.push_str("&lt;"),
            '>' => page.push_str("&gt;"),
            '"' => page.push_str("&quot;"),
            '\'' => page.push_str("&#x27;"),
            c => page.push(c),
        }
    }
    page.push_str("</p></body>\n</html>\n");
    page
}

/// An error with all its sources in one line.
struct Chain<'a>(&'a Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        for cause in self.0.chain().skip(usize::from(self.0.inner.message.is_none())) {
            write!(f, ": {cause}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_shown_as_text() {
        let page = page(StatusCode::BAD_REQUEST, "<script>'\"&");
        assert!(page.contains("<p>&lt;script&gt;&#x27;&quot;&amp;</p>"), "{page}");
        assert!(page.contains("<title>Bad Request</title>"));
    }
}
