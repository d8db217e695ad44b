use nuages_bridge::sync_to_async;

fn main() {
    let _ = sync_to_async("no function");
}
