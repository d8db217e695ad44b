//! The waits under way, and the search for a circle that a new one would close.

use std::collections::{HashMap, HashSet, VecDeque};
use std::panic::Location;
use std::sync::Arc;

use super::error::DeadlockError;
use super::hold::{Hold, Inner};
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{LazyLock, Mutex, MutexGuard, PoisonError, process};

struct Wait {
    resource: Arc<Inner>,
    /// What can't be given back before this wait ends.
    blocks: Vec<Arc<Hold>>,
    location: &'static Location<'static>,
}

#[derive(Default)]
struct Graph {
    next: u64,
    waits: HashMap<u64, Wait>,
    /// The waits inside of each hold, by its address. The waits keep the holds, and so the addresses.
    inside: HashMap<usize, Vec<u64>>,
}

process! {
    static GRAPH: LazyLock<Mutex<Graph>> = LazyLock::new(Mutex::default);
    static REFUSED: AtomicU64 = AtomicU64::new(0);
}

/// A stuck circle is stable while this lock is held: a wait that is dropped takes it first, and a hold outlives the waits inside of it.
fn graph() -> MutexGuard<'static, Graph> {
    GRAPH.lock().unwrap_or_else(PoisonError::into_inner)
}

fn key(hold: &Arc<Hold>) -> usize {
    Arc::as_ptr(hold).addr()
}

/// How many waits were refused so far.
pub(crate) fn refused() -> u64 {
    REFUSED.load(Ordering::Relaxed)
}

/// A wait that is in the graph while this lives.
pub(super) struct Registered(u64);

impl Drop for Registered {
    fn drop(&mut self) {
        let wait = graph().remove(self.0);
        drop(wait);
    }
}

/// Adds a wait, or says why it could not end.
pub(super) fn register(
    resource: &Arc<Inner>,
    blocks: Vec<Arc<Hold>>,
    location: &'static Location<'static>,
) -> Result<Registered, Box<DeadlockError>> {
    let mut graph = graph();
    let id = graph.next;
    graph.next += 1;
    graph.insert(
        id,
        Wait {
            resource: Arc::clone(resource),
            blocks,
            location,
        },
    );
    match graph.circle(id) {
        None => Ok(Registered(id)),
        Some(error) => {
            let wait = graph.remove(id);
            drop(graph);
            drop(wait);
            REFUSED.fetch_add(1, Ordering::Relaxed);
            tracing::debug!(%error, "a wait was refused");
            Err(error)
        }
    }
}

impl Graph {
    fn insert(&mut self, id: u64, wait: Wait) {
        for hold in &wait.blocks {
            self.inside.entry(key(hold)).or_default().push(id);
        }
        self.waits.insert(id, wait);
    }

    fn remove(&mut self, id: u64) -> Option<Wait> {
        let wait = self.waits.remove(&id)?;
        for hold in &wait.blocks {
            if let Some(inside) = self.inside.get_mut(&key(hold)) {
                inside.retain(|other| *other != id);
                if inside.is_empty() {
                    self.inside.remove(&key(hold));
                }
            }
        }
        Some(wait)
    }

    /// The waits inside of a hold: as long as one of them is stuck, so is the hold.
    fn inside(&self, hold: &Arc<Hold>) -> &[u64] {
        self.inside.get(&key(hold)).map_or(&[], Vec::as_slice)
    }

    /// What a new wait can't outlive, if it is stuck together with all that it depends on.
    fn circle(&self, new: u64) -> Option<Box<DeadlockError>> {
        // All waits that the new one depends on, with the holders of what they wait for; without those that will end for sure.
        let mut stuck: HashMap<u64, Vec<Arc<Hold>>> = HashMap::new();
        let mut seen = HashSet::from([new]);
        let mut queue = VecDeque::from([new]);
        while let Some(id) = queue.pop_front() {
            let Some(holds) = self.waits.get(&id).and_then(|wait| wait.resource.taken_by()) else {
                continue;
            };
            if holds.iter().any(|hold| self.inside(hold).is_empty()) {
                continue;
            }
            for next in holds.iter().flat_map(|hold| self.inside(hold)) {
                if seen.insert(*next) {
                    queue.push_back(*next);
                }
            }
            stuck.insert(id, holds);
        }
        // A wait ends if one holder has no stuck wait inside; what remains when there are none of these can't end.
        loop {
            let before = stuck.len();
            let ends: Vec<u64> = stuck
                .iter()
                .filter(|(_, holds)| {
                    holds
                        .iter()
                        .any(|hold| !self.inside(hold).iter().any(|wait| stuck.contains_key(wait)))
                })
                .map(|(id, _)| *id)
                .collect();
            for id in ends {
                stuck.remove(&id);
            }
            if !stuck.contains_key(&new) {
                return None;
            }
            if stuck.len() == before {
                return self.describe(new, &stuck);
            }
        }
    }

    /// The shortest way from the new wait back to something that it blocks.
    fn describe(&self, new: u64, stuck: &HashMap<u64, Vec<Arc<Hold>>>) -> Option<Box<DeadlockError>> {
        let own = self.waits.get(&new)?;
        // Each entry: a wait, and the first step that led to it: who holds what the new one waits for, and the wait that it is stuck in.
        let mut queue = VecDeque::from([(new, None::<(&Arc<Hold>, u64)>)]);
        let mut seen = HashSet::from([new]);
        while let Some((id, first)) = queue.pop_front() {
            for hold in stuck.get(&id)? {
                if let Some(ours) = own.blocks.iter().find(|ours| Arc::ptr_eq(ours, hold)) {
                    let other = first.and_then(|(hold, wait)| Some((hold, self.waits.get(&wait)?)));
                    return Some(Box::new(DeadlockError {
                        holder: ours.holder,
                        holds: ours.resource.name.to_string(),
                        waits_for: own.resource.name.to_string(),
                        location: own.location,
                        held_by: other.map_or(ours.holder, |(hold, _)| hold.holder),
                        other_waits_for: other
                            .map(|(_, wait)| (wait.resource.name.to_string(), wait.location)),
                    }));
                }
                for next in self.inside(hold) {
                    if stuck.contains_key(next) && seen.insert(*next) {
                        queue.push_back((*next, Some(first.unwrap_or((hold, *next)))));
                    }
                }
            }
        }
        // Stuck behind others alone, which would have been refused before.
        None
    }
}
