//! Sync code may outlive a caller that is dropped, so it can't borrow from it.
use nuages_bridge::sync_to_async;

async fn view(name: String) -> usize {
    sync_to_async(|| name.len()).await.unwrap()
}

fn main() {
    let _ = view(String::new());
}
