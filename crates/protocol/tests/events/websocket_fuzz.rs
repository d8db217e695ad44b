//! Whatever an application of WebSockets sends, its client sees one that keeps to the rules.

use std::sync::{Arc, Mutex};

use http::Uri;
use nuages_protocol::{
    WebSocketScope,
    event::{
        EventApplication as _, Lifespan, Receiver, SendEvent, Sender, WebSocketAccept, WebSocketClose,
        WebSocketData, WebSocketHttpResponseBody, WebSocketHttpResponseStart, event_fn,
    },
    websocket::{self, Message},
};
use proptest::prelude::*;

use crate::fuzz::{End, event};

/// What an application of WebSockets may try to send.
fn socket_event() -> impl Strategy<Value = SendEvent> {
    let deny = prop_oneof![Just(401_u16), Just(200), Just(99)];
    let code = prop_oneof![2 => Just(1000_u16), 1 => any::<u16>()];
    prop_oneof![
        3 => Just(WebSocketAccept::new().into()),
        1 => prop_oneof![Just("chat"), Just("other")]
            .prop_map(|name| WebSocketAccept::new().subprotocol(name).into()),
        1 => ("[ -~\r\n]{0,12}", "[\\x00-\\x7f]{0,12}")
            .prop_map(|(name, value)| WebSocketAccept::new().header(name, value).into()),
        6 => "[a-z]{0,6}".prop_map(|text| WebSocketData::from(text).into()),
        1 => proptest::collection::vec(any::<u8>(), 0..6).prop_map(|bytes| WebSocketData::from(bytes).into()),
        1 => (code, "[a-z]{0,130}").prop_map(|(code, reason)| WebSocketClose::new(code, reason).into()),
        1 => deny.prop_map(|status| WebSocketHttpResponseStart::new(status).into()),
        1 => Just(WebSocketHttpResponseBody::new("no").into()),
        1 => event(),
    ]
}

/// What a client gets of it: the status of its denial or, once it was accepted, the messages; and what `send` took.
fn talk(events: Vec<SendEvent>, end: End) -> (Result<Vec<Message>, Option<u16>>, Vec<SendEvent>) {
    let taken = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&taken);
    let got = nuages_bridge::entry::test(async move {
        let app = event_fn(move |_, mut receive: Receiver, send: Sender| {
            let (events, log) = (events.clone(), Arc::clone(&log));
            async move {
                receive.next().await;
                for event in events {
                    if send.send(event.clone()).await.is_ok() {
                        log.lock().unwrap().push(event);
                    }
                }
                match end {
                    End::Returns => Ok(()),
                    End::Fails => Err("the string broke".into()),
                    End::Panics => std::panic::resume_unwind(Box::new("the neck broke")),
                }
            }
        });
        let mut scope = WebSocketScope::new(Uri::from_static("/chat/"));
        scope.subprotocols = vec!["chat".to_owned()];
        let app = app.into_application().lifespan(Lifespan::Off);
        let talk = async {
            let mut socket = websocket::connect(app, scope)
                .await
                .map_err(|denied| denied.status().map(|status| status.as_u16()))?;
            let mut messages = Vec::new();
            while let Ok(Some(message)) = socket.recv().await {
                messages.push(message);
            }
            Ok(messages)
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), talk).await
    });
    let taken = taken.lock().unwrap().clone();
    (got.expect("it comes to an end"), taken)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn fuzz_websockets_keep_their_order_whatever_an_application_sends(
        events in proptest::collection::vec(socket_event(), 0..8),
        end in prop_oneof![3 => Just(End::Returns), 1 => Just(End::Fails), 1 => Just(End::Panics)],
    ) {
        let (got, taken) = talk(events, end);
        let sent: Vec<_> = taken
            .iter()
            .filter_map(|event| match event {
                SendEvent::WebSocketSend(WebSocketData::Text(text)) => Some(Message::from(text.clone())),
                SendEvent::WebSocketSend(WebSocketData::Bytes(bytes)) => Some(Message::from(bytes.clone())),
                _ => None,
            })
            .collect();
        match got {
            Ok(messages) => {
                prop_assert!(matches!(taken.first(), Some(SendEvent::WebSocketAccept(_))), "{:?}", taken);
                prop_assert_eq!(messages, sent, "{:?}", taken);
                let last = taken.iter().position(|event| matches!(event, SendEvent::WebSocketClose(_)));
                prop_assert!(last.is_none_or(|at| at + 1 == taken.len()), "{:?}", taken);
            }
            Err(status) => {
                prop_assert!(sent.is_empty(), "{:?}", taken);
                prop_assert!(matches!(status, Some(401 | 403 | 500)), "{:?}: {:?}", status, taken);
            }
        }
    }
}
