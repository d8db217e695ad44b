//! Settings: typed sections, read from code, a TOML file and the environment, with every mistake told at once.

mod choices;
mod reader;
mod section;
mod value;

use std::time::Duration;

pub use self::choices::{FrameOptions, OpenerPolicy, ReferrerPolicy};
pub use self::reader::{SettingsError, SettingsReader};
pub use self::section::{KnownSetting, SettingsSection};
pub use self::value::{RawSetting, Secret, SettingValue};
use crate::request::Limits;
use crate::response::SameSite;
use crate::settings_section;
use crate::signing::SigningKey;

/// What stands where a value is nobody's business.
pub(crate) const MASK: &str = "********";

impl Settings {
    /// Each key with its value, secrets masked.
    pub(crate) fn rows(&self) -> Vec<(String, String)> {
        let known = SettingsSection::known(self);
        known
            .into_iter()
            .map(|setting| (setting.key, setting.value))
            .collect()
    }

    /// The key that signs cookies, if there is one.
    pub(crate) fn signing_key(&self) -> Option<SigningKey> {
        if self.secret_key.is_empty() {
            return None;
        }
        let key = SigningKey::new(self.secret_key.expose());
        Some(
            self.secret_key_fallbacks
                .iter()
                .fold(key, |key, old| key.fallback(old.expose())),
        )
    }
}

settings_section! {
    /// What an [`App`](crate::App) is told from outside. Every field has a default; [`App::check`](crate::App::check) says which of them are not
    /// fit for production.
    ///
    /// # Examples
    ///
    /// In code:
    ///
    /// ```
    /// use nuages_handler::{App, Settings};
    ///
    /// let settings = Settings { debug: true, ..Settings::default() };
    /// let app = App::new().settings(settings);
    /// ```
    ///
    /// From a file, and from the environment, which has the last word:
    ///
    /// ```
    /// use nuages_handler::{Settings, SettingsReader};
    ///
    /// let mut reader = SettingsReader::new().toml("a file", "debug = true\n[security]\nhsts = \"365d\"").environment();
    /// let settings = reader.section(Settings::default());
    /// reader.finish()?;
    /// assert!(settings.debug);
    /// # Ok::<(), nuages_handler::SettingsError>(())
    /// ```
    pub struct Settings in "" {
        /// Shows what went wrong to whoever asks, and checks more. Never in production.
        debug: bool = false,
        /// Signs what visitors bring back: cookies, links of password resets. 50 random characters or more.
        secret_key: Secret = Secret::default(),
        /// Keys that were `secret_key` once: what they signed still counts.
        secret_key_fallbacks: Vec<Secret> = Vec::new(),
        /// The hosts that this site may be called by: `example.com`, `.example.com` for it and all below it, `*` for all. Empty: in debug mode this
        /// machine's names, else none.
        allowed_hosts: Vec<String> = Vec::new(),
        /// Answers a path that has no route with a redirect to the one with a slash at its end, where that has a route.
        append_slash: bool = true,
        /// Redirects to the host with `www.` before it.
        prepend_www: bool = false,
        /// Refuses browsers and robots whose `User-Agent` contains one of these texts.
        disallowed_user_agents: Vec<String> = Vec::new(),
        /// Whether the server is behind a proxy that sets `X-Forwarded-Host`. Who else can reach the server can forge it.
        use_forwarded_host: bool = false,
    }
    /// The headers that tell browsers what not to do, and redirects to https.
    security: SecuritySettings,
    /// The content security policy.
    csp: CspSettings,
    /// The protection from requests that other sites make in a visitor's name.
    csrf: CsrfSettings,
    /// How much, how long and how many.
    limits: LimitSettings,
}

