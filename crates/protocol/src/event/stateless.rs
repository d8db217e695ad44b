//! Servers without connections: one application instance for each of those who write to it.

use std::{
    collections::{BTreeMap, HashMap},
    future::Future,
    hash::Hash,
    pin::Pin,
    sync::Arc,
};

use nuages_bridge as bridge;
use tokio::{
    sync::mpsc,
    task::{AbortHandle, JoinSet},
};

use super::{EventApplication, ReceiveEvent, Receiver, Scope, SendError, SendEvent, Sender, Sink, Source};
use crate::BoxError;

/// How many events an instance may have waiting before more of them are dropped.
const QUEUE: usize = 64;

/// A server of a protocol without connections, such as datagrams or the messages of a chat bot: asgiref's `StatelessServer`.
///
/// What comes in names who sent it. Whoever is new gets an instance of the application, a call with a scope of its own;
/// [`serve_stateless`] keeps as many of them as it is told, and ends the one that nobody wrote to for longest.
pub trait StatelessServer: Send {
    /// Who writes: an address, a user's number.
    type Id: Clone + Eq + Hash + Send + Sync + 'static;

    /// The next event, who sent it, and the scope for an instance if there is none for that sender yet; `None` at the server's end.
    ///
    /// # Cancel safety
    ///
    /// It has to be: a dropped future may not have taken anything.
    fn receive(&mut self) -> impl Future<Output = Option<(Self::Id, Scope, ReceiveEvent)>> + Send;

    /// Sends what an instance says.
    ///
    /// # Errors
    ///
    /// An error is logged; the instance is not told.
    fn send(&mut self, id: &Self::Id, event: SendEvent) -> impl Future<Output = Result<(), BoxError>> + Send;
}

/// Serves until the server's [`receive`](StatelessServer::receive) ends. There are never more than `max_instances` instances (at least one);
/// asgiref keeps 1000.
///
/// An instance that fails is logged and forgotten; its sender's next event begins another. Where an instance does not keep up, with 64
/// events waiting, further ones are dropped, as datagrams are.
///
/// # Cancel safety
///
/// Dropping the future ends every instance.
pub async fn serve_stateless<S, A>(mut server: S, app: A, max_instances: usize)
where
    S: StatelessServer,
    A: EventApplication,
{
    let app = Arc::new(app);
    let (said, mut heard) = mpsc::channel(QUEUE);
    let mut instances = Instances {
        max: max_instances.max(1),
        clock: 0,
        by_id: HashMap::new(),
        by_use: BTreeMap::new(),
        calls: JoinSet::new(),
    };
    loop {
        tokio::select! {
            received = server.receive() => {
                let Some((id, scope, event)) = received else { return };
                instances.hand_on(&app, &said, id, scope, event);
            }
            Some((id, event)) = heard.recv() => {
                if let Err(error) = server.send(&id, event).await {
                    tracing::error!(%error, "an event could not be sent");
                }
            }
            Some(ended) = instances.calls.join_next() => instances.ended(ended),
        }
    }
}

struct Instance {
    input: mpsc::Sender<ReceiveEvent>,
    call: AbortHandle,
    used: u64,
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.call.abort();
    }
}

struct Instances<I> {
    max: usize,
    /// Counts uses, which it orders.
    clock: u64,
    by_id: HashMap<I, Instance>,
    by_use: BTreeMap<u64, I>,
    calls: JoinSet<(I, Result<(), BoxError>)>,
}

impl<I: Clone + Eq + Hash + Send + Sync + 'static> Instances<I> {
    fn hand_on<A: EventApplication>(
        &mut self,
        app: &Arc<A>,
        said: &mpsc::Sender<(I, SendEvent)>,
        id: I,
        scope: Scope,
        event: ReceiveEvent,
    ) {
        self.clock += 1;
        if let Some(instance) = self.by_id.get_mut(&id) {
            self.by_use.remove(&instance.used);
            instance.used = self.clock;
        } else {
            while self.by_id.len() >= self.max {
                let Some((_, oldest)) = self.by_use.pop_first() else {
                    break;
                };
                self.by_id.remove(&oldest);
            }
            let instance = self.begin(Arc::clone(app), said.clone(), id.clone(), scope);
            self.by_id.insert(id.clone(), instance);
        }
        self.by_use.insert(self.clock, id.clone());
        if let Some(instance) = self.by_id.get(&id)
            && instance.input.try_send(event).is_err()
        {
            tracing::debug!("an application instance doesn't keep up; an event was dropped");
        }
    }

    fn begin<A: EventApplication>(
        &mut self,
        app: Arc<A>,
        said: mpsc::Sender<(I, SendEvent)>,
        id: I,
        scope: Scope,
    ) -> Instance {
        let (input, received) = mpsc::channel(QUEUE);
        let receive = Receiver::new(Input(received));
        let send = Sender::new(Output { said, id: id.clone() });
        let call = bridge::async_frame(async move { (id, app.call(scope, receive, send).await) });
        let call = bridge::Context::empty().scope(bridge::SyncScope::new().run(call));
        Instance {
            input,
            call: self.calls.spawn(call),
            used: self.clock,
        }
    }

    fn ended(&mut self, ended: Result<(I, Result<(), BoxError>), tokio::task::JoinError>) {
        match ended {
            Ok((id, result)) => {
                if let Err(error) = result {
                    tracing::error!(%error, "an application instance failed");
                }
                // A younger one of the same sender stays.
                if self
                    .by_id
                    .get(&id)
                    .is_some_and(|instance| instance.call.is_finished())
                    && let Some(instance) = self.by_id.remove(&id)
                {
                    self.by_use.remove(&instance.used);
                }
            }
            Err(error) if error.is_panic() => {
                tracing::error!("an application instance panicked");
                let finished = |instance: &Instance| instance.call.is_finished();
                let ended: Vec<u64> = self
                    .by_id
                    .values()
                    .filter(|instance| finished(instance))
                    .map(|instance| instance.used)
                    .collect();
                for used in ended {
                    if let Some(id) = self.by_use.remove(&used) {
                        self.by_id.remove(&id);
                    }
                }
            }
            Err(_cancelled) => {}
        }
    }
}

struct Input(mpsc::Receiver<ReceiveEvent>);

impl Source for Input {
    fn next(&mut self) -> Pin<Box<dyn Future<Output = ReceiveEvent> + Send + '_>> {
        Box::pin(async {
            match self.0.recv().await {
                Some(event) => event,
                None => std::future::pending().await,
            }
        })
    }
}

struct Output<I> {
    said: mpsc::Sender<(I, SendEvent)>,
    id: I,
}

impl<I: Clone + Send + Sync> Sink for Output<I> {
    fn send(&self, event: SendEvent) -> Pin<Box<dyn Future<Output = Result<(), SendError>> + Send + '_>> {
        Box::pin(async move {
            let said = self.said.send((self.id.clone(), event)).await;
            said.map_err(|_| SendError::disconnected())
        })
    }
}
