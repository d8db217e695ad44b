//! The headers that tell browsers what not to do.

use http::{HeaderName, HeaderValue, header};
use regex::RegexSet;

use super::hosts::host_of;
use crate::middleware::NeutralMiddleware;
use crate::request::Request;
use crate::response::Response;
use crate::settings::{FrameOptions, OpenerPolicy, Settings};

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// Sends HSTS, `X-Content-Type-Options`, `Referrer-Policy`, `Cross-Origin-Opener-Policy` and `X-Frame-Options`, and redirects to https, as
/// [`Settings::security`] says. A header that the response has already stays as it is.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, SecurityHeaders, Settings, Urls};
///
/// let app = App::new()
///     .middleware_from(SecurityHeaders::from_settings)
///     .urls(Urls::new().path("", || "bonsoir"));
/// let response = Client::new(app).get("/").wait()?;
/// assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
/// assert_eq!(response.header("x-frame-options"), Some("DENY"));
/// # Ok::<(), nuages_handler::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SecurityHeaders {
    headers: Vec<(HeaderName, HeaderValue)>,
    hsts: Option<HeaderValue>,
    redirect: Option<Redirect>,
}

#[derive(Clone, Debug)]
struct Redirect {
    host: Option<String>,
    exempt: RegexSet,
    forwarded: bool,
}

impl SecurityHeaders {
    /// As the settings say.
    pub fn from_settings(settings: &Settings) -> Self {
        let security = &settings.security;
        let mut headers = Vec::new();
        if security.content_type_nosniff {
            headers.push((
                header::X_CONTENT_TYPE_OPTIONS,
                HeaderValue::from_static("nosniff"),
            ));
        }
        let policies: Vec<&str> = security
            .referrer_policy
            .iter()
            .map(|policy| policy.as_str())
            .collect();
        if let Ok(value) = HeaderValue::from_str(&policies.join(","))
            && !policies.is_empty()
        {
            headers.push((header::REFERRER_POLICY, value));
        }
        if security.cross_origin_opener_policy != OpenerPolicy::Off {
            let value = HeaderValue::from_static(security.cross_origin_opener_policy.as_str());
            headers.push((OPENER_POLICY, value));
        }
        if security.frame_options != FrameOptions::Off {
            let value = HeaderValue::from_static(security.frame_options.as_str());
            headers.push((header::X_FRAME_OPTIONS, value));
        }
        let hsts = (!security.hsts.is_zero()).then(|| {
            let mut text = format!("max-age={}", security.hsts.as_secs());
            if security.hsts_include_subdomains {
                text.push_str("; includeSubDomains");
            }
            if security.hsts_preload {
                text.push_str("; preload");
            }
            text
        });
        let exempt = RegexSet::new(&security.redirect_exempt).unwrap_or_else(|error| {
            tracing::error!(target: "nuages::settings", %error, "`security.redirect_exempt` is not used");
            RegexSet::empty()
        });
        Self {
            headers,
            hsts: hsts.and_then(|text| HeaderValue::from_str(&text).ok()),
            redirect: security.ssl_redirect.then(|| Redirect {
                host: security.ssl_host.clone(),
                exempt,
                forwarded: settings.use_forwarded_host,
            }),
        }
    }
}

impl NeutralMiddleware for SecurityHeaders {
    fn before(&self, request: &Request) -> Option<Response> {
        let redirect = self.redirect.as_ref().filter(|_| !request.scheme().is_secure())?;
        if redirect.exempt.is_match(request.path().trim_start_matches('/')) {
            return None;
        }
        let host = redirect
            .host
            .as_deref()
            .or_else(|| host_of(request, redirect.forwarded))?;
        let target = request
            .uri()
            .path_and_query()
            .map_or("/", |target| target.as_str());
        Some(Response::new(301).header("location", format!("https://{host}{target}")))
    }

    fn after(&self, request: &Request, mut response: Response) -> Response {
        let headers = response.headers_mut();
        for (name, value) in &self.headers {
            headers.entry(name).or_insert_with(|| value.clone());
        }
        if let Some(hsts) = &self.hsts
            && request.scheme().is_secure()
        {
            headers
                .entry(header::STRICT_TRANSPORT_SECURITY)
                .or_insert_with(|| hsts.clone());
        }
        response
    }
}
