//! What an application holds of a WebSocket.

use std::{
    fmt,
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
};

use nuages_bridge::Op;

use super::{
    CloseFrame, Message, PreparedMessage, WebSocketError,
    close::{MAX_REASON, may_be_sent},
    connection::{self, Shared},
    error::Kind,
};

/// A WebSocket: messages both ways until either side closes it.
///
/// Frames, fragments, pings and compression are dealt with below. What the application sees are whole [`Message`]s, and
/// each call is an [`Op`]: awaited by async code, waited for by sync code.
///
/// Once all that belongs to it was dropped, or the application's
/// [`websocket`](crate::Application::websocket) has returned, it is closed with 1000.
///
/// # Examples
///
/// ```
/// use nuages_protocol::{BoxError, websocket::{Message, WebSocket}};
///
/// async fn echo(mut socket: WebSocket) -> Result<(), BoxError> {
///     while let Some(message) = socket.recv().await? {
///         socket.send(message).await?;
///     }
///     Ok(())
/// }
///
/// fn echo_in_sync_code(mut socket: WebSocket) -> Result<(), BoxError> {
///     while let Some(message) = socket.recv().wait()? {
///         socket.send(message).wait()?;
///     }
///     Ok(())
/// }
/// # let _ = (echo, echo_in_sync_code);
/// ```
pub struct WebSocket {
    sender: WebSocketSender,
    receiver: WebSocketReceiver,
    subprotocol: Option<String>,
}

impl WebSocket {
    pub(super) fn new(shared: &Arc<Shared>, subprotocol: Option<String>) -> Self {
        Self {
            sender: WebSocketSender::new(Arc::clone(shared)),
            receiver: WebSocketReceiver::new(Arc::clone(shared)),
            subprotocol,
        }
    }

    /// The subprotocol that was agreed on.
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// The next message; nothing once the WebSocket has ended, however that came. [`closed`](Self::closed) says how.
    ///
    /// What the client had sent before it closed, or vanished, is received first.
    ///
    /// # Errors
    ///
    /// [`SynchronousOnlyOperation`](nuages_bridge::SynchronousOnlyOperation), if it is waited for on an event loop.
    ///
    /// # Cancel safety
    ///
    /// No message is lost when the future is dropped: it may stand in a `select!`.
    ///
    /// # Blocking
    ///
    /// `.wait()` blocks until a message comes, or the end.
    #[track_caller]
    pub fn recv(&mut self) -> Op<'_, Option<Message>, WebSocketError> {
        self.receiver.recv()
    }

    /// Sends a message. It waits while the client is too slow for what was sent before (by default 64 KiB), and
    /// is done once the message has its place in the queue.
    ///
    /// # Errors
    ///
    /// [`is_closed`](WebSocketError::is_closed) once either side has closed. A server doesn't log it as a fault, so it may go
    /// through `?`.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the message was not sent.
    ///
    /// # Blocking
    ///
    /// `.wait()` blocks while the client is too slow.
    #[track_caller]
    pub fn send(&self, message: impl Into<Message>) -> Op<'_, (), WebSocketError> {
        self.sender.send(message)
    }

    /// Closes it with a code, usually 1000, and a reason of 123 bytes at most; see [`close_code`](super::close_code).
    ///
    /// It doesn't wait for the client's answer: [`recv`](Self::recv) does, by returning what the client had sent before, and then
    /// nothing.
    ///
    /// # Errors
    ///
    /// [`is_invalid_close`](WebSocketError::is_invalid_close) for a code or a reason that may not be sent. To close what is closed already is
    /// none.
    #[track_caller]
    pub fn close(&self, code: u16, reason: &str) -> Op<'_, (), WebSocketError> {
        self.sender.close(code, reason)
    }

    /// How it ended, once it has: the client's code and reason, 1005 if it gave none, 1006 if it vanished, and what the server
    /// told the client where that broke the protocol.
    pub fn closed(&self) -> Option<CloseFrame> {
        self.receiver.closed()
    }

    /// Another handle for sending, which can be cloned and given away: to a room, a task, a thread.
    pub fn sender(&self) -> WebSocketSender {
        self.sender.clone()
    }

    /// Takes it apart, for one task that sends and one that receives.
    pub fn split(self) -> (WebSocketSender, WebSocketReceiver) {
        (self.sender, self.receiver)
    }
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket")
            .field("subprotocol", &self.subprotocol)
            .field("closed", &self.closed())
            .finish_non_exhaustive()
    }
}

