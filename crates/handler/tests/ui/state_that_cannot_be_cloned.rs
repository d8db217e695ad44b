//! A state that each request would need for itself.

use std::sync::Mutex;

use nuages_handler::{State, Urls};

fn count(State(counter): State<Mutex<u64>>) -> String {
    format!("{counter:?}")
}

fn main() {
    let _ = Urls::new().path("", count);
}
