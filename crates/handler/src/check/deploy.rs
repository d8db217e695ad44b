//! What is to be looked at before an application goes into production: Django's `check --deploy`, with its ids.

use std::collections::BTreeSet;

use super::CheckMessage;
use crate::app::App;
use crate::middleware::Layer;
use crate::settings::{FrameOptions, OpenerPolicy, Secret};

/// A key is as good as random from this length and this number of different characters on.
const KEY_LENGTH: usize = 50;
const KEY_CHARACTERS: usize = 5;

/// What Django's project template begins its keys with, so that nobody takes one into production.
const INSECURE: &str = "django-insecure-";

pub(super) fn check(app: &App, messages: &mut Vec<CheckMessage>) {
    let settings = &app.settings;
    let layers: Vec<Layer> = app
        .layers
        .iter()
        .filter_map(|layer| layer.clone().built(settings))
        .collect();
    let has = |name: &str| layers.iter().any(|layer| layer.name == name);
    let mut warn = |id, message: &str| messages.push(CheckMessage::warning(id, "security", message));
    let security = &settings.security;
    if has("SecurityHeaders") {
        if security.hsts.is_zero() {
            warn(
                "security.W004",
                "`security.hsts` is zero: the first request of a visitor may go by http. If all of the site is served by https, set it.",
            );
        } else {
            if !security.hsts_include_subdomains {
                warn(
                    "security.W005",
                    "`security.hsts_include_subdomains` is off: a host below this one can still be reached by http.",
                );
            }
            if !security.hsts_preload {
                warn(
                    "security.W021",
                    "`security.hsts_preload` is off: the site can't be put into the browsers' lists.",
                );
            }
        }
        if !security.content_type_nosniff {
            warn(
                "security.W006",
                "`security.content_type_nosniff` is off: a browser may take what a visitor uploaded for a page.",
            );
        }
        if !security.ssl_redirect {
            warn(
                "security.W008",
                "`security.ssl_redirect` is off: unless a proxy redirects to https, the site is served by http as well.",
            );
        }
        if security.referrer_policy.is_empty() {
            warn(
                "security.W022",
                "`security.referrer_policy` is empty: other sites get to know which page a visitor came from.",
            );
        }
        if security.frame_options != FrameOptions::Deny {
            warn(
                "security.W019",
                "`security.frame_options` is not `DENY`: unless parts of the site belong into frames, let it be that.",
            );
        }
        if security.cross_origin_opener_policy == OpenerPolicy::Off {
            warn(
                "security.W024",
                "`security.cross_origin_opener_policy` is off: what this site opens, or is opened by, shares its window.",
            );
        }
    } else {
        warn(
            "security.W001",
            "The application has no `SecurityHeaders` middleware: browsers are told nothing of what they must not do.",
        );
        warn(
            "security.W002",
            "The application has no `SecurityHeaders` middleware, so its pages may stand in the frames of other sites.",
        );
    }
    if has("Csrf") {
        if !settings.csrf.cookie_secure {
            warn(
                "security.W016",
                "`csrf.cookie_secure` is off: the cookie is sent by http as well.",
            );
        }
    } else {
        warn(
            "security.W003",
            "The application has no `Csrf` middleware: other sites can post in the name of a visitor.",
        );
    }
    check_key("security.W009", "`secret_key`", &settings.secret_key, &mut warn);
    for key in &settings.secret_key_fallbacks {
        check_key("security.W025", "A key of `secret_key_fallbacks`", key, &mut warn);
    }
    if settings.debug {
        warn(
            "security.W018",
            "`debug` is on: visitors see what only you should see.",
        );
    }
    if settings.allowed_hosts.is_empty() {
        warn(
            "security.W020",
            "`allowed_hosts` is empty: with `AllowedHosts` the site answers nobody.",
        );
    } else if settings.allowed_hosts.iter().any(|host| host == "*") {
        warn(
            "security.W020",
            "`allowed_hosts` allows every host: whoever asks chooses the host of the links that the site makes.",
        );
    }
    if !has("AllowedHosts") {
        warn(
            "security.W028",
            "The application has no `AllowedHosts` middleware: whoever asks chooses the host of the links that the site makes.",
        );
    }
}

fn check_key(id: &'static str, what: &str, key: &Secret, warn: &mut impl FnMut(&'static str, &str)) {
    let text = key.expose();
    let characters: BTreeSet<char> = text.chars().collect();
    if text.chars().count() < KEY_LENGTH || characters.len() < KEY_CHARACTERS || text.starts_with(INSECURE) {
        warn(
            id,
            &format!(
                "{what} is shorter than {KEY_LENGTH} characters, has fewer than {KEY_CHARACTERS} different ones, or begins with `{INSECURE}`: \
                 what is signed with it can be forged. Make a long random one."
            ),
        );
    }
}
