//! A request of the test client.

use std::future::IntoFuture;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use nuages_bridge::{OpFuture, async_frame};
use nuages_protocol::Body;

use super::draft::{Draft, building};
use super::{Client, ClientResponse, ClientStream, TestRequest};
use crate::error::{Error, Failure, Op, Result};

/// How many redirects are followed: as many as browsers follow.
const MAX_REDIRECTS: usize = 20;

/// A request that is being put together: `.await` it in an async test, [`wait`](Self::wait) for it in a sync one.
#[derive(Debug)]
#[must_use = "a request is sent when it is `.await`ed (async code) or `.wait()`ed for (sync code)"]
pub struct ClientRequest {
    client: Client,
    draft: Draft,
    follow: bool,
}
building!(ClientRequest);

/// Redirects that lead nowhere.
#[derive(Debug, thiserror::Error)]
enum RedirectError {
    #[error("the redirects go in a circle: {0}")]
    Circle(String),
    #[error("there are more than {MAX_REDIRECTS} redirects: {0}")]
    TooMany(String),
}

impl ClientRequest {
    pub(super) fn new(client: Client, method: Method, target: &str) -> Self {
        Self {
            client,
            draft: Draft::new(method, target),
            follow: false,
        }
    }

    /// Follows redirects to the same host, with GET, or, for 307 and 308, with the same method and body;
    /// [`ClientResponse::redirects`] tells the way.
    pub fn follow(mut self) -> Self {
        self.follow = true;
        self
    }

    /// The request as an operation, which `.await` and [`wait`](Self::wait) run.
    #[track_caller]
    pub fn send(self) -> Op<'static, ClientResponse> {
        // A leaf, so that sync views run in place on the thread of a sync test. Users' async code is polled in frames of its own.
        Op::leaf("Client request", async move {
            let Self {
                client,
                mut draft,
                follow,
            } = self;
            let mut redirects: Vec<(String, StatusCode)> = Vec::new();
            loop {
                let response = answer(&client, draft.clone()).await?;
                let (parts, body) = response.into_parts();
                let body = async_frame(body.collect(usize::MAX)).await?;
                let mut response = ClientResponse::new(parts, body);
                let next = if follow {
                    redirected(&draft, &response)
                } else {
                    None
                };
                let Some(next) = next else {
                    response.redirects = redirects;
                    return Ok(response);
                };
                let way = || {
                    let steps = redirects.iter().map(|(target, _)| target.as_str());
                    steps
                        .chain([next.target.as_str()])
                        .collect::<Vec<_>>()
                        .join(" -> ")
                };
                let again = |(target, _): &(String, _)| *target == next.target;
                if redirects.iter().any(again) && next.method == draft.method {
                    return Err(RedirectError::Circle(way()).into());
                }
                if redirects.len() == MAX_REDIRECTS {
                    return Err(RedirectError::TooMany(way()).into());
                }
                redirects.push((next.target.clone(), response.status()));
                draft = next;
            }
        })
    }

    /// Sends the request, and gives the response as soon as it begins, to be read as it comes: for events and for other streams.
    #[track_caller]
    pub fn stream(self) -> Op<'static, ClientStream> {
        Op::leaf("Client request", async move {
            let response = answer(&self.client, self.draft).await?;
            Ok(ClientStream::new(response))
        })
    }

    /// Sends the request and waits for the response, for sync tests.
    ///
    /// # Errors
    ///
    /// What the view failed with, if that is a response of status 500 (see [`Client::raise_exceptions`]); when the request can't be sent, as with a
    /// header that holds a line break; on an event loop; or when the response's body breaks off.
    ///
    /// # Panics
    ///
    /// Never: a panic of the view is an error too.
    ///
    /// # Blocking
    ///
    /// Waits for the response.
    #[track_caller]
    pub fn wait(self) -> Result<ClientResponse> {
        self.send().wait()
    }
}

/// Has the application answer one request.
async fn answer(client: &Client, draft: Draft) -> Result<http::Response<Body>> {
    let (mut scope, body): (_, Bytes) = draft.into_scope()?;
    if let Some(cookies) = client.cookie_header() {
        scope.headers.append(header::COOKIE, cookies);
    }
    scope.extensions.insert(TestRequest {
        raise: client.raise,
        enforce_csrf: client.enforce_csrf,
    });
    let mut response = client.handler.answer_here(scope, body.into()).await?;
    client.keep_cookies(response.headers());
    match response.extensions_mut().remove::<Failure>() {
        Some(failure) => Err(failure.error().clone()),
        None => Ok(response),
    }
}

/// The request that a redirect asks for, if it is one and leads to the same host.
fn redirected(draft: &Draft, response: &ClientResponse) -> Option<Draft> {
    let status = response.status().as_u16();
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = response.header("location")?;
    let target = resolve(&draft.target, location, host_of(&draft.headers))?;
    let keeps = matches!(status, 307 | 308);
    let mut next = Draft::new(if keeps { draft.method.clone() } else { Method::GET }, "");
    if draft.method == Method::HEAD {
        next.method = Method::HEAD;
    }
    next.target = target;
    next.scheme = draft.scheme;
    next.headers.clone_from(&draft.headers);
    if keeps {
        next.body = draft.body.clone();
    } else {
        for name in [header::CONTENT_TYPE, header::CONTENT_LENGTH] {
            next.headers.remove(name);
        }
    }
    Some(next)
}

fn host_of(headers: &HeaderMap) -> &str {
    let host = headers.get(header::HOST).map(HeaderValue::to_str);
    host.and_then(Result::ok).unwrap_or("testserver")
}

/// A `Location` as a target of the same host, without its fragment.
fn resolve(target: &str, location: &str, host: &str) -> Option<String> {
    let location = location.split('#').next().unwrap_or_default();
    let own = location
        .split_once("://")
        .map_or(location, |(_, rest)| rest.strip_prefix(host).unwrap_or("//"));
    if own.starts_with("//") {
        return None;
    }
    if own.starts_with('/') {
        return Some(own.to_owned());
    }
    let path = target.split('?').next().unwrap_or_default();
    if let Some(query) = own.strip_prefix('?') {
        return Some(format!("{path}?{query}"));
    }
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let whole = format!("{folder}/{own}");
    whole.parse::<Uri>().ok().map(|uri| uri.to_string())
}

impl IntoFuture for ClientRequest {
    type Output = Result<ClientResponse>;
    type IntoFuture = OpFuture<'static, ClientResponse, Error>;

    #[track_caller]
    fn into_future(self) -> Self::IntoFuture {
        self.send().into_future()
    }
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn a_location_is_resolved_against_the_target() {
        for (location, target) in [
            ("/b/", Some("/b/")),
            ("c/", Some("/a/c/")),
            ("?page=2", Some("/a/b?page=2")),
            ("/b/#top", Some("/b/")),
            ("http://testserver/b/", Some("/b/")),
            ("https://example.com/b/", None),
            ("//example.com/b/", None),
        ] {
            assert_eq!(
                resolve("/a/b?q=1", location, "testserver").as_deref(),
                target,
                "{location}"
            );
        }
    }
}
