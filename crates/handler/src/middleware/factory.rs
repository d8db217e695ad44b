//! Middleware that is made when the application is built, and may decline.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::{IntoMiddleware, Kind, Layer};
use crate::name::short;
use crate::settings::Settings;

pub(crate) type Factory = Arc<dyn Fn(&Settings) -> Layer + Send + Sync>;

/// What a middleware that is not wanted after all says instead of being one: Django's exception of this name.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, MiddlewareNotUsed, NeutralMiddleware, Settings};
///
/// struct Toolbar;
/// impl NeutralMiddleware for Toolbar {}
///
/// fn toolbar(settings: &Settings) -> Result<Toolbar, MiddlewareNotUsed> {
///     if settings.debug { Ok(Toolbar) } else { Err(MiddlewareNotUsed::because("debug mode is off")) }
/// }
///
/// let app = App::new().middleware_from(toolbar).build()?;
/// assert_eq!(app.plan().layers().count(), 0);
/// # Ok::<(), nuages_handler::BuildError>(())
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[error("not used: {reason}")]
pub struct MiddlewareNotUsed {
    reason: Cow<'static, str>,
}

impl MiddlewareNotUsed {
    /// The reason is logged at debug level.
    pub fn because(reason: impl Into<Cow<'static, str>>) -> Self {
        Self {
            reason: reason.into(),
        }
    }
}

/// Marks a middleware that may decline.
#[derive(Debug)]
pub struct Maybe<M>(PhantomData<M>);

#[diagnostic::do_not_recommend]
impl<M, T: IntoMiddleware<M>> IntoMiddleware<Maybe<M>> for Option<T> {
    #[track_caller]
    fn into_middleware(self) -> Layer {
        self.ok_or(MiddlewareNotUsed::because("it is `None`"))
            .into_middleware()
    }
}

#[diagnostic::do_not_recommend]
impl<M, T: IntoMiddleware<M>> IntoMiddleware<Maybe<M>> for Result<T, MiddlewareNotUsed> {
    #[track_caller]
    fn into_middleware(self) -> Layer {
        match self {
            Ok(middleware) => middleware.into_middleware(),
            Err(reason) => Layer::new(Kind::Unused(reason), short(std::any::type_name::<T>()).into()),
        }
    }
}

impl Layer {
    pub(crate) fn from_factory<M, T, F>(factory: F) -> Self
    where
        F: Fn(&Settings) -> T + Send + Sync + 'static,
        T: IntoMiddleware<M>,
    {
        let name = short(std::any::type_name::<F>());
        let make = move |settings: &Settings| factory(settings).into_middleware();
        Self::new(Kind::Factory(Arc::new(make)), name.into())
    }

    /// The layer as it is with these settings; `None` if it declines.
    pub(crate) fn built(self, settings: &Settings) -> Option<Self> {
        match self.kind {
            Kind::Factory(make) => make(settings).built(settings),
            Kind::Unused(why) => {
                tracing::debug!(target: "nuages::middleware", middleware = %self.name, %why, "a middleware was left out");
                None
            }
            _ => Some(self),
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
