//! What is not `Send` stays on its thread: a `ScopeLocal` keeps it there.
use std::rc::Rc;

use nuages_bridge::sync_to_async;

async fn takes_it_along(count: Rc<u8>) -> u8 {
    sync_to_async(move || *count).await.unwrap()
}

async fn brings_it_back() -> Rc<u8> {
    sync_to_async(|| Rc::new(1)).await.unwrap()
}

fn main() {
    let _ = takes_it_along(Rc::new(1));
    let _ = brings_it_back();
}
