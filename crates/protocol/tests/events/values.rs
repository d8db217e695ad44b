//! Scopes and events as dictionaries: every row of ASGI's tables, there and back.

use http::{Method, Version};
use nuages_protocol::{
    HttpScope, Scheme, WebSocketScope,
    event::{
        CustomEvent, CustomScope, HttpRequest, HttpResponseBody, HttpResponseDebug, HttpResponseEarlyHint,
        HttpResponsePathSend, HttpResponseStart, HttpResponseTrailers, HttpResponseZeroCopySend, Map,
        Offered, ReceiveEvent, Scope, SendEvent, Value, WebSocketAccept, WebSocketClose, WebSocketData,
        WebSocketDisconnect, WebSocketHttpResponseBody, WebSocketHttpResponseStart, extension,
    },
};

fn map<const N: usize>(pairs: [(&str, Value); N]) -> Map {
    pairs.map(|(key, value)| (key.to_owned(), value)).into()
}

fn bytes(text: &str) -> Value {
    text.as_bytes().to_vec().into()
}

fn headers<const N: usize>(pairs: [(&str, &str); N]) -> Value {
    Value::List(
        pairs
            .map(|(name, value)| Value::List(vec![bytes(name), bytes(value)]))
            .to_vec(),
    )
}

/// The type, the keys as the table has them, and the event with every key at its default.
fn sent() -> Vec<(&'static str, Map, SendEvent)> {
    vec![
        (
            "http.response.start",
            map([("status", 200.into())]),
            HttpResponseStart::new(200).into(),
        ),
        (
            "http.response.start",
            map([
                ("status", 404.into()),
                (
                    "headers",
                    headers([("set-cookie", "a=1"), ("set-cookie", "b=2"), ("x-raw", "\u{e9}")]),
                ),
                ("trailers", true.into()),
            ]),
            HttpResponseStart::new(404)
                .header("set-cookie", "a=1")
                .header("set-cookie", "b=2")
                .header("x-raw", "\u{e9}".as_bytes())
                .trailers()
                .into(),
        ),
        ("http.response.body", map([]), HttpResponseBody::default().into()),
        (
            "http.response.body",
            map([("body", bytes("bonsoir")), ("more_body", true.into())]),
            HttpResponseBody::new("bonsoir").more().into(),
        ),
        (
            "http.response.trailers",
            map([]),
            HttpResponseTrailers::new().into(),
        ),
        (
            "http.response.trailers",
            map([
                ("headers", headers([("x-sum", "7")])),
                ("more_trailers", true.into()),
            ]),
            HttpResponseTrailers::new().header("x-sum", "7").more().into(),
        ),
        (
            "http.response.pathsend",
            map([("path", "/tmp/a".into())]),
            HttpResponsePathSend::new("/tmp/a").into(),
        ),
        (
            "http.response.early_hint",
            map([("links", Value::List(vec![bytes("</a.css>; rel=preload")]))]),
            HttpResponseEarlyHint::new(["</a.css>; rel=preload"]).into(),
        ),
        (
            "http.response.debug",
            map([("info", Value::Map(map([("template", "a.html".into())])))]),
            HttpResponseDebug::new(map([("template", "a.html".into())])).into(),
        ),
        ("websocket.accept", map([]), WebSocketAccept::new().into()),
        (
            "websocket.accept",
            map([
                ("subprotocol", "chat".into()),
                ("headers", headers([("x-a", "1")])),
            ]),
            WebSocketAccept::new()
                .subprotocol("chat")
                .header("x-a", "1")
                .into(),
        ),
        (
            "websocket.send",
            map([("text", "bonsoir".into())]),
            WebSocketData::from("bonsoir").into(),
        ),
        (
            "websocket.send",
            map([("bytes", bytes("bonsoir")), ("text", Value::Null)]),
            WebSocketData::from(b"bonsoir".to_vec()).into(),
        ),
        ("websocket.close", map([]), WebSocketClose::new(1000, "").into()),
        (
            "websocket.close",
            map([("code", 4001.into()), ("reason", "later".into())]),
            WebSocketClose::new(4001, "later").into(),
        ),
        (
            "websocket.http.response.start",
            map([("status", 401.into()), ("headers", headers([("x-a", "1")]))]),
            WebSocketHttpResponseStart::new(401).header("x-a", "1").into(),
        ),
        (
            "websocket.http.response.body",
            map([]),
            WebSocketHttpResponseBody::default().into(),
        ),
        (
            "websocket.http.response.body",
            map([("body", bytes("no")), ("more_body", true.into())]),
            WebSocketHttpResponseBody::new("no").more().into(),
        ),
        (
            "lifespan.startup.complete",
            map([]),
            SendEvent::LifespanStartupComplete,
        ),
        (
            "lifespan.startup.failed",
            map([]),
            SendEvent::LifespanStartupFailed(String::new()),
        ),
        (
            "lifespan.startup.failed",
            map([("message", "no guitar".into())]),
            SendEvent::LifespanStartupFailed("no guitar".to_owned()),
        ),
        (
            "lifespan.shutdown.complete",
            map([]),
            SendEvent::LifespanShutdownComplete,
        ),
        (
            "lifespan.shutdown.failed",
            map([("message", "no guitar".into())]),
            SendEvent::LifespanShutdownFailed("no guitar".to_owned()),
        ),
        (
            "telegram.reply",
            map([("text", "bonsoir".into()), ("silent", Value::Null)]),
            CustomEvent::new("telegram.reply")
                .with("text", "bonsoir")
                .with("silent", Value::Null)
                .into(),
        ),
    ]
}

