//! One connection, from its first byte to its end.

mod clock;
mod core;
mod http1;
#[cfg(feature = "http2")]
mod http2;
#[cfg(feature = "http2")]
mod streams;
mod wire;

use std::{
    future::poll_fn,
    io,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use tokio::{sync::OwnedSemaphorePermit, time::timeout};

pub(super) use self::core::Core;
#[cfg(feature = "http2")]
pub(super) use self::streams::{Streams, note};
use self::{
    clock::{Clock, Late, Waiting},
    wire::Turn,
};
use super::{
    Shared,
    listen::{Accepted, Stream},
    proxy::{Header, read_header},
    shutdown::{Phase, Watcher},
};
#[cfg(feature = "tls")]
use crate::Scheme;
use crate::{Address, Application, ConnectionInfo, fault::Chain};

/// How HTTP/2 begins where nothing else says so ([RFC 9113, section 3.4](https://www.rfc-editor.org/rfc/rfc9113#section-3.4)).
#[cfg(feature = "http2")]
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// How much is read to find out which protocol a client speaks: a small request as a whole.
const FIRST: usize = 512;
/// How much is read at once from a connection that was quiet.
const NEXT: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Http1,
    #[cfg(feature = "http2")]
    Http2,
}

/// Serves a connection to its end, or to the server's.
pub(super) async fn serve<A: Application>(
    shared: Arc<Shared<A>>,
    accepted: Accepted,
    mut watcher: Watcher,
    place: OwnedSemaphorePermit,
) {
    let begun = tokio::select! {
        biased;
        begun = begin(&shared, accepted) => begun,
        () = watcher.reached(Phase::Draining) => return,
    };
    let Some(Begun {
        stream,
        info,
        agreed,
        rest,
    }) = begun
    else {
        return;
    };
    let core = Core::new(
        stream,
        info,
        Arc::clone(&shared.limits),
        shared.connections.clone(),
        place,
    );
    core.socket().unread(&rest);
    let mut driver = Driver {
        clock: Clock::new(&core.limits),
        core: Arc::clone(&core),
        watcher,
        draining: false,
    };
    let protocol = match agreed {
        Some(protocol) => protocol,
        None => match driver.detect(shared.speaks_http2()).await {
            Some(protocol) => protocol,
            None => return,
        },
    };
    match protocol {
        Protocol::Http1 => http1::serve(&shared, &core, &mut driver).await,
        #[cfg(feature = "http2")]
        Protocol::Http2 => {
            if let Some(http2) = &shared.http2 {
                Box::pin(http2::serve(http2, &shared, &core, &mut driver)).await;
            }
        }
    }
    drop(driver);
    core.linger().await;
}

/// A connection on which HTTP comes next.
struct Begun {
    stream: Stream,
    info: ConnectionInfo,
    /// What client and server have agreed on already.
    agreed: Option<Protocol>,
    /// What was read of HTTP.
    rest: Bytes,
}

/// What comes before the first byte of HTTP. `None` if nothing of HTTP will come.
async fn begin<A: Application>(shared: &Shared<A>, accepted: Accepted) -> Option<Begun> {
    let Accepted { stream, mut info } = accepted;
    info.state.clone_from(&shared.state);
    if !shared.limits.root_path.is_empty() {
        info.root_path = shared.limits.root_path.clone().into();
    }
    let plain = Begun {
        stream,
        info,
        agreed: None,
        rest: Bytes::new(),
    };
    if !shared.limits.proxy_protocol && !shared.encrypts(&plain.stream) {
        return Some(plain);
    }
    let client = plain.info.client.clone();
    // Boxed, since most connections have no need for the room.
    let shaken = timeout(
        shared.limits.handshake_timeout,
        Box::pin(shake_hands(shared, plain)),
    );
    let error = match shaken.await {
        Ok(Ok(begun)) => return Some(begun),
        Ok(Err(error)) => error,
        Err(_late) => io::ErrorKind::TimedOut.into(),
    };
    tracing::debug!(client = %Client(client.as_ref()), %error, "a connection ended before its first request");
    None
}

async fn shake_hands<A: Application>(shared: &Shared<A>, mut begun: Begun) -> io::Result<Begun> {
    if shared.limits.proxy_protocol {
        if let Some(trusted) = &shared.trusted
            && !trusted.peers.trusts_peer(begun.info.client.as_ref())
        {
            return Err(io::Error::other("the peer is no trusted proxy"));
        }
        let (header, rest) = read_header(&mut begun.stream).await?;
        if let Header::For { source, destination } = header {
            begun.info.client = Some(source.into());
            begun.info.server = Some(destination.into());
        }
        begun.rest = rest;
    }
    #[cfg(feature = "tls")]
    if let Some(tls) = shared.tls.as_ref().filter(|_| shared.encrypts(&begun.stream)) {
        let raw = match std::mem::take(&mut begun.rest) {
            rest if rest.is_empty() => begun.stream,
            rest => Stream::Begun(rest, Box::new(begun.stream)),
        };
        let (stream, info) = tls.accept(raw).await?;
        begun.agreed = match stream.get_ref().1.alpn_protocol() {
            #[cfg(feature = "http2")]
            Some(b"h2") => Some(Protocol::Http2),
            _ => Some(Protocol::Http1),
        };
        begun.stream = Stream::Tls(Box::new(stream));
        begun.info.tls = Some(info.into());
        begun.info.scheme = Scheme::Https;
    }
    Ok(begun)
}

