//! The system's allocator, which counts: `#[global_allocator] static COUNTING: Counting = Counting;` in a binary of its own.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static TAKEN: AtomicU64 = AtomicU64::new(0);
static GIVEN_BACK: AtomicU64 = AtomicU64::new(0);

/// See the module.
#[derive(Debug)]
pub struct Counting;

#[expect(unsafe_code, reason = "a global allocator is unsafe to write; this one only counts")]
// SAFETY: every call goes to `System` with the same arguments.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        TAKEN.fetch_add(layout.size() as u64, Relaxed);
        // SAFETY: the caller's promises are those of `System.alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        GIVEN_BACK.fetch_add(layout.size() as u64, Relaxed);
        // SAFETY: `block` came from `System.alloc` with this layout, as the caller promises.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        TAKEN.fetch_add(size as u64, Relaxed);
        GIVEN_BACK.fetch_add(layout.size() as u64, Relaxed);
        // SAFETY: as `alloc` and `dealloc`.
        unsafe { System.realloc(block, layout, size) }
    }
}

/// Allocations of all threads so far, those that grow a block included.
#[must_use]
pub fn allocations() -> u64 {
    ALLOCATIONS.load(Relaxed)
}

/// Bytes that all threads have allocated and not given back.
#[must_use]
pub fn live_bytes() -> u64 {
    let given_back = GIVEN_BACK.load(Relaxed);
    TAKEN.load(Relaxed).saturating_sub(given_back)
}
