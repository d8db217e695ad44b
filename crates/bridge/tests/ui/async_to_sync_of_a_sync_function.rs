//! A sync function needs no `async_to_sync`: it is no future.
use nuages_bridge::async_to_sync;

fn send_mail() -> u8 {
    1
}

fn main() {
    let _ = async_to_sync(send_mail);
    let _ = async_to_sync(send_mail());
    let _ = async_to_sync(42);
}
