//! A server that runs in a test, and a client that speaks raw bytes.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use nuages_protocol::{
    Address, Application,
    server::{Error, Server, ServerConfig},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
};

/// A server in a task of its own.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    pub(crate) task: JoinHandle<Result<(), Error>>,
}

impl Running {
    pub(crate) async fn start(app: impl Application) -> Self {
        Self::start_with(app, |server| server).await
    }

    pub(crate) async fn start_with(app: impl Application, configure: impl FnOnce(Server) -> Server) -> Self {
        let (stop, stopped) = oneshot::channel();
        let server = configure(Server::bind("127.0.0.1:0").await.unwrap());
        Self::run(app, server, stop, stopped)
    }

    /// With settings that bear on how the server listens.
    pub(crate) async fn start_config(app: impl Application, config: ServerConfig) -> Self {
        let (stop, stopped) = oneshot::channel();
        let server = Server::from_config(config).await.unwrap();
        Self::run(app, server, stop, stopped)
    }

    fn run(
        app: impl Application,
        server: Server,
        stop: oneshot::Sender<()>,
        stopped: oneshot::Receiver<()>,
    ) -> Self {
        let address = server
            .local_addrs()
            .find_map(Address::socket_addr)
            .unwrap_or_else(|| ([127, 0, 0, 1], 0).into());
        let server = server
            .without_signals()
            .with_graceful_shutdown(async { stopped.await.unwrap_or_default() });
        Self {
            address,
            stop: Some(stop),
            task: tokio::spawn(server.serve(app)),
        }
    }

    pub(crate) async fn connect(&self) -> Client {
        Client::of(TcpStream::connect(self.address).await.unwrap())
    }

    /// One connection, one exchange.
    pub(crate) async fn exchange(&self, request: &str) -> Answer {
        let mut client = self.connect().await;
        client.send(request).await;
        client.answer().await
    }

    pub(crate) fn ask_to_stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    pub(crate) async fn stop(mut self) -> Result<(), Error> {
        self.ask_to_stop();
        self.task.await.unwrap()
    }
}

/// A connection that speaks raw bytes.
pub(crate) struct Client<S = TcpStream> {
    pub(crate) stream: S,
    buffered: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub(crate) fn of(stream: S) -> Self {
        Self {
            stream,
            buffered: Vec::new(),
        }
    }

    pub(crate) async fn send(&mut self, bytes: &str) {
        self.stream.write_all(bytes.as_bytes()).await.unwrap();
    }

    /// Reads until the delimiter, which is part of what is given.
    pub(crate) async fn read_until(&mut self, delimiter: &str) -> String {
        loop {
            if let Some(at) = find(&self.buffered, delimiter.as_bytes()) {
                let rest = self.buffered.split_off(at + delimiter.len());
                return text(std::mem::replace(&mut self.buffered, rest));
            }
            let read = self.stream.read_buf(&mut self.buffered).await.unwrap();
            assert!(
                read > 0,
                "the connection ended before {delimiter:?}: {:?}",
                text(self.buffered.clone())
            );
        }
    }

    async fn read_exact(&mut self, length: usize) -> String {
        while self.buffered.len() < length {
            let read = self.stream.read_buf(&mut self.buffered).await.unwrap();
            assert!(read > 0, "the connection ended inside a body");
        }
        let rest = self.buffered.split_off(length);
        text(std::mem::replace(&mut self.buffered, rest))
    }

    /// Reads a head alone, for answers that have no body.
    pub(crate) async fn head(&mut self) -> Answer {
        let head = self.read_until("\r\n\r\n").await;
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer {
            status,
            head,
            body: String::new(),
        }
    }

    /// Reads one answer, by its length or in chunks.
    pub(crate) async fn answer(&mut self) -> Answer {
        let mut answer = self.head().await;
        if answer.header("transfer-encoding") == Some("chunked") {
            loop {
                let size = self.read_until("\r\n").await;
                let size = usize::from_str_radix(size.trim(), 16).unwrap();
                let chunk = self.read_exact(size).await;
                answer.body.push_str(&chunk);
                assert_eq!(self.read_exact(2).await, "\r\n");
                if size == 0 {
                    break;
                }
            }
        } else if let Some(length) = answer.header("content-length") {
            let length = length.parse().unwrap();
            answer.body = self.read_exact(length).await;
        }
        answer
    }

    /// Reads until the server closes the connection, or nothing comes any more.
    #[cfg_attr(
        not(feature = "tls"),
        expect(dead_code, reason = "only clients with certificates need it")
    )]
    pub(crate) async fn rest_within(mut self, time: Duration) -> String {
        let read = async { while let Ok(1..) = self.stream.read_buf(&mut self.buffered).await {} };
        let _ = tokio::time::timeout(time, read).await;
        text(self.buffered)
    }

    /// Reads until the server closes the connection, orderly or not.
    pub(crate) async fn rest(mut self) -> String {
        while let Ok(1..) = self.stream.read_buf(&mut self.buffered).await {}
        text(self.buffered)
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// What the crate logs in this thread, one line an event, its level first.
#[derive(Clone, Default)]
pub(crate) struct Log {
    lines: Arc<Mutex<Vec<String>>>,
}

impl Log {
    /// Collects while the guard lives. Only for tests on a current-thread runtime.
    pub(crate) fn collect() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let guard = tracing::subscriber::set_default(log.clone());
        (log, guard)
    }

    pub(crate) fn lines(&self) -> MutexGuard<'_, Vec<String>> {
        self.lines.lock().unwrap()
    }

    pub(crate) fn faults(&self) -> Vec<String> {
        let is_fault = |line: &&String| line.starts_with("ERROR") || line.starts_with("WARN");
        self.lines().iter().filter(is_fault).cloned().collect()
    }
}

impl tracing::Subscriber for Log {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        // Not the bridge's: where backtraces are on, it tells of each panic that crosses.
        let target = metadata.target();
        target.starts_with("nuages_protocol") || target == "nuages::access"
    }

    fn new_span(&self, _attributes: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _span: &tracing::span::Id, _values: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _span: &tracing::span::Id, _follows: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        struct Fields<'a>(&'a mut String);
        impl tracing::field::Visit for Fields<'_> {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                self.0.push_str(&format!(" {}={value:?}", field.name()));
            }
        }
        let mut line = event.metadata().level().to_string();
        event.record(&mut Fields(&mut line));
        self.lines().push(line);
    }

    fn enter(&self, _span: &tracing::span::Id) {}

    fn exit(&self, _span: &tracing::span::Id) {}
}
