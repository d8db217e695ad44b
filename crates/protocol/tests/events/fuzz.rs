//! Whatever an application sends, the wire stays HTTP.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use nuages_protocol::event::{
    CustomEvent, Finite, HttpResponseBody, HttpResponseDebug, HttpResponseEarlyHint, HttpResponsePathSend,
    HttpResponseStart, HttpResponseTrailers, ReceiveEvent, Scope, SendEvent, Value, WebSocketAccept,
    WebSocketClose, WebSocketData,
};
use proptest::prelude::*;

use crate::{app, support::Running};

/// How an application ends.
#[derive(Clone, Copy, Debug)]
enum End {
    Returns,
    Fails,
    Panics,
}

fn start() -> impl Strategy<Value = SendEvent> {
    let status = prop_oneof![4 => Just(200_u16), 1 => Just(204), 1 => Just(304), 2 => 0_u16..1100];
    let length = prop_oneof![
        3 => Just(None),
        3 => (0_usize..12).prop_map(|length| Some(length.to_string())),
        1 => "[ -~]{0,4}".prop_map(Some),
    ];
    let header = proptest::option::of(("[ -~\r\n]{0,12}", "[\\x00-\\x7f]{0,12}"));
    (status, length, header, any::<bool>(), any::<bool>()).prop_map(
        |(status, length, header, encoding, trailers)| {
            let mut start = HttpResponseStart::new(status);
            if let Some(length) = length {
                start = start.header("content-length", length);
            }
            if let Some((name, value)) = header {
                start = start.header(name, value);
            }
            if encoding {
                start = start.header("transfer-encoding", "chunked");
            }
            if trailers {
                start = start.header("trailer", "x-sum").trailers();
            }
            start.into()
        },
    )
}

fn part() -> impl Strategy<Value = SendEvent> {
    ("[a-z]{0,6}", any::<bool>()).prop_map(|(text, more)| {
        let mut part = HttpResponseBody::new(text);
        part.more_body = more;
        part.into()
    })
}

fn event() -> impl Strategy<Value = SendEvent> {
    let this_file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    prop_oneof![
        4 => start(),
        8 => part(),
        2 => any::<bool>().prop_map(|more| {
            let mut trailers = HttpResponseTrailers::new().header("x-sum", "7");
            trailers.more_trailers = more;
            trailers.into()
        }),
        1 => prop_oneof![Just(this_file), Just("/no/such/file"), Just("relative")]
            .prop_map(|path| HttpResponsePathSend::new(path).into()),
        1 => Just(HttpResponseEarlyHint::new(["</a.css>; rel=preload"]).into()),
        1 => prop_oneof![
            Just(HttpResponseDebug::default().into()),
            Just(WebSocketAccept::new().into()),
            Just(WebSocketClose::default().into()),
            Just(WebSocketData::from("bonsoir").into()),
            Just(SendEvent::LifespanStartupComplete),
            Just(CustomEvent::new("http.response.push").into()),
        ],
    ]
}

/// What came over a connection that closes after one answer.
#[derive(Debug, PartialEq)]
enum Wire {
    /// It broke off, in a place where that can be seen.
    Cut,
    Whole {
        status: u16,
        body: String,
    },
}

/// Reads an answer as RFC 9112 does; fails on whatever is none.
fn read(wire: &str, head_request: bool) -> Result<Wire, String> {
    let Some((head, mut rest)) = wire.split_once("\r\n\r\n") else {
        return Ok(Wire::Cut);
    };
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap_or_default();
    let status: u16 = status
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3))
        .and_then(|code| code.parse().ok())
        .ok_or_else(|| format!("a status line: {status:?}"))?;
    let mut length = None;
    let mut chunked = false;
    for line in lines {
        let (name, value) = line
            .split_once(':')
            .ok_or_else(|| format!("a header: {line:?}"))?;
        if name.is_empty() || name.contains([' ', '\r', '\n']) || value.contains(['\r', '\n', '\0']) {
            return Err(format!("a header: {line:?}"));
        }
        match name {
            "content-length" if length.is_some() => return Err("two lengths".to_owned()),
            "content-length" => length = value.trim().parse::<usize>().ok(),
            "transfer-encoding" => chunked = true,
            _ => {}
        }
    }
    if length.is_some() && chunked {
        return Err("a length beside chunks".to_owned());
    }
    let whole = |body: &str| {
        Ok(Wire::Whole {
            status,
            body: body.to_owned(),
        })
    };
    if head_request || matches!(status, 204 | 304) {
        return if rest.is_empty() {
            whole("")
        } else {
            Err(format!("a body after {status}: {rest:?}"))
        };
    }
    if let Some(length) = length {
        return match rest.len() {
            got if got > length => Err(format!("{got} bytes of {length}")),
            got if got < length => Ok(Wire::Cut),
            _ => whole(rest),
        };
    }
    if !chunked {
        return Err("neither a length nor chunks".to_owned());
    }
    let mut body = String::new();
    loop {
        let Some((size, after)) = rest.split_once("\r\n") else {
            return Ok(Wire::Cut);
        };
        let size = usize::from_str_radix(size, 16).map_err(|error| format!("a size {size:?}: {error}"))?;
        if size == 0 {
            let end = if after == "\r\n" {
                Some("")
            } else {
                after.strip_suffix("\r\n\r\n")
            };
            return match end {
                Some("" | "x-sum: 7") => whole(&body),
                _ if !after.contains("\r\n\r\n") => Ok(Wire::Cut),
                _ => Err(format!("after the last chunk: {after:?}")),
            };
        }
        if after.len() < size + 2 {
            return Ok(Wire::Cut);
        }
        body.push_str(&after[..size]);
        rest = after[size..]
            .strip_prefix("\r\n")
            .ok_or("a chunk without its end")?;
    }
}