fn received() -> Vec<(&'static str, Map, ReceiveEvent)> {
    vec![
        ("http.request", map([]), HttpRequest::default().into()),
        (
            "http.request",
            map([("body", bytes("bonsoir")), ("more_body", true.into())]),
            HttpRequest::new("bonsoir").more().into(),
        ),
        ("http.disconnect", map([]), ReceiveEvent::HttpDisconnect),
        ("websocket.connect", map([]), ReceiveEvent::WebSocketConnect),
        (
            "websocket.receive",
            map([("text", "bonsoir".into()), ("bytes", Value::Null)]),
            WebSocketData::from("bonsoir").into(),
        ),
        (
            "websocket.receive",
            map([("bytes", bytes(""))]),
            WebSocketData::from(Vec::new()).into(),
        ),
        (
            "websocket.disconnect",
            map([]),
            WebSocketDisconnect::new(1005, "").into(),
        ),
        (
            "websocket.disconnect",
            map([("code", 1001.into()), ("reason", "away".into())]),
            WebSocketDisconnect::new(1001, "away").into(),
        ),
        ("lifespan.startup", map([]), ReceiveEvent::LifespanStartup),
        ("lifespan.shutdown", map([]), ReceiveEvent::LifespanShutdown),
        (
            "telegram.message",
            map([("text", "bonsoir".into())]),
            CustomEvent::new("telegram.message")
                .with("text", "bonsoir")
                .into(),
        ),
    ]
}

fn with_type(kind: &str, mut keys: Map) -> Value {
    keys.insert("type".to_owned(), kind.into());
    keys.into()
}

#[test]
fn every_event_is_read_with_the_tables_defaults_and_written_back() {
    for (kind, keys, event) in sent() {
        assert_eq!(event.kind(), kind);
        assert_eq!(
            SendEvent::from_value(with_type(kind, keys)).unwrap(),
            event,
            "{kind}"
        );
        assert_eq!(
            SendEvent::from_value(event.to_value().unwrap()).unwrap(),
            event,
            "{kind}"
        );
    }
    for (kind, keys, event) in received() {
        assert_eq!(event.kind(), kind);
        assert_eq!(
            ReceiveEvent::from_value(with_type(kind, keys)).unwrap(),
            event,
            "{kind}"
        );
        assert_eq!(
            ReceiveEvent::from_value(event.to_value()).unwrap(),
            event,
            "{kind}"
        );
    }
}

#[test]
fn keys_that_are_not_in_the_tables_are_passed_over() {
    for (kind, mut keys, event) in sent() {
        if !kind.starts_with("telegram") {
            keys.insert("later_version".to_owned(), Value::List(vec![Value::Null]));
            assert_eq!(
                SendEvent::from_value(with_type(kind, keys)).unwrap(),
                event,
                "{kind}"
            );
        }
    }
}

#[test]
fn what_is_missing_or_of_the_wrong_type_is_named() {
    for (kind, keys, told) in [
        (
            "http.response.start",
            map([]),
            "`http.response.start` has no `status`",
        ),
        (
            "http.response.start",
            map([("status", "200".into())]),
            "`status` of `http.response.start` is a string",
        ),
        (
            "http.response.start",
            map([("status", 70_000.into())]),
            "not an integer of that range",
        ),
        (
            "http.response.start",
            map([("status", 1000.into())]),
            "not a status of HTTP",
        ),
        (
            "http.response.start",
            map([
                ("status", 200.into()),
                ("headers", headers([("x-split", "a\r\nb")])),
            ]),
            "each a valid header",
        ),
        (
            "http.response.body",
            map([("body", "text".into())]),
            "`body` of `http.response.body` is a string, not bytes",
        ),
        (
            "http.response.body",
            map([("more_body", 1.into())]),
            "not a boolean",
        ),
        ("http.response.pathsend", map([]), "has no `path`"),
        ("http.response.debug", map([]), "has no `info`"),
        ("websocket.send", map([]), "exactly one of `text` and `bytes`"),
        (
            "websocket.send",
            map([("text", "a".into()), ("bytes", bytes("a"))]),
            "exactly one of `text` and `bytes`",
        ),
        ("http.response.push", map([("path", "/".into())]), "not offered"),
        (
            "http.response.zerocopysend",
            map([("file", 3.into())]),
            "another process",
        ),
    ] {
        let error = SendEvent::from_value(with_type(kind, keys))
            .unwrap_err()
            .to_string();
        assert!(error.contains(told), "{kind}: {error}");
    }
    assert!(SendEvent::from_value(Value::Null).is_err());
    assert!(
        SendEvent::from_value(Value::Map(Map::new()))
            .unwrap_err()
            .to_string()
            .contains("no `type`")
    );
}

