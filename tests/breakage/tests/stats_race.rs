//! A counter that is read before an await and written after it loses what others wrote meanwhile. (Without any synchronisation it does not compile: see
//! the library of this package.)

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::{AtomicU32, Ordering};

use breakage::in_every_shape;
use nuages_handler::{App, Client, Urls};
use tokio::sync::{Barrier, Mutex};

const VISITORS: u32 = 10;

static LOST: AtomicU32 = AtomicU32::new(0);
static ATOMIC: AtomicU32 = AtomicU32::new(0);
static LOCKED: Mutex<u32> = Mutex::const_new(0);
static MEET: std::sync::LazyLock<Barrier> = std::sync::LazyLock::new(|| Barrier::new(VISITORS as usize));

async fn mistaken() -> &'static str {
    let visits = LOST.load(Ordering::SeqCst);
    MEET.wait().await;
    LOST.store(visits + 1, Ordering::SeqCst);
    "lost"
}

async fn atomic() -> &'static str {
    MEET.wait().await;
    ATOMIC.fetch_add(1, Ordering::SeqCst);
    "counted"
}

async fn locked() -> &'static str {
    MEET.wait().await;
    let mut visits = LOCKED.lock().await;
    let before = *visits;
    tokio::task::yield_now().await;
    *visits = before + 1;
    "counted"
}

#[test]
fn stats_race() {
    let urls = Urls::new()
        .path("mistaken/", mistaken)
        .path("atomic/", atomic)
        .path("locked/", locked);
    let client = Client::new(App::new().urls(urls));
    in_every_shape(|| async {
        for path in ["/mistaken/", "/atomic/", "/locked/"] {
            let visit = || {
                let client = client.clone();
                tokio::spawn(async move { client.get(path).await.unwrap().status() })
            };
            let visits: Vec<_> = (0..VISITORS).map(|_| visit()).collect();
            for visit in visits {
                assert_eq!(visit.await.unwrap(), 200);
            }
        }
        assert_eq!(LOST.swap(0, Ordering::SeqCst), 1, "ten visitors, one visit");
        assert_eq!(ATOMIC.swap(0, Ordering::SeqCst), VISITORS);
        assert_eq!(std::mem::take(&mut *LOCKED.lock().await), VISITORS);
    });
}
