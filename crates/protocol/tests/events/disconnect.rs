//! Clients that go away.

use std::{sync::Arc, time::Duration};

use nuages_protocol::{
    Application as _, Body, HttpScope,
    event::{EventApplication as _, ReceiveEvent, Scope, SendError, event_fn},
};
use tokio::sync::{Notify, mpsc, oneshot};

use crate::{
    app, body, start,
    support::{Log, Running},
};

#[tokio::test]
async fn an_early_disconnect_is_received_and_sending_after_it_is_no_fault() {
    let (log, _guard) = Log::collect();
    let (tell, mut told) = mpsc::unbounded_channel();
    let server = Running::start(app(move |_, mut receive, send| {
        let tell = tell.clone();
        async move {
            tell.send("called".to_owned())?;
            while receive.next().await != ReceiveEvent::HttpDisconnect {}
            let error = send.send(start(200)).await.unwrap_err();
            assert!(error.is_disconnected());
            tell.send(error.to_string())?;
            Err(error.into())
        }
    }))
    .await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(told.recv().await.unwrap(), "called");
    drop(client);
    assert!(told.recv().await.unwrap().contains("has gone"));
    server.stop().await.unwrap();
    assert_eq!(log.faults(), Vec::<String>::new());
}

#[tokio::test]
async fn a_client_that_goes_in_the_middle_of_a_response_is_noticed_by_sending() {
    let (log, _guard) = Log::collect();
    let (tell, told) = oneshot::channel::<SendError>();
    let tell = std::sync::Mutex::new(Some(tell));
    let server = Running::start(app(move |_, _, send| {
        let tell = tell.lock().unwrap().take();
        async move {
            send.send(start(200)).await?;
            loop {
                let part = nuages_protocol::event::HttpResponseBody::new(vec![b'x'; 64 * 1024]).more();
                if let Err(error) = send.send(part).await {
                    tell.unwrap().send(error.clone()).unwrap();
                    return Err(error.into());
                }
            }
        }
    }))
    .await;
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    client.head().await;
    drop(client);
    assert!(told.await.unwrap().is_disconnected());
    server.stop().await.unwrap();
    assert_eq!(log.faults(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn an_application_may_go_on_for_a_while_after_its_client_has_gone_and_is_cancelled_then() {
    struct Dropped(Arc<Notify>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.notify_one();
        }
    }
    let (log, _guard) = Log::collect();
    let (called, gone) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (called_there, gone_there) = (Arc::clone(&called), Arc::clone(&gone));
    let app = event_fn(move |_, _, _| {
        let dropped = Dropped(Arc::clone(&gone_there));
        called_there.notify_one();
        async move {
            let _dropped = dropped;
            std::future::pending().await
        }
    })
    .into_application();
    let begun = tokio::time::Instant::now();
    {
        let mut call = Box::pin(app.http(HttpScope::default(), Body::empty()));
        tokio::select! {
            biased;
            () = called.notified() => {}
            _ = &mut call => panic!("nothing was sent"),
        }
    }
    gone.notified().await;
    assert_eq!(begun.elapsed().as_secs(), 10);
    assert!(
        log.faults()[0].contains("went on for too long"),
        "{:?}",
        log.faults()
    );
}

#[tokio::test(start_paused = true)]
async fn the_time_after_a_disconnect_can_be_changed_and_is_no_limit_on_what_runs_after_a_response() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let app = event_fn(move |scope: Scope, _, send| {
        let tell = tell.clone();
        async move {
            if matches!(scope, Scope::Lifespan(_)) {
                return Err(scope.unsupported());
            }
            send.send(start(200)).await?;
            send.send(body("bonsoir")).await?;
            tokio::time::sleep(Duration::from_secs(60)).await;
            Ok(tell.send("done")?)
        }
    })
    .into_application()
    .disconnect_timeout(Duration::from_secs(1));
    drop(app.http(HttpScope::default(), Body::empty()).await.unwrap());
    assert_eq!(told.recv().await, Some("done"));
}

#[tokio::test(start_paused = true)]
async fn the_shutdown_waits_for_work_after_responses() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let app = event_fn(move |scope: Scope, _, send| {
        let tell = tell.clone();
        async move {
            if matches!(scope, Scope::Lifespan(_)) {
                return Err(scope.unsupported());
            }
            send.send(start(200)).await?;
            send.send(body("bonsoir")).await?;
            tokio::time::sleep(Duration::from_secs(5)).await;
            Ok(tell.send("done")?)
        }
    })
    .into_application();
    app.startup().await.unwrap();
    drop(app.http(HttpScope::default(), Body::empty()).await.unwrap());
    app.shutdown().await.unwrap();
    assert_eq!(told.try_recv(), Ok("done"));
}