#[test]
fn an_open_file_stays_in_its_process() {
    let file = tempfile::tempfile().unwrap();
    let event = SendEvent::from(HttpResponseZeroCopySend::new(file));
    assert!(
        event
            .to_value()
            .unwrap_err()
            .to_string()
            .contains("can't leave its process")
    );
}

#[test]
fn infinite_numbers_are_no_values() {
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(Value::try_from(number).is_err());
    }
    assert!(Value::try_from(f64::MAX).is_ok());
}

fn http_scope() -> HttpScope {
    let mut scope = HttpScope::new(Method::PUT, "/shop/caf%C3%A9%2F?q=%20&q".parse().unwrap());
    scope.version = Version::HTTP_2;
    scope.scheme = Scheme::Https;
    for value in ["a=1", "b=2"] {
        scope.headers.append("cookie", value.parse().unwrap());
    }
    scope.client = Some(std::net::SocketAddr::from(([192, 0, 2, 1], 4711)).into());
    scope.server = Some("[::1]:443".parse::<std::net::SocketAddr>().unwrap().into());
    scope.root_path = "/shop".into();
    scope.extensions.insert(Offered::new().with(extension::TRAILERS));
    scope
}

#[test]
fn a_request_is_written_as_the_table_says() {
    let Value::Map(written) = Scope::from(http_scope()).to_value() else {
        unreachable!()
    };
    for (key, value) in [
        ("type", "http".into()),
        ("http_version", "2".into()),
        ("method", "PUT".into()),
        ("scheme", "https".into()),
        ("path", "/shop/café/".into()),
        ("raw_path", bytes("/shop/caf%C3%A9%2F")),
        ("query_string", bytes("q=%20&q")),
        ("root_path", "/shop".into()),
        ("headers", headers([("cookie", "a=1"), ("cookie", "b=2")])),
        ("client", Value::List(vec!["192.0.2.1".into(), 4711.into()])),
        ("server", Value::List(vec!["::1".into(), 443.into()])),
        (
            "extensions",
            Value::Map(map([("http.response.trailers", Map::new().into())])),
        ),
        (
            "asgi",
            Value::Map(map([("version", "3.0".into()), ("spec_version", "2.5".into())])),
        ),
    ] {
        assert_eq!(written.get(key), Some(&value), "{key}");
    }
}

#[test]
fn scopes_come_back_as_they_were() {
    let Scope::Http(back) = Scope::from_value(Scope::from(http_scope()).to_value()).unwrap() else {
        panic!("another type")
    };
    let scope = http_scope();
    assert_eq!(
        (&back.method, &back.uri, back.version),
        (&scope.method, &scope.uri, scope.version)
    );
    assert_eq!(back.headers, scope.headers);
    assert_eq!(back.connection_info(), scope.connection_info());
    assert!(Scope::from(back).offers(extension::TRAILERS));

    let mut socket = WebSocketScope::from(http_scope());
    socket.subprotocols = vec!["chat.v2".to_owned(), "chat.v1".to_owned()];
    let Scope::WebSocket(back) = Scope::from_value(Scope::from(socket.clone()).to_value()).unwrap() else {
        panic!("another type")
    };
    assert_eq!(
        (&back.uri, back.scheme, &back.subprotocols),
        (&socket.uri, Scheme::Wss, &socket.subprotocols)
    );

    let custom = CustomScope::new("telegram").with("user", 7);
    let Scope::Custom(back) = Scope::from_value(Scope::from(custom.clone()).to_value()).unwrap() else {
        panic!("another type")
    };
    assert_eq!(back, custom);
    assert_eq!(
        Scope::from_value(with_type("lifespan", map([]))).unwrap().kind(),
        "lifespan"
    );
}

