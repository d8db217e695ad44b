//! SIGINT and SIGTERM, sent to this very process.
//!
//! One test after the other: a signal reaches every server in the process.
#![cfg(all(feature = "server", unix))]
#![expect(clippy::unwrap_used, reason = "the helpers of tests fail as tests do")]

use std::{
    future::pending,
    process,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use nuages_protocol::{
    Application, Body, BoxError, HttpScope, Response, State,
    server::{Error, Server},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::{Notify, mpsc},
    task::JoinHandle,
};

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn one_at_a_time() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits in every request until it is released.
struct Slow {
    events: mpsc::UnboundedSender<&'static str>,
    release: Arc<Notify>,
}

impl Application for Slow {
    async fn http(&self, _scope: HttpScope, _body: Body) -> Result<Response, BoxError> {
        self.events.send("called")?;
        self.release.notified().await;
        Ok(Response::new("slow".into()))
    }

    async fn startup(&self) -> Result<State, BoxError> {
        self.events.send("startup")?;
        Ok(State::new())
    }

    async fn shutdown(&self) -> Result<(), BoxError> {
        self.events.send("shutdown")?;
        Ok(())
    }
}

/// A server with its default settings, and a client whose request it works on.
struct Busy {
    client: TcpStream,
    release: Arc<Notify>,
    events: mpsc::UnboundedReceiver<&'static str>,
    server: JoinHandle<Result<(), Error>>,
}

impl Busy {
    async fn start() -> Self {
        let (events, mut happened) = mpsc::unbounded_channel();
        let release = Arc::new(Notify::new());
        let server = Server::bind("127.0.0.1:0").await.unwrap();
        let address = server.local_addr();
        let server = tokio::spawn(server.serve(Slow {
            events,
            release: Arc::clone(&release),
        }));
        let mut client = TcpStream::connect(address).await.unwrap();
        client
            .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        assert_eq!(happened.recv().await, Some("startup"));
        assert_eq!(happened.recv().await, Some("called"));
        Self {
            client,
            release,
            events: happened,
            server,
        }
    }

    /// Waits until the server refuses clients, which is when it has heard the signal.
    async fn heard(&self) {
        let address = self.client.peer_addr().unwrap();
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    }

    async fn answer(&mut self) -> String {
        let mut answer = String::new();
        let _ = self.client.read_to_string(&mut answer).await;
        answer
    }
}

fn send(signal: &str) {
    let sent = process::Command::new("kill")
        .args([signal, &process::id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}

#[test]
fn each_signal_stops_in_order() {
    let _alone = one_at_a_time();
    run(async {
        for signal in ["-TERM", "-INT"] {
            let mut busy = Busy::start().await;
            send(signal);
            busy.heard().await;
            assert!(!busy.server.is_finished());
            busy.release.notify_one();
            assert!(busy.answer().await.ends_with("slow"), "{signal}");
            busy.server.await.unwrap().unwrap();
            assert_eq!(busy.events.recv().await, Some("shutdown"), "{signal}");
        }
    });
}

#[test]
fn a_second_signal_ends_at_once() {
    let _alone = one_at_a_time();
    run(async {
        let mut busy = Busy::start().await;
        send("-TERM");
        busy.heard().await;
        send("-INT");
        assert_eq!(busy.answer().await, "");
        let error = busy.server.await.unwrap().unwrap_err();
        assert!(error.is_forced());
        assert_eq!(busy.events.recv().await, None, "shutdown does not run");
    });
}

#[test]
fn a_second_signal_ends_a_shutdown_that_hangs() {
    struct Hanging(mpsc::UnboundedSender<&'static str>);

    impl Application for Hanging {
        async fn http(&self, _scope: HttpScope, _body: Body) -> Result<Response, BoxError> {
            Ok(Response::default())
        }

        async fn startup(&self) -> Result<State, BoxError> {
            self.0.send("startup")?;
            Ok(State::new())
        }

        async fn shutdown(&self) -> Result<(), BoxError> {
            self.0.send("shutdown")?;
            pending().await
        }
    }

    let _alone = one_at_a_time();
    run(async {
        let (events, mut happened) = mpsc::unbounded_channel();
        let server = Server::bind("127.0.0.1:0").await.unwrap();
        let server = tokio::spawn(server.serve(Hanging(events)));
        assert_eq!(happened.recv().await, Some("startup"));
        send("-INT");
        assert_eq!(happened.recv().await, Some("shutdown"));
        send("-INT");
        assert!(server.await.unwrap().unwrap_err().is_forced());
    });
}

#[cfg(feature = "tls")]
#[test]
fn sighup_reads_the_certificate_again_and_drops_no_connection() {
    use std::io::ErrorKind;

    use nuages_protocol::{app_fn, server::ServerConfig};
    use tokio_rustls::{
        TlsConnector,
        client::TlsStream,
        rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName},
    };

    let _alone = one_at_a_time();
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
        // Gives the server a new certificate, and a client that trusts this one alone.
        let renew = || {
            let new = rcgen::generate_simple_self_signed(["shop.example".to_owned()]).unwrap();
            std::fs::write(&cert, new.cert.pem()).unwrap();
            std::fs::write(&key, new.signing_key.serialize_pem()).unwrap();
            let mut roots = RootCertStore::empty();
            roots.add(new.cert.der().clone()).unwrap();
            let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_root_certificates(roots)
                .with_no_client_auth();
            TlsConnector::from(Arc::new(config))
        };
        async fn ask(stream: &mut TlsStream<TcpStream>) -> String {
            stream
                .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
                .await
                .unwrap();
            let mut answer = [0; 1024];
            let length = stream.read(&mut answer).await.unwrap();
            String::from_utf8_lossy(&answer[..length]).into_owned()
        }

        let old = renew();
        let config = ServerConfig::default()
            .bind(vec!["127.0.0.1:0".into()])
            .tls_cert(Some(cert.clone()))
            .tls_key(Some(key.clone()));
        let server = Server::from_config(config).await.unwrap();
        let address = server.local_addr();
        let connect = async |client: &TlsConnector| {
            let stream = TcpStream::connect(address).await?;
            client
                .connect(ServerName::try_from("shop.example").unwrap(), stream)
                .await
        };
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let server = server.with_graceful_shutdown(async { drop(stopped.await) });
        let server = tokio::spawn(server.serve(app_fn(|_, _| async { Ok(Response::new("fine".into())) })));
        let mut kept = connect(&old).await.unwrap();
        assert!(ask(&mut kept).await.ends_with("fine"));

        // Files that can't be used leave everything as it is.
        std::fs::write(&cert, "half written").unwrap();
        send("-HUP");
        let new = renew();
        send("-HUP");
        let mut fresh = loop {
            match connect(&new).await {
                Ok(stream) => break stream,
                Err(error) => assert_eq!(error.kind(), ErrorKind::InvalidData, "{error}"),
            }
            tokio::task::yield_now().await;
        };
        assert!(ask(&mut fresh).await.ends_with("fine"));
        assert!(connect(&old).await.is_err());
        assert!(
            ask(&mut kept).await.ends_with("fine"),
            "the old connection goes on"
        );
        drop((stop, kept, fresh));
        server.await.unwrap().unwrap();
    });
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(async {
            test.await;
        });
}
