//! The clients: a normal one, slow ones, and idle ones.

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    sync::{mpsc, watch},
    task::JoinSet,
};

const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";
/// How often a slow client does something.
const BEAT: Duration = Duration::from_millis(500);

/// What a normal client has seen.
pub(crate) struct Seen {
    pub(crate) median: Duration,
    pub(crate) requests: usize,
}

/// Asks again and again on one connection, with a little time between.
pub(crate) async fn normal(address: SocketAddr, time: Duration) -> io::Result<Seen> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut times = Vec::new();
    let end = Instant::now() + time;
    while Instant::now() < end {
        let begun = Instant::now();
        exchange(&mut stream).await?;
        times.push(begun.elapsed());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    times.sort_unstable();
    Ok(Seen {
        median: times[times.len() / 2],
        requests: times.len(),
    })
}

async fn exchange(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(GET).await?;
    let mut answer = Vec::with_capacity(256);
    while !answer.ends_with(b"hello") {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

/// What a slow client is slow at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Headers,
    Body,
    Read,
}

/// Slow clients that come back when they are dropped.
pub(crate) struct Attackers {
    stop: watch::Sender<bool>,
    dropped: mpsc::UnboundedReceiver<(Kind, Duration)>,
}

impl Attackers {
    pub(crate) fn start(address: SocketAddr, count: usize) -> Self {
        let stop = watch::Sender::new(false);
        let (sender, dropped) = mpsc::unbounded_channel();
        for (kind, _) in [Kind::Headers, Kind::Body, Kind::Read]
            .into_iter()
            .cycle()
            .zip(0..count)
        {
            let (mut stopped, sender) = (stop.subscribe(), sender.clone());
            tokio::spawn(async move {
                let attack = async {
                    loop {
                        if let Ok(life) = slow(address, kind).await
                            && sender.send((kind, life)).is_err()
                        {
                            return;
                        }
                        tokio::time::sleep(BEAT).await;
                    }
                };
                tokio::select! {
                    () = attack => {}
                    _ = stopped.wait_for(|stop| *stop) => {}
                }
            });
        }
        Self { stop, dropped }
    }

    /// How many of each kind the server has dropped, and how long the longest has lived.
    pub(crate) async fn stop(mut self) -> Vec<(Kind, usize, Duration)> {
        self.stop.send_replace(true);
        let mut all = Vec::new();
        while let Some(one) = self.dropped.recv().await {
            all.push(one);
        }
        [Kind::Headers, Kind::Body, Kind::Read]
            .into_iter()
            .map(|kind| {
                let lives = all.iter().filter(|(of, _)| *of == kind).map(|(_, life)| *life);
                (kind, lives.clone().count(), lives.max().unwrap_or_default())
            })
            .collect()
    }
}

/// One slow connection, until the server ends it: how long it has lived.
async fn slow(address: SocketAddr, kind: Kind) -> io::Result<Duration> {
    let socket = TcpSocket::new_v4()?;
    if kind == Kind::Read {
        // As such clients do: nearly all that they ask for has to wait in the server.
        socket.set_recv_buffer_size(4096)?;
    }
    let mut stream = socket.connect(address).await?;
    let begun = Instant::now();
    match kind {
        Kind::Headers => stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nx: ").await?,
        Kind::Body => {
            let head = b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n";
            stream.write_all(head).await?;
        }
        Kind::Read => {
            stream
                .write_all(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n")
                .await?
        }
    }
    let mut buffer = [0; 512];
    loop {
        tokio::time::sleep(BEAT).await;
        let turn = if kind == Kind::Read {
            // What is unread hides the end, but not from one who writes.
            match stream.write_all(b"x").await {
                Ok(()) => stream.read(&mut buffer[..1]).await.map(|read| read > 0),
                Err(error) => Err(error),
            }
        } else {
            // The end shows as an answer, or as an error of writing.
            let written = stream.write_all(b"x").await;
            match stream.try_read(&mut buffer) {
                Ok(_) => Ok(false),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => written.map(|()| true),
                Err(error) => Err(error),
            }
        };
        if !matches!(turn, Ok(true)) {
            return Ok(begun.elapsed());
        }
    }
}

/// Connections that have asked once and then do nothing.
pub(crate) struct Idle(Vec<TcpStream>);

impl Idle {
    pub(crate) async fn open(address: SocketAddr, count: usize) -> io::Result<Self> {
        let mut streams = Vec::with_capacity(count);
        while streams.len() < count {
            let mut opening = JoinSet::new();
            for _ in 0..(count - streams.len()).min(100) {
                opening.spawn(async move {
                    let mut stream = TcpStream::connect(address).await?;
                    exchange(&mut stream).await?;
                    io::Result::Ok(stream)
                });
            }
            while let Some(opened) = opening.join_next().await {
                streams.push(opened.map_err(io::Error::other)??);
            }
        }
        Ok(Self(streams))
    }

    /// How many are answered once more.
    pub(crate) async fn ask_again(&mut self) -> usize {
        let mut alive = 0;
        for stream in &mut self.0 {
            alive += usize::from(exchange(stream).await.is_ok());
        }
        alive
    }
}
