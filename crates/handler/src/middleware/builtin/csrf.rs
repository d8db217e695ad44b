//! Protection from requests that other sites make in a visitor's name.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{HeaderName, HeaderValue, Method, Uri, header};
use subtle::ConstantTimeEq as _;

use super::hosts::host_of;
use super::{host_matches, random_text};
use crate::client::TestRequest;
use crate::error::{Error, Result};
use crate::middleware::NeutralMiddleware;
use crate::request::Request;
use crate::response::{Cookie, Response};
use crate::settings::CsrfSettings;
use crate::view::{CsrfExempt, IntoView, View};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The field of a form that holds the token.
const FIELD: &str = "csrfmiddlewaretoken";

/// How many letters and digits a secret has, and a mask.
const LENGTH: usize = 32;

const LETTERS: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Refuses POST, PUT, PATCH, DELETE and every other method that changes something, unless the request comes from a page of this site.
///
/// In this order:
///
/// 1. A browser that says so (`Sec-Fetch-Site: same-origin` or `none`) is believed: neither pages nor their scripts can set this header. That is every browser since
///    2023, over https and on this machine. With [`csrf.require_token`](CsrfSettings::require_token) what comes next is asked all the same, as Django does.
/// 2. An `Origin` has to be this site or one of [`csrf.trusted_origins`](CsrfSettings::trusted_origins). Over https, a request without one needs a `Referer` of that kind.
/// 3. What is left needs the token: the secret of the visitor's cookie, masked anew for each page, in the field `csrfmiddlewaretoken` of a form or in the header
///    [`csrf.header_name`](CsrfSettings::header_name). [`csrf_token`] gives it to a page.
///
/// What no token helps against either: a page of this site that shows what a visitor wrote as HTML. A form that somebody wrote into it is from this site to the browser;
/// a token makes that harder, as the writer doesn't know it, and a [`ContentSecurityPolicy`](crate::ContentSecurityPolicy) with `form-action 'self'` keeps what is sent at home.
///
/// What is refused is answered with 403; debug mode tells why, and so does the log under `nuages::security::csrf`. A view can be [exempt](csrf_exempt).
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, Csrf, Request, Urls, csrf_token, get};
///
/// fn form(request: Request) -> String { csrf_token(&request) }
///
/// let urls = Urls::new().path("", get(form).post(|| "saved"));
/// let client = Client::new(App::new().middleware(Csrf::new()).urls(urls)).enforce_csrf();
/// assert_eq!(client.post("/").wait()?.status(), 403);
/// let token = client.get("/").wait()?.text().to_owned();
/// assert_eq!(client.post("/").form([("csrfmiddlewaretoken", token)]).wait()?.text(), "saved");
/// # Ok::<(), nuages_handler::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Csrf {}

impl Csrf {
    /// The protection, as [`Settings::csrf`](crate::Settings::csrf) says.
    pub fn new() -> Self {
        Self::default()
    }
}

/// Lets requests from anywhere through to this view: for webhooks, and for APIs whose callers send a credential that no browser adds by itself.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, Csrf, Urls, csrf_exempt, post};
///
/// async fn hook() -> &'static str { "noted" }
///
/// let urls = Urls::new().path("hook/", post(csrf_exempt(hook)));
/// let client = Client::new(App::new().middleware(Csrf::new()).urls(urls)).enforce_csrf();
/// assert_eq!(client.post("/hook/").wait()?.text(), "noted");
/// # Ok::<(), nuages_handler::Error>(())
/// ```
#[track_caller]
pub fn csrf_exempt<M>(view: impl IntoView<M>) -> View {
    view.into_view().with_value(CsrfExempt)
}

/// The token for a form or a script of this page. Each call gives another text for the same secret, so that what a page says about it is never the same
/// twice (against BREACH).
///
/// Whoever asks for it has the cookie sent with the response, and `Vary: Cookie`.
pub fn csrf_token(request: &Request) -> String {
    let state = state(request);
    let mut visitor = lock(&state);
    visitor.used = true;
    let settings = &request.settings().csrf;
    let secret = visitor
        .secret
        .get_or_insert_with(|| cookie_secret(request, settings).unwrap_or_else(|| random_text(LENGTH)));
    mask(secret)
}