/// The sending half of a [`WebSocket`]; clones send to the same client, each message whole.
pub struct WebSocketSender {
    shared: Arc<Shared>,
}

impl WebSocketSender {
    fn new(shared: Arc<Shared>) -> Self {
        shared.add_handle();
        Self { shared }
    }

    /// As [`WebSocket::send`].
    ///
    /// # Errors
    ///
    /// As [`WebSocket::send`].
    #[track_caller]
    pub fn send(&self, message: impl Into<Message>) -> Op<'_, (), WebSocketError> {
        let mut message = Some(message.into());
        Op::leaf(
            "WebSocket::send",
            poll_fn(move |cx| {
                self.shared.poll_send(cx, |state| {
                    if let Some(message) = message.take() {
                        connection::push_message(message)(state);
                    }
                })
            }),
        )
    }

    /// Sends a message that was encoded before, and waits as [`send`](Self::send) does. Its bytes are not copied.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::send`].
    #[track_caller]
    pub fn send_prepared<'a>(&'a self, message: &'a PreparedMessage) -> Op<'a, (), WebSocketError> {
        Op::leaf(
            "WebSocket::send_prepared",
            poll_fn(move |cx| self.shared.poll_send(cx, connection::push_prepared(message))),
        )
    }

    /// Sends a message if it needn't wait.
    ///
    /// # Errors
    ///
    /// [`is_full`](WebSocketError::is_full) if the client is too slow for what was sent before: who broadcasts drops the message then, or the
    /// client. [`is_closed`](WebSocketError::is_closed) as with `send`.
    pub fn try_send(&self, message: impl Into<Message>) -> Result<(), WebSocketError> {
        self.shared.try_send(connection::push_message(message.into()))
    }

    /// Sends a message that was encoded before, if it needn't wait. Its bytes are not copied.
    ///
    /// # Errors
    ///
    /// As [`try_send`](Self::try_send).
    pub fn try_send_prepared(&self, message: &PreparedMessage) -> Result<(), WebSocketError> {
        self.shared.try_send(connection::push_prepared(message))
    }

    /// As [`WebSocket::close`].
    ///
    /// # Errors
    ///
    /// As [`WebSocket::close`].
    #[track_caller]
    pub fn close(&self, code: u16, reason: &str) -> Op<'_, (), WebSocketError> {
        if !may_be_sent(code) {
            return Op::ready("WebSocket::close", Err(Kind::CloseCode(code).into()));
        }
        if reason.len() > MAX_REASON {
            return Op::ready("WebSocket::close", Err(Kind::CloseReason(reason.len()).into()));
        }
        let reason = reason.to_owned();
        Op::leaf("WebSocket::close", async move {
            self.shared.close(code, &reason);
            Ok(())
        })
    }

    /// As [`WebSocket::closed`].
    pub fn closed(&self) -> Option<CloseFrame> {
        self.shared.ended()
    }
}

impl Clone for WebSocketSender {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.shared))
    }
}

impl Drop for WebSocketSender {
    fn drop(&mut self) {
        self.shared.remove_handle();
    }
}

impl fmt::Debug for WebSocketSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketSender")
            .field("closed", &self.closed())
            .finish_non_exhaustive()
    }
}

/// The receiving half of a [`WebSocket`]. Once it is dropped, what the client sends is thrown away.
pub struct WebSocketReceiver {
    shared: Arc<Shared>,
}

impl WebSocketReceiver {
    fn new(shared: Arc<Shared>) -> Self {
        shared.add_handle();
        Self { shared }
    }

    /// As [`WebSocket::recv`].
    ///
    /// # Errors
    ///
    /// As [`WebSocket::recv`].
    #[track_caller]
    pub fn recv(&mut self) -> Op<'_, Option<Message>, WebSocketError> {
        Op::leaf("WebSocket::recv", poll_fn(|cx| self.poll_recv(cx).map(Ok)))
    }

    /// The next message, as [`recv`](Self::recv), for a future written by hand.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        self.shared.poll_recv(cx)
    }

    /// As [`WebSocket::closed`].
    pub fn closed(&self) -> Option<CloseFrame> {
        self.shared.ended()
    }
}

impl Drop for WebSocketReceiver {
    fn drop(&mut self) {
        self.shared.remove_receiver();
        self.shared.remove_handle();
    }
}

impl fmt::Debug for WebSocketReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketReceiver")
            .field("closed", &self.closed())
            .finish_non_exhaustive()
    }
}
