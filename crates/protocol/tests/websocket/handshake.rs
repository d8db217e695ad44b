//! The handshake (RFC 6455, section 4.2).

use http::{HeaderValue, header::SET_COOKIE};
use nuages_protocol::{Response, app_fn};

use crate::support::{FIN, Running, TEXT, accepting, echo, header, request, sockets};

#[tokio::test]
async fn a_proper_request_is_switched_over() {
    let server = Running::start(echo()).await;
    let (_, head) = server.open_with("").await;
    assert_eq!(header(&head, "upgrade"), Some("websocket"));
    assert_eq!(header(&head, "connection"), Some("upgrade"));
    // The example of the RFC, section 1.3.
    assert_eq!(
        header(&head, "sec-websocket-accept"),
        Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    );
    assert_eq!(header(&head, "sec-websocket-protocol"), None);
    assert_eq!(header(&head, "sec-websocket-extensions"), None);
}

#[tokio::test]
async fn what_follows_the_request_at_once_is_read() {
    let server = Running::start(echo()).await;
    let mut raw = server.connect().await;
    let mut bytes = request("").into_bytes();
    bytes.extend(crate::support::frame(FIN | TEXT, b"early"));
    raw.write(&bytes).await;
    raw.head().await;
    raw.expect(FIN | TEXT, b"early").await;
}

#[tokio::test]
async fn another_version_is_told_which_one_is_spoken() {
    let server = Running::start(echo()).await;
    for version in [
        "sec-websocket-version: 8\r\n",
        "sec-websocket-version: 13, 8\r\n",
        "",
    ] {
        let mut raw = server.connect().await;
        let request = request("").replace("sec-websocket-version: 13\r\n", version);
        raw.write(request.as_bytes()).await;
        let (status, head, _) = raw.answer().await;
        assert_eq!(status, 426, "{version}");
        assert_eq!(header(&head, "sec-websocket-version"), Some("13"));
    }
}

