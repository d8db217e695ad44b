//! A server without connections: datagrams, and an application instance for each sender.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use nuages_protocol::{
    BoxError,
    event::{
        CustomEvent, CustomScope, EventApplication, ReceiveEvent, Receiver, Scope, SendEvent, Sender,
        StatelessServer, Value, event_fn, serve_stateless,
    },
};
use tokio::{net::UdpSocket, sync::mpsc};

/// Datagrams of the form `user text`.
struct Datagrams {
    socket: UdpSocket,
}

impl StatelessServer for Datagrams {
    type Id = SocketAddr;

    async fn receive(&mut self) -> Option<(SocketAddr, Scope, ReceiveEvent)> {
        let mut bytes = [0; 512];
        let (length, from) = self.socket.recv_from(&mut bytes).await.ok()?;
        let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
        let event = CustomEvent::new("datagram.receive").with("text", text);
        Some((from, CustomScope::new("datagram").into(), event.into()))
    }

    async fn send(&mut self, id: &SocketAddr, event: SendEvent) -> Result<(), BoxError> {
        let SendEvent::Custom(event) = event else {
            return Err("a datagram, please".into());
        };
        if let Some(Value::Str(text)) = event.get("text") {
            self.socket.send_to(text.as_bytes(), id).await?;
        }
        Ok(())
    }
}

/// Counts what its sender wrote, and says so.
fn counting() -> impl EventApplication {
    event_fn(|scope: Scope, mut receive: Receiver, send: Sender| async move {
        let Scope::Custom(_) = scope else {
            return Err(scope.unsupported());
        };
        for count in 1.. {
            let ReceiveEvent::Custom(event) = receive.next().await else {
                continue;
            };
            let Some(Value::Str(text)) = event.get("text") else {
                continue;
            };
            if text == "end" {
                return Err("it was asked to".into());
            }
            let answer = CustomEvent::new("datagram.send").with("text", format!("{count} {text}"));
            send.send(answer).await?;
        }
        Ok(())
    })
}

#[tokio::test]
async fn each_sender_has_an_instance_of_its_own_and_a_new_one_after_it_failed() {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let serving = tokio::spawn(serve_stateless(Datagrams { socket }, counting(), 1000));
    let ask = async |client: &UdpSocket, text: &str| {
        client.send_to(text.as_bytes(), address).await.unwrap();
        let mut bytes = [0; 64];
        let length = client.recv(&mut bytes).await.unwrap();
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    };
    let ann = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let bob = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    assert_eq!(ask(&ann, "a").await, "1 a");
    assert_eq!(ask(&ann, "b").await, "2 b");
    assert_eq!(ask(&bob, "c").await, "1 c");
    assert_eq!(ask(&ann, "d").await, "3 d");
    ann.send_to(b"end", address).await.unwrap();
    // Until the server has noticed, what is sent may be lost, as datagrams may.
    loop {
        ann.send_to(b"e", address).await.unwrap();
        let mut bytes = [0; 64];
        if let Ok(Ok(length)) =
            tokio::time::timeout(std::time::Duration::from_millis(50), ann.recv(&mut bytes)).await
        {
            assert!(bytes[..length].ends_with(b" e"));
            break;
        }
    }
    assert_eq!(ask(&bob, "f").await, "2 f");
    serving.abort();
}

/// Events from a test, and nothing sent.
struct Told(mpsc::UnboundedReceiver<usize>);

impl StatelessServer for Told {
    type Id = usize;

    async fn receive(&mut self) -> Option<(usize, Scope, ReceiveEvent)> {
        let id = self.0.recv().await?;
        Some((
            id,
            CustomScope::new("told").with("id", id as i64).into(),
            CustomEvent::new("told").into(),
        ))
    }

    async fn send(&mut self, _id: &usize, _event: SendEvent) -> Result<(), BoxError> {
        Ok(())
    }
}

#[tokio::test]
async fn the_instance_that_was_not_used_for_longest_is_ended_at_exactly_the_bound() {
    struct Alive(Arc<Mutex<Vec<i64>>>, i64);
    impl Drop for Alive {
        fn drop(&mut self) {
            self.0.lock().unwrap().retain(|id| *id != self.1);
        }
    }
    let alive = Arc::new(Mutex::new(Vec::new()));
    let (used, mut uses) = mpsc::unbounded_channel();
    let there = Arc::clone(&alive);
    let app = event_fn(move |scope: Scope, mut receive: Receiver, _send| {
        let (alive, used) = (Arc::clone(&there), used.clone());
        async move {
            let Scope::Custom(scope) = scope else {
                return Err("custom, please".into());
            };
            let Some(Value::Int(id)) = scope.get("id").cloned() else {
                return Err("an id, please".into());
            };
            alive.lock().unwrap().push(id);
            let _alive = Alive(alive, id);
            loop {
                receive.next().await;
                used.send(id)?;
            }
        }
    });
    let (tell, told) = mpsc::unbounded_channel();
    let serving = tokio::spawn(serve_stateless(Told(told), app, 3));
    for id in [1, 2, 3, 1, 4, 5] {
        tell.send(id).unwrap();
        assert_eq!(uses.recv().await, Some(id as i64));
        tokio::task::yield_now().await;
        assert!(alive.lock().unwrap().len() <= 3, "{:?}", alive.lock().unwrap());
    }
    // 2 and 3 made room for 4 and 5: 1 was used after them.
    let mut left = alive.lock().unwrap().clone();
    left.sort_unstable();
    assert_eq!(left, [1, 4, 5]);
    drop(tell);
    serving.await.unwrap();
    tokio::task::yield_now().await;
    assert_eq!(alive.lock().unwrap().len(), 0);
}
