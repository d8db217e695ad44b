//! WebSockets of the test client.

use http::{Uri, header};
use nuages_protocol::WebSocketScope;
use nuages_protocol::websocket::{self, WebSocket, WebSocketError};

use crate::client::Client;

impl Client {
    /// Opens a WebSocket to `target`, with the cookies that the client has.
    ///
    /// The application runs in a task of its own.
    ///
    /// # Examples
    ///
    /// ```
    /// use nuages_handler::{App, Client, Path, Result, Urls, WebSocket};
    ///
    /// async fn greet(socket: WebSocket, Path(name): Path<String>) -> Result<()> {
    ///     socket.send(format!("bonsoir, {name}")).await?;
    ///     Ok(())
    /// }
    ///
    /// let client = Client::new(App::new().urls(Urls::new().websocket("ws/greet/<str:name>/", greet)));
    /// let mut socket = client.websocket("/ws/greet/Django/").wait()?;
    /// assert_eq!(socket.recv().wait()?.unwrap().as_text(), Some("bonsoir, Django"));
    /// assert!(client.websocket("/ws/nothing/").wait().unwrap_err().is_denied());
    /// # Ok::<(), nuages_handler::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`is_denied`](WebSocketError::is_denied) if the application denies it.
    ///
    /// # Panics
    ///
    /// If `target` is no path.
    #[track_caller]
    pub fn websocket(
        &self,
        target: impl AsRef<str>,
    ) -> nuages_bridge::Op<'static, WebSocket, WebSocketError> {
        let target = target.as_ref();
        let Ok(uri) = target.parse::<Uri>() else {
            panic!("{target:?} is no path");
        };
        let mut scope = WebSocketScope::new(uri);
        scope
            .headers
            .insert(header::HOST, http::HeaderValue::from_static("testserver"));
        scope
            .headers
            .extend(self.cookie_header().map(|cookies| (header::COOKIE, cookies)));
        websocket::connect(self.handler().clone(), scope)
    }
}