settings_section! {
    /// Settings of [`SecurityHeaders`](crate::SecurityHeaders).
    pub struct SecuritySettings in "security" {
        /// How long a browser is to use https alone for this host (HSTS); zero: nothing is said. Start with an hour, end with a year.
        hsts: Duration = Duration::ZERO,
        /// HSTS for all hosts below this one as well.
        hsts_include_subdomains: bool = false,
        /// Lets the host be put into the lists that browsers are shipped with.
        hsts_preload: bool = false,
        /// `X-Content-Type-Options: nosniff`: a browser takes a response for what it says that it is.
        content_type_nosniff: bool = true,
        /// `Referrer-Policy`: what a browser tells other sites of the page that it came from.
        referrer_policy: Vec<ReferrerPolicy> = vec![ReferrerPolicy::SameOrigin],
        /// `Cross-Origin-Opener-Policy`: whether a page shares its window with what other sites open.
        cross_origin_opener_policy: OpenerPolicy = OpenerPolicy::SameOrigin,
        /// `X-Frame-Options`: whether the pages of this site may stand in frames.
        frame_options: FrameOptions = FrameOptions::Deny,
        /// Redirects what came by http to https.
        ssl_redirect: bool = false,
        /// The host that these redirects lead to, if it is another one.
        ssl_host: Option<String> = None,
        /// Paths that are not redirected: regular expressions, without the first slash.
        redirect_exempt: Vec<String> = Vec::new(),
    }
}

settings_section! {
    /// Settings of [`ContentSecurityPolicy`](crate::ContentSecurityPolicy).
    pub struct CspSettings in "csp" {
        /// `Content-Security-Policy`: the whole header; `{nonce}` in it becomes the nonce of the request. Empty: none is sent.
        policy: String = String::new(),
        /// The same for `Content-Security-Policy-Report-Only`.
        report_only: String = String::new(),
    }
}

settings_section! {
    /// Settings of [`Csrf`](crate::Csrf).
    pub struct CsrfSettings in "csrf" {
        /// The cookie that holds the visitor's secret.
        cookie_name: String = "csrftoken".to_owned(),
        /// How long a browser keeps it; zero: until it is closed.
        cookie_age: Duration = Duration::from_secs(60 * 60 * 24 * 7 * 52),
        /// The domain of the cookie, if it is to be shared by several hosts.
        cookie_domain: Option<String> = None,
        /// The path of the cookie.
        cookie_path: String = "/".to_owned(),
        /// Sends the cookie by https alone.
        cookie_secure: bool = false,
        /// Hides the cookie from scripts.
        cookie_http_only: bool = false,
        /// Which requests from other sites bring the cookie along.
        cookie_same_site: SameSite = SameSite::Lax,
        /// The header in which scripts send the token.
        header_name: String = "x-csrftoken".to_owned(),
        /// Wants the token also where the browser says that the request is from a page of this site: Django's rule.
        require_token: bool = false,
        /// Other origins that may post to this site: `https://shop.example.com`, `https://*.example.com`.
        trusted_origins: Vec<String> = Vec::new(),
    }
}

settings_section! {
    /// Limits of a request.
    pub struct LimitSettings in "limits" {
        /// How many bytes of a body are read into memory; a larger one is answered with 413.
        body: usize = 5 * 512 * 1024,
        /// How many fields a form or a query has; more are answered with 400.
        fields: usize = 1000,
        /// How many files a form has; more are answered with 400.
        files: usize = 100,
        /// How many bytes all files of a form together have in memory; the others go to disk.
        file_memory: usize = 5 * 512 * 1024,
        /// How many bytes a form with files has, or a body that is read as a stream; a larger one is answered with 413.
        upload: u64 = 1 << 30,
        /// How long a body may pause; after that it is answered with 408. Zero: for ever.
        body_timeout: Duration = Duration::from_secs(60),
        /// How long a request may take until its response begins; zero: as long as it likes.
        timeout: Duration = Duration::ZERO,
        /// How many requests are worked on at a time; zero: any number.
        concurrency: usize = 0,
        /// How long a request waits for its turn where `concurrency` is reached; after that it is answered with 503.
        queue_time: Duration = Duration::from_secs(1),
    }
}

impl LimitSettings {
    pub(crate) fn of_requests(&self) -> Limits {
        Limits::default()
            .body(self.body)
            .fields(self.fields)
            .files(self.files)
            .file_memory(self.file_memory)
            .upload(self.upload)
            .body_timeout(Some(self.body_timeout).filter(|pause| !pause.is_zero()))
    }
}
