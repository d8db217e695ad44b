//! Requests of one connection share a task, and nothing else.

use nuages_bridge::{Local, Op, sync_to_async};
use nuages_protocol::{Response, app_fn};

use crate::support::Running;

static USER: Local<String> = Local::new("user");

#[tokio::test]
async fn the_context_of_a_request_is_not_seen_by_the_next() {
    let server = Running::start(app_fn(|scope, _body| async move {
        let before = USER.get().unwrap_or_else(|| "nobody".to_owned());
        USER.set(scope.uri.path().to_owned());
        let inside = sync_to_async(|| USER.get()).await?;
        Ok(Response::new(
            format!("{before} {}", inside.unwrap_or_default()).into(),
        ))
    }))
    .await;
    let mut client = server.connect().await;
    for path in ["/django", "/stephane"] {
        client
            .send(&format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n"))
            .await;
        assert_eq!(client.answer().await.body, format!("nobody {path}"));
    }
}

#[tokio::test]
async fn an_application_cannot_block_the_loop_by_waiting() {
    let server = Running::start(app_fn(|_scope, _body| async {
        let op: Op<'_, (), nuages_bridge::BridgeError> = Op::new("query", async { Ok(()) });
        let error = op.wait().unwrap_err();
        Ok(Response::new(error.is_synchronous_only().to_string().into()))
    }))
    .await;
    assert_eq!(
        server.exchange("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.body,
        "true"
    );
}
