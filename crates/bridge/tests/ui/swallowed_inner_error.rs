//! One question mark takes the bridge's error; the code's own is still there to be looked at.
#![deny(unused_must_use)]

use nuages_bridge::{BridgeError, sync_to_async};

async fn view() -> Result<(), BridgeError> {
    sync_to_async(|| std::fs::remove_file("draft")).await?;
    Ok(())
}

fn main() {
    let _ = view();
}
