//! What an actor holds that passes a countdown on to the next.

use std::sync::Arc;

use crate::Gate;

/// The state of a hopper. `R` is how the library refers to another one.
pub struct Route<R> {
    finish: Arc<Gate>,
    next: Option<R>,
    hops: u64,
}

impl<R> Route<R> {
    /// A route that leads nowhere yet; the last hop arrives at `finish`.
    pub fn new(finish: Arc<Gate>) -> Self {
        Self {
            finish,
            next: None,
            hops: 0,
        }
    }

    /// Says where it leads.
    pub fn link(&mut self, next: R) {
        self.next = Some(next);
    }

    /// Takes a hop with so many left: whom to tell how many are left then, or
    /// `None` if this was the last.
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
