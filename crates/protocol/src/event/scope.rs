//! What an event application is called with first.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use super::{EventError, Map, Value};
use crate::{BoxError, HttpScope, State, WebSocketScope};

/// What a call of an event application is about.
///
/// An application fails on a scope that it does not know, as ASGI asks for; [`unsupported`](Self::unsupported) makes the error.
/// A server takes the failure of a lifespan scope as "this application has no lifespan".
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Scope {
    /// A request.
    Http(HttpScope),
    /// A WebSocket.
    WebSocket(WebSocketScope),
    /// The life of the application, from startup to shutdown.
    Lifespan(LifespanScope),
    /// A protocol that this crate does not know.
    Custom(CustomScope),
}

impl Scope {
    /// The `type` of the scope, as ASGI names it.
    pub fn kind(&self) -> &str {
        match self {
            Self::Http(_) => "http",
            Self::WebSocket(_) => "websocket",
            Self::Lifespan(_) => "lifespan",
            Self::Custom(scope) => &scope.kind,
        }
    }

    /// The error with which an application refuses a scope that is not for it.
    pub fn unsupported(&self) -> BoxError {
        EventError::new(format!(
            "this application does not support scopes of type `{}`",
            self.kind()
        ))
        .into()
    }

    /// Whether the server offers this extension of ASGI, such as [`extension::TRAILERS`].
    pub fn offers(&self, extension: &str) -> bool {
        let tls = match self {
            Self::Http(scope) => scope.tls.is_some(),
            Self::WebSocket(scope) => scope.tls.is_some(),
            Self::Lifespan(_) | Self::Custom(_) => false,
        };
        (tls && extension == self::extension::TLS)
            || self
                .offered()
                .is_some_and(|offered| offered.get(extension).is_some())
    }

    /// The extensions of ASGI that the server offers; none where it says nothing.
    pub fn offered(&self) -> Option<&Offered> {
        self.extensions()?.get()
    }

    /// The version of ASGI's HTTP and WebSocket specification that the server speaks.
    pub fn spec_version(&self) -> &str {
        self.extensions()
            .and_then(|extensions| extensions.get::<SpecVersion>())
            .map_or(SPEC_VERSION, |version| &version.0)
    }

    fn extensions(&self) -> Option<&http::Extensions> {
        match self {
            Self::Http(scope) => Some(&scope.extensions),
            Self::WebSocket(scope) => Some(&scope.extensions),
            Self::Lifespan(_) | Self::Custom(_) => None,
        }
    }
}

/// The version of ASGI that this crate speaks.
pub(crate) const VERSION: &str = "3.0";
/// The version of its HTTP and WebSocket part.
pub(crate) const SPEC_VERSION: &str = "2.5";

/// What another server said that it speaks, among a scope's extensions.
#[derive(Clone, Debug)]
pub(crate) struct SpecVersion(pub(crate) Cow<'static, str>);

/// The names of ASGI's extensions.
pub mod extension {
    /// A WebSocket may be denied by a response of the application's own.
    pub const DENIAL_RESPONSE: &str = "websocket.http.response";
    /// Headers after a response's body.
    pub const TRAILERS: &str = "http.response.trailers";
    /// A file by its path as a response's body.
    pub const PATH_SEND: &str = "http.response.pathsend";
    /// Parts of an open file as a response's body.
    pub const ZERO_COPY_SEND: &str = "http.response.zerocopysend";
    /// Links to preload, ahead of the response.
    pub const EARLY_HINT: &str = "http.response.early_hint";
    /// What a test wants to know of a response.
    pub const DEBUG: &str = "http.response.debug";
    /// What is known of the connection's encryption.
    pub const TLS: &str = "tls";
}

/// The extensions of ASGI that a server offers with a scope: it is among the scope's
/// [`extensions`](HttpScope::extensions), by its type.
///
/// # Examples
///
/// ```
/// use nuages_protocol::event::{Offered, extension};
///
/// let offered = Offered::new().with(extension::TRAILERS);
/// assert!(offered.get(extension::TRAILERS).is_some());
/// assert!(offered.get(extension::PATH_SEND).is_none());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Offered {
    // Shared, since each scope of a server has a copy.
    extensions: Arc<BTreeMap<Cow<'static, str>, Map>>,
}

impl Offered {
    /// No extension.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more extension, about which there is nothing to say.
    #[must_use]
    pub fn with(self, extension: impl Into<Cow<'static, str>>) -> Self {
        self.with_info(extension, Map::new())
    }

    /// One more extension, with what the server has to say.
    #[must_use]
    pub fn with_info(mut self, extension: impl Into<Cow<'static, str>>, info: Map) -> Self {
        Arc::make_mut(&mut self.extensions).insert(extension.into(), info);
        self
    }

    /// What the server says of an extension, if it offers it.
    pub fn get(&self, extension: &str) -> Option<&Map> {
        self.extensions.get(extension)
    }

    /// The names of all of them, with what the server says.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Map)> {
        self.extensions.iter().map(|(name, info)| (name.as_ref(), info))
    }
}

/// The life of an application.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct LifespanScope {
    /// What the application leaves for its requests.
    pub state: LifespanState,
}

impl LifespanScope {
    /// A life that has just begun.
    pub fn new() -> Self {
        Self::default()
    }
}

/// The [`State`] while the application starts: filled in by it, read by the server once the startup is complete.
///
/// # Examples
///
/// ```
/// use nuages_protocol::event::LifespanState;
///
/// let state = LifespanState::default();
/// state.insert("bonsoir".to_owned());
/// assert_eq!(state.snapshot().get::<String>().unwrap(), "bonsoir");
/// ```
#[derive(Clone, Default)]
pub struct LifespanState {
    state: Arc<Mutex<State>>,
}

impl LifespanState {
    /// Sets the value of this type, for every request that comes after the startup.
    pub fn insert<T: Send + Sync + 'static>(&self, value: T) {
        self.lock().insert(value);
    }

    /// What is in it now.
    pub fn snapshot(&self) -> State {
        self.lock().clone()
    }

    pub(crate) fn replace(&self, state: State) {
        *self.lock() = state;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for LifespanState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.snapshot().fmt(f)
    }
}

/// A scope of a protocol that this crate does not know: its `type` and its other keys.
///
/// ASGI is made for more than the web: a server for chat bots or for datagrams has scopes of its own.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CustomScope {
    /// The `type` of the scope.
    pub kind: String,
    /// Its other keys.
    pub fields: Map,
}

impl CustomScope {
    /// A scope without keys besides its type.
    pub fn new(kind: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            fields: Map::new(),
        }
    }

    /// The same scope with one more key.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.fields.insert(key.into(), value.into());
        self
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.fields.get(key)
    }
}

impl From<HttpScope> for Scope {
    fn from(scope: HttpScope) -> Self {
        Self::Http(scope)
    }
}

impl From<WebSocketScope> for Scope {
    fn from(scope: WebSocketScope) -> Self {
        Self::WebSocket(scope)
    }
}

impl From<LifespanScope> for Scope {
    fn from(scope: LifespanScope) -> Self {
        Self::Lifespan(scope)
    }
}

impl From<CustomScope> for Scope {
    fn from(scope: CustomScope) -> Self {
        Self::Custom(scope)
    }
}