#[tokio::test]
async fn a_request_that_is_not_proper_is_a_bad_one() {
    let server = Running::start(echo()).await;
    let proper = request("");
    for (what, with) in [
        ("GET", "POST"),
        ("host: localhost\r\n", ""),
        ("connection: Upgrade", "connection: keep-alive"),
        ("sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""),
        ("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ"),
        ("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ="),
        ("dGhlIHNhbXBsZSBub25jZQ==", "not base64 at all ======"),
    ] {
        let mut raw = server.connect().await;
        raw.write(proper.replace(what, with).as_bytes()).await;
        let (status, ..) = raw.answer().await;
        assert_eq!(status, 400, "{what} -> {with}");
    }
}

#[tokio::test]
async fn a_bad_header_is_a_bad_request() {
    let server = Running::start(echo()).await;
    for bad in [
        &b"x-na\x0bme: a\r\n"[..],
        b"x: a\x0bb\r\n",
        b"x: a\x0cb\r\n",
        b"x: a\x1cb\r\n",
        b"x: a\x1db\r\n",
        b"x: a\x1eb\r\n",
        b"x: a\x85b\r\n",
        b"x: a\xc2\x85b\r\n",
    ] {
        let mut raw = server.connect().await;
        let mut bytes = request("").into_bytes();
        bytes.truncate(bytes.len() - 2);
        bytes.extend_from_slice(bad);
        bytes.extend_from_slice(b"\r\n");
        raw.write(&bytes).await;
        let head = raw.head().await;
        assert!(head.starts_with("HTTP/1.1 400 "), "{bad:x?}: {head}");
    }
}

#[tokio::test]
async fn names_and_tokens_are_read_whatever_their_case_and_company() {
    let server = Running::start(echo()).await;
    let mut raw = server.connect().await;
    let request = request("")
        .replace("upgrade: websocket", "UPGRADE: h2c, WebSocket")
        .replace("connection: Upgrade", "Connection: keep-alive, uPgRaDe");
    raw.write(request.as_bytes()).await;
    assert!(raw.head().await.starts_with("HTTP/1.1 101 "));
}

#[tokio::test]
async fn an_application_without_websockets_denies_them() {
    let server = Running::start(app_fn(|_, _| async { Ok(Response::new("http".into())) })).await;
    let mut raw = server.connect().await;
    raw.write(request("").as_bytes()).await;
    assert_eq!(raw.answer().await.0, 403);
    // The connection is HTTP's still.
    raw.write(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    assert_eq!(raw.answer().await.2, "http");
}

#[tokio::test]
async fn a_denial_has_the_applications_status_headers_and_body() {
    let server = Running::start(sockets(|_, handshake| async move {
        let response = http::Response::builder()
            .status(401)
            .header("www-authenticate", "Bearer")
            .body("members only".into())?;
        handshake.deny(response);
        Ok(())
    }))
    .await;
    let mut raw = server.connect().await;
    raw.write(request("").as_bytes()).await;
    let (status, head, body) = raw.answer().await;
    assert_eq!((status, body.as_str()), (401, "members only"));
    assert_eq!(header(&head, "www-authenticate"), Some("Bearer"));
}

#[tokio::test]
async fn a_denial_with_the_status_of_a_success_is_a_fault() {
    for status in [101, 200, 204] {
        let server = Running::start(sockets(move |_, handshake| async move {
            let mut response = Response::default();
            *response.status_mut() = http::StatusCode::from_u16(status)?;
            handshake.deny(response);
            Ok(())
        }))
        .await;
        let mut raw = server.connect().await;
        raw.write(request("").as_bytes()).await;
        assert_eq!(raw.answer().await.0, 500, "{status}");
    }
}

#[tokio::test]
async fn an_application_that_fails_before_it_answers_is_a_500() {
    let server = Running::start(sockets(|_, handshake| async move {
        let _kept = handshake;
        Err("no".into())
    }))
    .await;
    let mut raw = server.connect().await;
    raw.write(request("").as_bytes()).await;
    assert_eq!(raw.answer().await.0, 500);
}

#[tokio::test]
async fn the_clients_subprotocols_are_in_the_scope_and_one_of_them_is_agreed_on() {
    let server = Running::start(sockets(|scope, handshake| async move {
        assert_eq!(scope.subprotocols, ["chat.v2", "chat.v1"]);
        assert_eq!(handshake.subprotocols(), scope.subprotocols);
        let socket = handshake.subprotocol("chat.v1").accept().await?;
        socket.send(socket.subprotocol().unwrap_or_default()).await?;
        Ok(())
    }))
    .await;
    let (mut raw, head) = server
        .open_with("sec-websocket-protocol: chat.v2, chat.v1\r\n")
        .await;
    assert_eq!(header(&head, "sec-websocket-protocol"), Some("chat.v1"));
    raw.expect(FIN | TEXT, b"chat.v1").await;
}

#[tokio::test]
async fn a_subprotocol_that_was_not_offered_is_an_error_of_the_application() {
    let server = Running::start(sockets(|_, handshake| async move {
        let error = handshake.subprotocol("other").accept().await.unwrap_err();
        assert!(error.is_invalid_accept());
        assert!(error.to_string().contains("other"), "{error}");
        Err(error.into())
    }))
    .await;
    let mut raw = server.connect().await;
    raw.write(request("sec-websocket-protocol: chat\r\n").as_bytes())
        .await;
    assert_eq!(raw.answer().await.0, 500);
}

#[tokio::test]
async fn headers_of_the_accept_are_sent_but_not_the_handshakes_own() {
    let server = Running::start(sockets(|scope, handshake| async move {
        if scope.uri.query() == Some("own") {
            let value = HeaderValue::from_static("chat");
            let error = handshake
                .header(http::header::SEC_WEBSOCKET_PROTOCOL, value)
                .accept()
                .await
                .unwrap_err();
            assert!(error.is_invalid_accept());
            return Err(error.into());
        }
        handshake
            .header(SET_COOKIE, HeaderValue::from_static("a=1"))
            .header(SET_COOKIE, HeaderValue::from_static("b=2"))
            .accept()
            .await?;
        Ok(())
    }))
    .await;
    let (_, head) = server.open_with("").await;
    assert_eq!(head.matches("set-cookie: ").count(), 2, "{head}");
    let mut raw = server.connect().await;
    raw.write(request("").replace("/chat", "/chat?own").as_bytes())
        .await;
    assert_eq!(raw.answer().await.0, 500);
}

#[tokio::test]
async fn plain_requests_are_http_beside_websockets() {
    let server = Running::start(accepting(|_| async { Ok(()) })).await;
    let mut raw = server.connect().await;
    raw.write(b"GET / HTTP/1.1\r\nhost: localhost\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n")
        .await;
    assert_eq!(raw.answer().await.2, "http");
}