/// Gives the visitor another secret: after a login, so that what was seen of the old one is worth nothing.
pub fn rotate_csrf_token(request: &Request) {
    let state = state(request);
    let mut visitor = lock(&state);
    visitor.used = true;
    visitor.secret = Some(random_text(LENGTH));
}

/// Among a request's values, once anybody has asked for a token.
#[derive(Clone, Default)]
struct State(Arc<Mutex<Visitor>>);

#[derive(Default)]
struct Visitor {
    secret: Option<String>,
    /// Whether a page has it, or soon will.
    used: bool,
}

fn state(request: &Request) -> State {
    request.get().unwrap_or_else(|| {
        let state = State::default();
        request.insert(state.clone());
        state
    })
}

fn lock(state: &State) -> MutexGuard<'_, Visitor> {
    state.0.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The secret in the visitor's cookie, if that has the form of one.
fn cookie_secret(request: &Request, settings: &CsrfSettings) -> Option<String> {
    unmask(request.cookie(&settings.cookie_name)?)
}

fn index(letter: u8) -> Option<usize> {
    LETTERS.iter().position(|other| *other == letter)
}

/// A mask, and the secret moved on by it letter by letter.
fn mask(secret: &str) -> String {
    let mask = random_text(LENGTH);
    let moved: String = secret
        .bytes()
        .zip(mask.bytes())
        .filter_map(|(letter, by)| Some(char::from(LETTERS[(index(letter)? + index(by)?) % LETTERS.len()])))
        .collect();
    mask + &moved
}

/// The secret of a token, masked or bare.
fn unmask(token: &str) -> Option<String> {
    if !token.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    match token.len() {
        LENGTH => Some(token.to_owned()),
        length if length == 2 * LENGTH => {
            let (mask, moved) = token.split_at(LENGTH);
            let letters = moved.bytes().zip(mask.bytes());
            letters
                .map(|(letter, by)| {
                    let at = index(letter)? + LETTERS.len() - index(by)?;
                    Some(char::from(LETTERS[at % LETTERS.len()]))
                })
                .collect()
        }
        _ => None,
    }
}

fn is_safe(method: &Method) -> bool {
    matches!(
        *method,
        Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE
    )
}

/// Whether nothing is to be checked.
fn is_let_through(request: &Request) -> bool {
    let believed = !request.settings().csrf.require_token && is_from_this_site(request);
    if is_safe(request.method()) || believed {
        return true;
    }
    let exempt = request.view_value::<CsrfExempt>().is_some();
    exempt
        || request
            .get::<TestRequest>()
            .is_some_and(|test| !test.enforce_csrf)
}

/// Whether the browser says that a page of this site made the request, or the visitor did.
fn is_from_this_site(request: &Request) -> bool {
    let mut said = request
        .headers()
        .get_all(FETCH_SITE)
        .iter()
        .map(HeaderValue::as_bytes);
    // A browser says it once; where a proxy joined two requests' headers, nothing is believed.
    matches!((said.next(), said.next()), (Some(b"same-origin" | b"none"), None))
}

/// Whether an origin is this site, or one that it trusts.
fn is_trusted(request: &Request, origin: &str) -> bool {
    let settings = request.settings();
    if let Some(host) = host_of(request, settings.use_forwarded_host)
        && origin.eq_ignore_ascii_case(&format!("{}://{host}", request.scheme()))
    {
        return true;
    }
    let Some((scheme, host)) = origin.split_once("://") else {
        return false;
    };
    settings
        .csrf
        .trusted_origins
        .iter()
        .any(|trusted| match trusted.split_once("://") {
            Some((of, pattern)) => {
                let pattern = pattern.strip_prefix('*').unwrap_or(pattern);
                of.eq_ignore_ascii_case(scheme)
                    && host_matches(pattern, &host.to_ascii_lowercase())
                    && !pattern.is_empty()
            }
            None => false,
        })
}

