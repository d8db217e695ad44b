//! HTTP traffic beside the measured calls: the server's tasks on the measured runtime, the clients on a thread of their own.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Handle};
use tokio::task::AbortHandle;

const CONNECTIONS: usize = 16;
/// Between an answer and the next request of a connection: load, but no saturation.
const PAUSE: Duration = Duration::from_millis(1);
const REQUEST: &[u8] = b"GET /books/ HTTP/1.1\r\nhost: localhost\r\naccept: text/html\r\n\r\n";
const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 8\r\n\r\nbonsoir\n";

/// Requests that go on until it is dropped.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
    started: Instant,
    server: AbortHandle,
    clients: Option<JoinHandle<()>>,
}

impl Load {
    pub(crate) fn start(runtime: &Handle) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let server = runtime.spawn(serve(listener)).abort_handle();
        let stop = Arc::new(AtomicBool::new(false));
        let answered = Arc::new(AtomicU64::new(0));
        let clients = thread::spawn({
            let (stop, answered) = (Arc::clone(&stop), Arc::clone(&answered));
            move || ask_all(address, &stop, &answered)
        });
        Ok(Self {
            stop,
            answered,
            started: Instant::now(),
            server,
            clients: Some(clients),
        })
    }

    pub(crate) fn requests_a_second(&self) -> f64 {
        self.answered.load(Ordering::Relaxed) as f64 / self.started.elapsed().as_secs_f64()
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(clients) = self.clients.take() {
            let _ = clients.join();
        }
        self.server.abort();
    }
}

async fn serve(listener: std::net::TcpListener) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(answer(stream));
    }
}

async fn answer(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(1024);
    while stream.read_buf(&mut buffer).await? > 0 {
        if buffer.ends_with(b"\r\n\r\n") {
            buffer.clear();
            stream.write_all(RESPONSE).await?;
        }
    }
    Ok(())
}

fn ask_all(address: SocketAddr, stop: &Arc<AtomicBool>, answered: &Arc<AtomicU64>) {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime for the clients");
    runtime.block_on(async {
        let clients: Vec<_> = (0..CONNECTIONS)
            .map(|_| tokio::spawn(ask(address, Arc::clone(stop), Arc::clone(answered))))
            .collect();
        for client in clients {
            client
                .await
                .expect("no client panics")
                .expect("the server answers");
        }
    });
}

async fn ask(address: SocketAddr, stop: Arc<AtomicBool>, answered: Arc<AtomicU64>) -> io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut buffer = [0; RESPONSE.len()];
    while !stop.load(Ordering::Relaxed) {
        stream.write_all(REQUEST).await?;
        stream.read_exact(&mut buffer).await?;
        answered.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}
