//! Sticky code has its thread already: only parallel code can go to a pool of one's own.

use nuages_bridge::sync_to_async;

fn main() {
    let _ = async {
        sync_to_async(|| 2 + 2).executor(|work| work()).await
    };
}
