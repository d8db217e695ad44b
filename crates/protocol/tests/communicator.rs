//! Conversations with event applications, event by event.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use nuages_bridge::Local;
use nuages_protocol::{
    HttpScope,
    event::{HttpRequest, HttpResponseBody, HttpResponseStart, ReceiveEvent, SendEvent, event_fn},
    testing::ApplicationCommunicator,
};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn nothing_comes_before_the_input_and_then_each_event_by_itself() {
    let app = event_fn(|_, mut receive, send| async move {
        while let ReceiveEvent::HttpRequest(part) = receive.next().await {
            if part.body == "1" {
                send.send(HttpResponseStart::new(200)).await?;
            }
            let mut answer = HttpResponseBody::new(part.body);
            answer.more_body = part.more_body;
            send.send(answer).await?;
            if !part.more_body {
                break;
            }
        }
        Ok(())
    });
    let mut communicator = ApplicationCommunicator::new(app, HttpScope::default());
    assert!(communicator.receive_nothing(SECOND).await);
    communicator
        .send_input(HttpRequest::new("1").more())
        .await
        .unwrap();
    assert!(!communicator.receive_nothing(SECOND).await);
    assert_eq!(
        communicator.receive_output(SECOND).await.unwrap(),
        HttpResponseStart::new(200).into()
    );
    assert_eq!(
        communicator.receive_output(SECOND).await.unwrap(),
        HttpResponseBody::new("1").more().into()
    );
    assert!(communicator.receive_nothing(SECOND).await);
    communicator.send_input(HttpRequest::new("2")).await.unwrap();
    assert_eq!(
        communicator.receive_output(SECOND).await.unwrap(),
        HttpResponseBody::new("2").into()
    );
    communicator.wait(SECOND).await.unwrap();
    assert!(communicator.receive_nothing(SECOND).await);
    assert!(communicator.receive_output(SECOND).await.unwrap_err().is_ended());
}

#[tokio::test]
async fn the_application_starts_in_an_empty_context() {
    static NAME: Local<String> = Local::new("name");
    let app = event_fn(|_, _, send| async move {
        let name = NAME.get().unwrap_or_else(|| "nobody".to_owned());
        Ok(send.send(HttpResponseBody::new(name)).await?)
    });
    nuages_bridge::Context::current()
        .scope(async {
            NAME.set("Django".to_owned());
            let mut communicator = ApplicationCommunicator::new(app, HttpScope::default());
            let event = communicator.receive_output(SECOND).await.unwrap();
            assert_eq!(event, SendEvent::from(HttpResponseBody::new("nobody")));
        })
        .await;
}

#[tokio::test]
async fn an_error_surfaces_on_the_next_call() {
    let app = || {
        event_fn(|_, _, send| async move {
            send.send(HttpResponseStart::new(200)).await?;
            Err("the string broke".into())
        })
    };
    let mut communicator = ApplicationCommunicator::new(app(), HttpScope::default());
    assert_eq!(
        communicator.receive_output(SECOND).await.unwrap().kind(),
        "http.response.start"
    );
    let error = communicator.receive_output(SECOND).await.unwrap_err();
    assert!(error.is_application());
    assert_eq!(
        std::error::Error::source(&error).unwrap().to_string(),
        "the string broke"
    );
    let mut communicator = ApplicationCommunicator::new(app(), HttpScope::default());
    assert!(communicator.wait(SECOND).await.unwrap_err().is_application());
}

#[tokio::test(start_paused = true)]
async fn an_application_that_says_nothing_in_time_is_cancelled() {
    struct Dropped(tokio::sync::mpsc::UnboundedSender<()>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.send(()).unwrap();
        }
    }
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let app = event_fn(move |_, _, _| {
        let dropped = Dropped(tell.clone());
        async move {
            let _dropped = dropped;
            std::future::pending().await
        }
    });
    let mut communicator = ApplicationCommunicator::new(app, HttpScope::default());
    assert!(
        communicator
            .receive_output(SECOND)
            .await
            .unwrap_err()
            .is_timeout()
    );
    told.recv().await.unwrap();
}
