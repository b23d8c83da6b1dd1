//! Actor of the tests.

use conclib::prelude::*;
use tokio::sync::watch;

use super::history::History;

/// Notes each execution in a history.
#[actor(urn = "worker", mailbox = 1024)]
#[derive(Default)]
pub struct Worker {
    pub history: History,
    pub name: String,
    /// Opened by the test, for messages that wait.
    pub gate: Option<watch::Receiver<bool>>,
    pub count: u64,
}

#[actor]
impl Worker {
    /// Returns the id of the request.
    #[message]
    fn work(&mut self, id: u64) -> u64 {
        self.history.executes(id);
        id
    }

    #[message]
    fn name(&mut self) -> String {
        self.name.clone()
    }

    /// Waits for the gate.
    #[message]
    async fn wait(&mut self, id: u64) -> u64 {
        self.history.executes(id);
        if let Some(gate) = &mut self.gate {
            let _ = gate.wait_for(|is_open| *is_open).await;
        }
        id
    }

    #[message]
    fn count(&mut self) {
        self.count += 1;
    }

    /// Returns the name, and the number of such messages before this one.
    #[message]
    fn place(&mut self) -> (String, u64) {
        self.count += 1;
        (self.name.clone(), self.count - 1)
    }

    #[message]
    fn counted(&mut self) -> u64 {
        self.count
    }

    #[message]
    fn echo(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        bytes
    }
}

impl Worker {
    pub fn new(history: &History) -> Self {
        Self {
            history: history.clone(),
            ..Self::default()
        }
    }

    pub fn named(name: &str) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }
}
