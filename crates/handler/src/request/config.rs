//! What an application says once about all its requests.

use std::fmt;
use std::sync::Arc;

use http::Extensions;

use super::{Limits, Request};
use crate::app::App;
use crate::signing::SigningKey;
use crate::uploads::UploadHandlers;

type MakeHandlers = Arc<dyn Fn(&Request) -> UploadHandlers + Send + Sync>;

/// Shared by all requests of an application.
#[derive(Clone, Default)]
pub(crate) struct RequestConfig {
    pub(crate) limits: Limits,
    pub(crate) uploads: Option<MakeHandlers>,
    pub(crate) key: Option<SigningKey>,
    pub(crate) state: Extensions,
}

impl fmt::Debug for RequestConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestConfig")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl App {
    /// How much of a request is read, and for how long; see [`Limits`] for the defaults.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.requests.limits = limits;
        self
    }

    /// How many bytes of a body are read into memory; a larger one is answered with 413. Default: 2.5 MiB. Short for
    /// [`Limits::body`].
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.requests.limits.body = bytes;
        self
    }

    /// The handlers that take the files of a form, made for each request that has one. Default: [`UploadHandlers::standard`].
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_handler::App;
    /// use nuages_handler::uploads::{Quota, UploadHandlers};
    ///
    /// let app = App::new().upload_handlers(|request| UploadHandlers::standard(request).first(Quota::new(10 << 20)));
    /// # let _ = app;
    /// ```
    pub fn upload_handlers(
        mut self,
        handlers: impl Fn(&Request) -> UploadHandlers + Send + Sync + 'static,
    ) -> Self {
        self.requests.uploads = Some(Arc::new(handlers));
        self
    }

    /// The key by which [cookies are signed](crate::Cookie::signed), with its fallbacks.
    pub fn signing_key(mut self, key: SigningKey) -> Self {
        self.requests.key = Some(key);
        self
    }

    /// Keeps a value of the application's for its views, which take it by [`State`](crate::State). One of each type.
    pub fn state<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
        self.requests.state.insert(value);
        self
    }
}
