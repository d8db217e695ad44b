//! Startup and shutdown of the application.

use std::{error::Error as _, future::pending};

use nuages_protocol::{
    Application, Body, BoxError, HttpScope, Response, State,
    server::{Error, Server},
};
use tokio::{
    net::TcpStream,
    sync::{Mutex, mpsc, oneshot},
};

use crate::support::Running;

/// Writes down its life. Startup waits for the gate and ends as told.
struct Living {
    events: mpsc::UnboundedSender<&'static str>,
    startup: Mutex<Option<oneshot::Receiver<Result<(), BoxError>>>>,
    shutdown: fn() -> Result<(), BoxError>,
}

impl Application for Living {
    async fn http(&self, _scope: HttpScope, _body: Body) -> Result<Response, BoxError> {
        self.events.send("request")?;
        Ok(Response::default())
    }

    async fn startup(&self) -> Result<State, BoxError> {
        self.events.send("startup")?;
        let gate = self.startup.lock().await.take();
        match gate {
            Some(gate) => gate.await?,
            None => pending().await,
        }?;
        self.events.send("started")?;
        Ok(State::new())
    }

    async fn shutdown(&self) -> Result<(), BoxError> {
        self.events.send("shutdown")?;
        (self.shutdown)()
    }
}

type Started = oneshot::Sender<Result<(), BoxError>>;

fn living(
    shutdown: fn() -> Result<(), BoxError>,
) -> (Living, Started, mpsc::UnboundedReceiver<&'static str>) {
    let (events, happened) = mpsc::unbounded_channel();
    let (started, gate) = oneshot::channel();
    (
        Living {
            events,
            startup: Mutex::new(Some(gate)),
            shutdown,
        },
        started,
        happened,
    )
}

fn rest(mut events: mpsc::UnboundedReceiver<&'static str>) -> Vec<&'static str> {
    std::iter::from_fn(|| events.try_recv().ok()).collect()
}

#[tokio::test]
async fn startup_ends_before_the_first_request_and_shutdown_follows_the_last() {
    let (app, started, mut happened) = living(|| Ok(()));
    let server = Running::start(app).await;
    assert_eq!(happened.recv().await, Some("startup"));
    // A client that comes early waits; it isn't refused.
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    started.send(Ok(())).unwrap();
    assert_eq!(client.answer().await.status, 200);
    server.stop().await.unwrap();
    assert_eq!(rest(happened), ["started", "request", "shutdown"]);
}

#[tokio::test]
async fn a_failed_startup_is_the_error_of_serve() {
    let (app, started, happened) = living(|| Ok(()));
    started.send(Err("no database at localhost".into())).unwrap();
    let server = Running::start(app).await;
    let address = server.address;
    let error = server.task.await.unwrap().unwrap_err();
    assert!(error.is_startup());
    assert_eq!(error.to_string(), "the application failed to start");
    assert_eq!(error.source().unwrap().to_string(), "no database at localhost");
    assert_eq!(rest(happened), ["startup"], "what did not start is not shut down");
    assert!(
        TcpStream::connect(address).await.is_err(),
        "nobody listens any more"
    );
}

#[tokio::test]
async fn a_failed_shutdown_is_the_error_of_serve() {
    let (app, started, _happened) = living(|| Err("the cache is full".into()));
    started.send(Ok(())).unwrap();
    let server = Running::start(app).await;
    server.exchange("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let error = server.stop().await.unwrap_err();
    assert!(error.is_shutdown());
    assert_eq!(error.source().unwrap().to_string(), "the cache is full");
}

#[tokio::test]
async fn a_stop_during_the_startup_ends_it() {
    let (app, _started, mut happened) = living(|| Ok(()));
    let server = Running::start(app).await;
    assert_eq!(happened.recv().await, Some("startup"));
    server.stop().await.unwrap();
    assert_eq!(rest(happened), Vec::<&str>::new());
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let first = Server::bind("127.0.0.1:0").await.unwrap();
    let address = first.local_addr();
    let error: Error = Server::bind(address).await.unwrap_err();
    assert!(error.is_bind());
    assert!(error.to_string().contains(&address.to_string()), "{error}");
    let error = Server::bind("localhost:no-port").await.unwrap_err();
    assert!(
        error.is_bind() && error.to_string().contains("localhost:no-port"),
        "{error}"
    );
}

#[tokio::test]
async fn a_socket_that_listens_already_is_served() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::from_std(listener).unwrap();
    assert_eq!(server.local_addr(), address);
}
