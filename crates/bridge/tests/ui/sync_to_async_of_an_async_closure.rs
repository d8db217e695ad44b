//! Async code handed to `sync_to_async` comes back as a future that nobody has awaited; the compiler says so.
#![deny(unused_must_use)]

use nuages_bridge::{BridgeError, sync_to_async};

async fn send_mail() {}

async fn view() -> Result<(), BridgeError> {
    sync_to_async(send_mail).await?;
    sync_to_async(|| async {}).await?;
    sync_to_async(async || {}).await?;
    Ok(())
}

fn main() {
    let _ = view();
}
