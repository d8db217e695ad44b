//! One connection: its requests one after the other, until either side has enough.

use std::{
    fmt,
    future::poll_fn,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    cork::{Flusher, cork},
    panic,
    request::{Chain, Shared, answer, is_of_the_client},
    shutdown::{Phase, Watcher},
};
use crate::{Address, Application, ConnectionInfo};

/// Serves a connection to its end, or to the server's.
pub(super) async fn serve<A, I>(
    http1: http1::Builder,
    io: I,
    app: Arc<A>,
    info: ConnectionInfo,
    mut watcher: Watcher,
) where
    A: Application,
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let client = info.client.clone();
    let shared = Arc::new(Shared {
        app,
        info,
        cut: AtomicBool::new(false),
    });
    let service = service_fn(|request| answer(Arc::clone(&shared), request));
    let (io, flusher) = cork(io);
    let serve = async {
        let mut connection = pin!(http1.serve_connection(TokioIo::new(io), service));
        tokio::select! {
            biased;
            result = poll_fn(|cx| poll_turn(connection.as_mut(), &flusher, cx)) => return result,
            () = watcher.reached(Phase::Draining) => connection.as_mut().graceful_shutdown(),
        }
        tokio::select! {
            biased;
            result = poll_fn(|cx| poll_turn(connection.as_mut(), &flusher, cx)) => result,
            () = watcher.reached(Phase::Cut) => {
                shared.cut.store(true, Ordering::Relaxed);
                Ok(())
            }
        }
    };
    match panic::catch_unwind(serve).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => report(client.as_ref(), &error),
        // The call of the application catches its own panics; what is left are those of a response's body.
        Err(payload) => {
            tracing::error!(
                client = %Client(client.as_ref()), panic = panic::message(&payload),
                "the body of a response panicked; its connection was cut"
            );
        }
    }
}

/// One turn of the connection: hyper goes as far as it can, then what it has written leaves together.
fn poll_turn<C, I>(
    connection: Pin<&mut C>,
    flusher: &Flusher<I>,
    cx: &mut Context<'_>,
) -> Poll<hyper::Result<()>>
where
    C: Future<Output = hyper::Result<()>>,
    I: AsyncWrite + Unpin,
{
    let turn = connection.poll(cx);
    match flusher.poll_flush(cx) {
        Poll::Ready(Err(error)) => {
            tracing::debug!(%error, "the client went away before its answer was sent");
            Poll::Ready(Ok(()))
        }
        // At the end of a connection, what the client doesn't take at once is lost.
        Poll::Ready(Ok(())) | Poll::Pending => turn,
    }
}

/// Logs how a connection ended early. Clients that go away, stall or send nonsense are everyday life; the
/// application's part is a fault: a body that broke off, or was shorter than the length it declared.
fn report(client: Option<&Address>, error: &hyper::Error) {
    let (client, chain) = (Client(client), Chain(error));
    if error.is_user() && !is_of_the_client(error) {
        tracing::error!(%client, error = %chain, "a response could not be sent as the application made it");
    } else {
        tracing::debug!(%client, error = %chain, "a connection ended early");
    }
}

struct Client<'a>(Option<&'a Address>);

impl fmt::Display for Client<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(address) => address.fmt(f),
            None => f.write_str("unknown"),
        }
    }
}