/// Looks at where a request comes from, as far as it says so.
fn check_source(request: &Request) -> Result<(), String> {
    let text = |name: HeaderName| {
        request
            .headers()
            .get(name)
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
    };
    if let Some(origin) = text(header::ORIGIN) {
        if is_trusted(request, &origin) {
            return Ok(());
        }
        return Err(format!(
            "Origin checking failed: {origin} is not among the setting `csrf.trusted_origins`."
        ));
    }
    if text(FETCH_SITE).is_some() && !is_from_this_site(request) {
        return Err(
            "Origin checking failed: another site made the request, and the browser does not say which."
                .to_owned(),
        );
    }
    if is_from_this_site(request) || !request.scheme().is_secure() {
        return Ok(());
    }
    // By https, a page in the middle can't take the Referer away, but it can keep cookies for a host below.
    let Some(referer) = text(header::REFERER) else {
        return Err("Referer checking failed: there is no Referer.".to_owned());
    };
    let Ok(referer) = referer.parse::<Uri>() else {
        return Err("Referer checking failed: the Referer is no URL.".to_owned());
    };
    match (referer.scheme_str(), referer.authority()) {
        (Some("https"), Some(host)) if is_trusted(request, &format!("https://{host}")) => Ok(()),
        (Some("https"), Some(host)) => Err(format!(
            "Referer checking failed: https://{host} is not among the setting `csrf.trusted_origins`."
        )),
        (_, None) => Err("Referer checking failed: the Referer is no URL.".to_owned()),
        _ => Err("Referer checking failed: the Referer is insecure, the host is not.".to_owned()),
    }
}

/// Looks at the token.
fn check_token(request: &Request) -> Result<(), String> {
    let settings = &request.settings().csrf;
    let Some(secret) = cookie_secret(request, settings) else {
        return Err("The CSRF cookie is not set.".to_owned());
    };
    let field = request
        .buffered_form()
        .ok()
        .and_then(|form| form.get(FIELD).map(str::to_owned))
        .filter(|token| !token.is_empty());
    let (token, place) = match field {
        Some(token) => (token, "the form"),
        None => match request.header(&settings.header_name) {
            Some(token) => (token.to_owned(), "the header"),
            None => return Err("The CSRF token is missing.".to_owned()),
        },
    };
    let Some(sent) = unmask(&token) else {
        return Err(format!("The CSRF token of {place} has not the form of one."));
    };
    if bool::from(sent.as_bytes().ct_eq(secret.as_bytes())) {
        Ok(())
    } else {
        Err(format!("The CSRF token of {place} is incorrect."))
    }
}

impl NeutralMiddleware for Csrf {
    fn needs_form(&self, request: &Request) -> bool {
        !is_let_through(request) && request.header(&request.settings().csrf.header_name).is_none()
    }

    fn before(&self, request: &Request) -> Option<Response> {
        if is_let_through(request) {
            return None;
        }
        let reason = check_source(request).and_then(|()| check_token(request)).err()?;
        tracing::warn!(target: "nuages::security::csrf", method = %request.method(), path = request.path(), reason, "a request was refused");
        let message = if request.settings().debug {
            format!("CSRF verification failed: {reason}")
        } else {
            "CSRF verification failed. Request aborted.".to_owned()
        };
        Some(Error::new(http::StatusCode::FORBIDDEN, message).into())
    }

    fn after(&self, request: &Request, response: Response) -> Response {
        let Some(state) = request.get::<State>() else {
            return response;
        };
        let visitor = lock(&state);
        let (true, Some(secret)) = (visitor.used, &visitor.secret) else {
            return response;
        };
        let settings = &request.settings().csrf;
        let mut cookie = Cookie::new(&settings.cookie_name, secret)
            .path(&settings.cookie_path)
            .same_site(settings.cookie_same_site)
            .secure(settings.cookie_secure)
            .http_only(settings.cookie_http_only);
        if let Some(domain) = &settings.cookie_domain {
            cookie = cookie.domain(domain);
        }
        if !settings.cookie_age.is_zero() {
            cookie = cookie.max_age(settings.cookie_age);
        }
        response.cookie(cookie).append_header(header::VARY, "Cookie")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_masked_anew_each_time_and_holds_the_secret() {
        let secret = random_text(LENGTH);
        let (one, other) = (mask(&secret), mask(&secret));
        assert_ne!(one, other);
        assert_eq!(one.len(), 64);
        assert_eq!(unmask(&one), Some(secret.clone()));
        assert_eq!(unmask(&other), Some(secret.clone()));
        assert_eq!(unmask(&secret), Some(secret), "a bare one is taken too");
        for bad in ["", "short", &"é".repeat(16), &"-".repeat(64)] {
            assert_eq!(unmask(bad), None, "{bad}");
        }
    }
}
