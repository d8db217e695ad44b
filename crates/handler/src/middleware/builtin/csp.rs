//! The content security policy, with a nonce for each request.

use http::{HeaderName, HeaderValue, header};

use super::random_text;
use crate::middleware::{MiddlewareNotUsed, NeutralMiddleware};
use crate::request::Request;
use crate::response::Response;
use crate::settings::Settings;

/// Sends [`csp.policy`](crate::CspSettings::policy) and [`csp.report_only`](crate::CspSettings::report_only). In both, `{nonce}` becomes the nonce of the
/// request, which a page gets by [`csp_nonce`]. A header that the response has already stays as it is.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Client, ContentSecurityPolicy, Html, Request, Settings, Urls, csp_nonce};
///
/// fn home(request: Request) -> Html<String> {
///     Html(format!("<script nonce=\"{}\">1</script>", csp_nonce(&request)))
/// }
///
/// let mut settings = Settings::default();
/// settings.csp.policy = "script-src 'nonce-{nonce}'".to_owned();
/// let app = App::new()
///     .settings(settings)
///     .middleware_from(ContentSecurityPolicy::from_settings)
///     .urls(Urls::new().path("", home));
/// let response = Client::new(app).get("/").wait()?;
/// let nonce = response.text().split('"').nth(1).unwrap_or_default();
/// let policy = format!("script-src 'nonce-{nonce}'");
/// assert_eq!(response.header("content-security-policy"), Some(policy.as_str()));
/// # Ok::<(), nuages_handler::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ContentSecurityPolicy {
    headers: Vec<(HeaderName, Policy)>,
}

#[derive(Clone, Debug)]
enum Policy {
    Fixed(HeaderValue),
    /// With `{nonce}` in it.
    WithNonce(String),
}

const NONCE: &str = "{nonce}";

/// Among a request's values.
#[derive(Clone)]
struct Nonce(String);

impl ContentSecurityPolicy {
    /// As the settings say.
    ///
    /// # Errors
    ///
    /// Where they have no policy, or one that no header can hold: then this middleware is not used.
    pub fn from_settings(settings: &Settings) -> Result<Self, MiddlewareNotUsed> {
        let mut headers = Vec::new();
        for (name, text) in [
            (header::CONTENT_SECURITY_POLICY, &settings.csp.policy),
            (
                header::CONTENT_SECURITY_POLICY_REPORT_ONLY,
                &settings.csp.report_only,
            ),
        ] {
            // A file may have it on several lines.
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            if text.is_empty() {
                continue;
            }
            let Ok(value) = HeaderValue::from_str(&text) else {
                tracing::error!(target: "nuages::settings", header = %name, "the policy is not sent: a header can't hold it");
                continue;
            };
            let policy = if text.contains(NONCE) {
                Policy::WithNonce(text)
            } else {
                Policy::Fixed(value)
            };
            headers.push((name, policy));
        }
        if headers.is_empty() {
            return Err(MiddlewareNotUsed::because(
                "the settings have no content security policy",
            ));
        }
        Ok(Self { headers })
    }
}

/// The nonce of a request, for `<script nonce="..">` and `<style nonce="..">`: the same however often it is asked for.
pub fn csp_nonce(request: &Request) -> String {
    if let Some(Nonce(nonce)) = request.get() {
        return nonce;
    }
    let nonce = random_text(24);
    request.insert(Nonce(nonce.clone()));
    nonce
}

impl NeutralMiddleware for ContentSecurityPolicy {
    fn after(&self, request: &Request, mut response: Response) -> Response {
        for (name, policy) in &self.headers {
            if response.headers().contains_key(name) {
                continue;
            }
            let value = match policy {
                Policy::Fixed(value) => value.clone(),
                // A page without a nonce gets one that nobody knows, which allows nothing.
                Policy::WithNonce(text) => {
                    match HeaderValue::from_str(&text.replace(NONCE, &csp_nonce(request))) {
                        Ok(value) => value,
                        Err(error) => {
                            tracing::error!(target: "nuages::settings", %error, "the content security policy is not sent");
                            continue;
                        }
                    }
                }
            };
            response.headers_mut().insert(name, value);
        }
        response
    }
}
