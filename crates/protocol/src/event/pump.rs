//! A typed application's WebSocket, for whoever speaks in events: two ends in memory, and messages carried between them.

use std::{future::poll_fn, sync::Arc};

use super::{
    ReceiveEvent, Receiver, Scope, Sender, WebSocketAccept, WebSocketClose, WebSocketData,
    WebSocketHttpResponseBody, WebSocketHttpResponseStart, extension,
};
use crate::{
    Application, BoxError, WebSocketScope,
    websocket::{self, Message, WebSocket, WebSocketError, close_code},
};

pub(super) async fn websocket<A: Application>(
    app: Arc<A>,
    scope: WebSocketScope,
    mut receive: Receiver,
    send: Sender,
) -> Result<(), BoxError> {
    if receive.next().await != ReceiveEvent::WebSocketConnect {
        return Ok(());
    }
    let denials = Scope::from(scope.clone()).offers(extension::DENIAL_RESPONSE);
    match websocket::connect(app, scope).await {
        Ok(socket) => carry(socket, receive, send).await,
        Err(error) => deny(error, denials, &send).await,
    }
}

async fn deny(error: WebSocketError, denials: bool, send: &Sender) -> Result<(), BoxError> {
    if !error.is_denied() {
        return Err(error.into());
    }
    let response = error.into_response().unwrap_or_default();
    if !denials || response.status() == http::StatusCode::FORBIDDEN {
        return Ok(send.send(WebSocketClose::default()).await?);
    }
    let (parts, body) = response.into_parts();
    let mut start = WebSocketHttpResponseStart::new(parts.status);
    start.headers = parts.headers;
    send.send(start).await?;

    Ok(send.send(WebSocketHttpResponseBody::new(body)).await?)
}

async fn carry(socket: WebSocket, mut receive: Receiver, send: Sender) -> Result<(), BoxError> {
    let mut accept = WebSocketAccept::new();
    accept.subprotocol = socket.subprotocol().map(str::to_owned);
    send.send(accept).await?;
    let (sender, mut receiver) = socket.split();
    loop {
        tokio::select! {
            biased;
            message = poll_fn(|cx| receiver.poll_recv(cx)) => {
                let Some(message) = message else {
                    let frame = receiver.closed();
                    let (code, reason) = frame.map_or((close_code::NO_STATUS, String::new()), |frame| (frame.code, frame.reason));
                    // Codes that stand for no code are never sent.
                    let code = match code {
                        close_code::NO_STATUS => close_code::NORMAL,
                        close_code::ABNORMAL => close_code::INTERNAL_ERROR,
                        code => code,
                    };
                    return Ok(send.send(WebSocketClose::new(code, reason)).await?);
                };
                send.send(WebSocketData::from(message)).await?;
            }
            event = receive.next() => match event {
                // Where it was closed meanwhile, the other branch says so.
                ReceiveEvent::WebSocketReceive(data) => drop(sender.send(Message::from(data)).await),
                ReceiveEvent::WebSocketDisconnect(end) => {
                    let code = if end.code == close_code::NO_STATUS { close_code::NORMAL } else { end.code };
                    if sender.close(code, &end.reason).await.is_err() {
                        drop(sender.close(close_code::AWAY, "").await);
                    }
                    // Until the application has heard it.
                    while poll_fn(|cx| receiver.poll_recv(cx)).await.is_some() {}
                    return Ok(());
                }
                _ => {}
            },
        }
    }
}
