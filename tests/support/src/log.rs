//! Log of a test.

use std::sync::{Arc, Mutex};

/// Log of events, in order. Clones are the same log.
#[derive(Clone, Default, Debug)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub fn add(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// Removes and returns all lines.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    pub fn has(&self, line: &str) -> bool {
        self.lines().iter().any(|have| have == line)
    }

    pub fn count(&self, line: &str) -> usize {
        self.lines().iter().filter(|have| *have == line).count()
    }
}
