//! How much memory the program holds, counted at its allocator: what grows here is a leak, what grows in resident memory alone is not.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

static LIVE: AtomicU64 = AtomicU64::new(0);

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[expect(unsafe_code, reason = "an allocator can't be had without it")]
// SAFETY: every call goes to the system's allocator as it came, so its promises are this one's. Counting touches no memory of theirs.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size() as u64, Ordering::Relaxed);
        // SAFETY: the caller promises what `alloc` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size() as u64, Ordering::Relaxed);
        // SAFETY: `alloc` got it from there, with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Bytes that were allocated and are not freed.
pub(crate) fn live() -> u64 {
    LIVE.load(Ordering::Relaxed)
}
