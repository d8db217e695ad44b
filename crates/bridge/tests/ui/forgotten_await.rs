//! An operation that is neither awaited nor waited for, and sync code that is never sent.
#![deny(unused_must_use)]

use nuages_bridge::{Op, async_frame, sync_to_async};

fn create() -> Op<'static, ()> {
    Op::new("create", async { Ok(()) })
}

fn main() {
    create();
    sync_to_async(|| 1);
    async_frame(async {});
}
