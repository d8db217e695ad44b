//! The clients: connections that ask as fast as they are answered, on threads of their own.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use bench_http_child::Server;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    runtime,
    task::JoinSet,
};

/// How many threads ask.
const THREADS: usize = 2;
/// How many connections there are where instructions are counted.
const FEW: usize = 16;

/// What is asked for, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) path: &'static str,
    /// What has to be answered.
    pub(crate) body: &'static str,
    pub(crate) connections: usize,
    /// How many requests are sent at once.
    pub(crate) depth: usize,
}

/// What was measured while the clients asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// Requests a second.
    pub(crate) rate: f64,
    /// Seconds of the server's processor time a request.
    pub(crate) processor: f64,
}

/// What the clients share.
#[derive(Debug, Default)]
struct Shared {
    answered: AtomicU64,
    stop: AtomicBool,
}

impl Load {
    /// Asks a server for so long.
    pub(crate) fn run(self, server: &Server, time: Duration) -> io::Result<Sample> {
        let shared = Arc::new(Shared::default());
        let threads: Vec<_> = (0..THREADS)
            .map(|at| {
                let share = self.connections / THREADS + usize::from(at < self.connections % THREADS);
                let (address, shared) = (server.address, Arc::clone(&shared));
                thread::spawn(move || self.connect(address, share, &shared))
            })
            .collect();
        let look = || {
            let answered = shared.answered.load(Ordering::Relaxed);
            server
                .processor()
                .map(|processor| (answered, processor, Instant::now()))
        };
        // Connections open, caches fill.
        thread::sleep(time / 3);
        let before = look();
        thread::sleep(time);
        let after = look();
        shared.stop.store(true, Ordering::Relaxed);
        for thread in threads {
            let ended = thread.join();
            ended.map_err(|_| io::Error::other("a client panicked"))??;
        }
        let (before, after) = (before?, after?);
        let requests = (after.0 - before.0) as f64;
        Ok(Sample {
            rate: requests / (after.2 - before.2).as_secs_f64(),
            processor: (after.1 - before.1).as_secs_f64() / requests,
        })
    }

    /// Asks in so many turns, one request on each of a few connections in each, and says how many requests that were.
    pub(crate) fn ask(self, address: SocketAddr, turns: usize) -> io::Result<usize> {
        let one = Self { depth: 1, ..self };
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut clients = Vec::new();
            for _ in 0..FEW {
                clients.push(Client::connect(one, address).await?);
            }
            for _ in 0..turns {
                for client in &mut clients {
                    client.send().await?;
                }
                for client in &mut clients {
                    client.receive().await?;
                }
            }
            Ok(FEW * (turns + 1))
        })
    }

    fn connect(self, address: SocketAddr, connections: usize, shared: &Arc<Shared>) -> io::Result<()> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut clients = JoinSet::new();
            for _ in 0..connections {
                let shared = Arc::clone(shared);
                clients.spawn(async move {
                    let mut client = Client::connect(self, address).await?;
                    while !shared.stop.load(Ordering::Relaxed) {
                        client.turn().await?;
                        shared.answered.fetch_add(self.depth as u64, Ordering::Relaxed);
                    }
                    io::Result::Ok(())
                });
            }
            while let Some(ended) = clients.join_next().await {
                ended.map_err(io::Error::other)??;
            }
            Ok(())
        })
    }
}

/// One connection. The first answer is checked; the others have to be as long.
struct Client {
    stream: TcpStream,
    requests: Vec<u8>,
    buffer: Vec<u8>,
    expected: usize,
}

impl Client {
    async fn connect(load: Load, address: SocketAddr) -> io::Result<Self> {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAccept: application/json,text/plain;q=0.9,*/*;q=0.1\r\n\
             Connection: keep-alive\r\n\r\n",
            load.path
        );
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::with_capacity(1024);
        while !answer.ends_with(load.body.as_bytes()) {
            if answer.len() > 4096 || stream.read_buf(&mut answer).await? == 0 {
                return Err(io::Error::other(format!(
                    "a wrong answer to {}: {:?}",
                    load.path,
                    String::from_utf8_lossy(&answer)
                )));
            }
        }
        check(load.path, &answer, load.body)?;
        let expected = answer.len() * load.depth;
        Ok(Self {
            stream,
            requests: request.repeat(load.depth).into_bytes(),
            buffer: vec![0; expected],
            expected,
        })
    }

    /// Sends what is sent at once, and waits for its answers.
    async fn turn(&mut self) -> io::Result<()> {
        self.send().await?;
        self.receive().await
    }

    async fn send(&mut self) -> io::Result<()> {
        self.stream.write_all(&self.requests).await
    }

    async fn receive(&mut self) -> io::Result<()> {
        self.stream.read_exact(&mut self.buffer[..self.expected]).await?;
        if self.buffer.starts_with(b"HTTP/1.1 200 ") {
            return Ok(());
        }
        Err(io::Error::other("an answer was not as long as the first"))
    }
}

/// Holds an answer to the rules of the benchmarks: what a server leaves out is no gain.
fn check(path: &str, answer: &[u8], body: &str) -> io::Result<()> {
    let text = String::from_utf8_lossy(answer).to_ascii_lowercase();
    let length = format!("content-length: {}\r\n", body.len());
    let wanted = ["http/1.1 200 ", "content-type: ", "server: ", "date: ", &length];
    match wanted.iter().find(|part| !text.contains(**part)) {
        None => Ok(()),
        Some(missing) => Err(io::Error::other(format!(
            "the answer to {path} has no `{}`: {text}",
            missing.trim()
        ))),
    }
}