#[test]
fn tls_is_an_extension_of_encrypted_connections_alone() {
    let mut info = nuages_protocol::TlsInfo::default();
    info.version = Some(0x0304);
    info.client_cert_name = Some("CN=ann".to_owned());
    info.client_cert_chain = vec!["PEM".to_owned()];
    let mut scope = http_scope();
    assert!(!Scope::from(scope.clone()).offers(extension::TLS));
    scope.tls = Some(info.clone().into());
    let scope = Scope::from(scope);
    assert!(scope.offers(extension::TLS));
    let Value::Map(written) = scope.to_value() else {
        unreachable!()
    };
    let Value::Map(extensions) = &written["extensions"] else {
        unreachable!()
    };
    let expected = map([
        ("server_cert", Value::Null),
        ("client_cert_chain", Value::List(vec!["PEM".into()])),
        ("client_cert_name", "CN=ann".into()),
        ("client_cert_error", Value::Null),
        ("tls_version", 0x0304.into()),
        ("cipher_suite", Value::Null),
    ]);
    assert_eq!(extensions["tls"], Value::Map(expected));
    let Scope::Http(back) = Scope::from_value(scope.to_value()).unwrap() else {
        panic!("another type")
    };
    assert_eq!(back.tls.as_deref(), Some(&info));
}

#[test]
fn a_unix_socket_is_a_path_without_a_port() {
    let mut scope = http_scope();
    let path = std::path::Path::new("/run/nuages.sock");
    scope.server = Some(nuages_protocol::Address::Unix(Some(path.into())));
    scope.client = Some(nuages_protocol::Address::Unix(None));
    let Value::Map(written) = Scope::from(scope.clone()).to_value() else {
        unreachable!()
    };
    assert_eq!(
        written["server"],
        Value::List(vec!["/run/nuages.sock".into(), Value::Null])
    );
    assert_eq!(written["client"], Value::Null);
    let Scope::Http(back) = Scope::from_value(Value::Map(written)).unwrap() else {
        panic!("another type")
    };
    assert_eq!(back.server, scope.server);
}

#[test]
fn what_a_scope_leaves_out_has_the_tables_defaults() {
    let scope = Scope::from_value(with_type(
        "http",
        map([("method", "get".into()), ("path", "/a b%".into())]),
    ))
    .unwrap();
    assert_eq!(scope.spec_version(), "2.0");
    assert!(scope.offered().is_none());
    let Scope::Http(scope) = scope else {
        panic!("another type")
    };
    assert_eq!(scope.method, Method::GET);
    assert_eq!(scope.uri.to_string(), "/a%20b%25");
    assert_eq!(
        (scope.scheme, scope.version, &*scope.root_path),
        (Scheme::Http, Version::HTTP_11, "")
    );
    assert!(scope.client.is_none() && scope.server.is_none() && scope.headers.is_empty());
    let socket = Scope::from_value(with_type("websocket", map([("path", "//host/".into())]))).unwrap();
    let Scope::WebSocket(socket) = socket else {
        panic!("another type")
    };
    assert_eq!((socket.scheme, socket.uri.path()), (Scheme::Ws, "//host/"));
    assert!(socket.subprotocols.is_empty());
    assert!(Scope::from_value(with_type("http", map([("path", "/".into())]))).is_err());
}

#[test]
fn the_authority_of_http_2_becomes_the_first_header() {
    let mut scope = HttpScope::new(Method::GET, "https://books.example/a".parse().unwrap());
    scope.headers.append("accept", "*/*".parse().unwrap());
    let Value::Map(written) = Scope::from(scope).to_value() else {
        unreachable!()
    };
    assert_eq!(
        written["headers"],
        headers([("host", "books.example"), ("accept", "*/*")])
    );
    assert_eq!(written["path"], "/a".into());
}

#[cfg(feature = "serde")]
#[test]
fn events_and_scopes_go_through_serde() {
    for (kind, _, event) in sent() {
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(
            serde_json::from_str::<SendEvent>(&text).unwrap(),
            event,
            "{kind}: {text}"
        );
    }
    for (kind, _, event) in received() {
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(
            serde_json::from_str::<ReceiveEvent>(&text).unwrap(),
            event,
            "{kind}: {text}"
        );
    }
    let text = serde_json::to_string(&Scope::from(http_scope())).unwrap();
    let back: Scope = serde_json::from_str(&text).unwrap();
    assert_eq!(back.to_value(), Scope::from(http_scope()).to_value());
    let numbers = r#"{"type":"a.b","n":[1,-2,3.5,true,null,"x",{"y":[]}]}"#;
    let event: ReceiveEvent = serde_json::from_str(numbers).unwrap();
    assert_eq!(
        serde_json::from_str::<ReceiveEvent>(&serde_json::to_string(&event).unwrap()).unwrap(),
        event
    );
    assert!(serde_json::from_str::<ReceiveEvent>(r#"{"type":"a.b","n":18446744073709551615}"#).is_err());
}
