//! State of an actor that passes a countdown on to the next.

use std::sync::Arc;

use crate::Gate;

/// State of a hopper. `R` is the library's reference to another one.
pub struct Route<R> {
    finish: Arc<Gate>,
    next: Option<R>,
    hops: u64,
}

impl<R> Route<R> {
    /// Makes a route without a next hopper; the last hop arrives at `finish`.
    pub fn new(finish: Arc<Gate>) -> Self {
        Self {
            finish,
            next: None,
            hops: 0,
        }
    }

    /// Sets the next hopper.
    pub fn link(&mut self, next: R) {
        self.next = Some(next);
    }

    /// Takes a hop with so many left. Returns the next hopper with the number
    /// for it, or `None` if this was the last hop.
    pub fn hop(&mut self, left: u64) -> Option<(&R, u64)> {
        self.hops += 1;
        match &self.next {
            Some(next) if left > 0 => Some((next, left - 1)),
            _ => {
                self.finish.arrive();
                None
            }
        }
    }
}