/// What drives a connection beside hyper: the clock, the server's end, and the flush after each turn.
struct Driver {
    core: Arc<Core>,
    clock: Clock,
    watcher: Watcher,
    draining: bool,
}

/// What a turn asks of the connection.
enum Order {
    /// Go on.
    Wait,
    /// Finish what is in flight, then close.
    Drain,
    /// Nothing has happened for this long: give back what an idle connection doesn't need.
    Rest(Duration),
    /// Close now.
    Close,
}

impl Driver {
    /// Finds out which protocol the client speaks; `None` if it says nothing, or not soon enough.
    async fn detect(&mut self, http2: bool) -> Option<Protocol> {
        let mut decided = self.decided(http2);
        while decided.is_none() {
            let undecided = !self.core.socket().ahead().is_empty();
            if !self.more(FIRST, false).await && !undecided {
                return None;
            }
            decided = self.decided(http2 && !self.core.socket().is_ended());
        }
        decided
    }

    fn decided(&self, http2: bool) -> Option<Protocol> {
        let socket = self.core.socket();
        (!socket.ahead().is_empty()).then(|| decide(socket.ahead(), http2))?
    }

    /// Waits for bytes while there is no hyper to read them; `false` at the end of the connection.
    async fn more(&mut self, reserve: usize, rests: bool) -> bool {
        poll_fn(|cx| {
            if let Poll::Ready(more) = self.core.socket().poll_more(cx, reserve) {
                return Poll::Ready(more);
            }
            let late = if rests {
                self.clock.poll_rest(cx).is_ready()
            } else {
                self.clock
                    .poll(cx, &self.core.limits, Waiting::Head, 0, 0, false)
                    .is_ready()
            };
            if late || self.watcher.poll_phase(cx) >= Phase::Draining {
                return Poll::Ready(false);
            }
            Poll::Pending
        })
        .await
    }

    /// Before a turn: whether the server ends.
    fn before(&mut self, cx: &Context<'_>) -> Order {
        self.core.socket().begin_turn();
        match self.watcher.poll_phase(cx) {
            Phase::Running => Order::Wait,
            Phase::Draining if self.draining => Order::Wait,
            Phase::Draining => {
                self.draining = true;
                Order::Drain
            }
            Phase::Cut => {
                self.core.cut.store(true, Ordering::Relaxed);
                Order::Close
            }
        }
    }

    /// After a turn: sends what was written, and looks at the clock.
    fn after(&mut self, cx: &mut Context<'_>, http1: bool) -> Order {
        let core = &*self.core;
        let busy = core.is_busy();
        let turn = match core.socket().end_turn(cx, busy && http1) {
            Ok(turn) => turn,
            Err(error) => {
                tracing::debug!(%error, "the client went away before its answer was sent");
                return Order::Close;
            }
        };
        if turn.gone {
            return Order::Close;
        }
        let requests = core.requests();
        let waiting = self.waiting(turn, busy, requests, http1);
        match self
            .clock
            .poll(cx, &core.limits, waiting, requests, turn.sent, http1)
        {
            Poll::Pending => Order::Wait,
            Poll::Ready(Late::Quiet(time)) => Order::Rest(time),
            Poll::Ready(late) => {
                tracing::debug!(client = %Client(core.info.client.as_ref()), ?late, "a client took too long");
                Order::Close
            }
        }
    }

    fn waiting(&self, turn: Turn, busy: bool, requests: u32, http1: bool) -> Waiting {
        if turn.blocked {
            Waiting::Write
        } else if busy {
            Waiting::No
        } else if requests == 0 || (http1 && self.core.fresh.load(Ordering::Relaxed)) {
            Waiting::Head
        } else {
            Waiting::Idle
        }
    }
}

/// Which protocol it is that begins so; `None` if that is not yet clear.
fn decide(begin: &[u8], http2: bool) -> Option<Protocol> {
    #[cfg(feature = "http2")]
    if http2 {
        let common = begin.len().min(PREFACE.len());
        if begin[..common] == PREFACE[..common] {
            return (common == PREFACE.len()).then_some(Protocol::Http2);
        }
    }
    let _ = (begin, http2);
    Some(Protocol::Http1)
}

/// Logs how a connection ended early. Clients that go away, stall or send nonsense are everyday life.
fn report(core: &Core, error: &hyper::Error) {
    let (client, chain) = (Client(core.info.client.as_ref()), Chain(error));
    tracing::debug!(%client, error = %chain, "a connection ended early");
}

pub(super) struct Client<'a>(pub(super) Option<&'a Address>);

impl std::fmt::Display for Client<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(address) => address.fmt(f),
            None => f.write_str("unknown"),
        }
    }
}
