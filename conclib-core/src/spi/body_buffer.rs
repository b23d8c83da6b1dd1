//! Buffer for the next body.

use std::cell::Cell;

/// Initial capacity, enough for most bodies: growing the buffer costs more than the rest of
/// encoding.
const USUAL: usize = 128;

/// Maximum capacity that a thread keeps.
const KEPT: usize = 16 * 1024;

thread_local! {
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Returns an empty buffer for a body.
pub(crate) fn body_buffer() -> Vec<u8> {
    let mut body = SPARE.try_with(Cell::take).unwrap_or_default();
    body.reserve(USUAL);
    body
}

/// Keeps the buffer of a body that was sent, for the next body that this thread encodes. A sink
/// that calls this with the body of an [`Outcome`](super::Outcome) saves an allocation.
pub fn reuse_body(mut body: Vec<u8>) {
    if (USUAL..=KEPT).contains(&body.capacity()) {
        body.clear();
        // A thread that ends keeps nothing.
        let _ = SPARE.try_with(|spare| spare.set(body));
    }
}
