//! Allocator of builds with the feature `count`.

use std::alloc::{GlobalAlloc, Layout, System};

use crate::allocations::note;

/// Allocator of the system that counts its calls.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call goes to `System` with its arguments unchanged, so what
// `System` promises holds; `note` touches nothing but two atomics.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        // SAFETY: the guarantee of the caller about `layout` is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        // SAFETY: the guarantee of the caller about `layout` is passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(size);
        // SAFETY: `at` came from `System` with this `layout`, as the caller
        // guarantees.
        unsafe { System.realloc(at, layout, size) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: `at` came from `System` with this `layout`, as the caller
        // guarantees.
        unsafe { System.dealloc(at, layout) }
    }
}
