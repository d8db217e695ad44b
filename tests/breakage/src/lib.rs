//! How to break a mixed program, and what happens instead: a test a mistake, named as the mistake.
//!
//! This library is what the tests share. Two of the mistakes can't be written at all, so they stand here.
//!
//! # `stats_race`
//!
//! The talk's counter, a global that every view reads and writes, is refused without a lock or an atomic:
//!
//! ```compile_fail,E0133
//! static mut VISITS: u32 = 0;
//!
//! async fn view() -> String {
//!     let visits = VISITS;
//!     tokio::task::yield_now().await;
//!     VISITS = visits + 1;
//!     format!("{visits}")
//! }
//! ```
//!
//! So is sharing what is not made for it:
//!
//! ```compile_fail,E0277
//! use std::cell::Cell;
//! use std::sync::Arc;
//!
//! let visits = Arc::new(Cell::new(0));
//! let seen = Arc::clone(&visits);
//! tokio::spawn(async move { seen.set(seen.get() + 1) });
//! ```
//!
//! What does compile, an atomic that is loaded before an await and stored after it, still loses visits; the test shows it, and the way that does not.

#![allow(clippy::unwrap_used, reason = "the helpers of tests fail as tests do")]

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nuages_bridge::{Context, async_to_sync};
use nuages_handler::App;
use nuages_protocol::server::{Error, Server};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context as LayerContext, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// The runtimes that a program may have. The third shape is to have none: a plain `fn` that waits.
pub fn runtimes() -> [Runtime; 2] {
    [
        Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap(),
        Builder::new_current_thread().enable_all().build().unwrap(),
    ]
}

/// Runs async code on each runtime, and under a plain thread that waits for it.
pub fn in_every_shape<F: Future<Output = ()>>(body: impl Fn() -> F) {
    for runtime in runtimes() {
        runtime.block_on(Context::empty().scope(body()));
    }
    async_to_sync(Context::empty().scope(body())).unwrap();
}

/// One line of the log, by its fields; the text is `message`, the level `level`.
pub type Line = BTreeMap<String, String>;

/// What the program logs, warnings and errors, for the whole process.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<Vec<Line>>>);

impl Log {
    /// Starts to listen. Once a process.
    pub fn start() -> Self {
        let log = Self::default();
        tracing_subscriber::registry().with(log.clone()).init();
        log
    }

    /// What was logged since the last time.
    pub fn take(&self) -> Vec<Line> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

struct Fields(Line);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}

impl<S: Subscriber> Layer<S> for Log {
    fn on_event(&self, event: &Event<'_>, _: LayerContext<'_, S>) {
        if *event.metadata().level() <= Level::WARN {
            let mut fields = Fields(Line::new());
            event.record(&mut fields);
            fields
                .0
                .insert("level".to_owned(), event.metadata().level().to_string());
            self.0.lock().unwrap().push(fields.0);
        }
    }
}

/// An application behind a real socket, in a plain thread of the test.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<Result<(), Error>>,
}

impl Running {
    /// Serves an application until [`stop`](Self::stop).
    pub fn start(app: App) -> Self {
        let app = app.build().unwrap();
        let (stop, stopped) = oneshot::channel();
        let (bound, address) = std::sync::mpsc::channel();
        let [runtime, _] = runtimes();
        let serve = async move {
            let server = Server::bind("127.0.0.1:0").await?;
            bound.send(server.local_addr()).unwrap();
            let stopped = async { stopped.await.unwrap_or_default() };
            server
                .without_signals()
                .with_graceful_shutdown(stopped)
                .serve(app)
                .await
        };
        Self {
            thread: thread::spawn(move || runtime.block_on(serve)),
            address: address.recv().unwrap(),
            stop,
        }
    }

    /// A connection to it, whose reads give up rather than hang.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream
    }

    /// Stops it in order.
    pub fn stop(self) {
        self.stop.send(()).unwrap();
        self.thread.join().unwrap().unwrap();
    }
}

/// Asks for a path and leaves the connection open.
pub fn ask(stream: &mut TcpStream, path: &str) {
    write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
}

/// Reads one answer with a `content-length` from a connection that stays open: its head and its body.
pub fn answer(stream: &mut TcpStream) -> (String, String) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    (head, String::from_utf8(body).unwrap())
}

/// The server of this package, in a process of its own.
#[derive(Debug)]
pub struct Program {
    child: Child,
    out: BufReader<ChildStdout>,
    /// Reads all the time: a program whose log nobody reads stops at a full pipe.
    log: JoinHandle<String>,
    address: String,
}

impl Program {
    /// Starts the executable with these variables in its environment.
    pub fn start(executable: &str, environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new(executable)
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut stderr = child.stderr.take().unwrap();
        let log = thread::spawn(move || {
            let mut log = Vec::new();
            stderr.read_to_end(&mut log).unwrap();
            String::from_utf8_lossy(&log).into_owned()
        });
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap().to_owned();
        Self {
            child,
            out,
            log,
            address,
        }
    }

    /// Asks for a page, and waits for the line which says that its view runs.
    pub fn request(&mut self, path: &str, running: &str) -> TcpStream {
        let mut stream = self.connect();
        ask(&mut stream, path);
        assert_eq!(self.line(), running);
        stream
    }

    /// The next line that it prints.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    /// Connects to it.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream
    }

    /// Sends it SIGTERM.
    pub fn terminate(&self) {
        let status = Command::new("kill")
            .arg(self.child.id().to_string())
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// Whether it ended well, and its log.
    pub fn end(mut self) -> (bool, String) {
        let log = self.log.join().unwrap();
        (self.child.wait().unwrap().success(), log)
    }
}
