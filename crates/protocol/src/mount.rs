//! Two applications as one.

use std::{borrow::Cow, fmt};

use crate::{
    Application, Body, BoxError, HttpScope, Response, State, WebSocketScope, path, websocket::Handshake,
};

/// Puts an application below a path, and another everywhere else.
///
/// The mounted one sees the path in its scope's `root_path`, and its URIs whole, as ASGI has it. Both are started, in
/// this order, and shut down in the other; each request sees the state of both.
///
/// # Examples
///
/// ```
/// use nuages_protocol::{Response, app_fn, mount};
///
/// let api = app_fn(|scope, _| async move { Ok(Response::new(format!("api at {}", scope.root_path).into())) });
/// let pages = app_fn(|_, _| async { Ok(Response::new("a page".into())) });
/// let site = mount("/api", api, pages);
/// # let _ = site;
/// ```
pub fn mount<A, B>(prefix: &str, mounted: A, otherwise: B) -> Mount<A, B>
where
    A: Application,
    B: Application,
{
    Mount {
        prefix: path::prefix(prefix),
        mounted,
        otherwise,
    }
}

/// Two applications as one; [`mount`] makes it.
pub struct Mount<A, B> {
    prefix: String,
    mounted: A,
    otherwise: B,
}

impl<A, B> Mount<A, B> {
    /// Whether a target is the mounted application's; its root path then becomes what it is below.
    fn enter(&self, path: &str, root_path: &mut Cow<'static, str>) -> bool {
        let inside = path::below(path, root_path)
            .and_then(|own| path::below(own, &self.prefix))
            .is_some();
        if inside {
            *root_path = format!("{}{}", root_path.trim_end_matches('/'), self.prefix).into();
        }
        inside
    }
}

impl<A: Application, B: Application> Application for Mount<A, B> {
    async fn http(&self, mut scope: HttpScope, body: Body) -> Result<Response, BoxError> {
        if self.enter(scope.uri.path(), &mut scope.root_path) {
            self.mounted.http(scope, body).await
        } else {
            self.otherwise.http(scope, body).await
        }
    }

    async fn websocket(&self, mut scope: WebSocketScope, handshake: Handshake) -> Result<(), BoxError> {
        if self.enter(scope.uri.path(), &mut scope.root_path) {
            self.mounted.websocket(scope, handshake).await
        } else {
            self.otherwise.websocket(scope, handshake).await
        }
    }

    async fn startup(&self) -> Result<State, BoxError> {
        let mut state = self.otherwise.startup().await?;
        match self.mounted.startup().await {
            Ok(mounted) => {
                state.extend(mounted);
                Ok(state)
            }
            Err(error) => {
                if let Err(second) = self.otherwise.shutdown().await {
                    tracing::error!(error = %second, "an application failed to shut down, after another failed to start");
                }
                Err(error)
            }
        }
    }

    async fn shutdown(&self) -> Result<(), BoxError> {
        let mounted = self.mounted.shutdown().await;
        self.otherwise.shutdown().await?;
        mounted
    }
}

impl<A, B> fmt::Debug for Mount<A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mount")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}
