//! Checks: what is likely to be a mistake, and what is not fit for production.

mod deploy;

use std::fmt;
use std::sync::Arc;

use crate::app::App;

/// What was found by [`App::check`]; it prints one line each.
#[derive(Clone, Debug, Default)]
pub struct Checks {
    messages: Vec<CheckMessage>,
}

/// One thing that a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckMessage {
    /// Its name, such as `security.W004`: Django's, where Django has the same check.
    pub id: &'static str,
    /// What it is about: `security`, `urls`, `settings`, or a word of one's own.
    pub tag: &'static str,
    /// How bad it is.
    pub level: CheckLevel,
    /// What is wrong.
    pub message: String,
    /// What to do about it, if that is not obvious.
    pub hint: Option<String>,
}

/// How bad a thing is that a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CheckLevel {
    /// It may be meant so.
    Warning,
    /// It can't be meant so.
    Error,
}

impl CheckMessage {
    /// A warning.
    pub fn warning(id: &'static str, tag: &'static str, message: impl Into<String>) -> Self {
        Self {
            id,
            tag,
            level: CheckLevel::Warning,
            message: message.into(),
            hint: None,
        }
    }

    /// An error.
    pub fn error(id: &'static str, tag: &'static str, message: impl Into<String>) -> Self {
        Self {
            level: CheckLevel::Error,
            ..Self::warning(id, tag, message)
        }
    }

    /// The same, with what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for CheckMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.id, self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " {hint}"),
            None => Ok(()),
        }
    }
}

/// A check of an application's own, for [`App::add_check`].
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Check, CheckMessage};
///
/// let opening_hours = Check::new(|| vec![CheckMessage::warning("shop.W001", "shop", "The shop is always closed.")]);
/// let found = App::new().add_check(opening_hours).check();
/// assert!(found.iter().any(|message| message.id == "shop.W001"));
/// ```
#[derive(Clone)]
pub struct Check {
    run: Arc<dyn Fn() -> Vec<CheckMessage> + Send + Sync>,
    deploy: bool,
}

impl Check {
    /// A check that always runs.
    pub fn new(check: impl Fn() -> Vec<CheckMessage> + Send + Sync + 'static) -> Self {
        Self {
            run: Arc::new(check),
            deploy: false,
        }
    }

    /// Lets it run before the application goes into production only: by [`App::check_deploy`].
    #[must_use]
    pub fn deploy(mut self) -> Self {
        self.deploy = true;
        self
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check")
            .field("deploy", &self.deploy)
            .finish_non_exhaustive()
    }
}

impl Checks {
    pub(crate) fn of(app: &App, deploy: bool) -> Self {
        let mut messages = Vec::new();
        if let Err(error) = app.clone().build() {
            let problems = error.problems().iter();
            messages.extend(problems.map(|problem| CheckMessage::error("urls.E001", "urls", problem)));
        }
        settings(app, &mut messages);
        if deploy {
            deploy::check(app, &mut messages);
        }
        for check in app.checks.iter().filter(|check| deploy || !check.deploy) {
            messages.extend((check.run)());
        }
        Self { messages }
    }

    /// All that was found.
    pub fn iter(&self) -> impl Iterator<Item = &CheckMessage> {
        self.messages.iter()
    }

    /// What was found about one thing.
    pub fn tagged(&self, tag: &str) -> impl Iterator<Item = &CheckMessage> {
        self.messages.iter().filter(move |message| message.tag == tag)
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Whether any of it can't be meant so.
    pub fn has_errors(&self) -> bool {
        self.messages
            .iter()
            .any(|message| message.level == CheckLevel::Error)
    }
}

impl fmt::Display for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.messages
            .iter()
            .try_for_each(|message| writeln!(f, "{message}"))
    }
}

/// Settings that are well formed, each by itself, and make no sense.
fn settings(app: &App, messages: &mut Vec<CheckMessage>) {
    let settings = &app.settings;
    for origin in &settings.csrf.trusted_origins {
        if !origin.contains("://") {
            messages.push(CheckMessage::error(
                "4_0.E001",
                "settings",
                format!(
                    "`csrf.trusted_origins` holds `{origin}`, which begins with no scheme such as `https://`."
                ),
            ));
        }
    }
    for pattern in &settings.security.redirect_exempt {
        if let Err(error) = regex::Regex::new(pattern) {
            messages.push(CheckMessage::error(
                "settings.E001",
                "settings",
                format!(
                    "`security.redirect_exempt` holds `{pattern}`, which is no regular expression: {error}"
                ),
            ));
        }
    }
    for (key, policy) in [
        ("csp.policy", &settings.csp.policy),
        ("csp.report_only", &settings.csp.report_only),
    ] {
        if policy.contains(|c: char| c.is_control() && c != '\n' && c != '\t') {
            messages.push(CheckMessage::error(
                "security.E026",
                "security",
                format!("`{key}` holds a character that no header can hold."),
            ));
        }
    }
    if settings.csrf.cookie_same_site == crate::response::SameSite::None && !settings.csrf.cookie_secure {
        messages.push(CheckMessage::warning(
            "settings.W001",
            "settings",
            "`csrf.cookie_same_site` is `none`: browsers take such a cookie only with `csrf.cookie_secure`.",
        ));
    }
}
