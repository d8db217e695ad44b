//! Small things for every site.

use super::hosts::host_of;
use super::split_host;
use crate::error::Error;
use crate::middleware::NeutralMiddleware;
use crate::request::Request;
use crate::response::Response;
use crate::settings::Settings;

/// Refuses the browsers and robots of [`disallowed_user_agents`](Settings::disallowed_user_agents) with 403, and redirects to the host with `www.` where
/// [`prepend_www`](Settings::prepend_www) says so.
///
/// That a slash is appended is no part of it: an application does so unless [`append_slash`](Settings::append_slash) is off.
#[derive(Clone, Debug)]
pub struct Common {
    agents: Vec<String>,
    www: bool,
    forwarded: bool,
}

impl Common {
    /// As the settings say.
    pub fn from_settings(settings: &Settings) -> Self {
        Self {
            agents: settings.disallowed_user_agents.clone(),
            www: settings.prepend_www,
            forwarded: settings.use_forwarded_host,
        }
    }
}

impl NeutralMiddleware for Common {
    fn before(&self, request: &Request) -> Option<Response> {
        if !self.agents.is_empty()
            && let Some(agent) = request.header("user-agent")
            && self
                .agents
                .iter()
                .any(|disallowed| agent.contains(disallowed.as_str()))
        {
            return Some(Error::forbidden().into());
        }
        if !self.www {
            return None;
        }
        let host = host_of(request, self.forwarded)?;
        let (name, _) = split_host(host)?;
        if name.starts_with("www.") || name.starts_with('[') || name.parse::<std::net::IpAddr>().is_ok() {
            return None;
        }
        let target = request
            .uri()
            .path_and_query()
            .map_or("/", |target| target.as_str());
        Some(Response::new(301).header("location", format!("{}://www.{host}{target}", request.scheme())))
    }
}