/// Serves an application that sends these events; what came over the wire, and what `send` took as body.
fn exchange(events: Vec<SendEvent>, end: End, method: &'static str) -> (String, String) {
    let taken = Arc::new(Mutex::new(String::new()));
    let log = Arc::clone(&taken);
    let wire = nuages_bridge::entry::test(async move {
        let server = Running::start(app(move |_, _, send| {
            let (events, log) = (events.clone(), Arc::clone(&log));
            async move {
                let mut over = false;
                for event in events {
                    let (text, last) = match &event {
                        SendEvent::HttpResponseBody(part) => {
                            (String::from_utf8_lossy(&part.body).into_owned(), !part.more_body)
                        }
                        SendEvent::HttpResponsePathSend(_) => {
                            (include_str!("../../Cargo.toml").to_owned(), true)
                        }
                        _ => (String::new(), false),
                    };
                    // What comes after the last part is taken, and ignored.
                    if send.send(event).await.is_ok() && !over {
                        log.lock().unwrap().push_str(&text);
                        over = last;
                    }
                }
                match end {
                    End::Returns => Ok(()),
                    End::Fails => Err("the string broke".into()),
                    // Without the words of a panic, of which there are many here.
                    End::Panics => std::panic::resume_unwind(Box::new("the neck broke")),
                }
            }
        }))
        .await;
        let mut client = server.connect().await;
        client
            .send(&format!(
                "{method} / HTTP/1.1\r\nhost: x\r\nte: trailers\r\nconnection: close, te\r\n\r\n"
            ))
            .await;
        client.rest().await
    });
    let taken = taken.lock().unwrap().clone();
    (wire, taken)
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        (0_i64..600).prop_map(Value::Int),
        any::<f64>().prop_filter_map("finite", |number| Finite::try_from(number).ok().map(Value::Float)),
        ".{0,8}".prop_map(Value::Str),
        "/[ -~]{0,8}".prop_map(Value::Str),
        proptest::collection::vec(any::<u8>(), 0..8).prop_map(|bytes| Value::Bytes(Bytes::from(bytes))),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            proptest::collection::btree_map("[a-z]{1,4}", inner, 0..4).prop_map(Value::Map),
        ]
    })
}

fn dictionary() -> impl Strategy<Value = Value> {
    const TYPES: &[&str] = &[
        "http",
        "websocket",
        "lifespan",
        "http.request",
        "http.disconnect",
        "websocket.receive",
        "websocket.disconnect",
        "http.response.start",
        "http.response.body",
        "http.response.trailers",
        "http.response.pathsend",
        "http.response.early_hint",
        "http.response.debug",
        "websocket.accept",
        "websocket.send",
        "websocket.close",
        "websocket.http.response.start",
        "websocket.http.response.body",
        "lifespan.startup.failed",
        "a.b",
    ];
    const KEYS: &[&str] = &[
        "status",
        "headers",
        "trailers",
        "body",
        "more_body",
        "more_trailers",
        "path",
        "links",
        "info",
        "subprotocol",
        "text",
        "bytes",
        "code",
        "reason",
        "message",
        "method",
        "http_version",
        "scheme",
        "raw_path",
        "query_string",
        "root_path",
        "client",
        "server",
        "extensions",
        "asgi",
        "subprotocols",
    ];
    let keys = proptest::collection::btree_map(proptest::sample::select(KEYS), value(), 0..8);
    (proptest::sample::select(TYPES), keys).prop_map(|(kind, keys)| {
        let mut map: nuages_protocol::event::Map = keys
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect();
        map.insert("type".to_owned(), kind.into());
        Value::Map(map)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn fuzz_responses_are_http_whatever_an_application_sends(
        events in proptest::collection::vec(event(), 0..8),
        end in prop_oneof![3 => Just(End::Returns), 1 => Just(End::Fails), 1 => Just(End::Panics)],
        head in any::<bool>(),
    ) {
        let method = if head { "HEAD" } else { "GET" };
        let (wire, taken) = exchange(events, end, method);
        let answer = read(&wire, head).map_err(|error| TestCaseError::fail(format!("{error}\n{wire}")))?;
        if let Wire::Whole { status, body } = answer {
            if status == 500 && body == "Internal Server Error" {
                return Ok(());
            }
            let expected = if head || matches!(status, 204 | 304) { "" } else { &*taken };
            prop_assert_eq!(body, expected, "{}", wire);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, ..ProptestConfig::default() })]

    #[test]
    fn fuzz_dictionaries_are_read_or_refused_and_what_is_read_is_written_back(value in dictionary()) {
        if let Ok(event) = SendEvent::from_value(value.clone())
            && let Ok(written) = event.to_value()
        {
            prop_assert_eq!(SendEvent::from_value(written).unwrap(), event);
        }
        if let Ok(event) = ReceiveEvent::from_value(value.clone()) {
            prop_assert_eq!(ReceiveEvent::from_value(event.to_value()).unwrap(), event);
        }
        if let Ok(scope) = Scope::from_value(value) {
            let written = scope.to_value();
            prop_assert_eq!(Scope::from_value(written.clone()).unwrap().to_value(), written);
        }
    }
}
