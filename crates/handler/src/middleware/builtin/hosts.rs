//! Which hosts a site answers for.

use http::HeaderName;

use super::{host_matches, split_host};
use crate::client::TestRequest;
use crate::error::{Error, SuspiciousOperation};
use crate::middleware::NeutralMiddleware;
use crate::request::Request;
use crate::response::Response;
use crate::settings::Settings;

const FORWARDED: HeaderName = HeaderName::from_static("x-forwarded-host");

/// What debug mode answers for where nothing is set.
const LOCAL: [&str; 3] = [".localhost", "127.0.0.1", "[::1]"];

/// Refuses requests for hosts that are not [`allowed_hosts`](Settings::allowed_hosts), with 400: whoever builds a URL of the host, such as that of a
/// password reset, can rely on it.
#[derive(Clone, Debug)]
pub struct AllowedHosts {
    hosts: Vec<String>,
    forwarded: bool,
}

impl AllowedHosts {
    /// As the settings say.
    pub fn from_settings(settings: &Settings) -> Self {
        let mut hosts = settings.allowed_hosts.clone();
        if hosts.is_empty() && settings.debug {
            hosts.extend(LOCAL.map(str::to_owned));
        }
        Self {
            hosts,
            forwarded: settings.use_forwarded_host,
        }
    }

    fn is_allowed(&self, host: &str) -> bool {
        split_host(host)
            .is_some_and(|(name, _)| self.hosts.iter().any(|pattern| host_matches(pattern, &name)))
    }
}

/// The host that the client asked for, as far as it can be known.
pub(super) fn host_of(request: &Request, forwarded: bool) -> Option<&str> {
    let proxy = request.headers().get(FORWARDED).filter(|_| forwarded);
    match proxy {
        Some(host) => host.to_str().ok(),
        None => request.host(),
    }
}

impl NeutralMiddleware for AllowedHosts {
    fn before(&self, request: &Request) -> Option<Response> {
        let host = host_of(request, self.forwarded).unwrap_or_default();
        if self.is_allowed(host) {
            return None;
        }
        // The test client's own host, as in Django's test runs.
        if host == "testserver" && request.get::<TestRequest>().is_some() {
            return None;
        }
        tracing::debug!(target: "nuages::security", host, allowed = ?self.hosts, "a host that is not among the setting `allowed_hosts`");
        let refused =
            SuspiciousOperation::new("DisallowedHost", "This server does not answer for such a host.");
        Some(Error::from(refused).into())
    }
}
