//! The graph of waits against waits that begin at the same moment: a circle is refused once, and nothing else is.

use std::sync::Arc;

use shuttle::future::block_on;
use tokio::sync::Semaphore;

use super::world::explore;
use crate::deadlock::Resource;
use crate::sync::thread;
use crate::{BridgeError, Context};

#[derive(Clone)]
struct Lock(Arc<Semaphore>, Resource);

impl Lock {
    fn new(name: &'static str) -> Self {
        Self(Arc::new(Semaphore::new(1)), Resource::new(name, 1))
    }

    /// Takes this lock, then the other one.
    async fn then(self, other: Self) -> Result<(), BridgeError> {
        let _permit = self.1.wait(self.0.acquire()).await?;
        let held = self.1.hold("first");
        held.scope(async {
            shuttle::future::yield_now().await;
            let _permit = other.1.wait(other.0.acquire()).await?;
            let _held = other.1.hold("second");
            Ok(())
        })
        .await
    }
}

fn both(a: (&Lock, &Lock), b: (&Lock, &Lock)) -> [Result<(), BridgeError>; 2] {
    [a, b]
        .map(|(first, second)| {
            let (first, second) = (first.clone(), second.clone());
            thread::spawn(move || block_on(Context::empty().scope(first.then(second))))
        })
        .map(|thread| thread.join().unwrap())
}

#[test]
fn two_that_take_two_locks_in_opposite_order_never_hang_and_at_most_one_is_refused() {
    explore(|| {
        let (a, b) = (Lock::new("A"), Lock::new("B"));
        let results = both((&a, &b), (&b, &a));
        let refused: Vec<_> = results
            .iter()
            .filter_map(|result| result.as_ref().err())
            .collect();
        assert!(refused.len() <= 1);
        assert!(refused.iter().all(|error| error.is_deadlock()));
    });
}

#[test]
fn two_that_take_two_locks_in_the_same_order_are_never_refused() {
    explore(|| {
        let (a, b) = (Lock::new("A"), Lock::new("B"));
        for result in both((&a, &b), (&a, &b)) {
            result.unwrap();
        }
    });
}
