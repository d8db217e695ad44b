//! What an application may not do, and that the wire never sees it.

use std::sync::{Arc, Mutex};

use nuages_protocol::{
    BoxError,
    event::{
        CustomEvent, HttpResponseDebug, HttpResponseEarlyHint, HttpResponsePathSend, HttpResponseStart,
        HttpResponseTrailers, SendEvent, WebSocketAccept,
    },
};

use crate::{
    app, body, start,
    support::{Log, Running},
};

type Refusals = Arc<Mutex<Vec<String>>>;

/// Serves an application that sends these events and goes on where one is refused; what came over the wire, and why.
async fn sent(events: Vec<SendEvent>) -> (String, Vec<String>) {
    let refusals = Refusals::default();
    let told = Arc::clone(&refusals);
    let server = Running::start(app(move |_, _, send| {
        let (events, refusals) = (events.clone(), Arc::clone(&told));
        async move {
            for event in events {
                if let Err(error) = send.send(event).await {
                    assert!(error.is_refused(), "{error}");
                    let error: BoxError = error.into();
                    refusals.lock().unwrap().push(error.source().unwrap().to_string());
                }
            }
            Ok(())
        }
    }))
    .await;
    let mut client = server.connect().await;
    client
        .send("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await;
    let wire = client.rest().await;
    server.stop().await.unwrap();
    let refusals = refusals.lock().unwrap().clone();
    (wire, refusals)
}

/// What came after the head; nothing where the connection was cut before.
fn wire_body(wire: &str) -> &str {
    wire.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

#[tokio::test]
async fn a_body_before_the_start_is_refused() {
    let (wire, refusals) = sent(vec![body("bon").into(), start(200).into(), body("soir").into()]).await;
    assert_eq!(wire_body(&wire), "soir");
    assert!(
        refusals[0].contains("before `http.response.start`"),
        "{refusals:?}"
    );
    let (wire, refusals) = sent(vec![body("bon").into()]).await;
    assert!(wire.starts_with("HTTP/1.1 500 "), "{wire}");
    assert_eq!(refusals.len(), 1);
}

#[tokio::test]
async fn a_second_start_is_refused_and_changes_nothing() {
    let (wire, refusals) = sent(vec![
        start(200).into(),
        start(404).into(),
        body("bon").more().into(),
        start(404).into(),
        body("soir").into(),
        start(404).into(),
    ])
    .await;
    assert!(wire.starts_with("HTTP/1.1 200 "), "{wire}");
    assert_eq!(refusals.len(), 3);
    assert!(refusals[0].contains("a second time"), "{refusals:?}");
}

#[tokio::test]
async fn parts_after_the_last_are_ignored() {
    let (wire, refusals) = sent(vec![
        start(200).into(),
        body("bonsoir").into(),
        body("!").into(),
        body("!").more().into(),
    ])
    .await;
    assert_eq!(wire_body(&wire), "bonsoir");
    assert!(refusals.is_empty(), "{refusals:?}");
}

#[tokio::test]
async fn more_than_the_declared_length_is_refused_and_never_sent() {
    let declared = || start(200).header("content-length", "4");
    for events in [
        vec![declared().into(), body("bonsoir").into()],
        vec![declared().into(), body("bon").more().into(), body("soir").into()],
        vec![
            declared().into(),
            body("bons").more().into(),
            body("oir").more().into(),
        ],
    ] {
        let (log, _guard) = Log::collect();
        let (wire, refusals) = sent(events).await;
        assert!(
            refusals[0].contains("longer than its content-length of 4 bytes"),
            "{refusals:?}"
        );
        assert!("bons".starts_with(wire_body(&wire)), "{wire}");
        assert_eq!(log.faults().len(), 1, "{:?}", log.faults());
    }
}

#[tokio::test]
async fn less_than_the_declared_length_is_refused_and_cuts_the_connection() {
    let declared = || start(200).header("content-length", "9");
    for events in [
        vec![declared().into(), body("bonsoir").into()],
        vec![declared().into(), body("bon").more().into(), body("soir").into()],
    ] {
        let (wire, refusals) = sent(events).await;
        assert!(refusals[0].contains("its content-length is 9"), "{refusals:?}");
        assert!(!wire.contains(" 500 ") && wire_body(&wire).len() < 9, "{wire}");
    }
}

#[tokio::test]
async fn a_length_that_is_none_or_is_there_twice_is_refused() {
    for start in [
        start(200).header("content-length", "seven"),
        start(200).header("content-length", "+7"),
        start(200).header("content-length", "-1"),
        start(200)
            .header("content-length", "7")
            .header("content-length", "8"),
    ] {
        let (wire, refusals) = sent(vec![start.into(), body("bonsoir").into()]).await;
        assert!(wire.starts_with("HTTP/1.1 500 "), "{wire}");
        assert!(refusals[0].contains("content-length"), "{refusals:?}");
    }
}

#[tokio::test]
async fn the_applications_transfer_encoding_is_ignored() {
    let (wire, refusals) = sent(vec![
        start(200).header("transfer-encoding", "chunked").into(),
        body("bonsoir").into(),
    ])
    .await;
    assert!(
        wire.contains("content-length: 7\r\n") && !wire.contains("transfer-encoding"),
        "{wire}"
    );
    assert!(refusals.is_empty());
}

#[tokio::test]
async fn headers_and_statuses_that_are_none_never_reach_the_wire() {
    for start in [
        start(200).header("x-split", "a\r\nset-cookie: b"),
        start(200).header("x-nul", "a\0b"),
        start(200).header("x split", "a"),
        start(200).header("", "a"),
        start(99),
        start(1000),
        start(101),
        start(199),
    ] {
        let (wire, refusals) = sent(vec![start.into(), body("bonsoir").into()]).await;
        assert!(wire.starts_with("HTTP/1.1 500 "), "{wire}");
        assert!(!wire.contains("set-cookie"), "{wire}");
        assert_eq!(refusals.len(), 2, "{refusals:?}");
    }
}

#[tokio::test]
async fn trailers_are_refused_unless_the_start_announced_them_and_the_body_has_ended() {
    let trailers = || HttpResponseTrailers::new().header("x-sum", "7");
    let (_, refusals) = sent(vec![
        trailers().into(),
        start(200).into(),
        trailers().into(),
        body("bonsoir").into(),
        trailers().into(),
    ])
    .await;
    assert_eq!(refusals.len(), 2, "{refusals:?}");
    assert!(refusals[1].contains("did not announce them"), "{refusals:?}");
    let (wire, refusals) = sent(vec![
        start(200).trailers().into(),
        body("bon").more().into(),
        trailers().into(),
        body("soir").into(),
        trailers().into(),
    ])
    .await;
    assert!(refusals[0].contains("before the end of the body"), "{refusals:?}");
    assert!(wire.ends_with("0\r\n\r\n"), "{wire}");
}

#[tokio::test]
async fn announced_trailers_that_never_come_cut_the_connection() {
    let (wire, _) = sent(vec![start(200).trailers().into(), body("bonsoir").into()]).await;
    assert!(!wire.contains(" 500 ") && !wire.ends_with("0\r\n\r\n"), "{wire}");
}

#[tokio::test]
async fn early_hints_are_taken_after_the_start_and_may_be_ignored() {
    let hint = || HttpResponseEarlyHint::new(["</style.css>; rel=preload; as=style"]);
    let (wire, refusals) = sent(vec![
        hint().into(),
        start(200).into(),
        hint().into(),
        body("bonsoir").into(),
    ])
    .await;
    assert_eq!(wire_body(&wire), "bonsoir");
    assert_eq!(refusals.len(), 1);
}

#[tokio::test]
async fn events_of_other_protocols_pushes_and_debugging_are_refused() {
    let others: Vec<SendEvent> = vec![
        HttpResponseDebug::default().into(),
        CustomEvent::new("http.response.push")
            .with("path", "/style.css")
            .into(),
        WebSocketAccept::new().into(),
        SendEvent::LifespanStartupComplete,
        CustomEvent::new("telegram.message").into(),
    ];
    let count = others.len();
    let mut events = others.clone();
    events.push(start(200).into());
    events.extend(others);
    events.push(body("bonsoir").into());
    let (wire, refusals) = sent(events).await;
    assert_eq!(wire_body(&wire), "bonsoir");
    assert_eq!(refusals.len(), 2 * count, "{refusals:?}");
}

#[tokio::test]
async fn a_path_is_sent_once_and_alone() {
    let file = std::env::current_dir().unwrap().join("Cargo.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let path = || HttpResponsePathSend::new(&file);
    let (wire, refusals) = sent(vec![
        start(200).into(),
        path().into(),
        path().into(),
        body("!").into(),
    ])
    .await;
    assert_eq!(wire_body(&wire), text);
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    let (wire, refusals) = sent(vec![
        start(200).into(),
        body("bon").more().into(),
        path().into(),
        body("soir").into(),
    ])
    .await;
    assert!(wire.ends_with("3\r\nbon\r\n4\r\nsoir\r\n0\r\n\r\n"), "{wire}");
    assert!(refusals[0].contains("can't be mixed"), "{refusals:?}");
    let relative = HttpResponsePathSend::new("Cargo.toml");
    let (_, refusals) = sent(vec![start(200).into(), relative.into()]).await;
    assert!(refusals[0].contains("not an absolute path"), "{refusals:?}");
}

#[test]
fn builders_have_the_defaults_of_the_specification() {
    let start = HttpResponseStart::new(200);
    assert!(start.headers.is_empty() && !start.trailers);
    assert!(!body("").more_body && body("").more().more_body);
    assert!(!HttpResponseTrailers::new().more_trailers);
    let close = nuages_protocol::event::WebSocketClose::default();
    assert_eq!((close.code, close.reason.as_str()), (1000, ""));
    let end = nuages_protocol::event::WebSocketDisconnect::default();
    assert_eq!((end.code, end.reason.as_str()), (1005, ""));
    assert_eq!(WebSocketAccept::new().subprotocol, None);
}
