//! As many requests to a blocked sync view as there are threads: async views answer all the same, and one more sync request waits for its turn, then
//! gets 503.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use breakage::{Running, answer, ask};
use nuages_bridge::Config;
use nuages_handler::{App, Urls};

const THREADS: usize = 4;
const WAIT: Duration = Duration::from_secs(1);

/// How many are in the view, and whether they may leave it.
static DOOR: (Mutex<(usize, bool)>, Condvar) = (Mutex::new((0, false)), Condvar::new());

fn blocked() -> &'static str {
    let (door, changed) = &DOOR;
    let mut state = door.lock().unwrap();
    state.0 += 1;
    changed.notify_all();
    drop(changed.wait_while(state, |state| !state.1).unwrap());
    "at last"
}

async fn quick() -> &'static str {
    "at once"
}

#[test]
fn slow_sync_view() {
    Config::new()
        .max_threads(THREADS)
        .reserved_threads(0)
        .wait_time(WAIT)
        .install()
        .unwrap();
    let urls = Urls::new().path("blocked/", blocked).path("quick/", quick);
    let server = Running::start(App::new().urls(urls));
    let mut stuck: Vec<_> = (0..THREADS).map(|_| server.connect()).collect();
    for connection in &mut stuck {
        ask(connection, "/blocked/");
    }
    let (door, changed) = &DOOR;
    drop(
        changed
            .wait_while(door.lock().unwrap(), |state| state.0 < THREADS)
            .unwrap(),
    );

    let mut other = server.connect();
    ask(&mut other, "/quick/");
    assert_eq!(
        answer(&mut other).1,
        "at once",
        "all threads are taken, the loop is not"
    );

    // One more queues for the wait time: meanwhile the loop answers, and then it is refused.
    let mut one_more = server.connect();
    let asked = Instant::now();
    ask(&mut one_more, "/blocked/");
    ask(&mut other, "/quick/");
    assert_eq!(answer(&mut other).1, "at once");
    let (head, _) = answer(&mut one_more);
    assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
    assert!(asked.elapsed() >= WAIT, "it had its time in the queue");
    assert_eq!(door.lock().unwrap().0, THREADS, "it never ran");

    door.lock().unwrap().1 = true;
    changed.notify_all();
    for connection in &mut stuck {
        assert_eq!(answer(connection).1, "at last");
    }
    ask(&mut one_more, "/blocked/");
    assert_eq!(
        answer(&mut one_more).1,
        "at last",
        "its connection has survived the refusal"
    );
    server.stop();
}
