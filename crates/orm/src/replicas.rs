//! Copies of a database that it can be read from.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::Result;
use crate::driver::Call;
use crate::observe::REQUEST;
use crate::pool::{Holder, Pool, Purpose};

pub(crate) struct Replicas {
    pools: Vec<Arc<Pool>>,
    next: AtomicUsize,
}

impl Replicas {
    /// `None` where there are none.
    pub(crate) fn new(pools: Vec<Arc<Pool>>) -> Option<Arc<Self>> {
        let replicas = Self {
            pools,
            next: AtomicUsize::new(0),
        };
        (!replicas.pools.is_empty()).then(|| Arc::new(replicas))
    }

    /// Runs a statement that only reads on one of them, the next one where that does not answer. `None`: none does.
    pub(crate) async fn call(&self, call: &mut Call, holder: Holder) -> Option<Result<u64>> {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        for at in 0..self.pools.len() {
            let pool = &self.pools[(first.wrapping_add(at)) % self.pools.len()];
            let result = match pool.lease(Purpose::Read, holder).await {
                Ok(mut lease) => lease.call(call).await,
                Err(error) => Err(error),
            };
            match result {
                Err(error) if error.is_connection() && call.again() => {
                    tracing::warn!(database = pool.limits().name, %error, "a replica does not answer; the next one is asked");
                }
                result => return Some(result),
            }
        }
        None
    }
}

impl fmt::Debug for Replicas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replicas")
            .field("pools", &self.pools.len())
            .finish_non_exhaustive()
    }
}

/// The request around this code writes: what it reads from now on, the primary has first.
pub(crate) fn wrote() {
    if let Some(request) = REQUEST.get() {
        request.written.store(true, Ordering::Relaxed);
    }
}

pub(crate) fn has_written() -> bool {
    REQUEST
        .get()
        .is_some_and(|request| request.written.load(Ordering::Relaxed))
}
