//! Who accepts connections: the runtime that called, or threads with a runtime each.

use std::{convert::Infallible, io, sync::Arc, task::Poll, thread};

use tokio::{runtime, sync::watch};

use super::{
    Shared, connection,
    error::{Error, Kind},
    listen::{Accepted, FULL, Listener},
};
use crate::Application;

/// Accepts connections for ever, each in a task of its own.
pub(super) async fn accept<A: Application>(listeners: &[Listener], shared: &Arc<Shared<A>>) -> Infallible {
    let mut turn = 0;
    loop {
        let Ok(place) = Arc::clone(&shared.places).acquire_owned().await else {
            // Nobody closes the semaphore.
            std::future::pending().await
        };
        let accepted = next(listeners, &mut turn).await;
        let watcher = shared.connections.watcher();
        tokio::spawn(connection::serve(Arc::clone(shared), accepted, watcher, place));
    }
}

/// The next connection of any listener, each in its turn. A failure to accept one is never the end of the server: the client may have gone
/// while it waited, or the process may be out of file descriptors until another connection ends.
async fn next(listeners: &[Listener], turn: &mut usize) -> Accepted {
    loop {
        let accepted = std::future::poll_fn(|cx| {
            for _ in listeners {
                *turn = (*turn + 1) % listeners.len();
                if let Poll::Ready(accepted) = listeners[*turn].poll_accept(cx) {
                    return Poll::Ready(accepted);
                }
            }
            Poll::Pending
        });
        match accepted.await {
            Ok(accepted) => return accepted,
            Err(error) if is_of_the_client(&error) => {
                tracing::debug!(%error, "a client went away before it was accepted");
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection; trying again");
                tokio::time::sleep(FULL).await;
            }
        }
    }
}

fn is_of_the_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

/// What the threads are to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    Accept,
    Finish,
    End,
}

/// Threads that serve, each with its own runtime and its own listening sockets. They end when this is dropped.
pub(super) struct Workers {
    order: watch::Sender<Order>,
    /// One copy is held by each thread that still accepts.
    accepting: watch::Sender<()>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Workers {
    pub(super) fn start<A: Application>(
        listeners: Vec<Listener>,
        shared: &Arc<Shared<A>>,
    ) -> Result<Self, Error> {
        let count = shared.limits.workers;
        let mut shares: Vec<Vec<_>> = (0..count).map(|_| Vec::new()).collect();
        for listener in listeners {
            for (share, spare) in shares.iter_mut().zip(listener.spread(&shared.limits)?) {
                share.push(spare);
            }
        }
        let mut workers = Self {
            order: watch::Sender::new(Order::Accept),
            accepting: watch::Sender::new(()),
            threads: Vec::with_capacity(count),
        };
        for (index, share) in shares.into_iter().enumerate() {
            let runtime = runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(Kind::Workers)?;
            let listen = || {
                let _entered = runtime.enter();
                share.into_iter().map(super::listen::Spare::listen).collect()
            };
            let listeners: Vec<Listener> = match listen() {
                Ok(listeners) => listeners,
                Err(error) => {
                    runtime.shutdown_background();
                    return Err(Kind::Workers(error).into());
                }
            };
            let (mut order, accepting) = (workers.order.subscribe(), workers.accepting.subscribe());
            let shared = Arc::clone(shared);
            let run = async move {
                tokio::select! {
                    biased;
                    _ = order.wait_for(|order| *order >= Order::Finish) => {}
                    never = accept(&listeners, &shared) => match never {},
                }
                drop((listeners, accepting));
                let _ = order.wait_for(|order| *order >= Order::End).await;
            };
            let thread = thread::Builder::new()
                .name(format!("nuages-server-{index}"))
                .spawn(move || runtime.block_on(run))
                .map_err(Kind::Workers)?;
            workers.threads.push(thread);
        }
        Ok(workers)
    }

    /// No connection is accepted any more once this returns; those that are open go on.
    pub(super) async fn finish(&self) {
        self.order.send_replace(Order::Finish);
        self.accepting.closed().await;
    }

    /// Ends the threads, whose connections have ended or are cut with them.
    pub(super) fn end(mut self) {
        self.order.send_replace(Order::End);
        for thread in self.threads.drain(..) {
            // Each has nothing left to do but to return.
            let _ = thread.join();
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.order.send_replace(Order::End);
    }
}
