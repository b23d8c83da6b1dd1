//! Actor that notes the messages that it handles.

use conclib::prelude::*;
use tokio::sync::{mpsc, watch};

use super::history::History;

#[actor(urn = "scribe", mailbox = 1024)]
pub struct Scribe {
    pub history: History,
    /// Opened by the test, for turns that wait.
    pub gate: Option<watch::Receiver<bool>>,
    /// Told of turns that begin.
    pub begun: Option<mpsc::UnboundedSender<u64>>,
}

#[actor]
impl Scribe {
    /// Returns the number of the message.
    #[message]
    fn note(&mut self, sender: u64, number: u64, ctx: &mut Context<Self>) -> u64 {
        self.begins(sender, number, ctx.attempt());
        number
    }

    /// Waits for the gate.
    #[message]
    async fn wait(&mut self, sender: u64, number: u64, ctx: &mut Context<Self>) -> u64 {
        self.begins(sender, number, ctx.attempt());
        if let Some(gate) = &mut self.gate {
            let _ = gate.wait_for(|is_open| *is_open).await;
        }
        number
    }

    /// Panics at each attempt before that one.
    #[message]
    fn fail(&mut self, sender: u64, number: u64, until: u32, ctx: &mut Context<Self>) -> u64 {
        self.begins(sender, number, ctx.attempt());
        assert!(ctx.attempt() >= until, "as ordered");
        number
    }

    /// Kills its process at each attempt before that one.
    #[message]
    fn die(&mut self, sender: u64, number: u64, until: u32, ctx: &mut Context<Self>) -> u64 {
        self.begins(sender, number, ctx.attempt());
        if ctx.attempt() < until {
            let _ = nix::sys::signal::raise(nix::sys::signal::Signal::SIGKILL);
        }
        number
    }

    #[message]
    fn echo(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        bytes
    }
}

impl Scribe {
    pub fn new(history: &History) -> Self {
        Self {
            history: history.clone(),
            gate: None,
            begun: None,
        }
    }

    fn begins(&self, sender: u64, number: u64, attempt: u32) {
        self.history.begins(sender, number, attempt);
        if let Some(begun) = &self.begun {
            let _ = begun.send(number);
        }
    }
}

/// Spawns a scribe that goes on after each panic.
pub fn spawn(system: &System, make: impl Fn() -> Scribe + Send + Sync + 'static) {
    let restart = Restart::on_failure().max(1000, std::time::Duration::from_secs(10));
    system.actor_with(make).restart(restart).spawn().unwrap();
}
