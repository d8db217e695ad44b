//! The end of a server that was asked to stop.

use std::{future::pending, sync::Arc, time::Duration};

use nuages_protocol::{Application, Body, BoxError, HttpScope, Response};
use tokio::{
    net::TcpStream,
    sync::{Notify, mpsc},
};

use crate::support::{Log, Running};

/// Waits in `/slow` until it is released, and writes down its shutdown.
struct Slow {
    events: mpsc::UnboundedSender<&'static str>,
    release: Arc<Notify>,
}

impl Application for Slow {
    async fn http(&self, scope: HttpScope, _body: Body) -> Result<Response, BoxError> {
        match scope.uri.path() {
            "/slow" => {
                self.events.send("called")?;
                self.release.notified().await;
                Ok(Response::new("slow".into()))
            }
            "/never" => {
                self.events.send("called")?;
                pending().await
            }
            _ => Ok(Response::new("fast".into())),
        }
    }

    async fn shutdown(&self) -> Result<(), BoxError> {
        self.events.send("shutdown")?;
        Ok(())
    }
}

fn slow() -> (Slow, Arc<Notify>, mpsc::UnboundedReceiver<&'static str>) {
    let (events, happened) = mpsc::unbounded_channel();
    let release = Arc::new(Notify::new());
    (
        Slow {
            events,
            release: Arc::clone(&release),
        },
        release,
        happened,
    )
}

#[tokio::test]
async fn a_request_in_flight_is_finished_and_then_the_connection_closed() {
    let (app, release, mut happened) = slow();
    let mut server = Running::start(app).await;
    let mut busy = server.connect().await;
    busy.send("GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(happened.recv().await, Some("called"));
    let mut idle = server.connect().await;
    idle.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(idle.answer().await.body, "fast");
    let silent = server.connect().await;
    // A round trip on a connection that was opened later: the silent one has been accepted.
    assert_eq!(
        server.exchange("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.body,
        "fast"
    );

    server.ask_to_stop();
    // Idle connections end at once, which also shows that the server has heard.
    assert_eq!(idle.rest().await, "");
    assert_eq!(silent.rest().await, "");
    assert!(
        TcpStream::connect(server.address).await.is_err(),
        "new connections are refused"
    );
    assert!(!server.task.is_finished());
    assert!(happened.try_recv().is_err(), "shutdown must wait for the request");

    release.notify_one();
    let answer = busy.answer().await;
    assert_eq!(answer.body, "slow");
    assert_eq!(answer.header("connection"), Some("close"));
    assert_eq!(busy.rest().await, "");
    server.task.await.unwrap().unwrap();
    assert_eq!(happened.recv().await, Some("shutdown"));
}

#[tokio::test]
async fn what_outlasts_the_grace_time_is_cut_and_named() {
    let (log, _guard) = Log::collect();
    let (app, _release, mut happened) = slow();
    let server = Running::start_with(app, |server| server.grace(Duration::from_millis(10))).await;
    let mut client = server.connect().await;
    client.send("GET /never HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(happened.recv().await, Some("called"));
    server.stop().await.unwrap();
    assert_eq!(client.rest().await, "");
    assert_eq!(happened.recv().await, Some("shutdown"));
    let faults = log.faults();
    assert!(
        faults.iter().any(|line| line.contains("connections=1")),
        "{faults:?}"
    );
    assert!(
        faults
            .iter()
            .any(|line| line.contains("method=GET path=\"/never\"")),
        "{faults:?}"
    );
}

#[tokio::test]
async fn a_server_that_is_dropped_drops_its_connections() {
    let (app, _release, mut happened) = slow();
    let server = Running::start(app).await;
    let mut client = server.connect().await;
    client.send("GET /never HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(happened.recv().await, Some("called"));
    server.task.abort();
    assert!(server.task.await.unwrap_err().is_cancelled());
    assert_eq!(client.rest().await, "");
    assert_eq!(
        happened.recv().await,
        None,
        "no shutdown, and the application is gone"
    );
}
