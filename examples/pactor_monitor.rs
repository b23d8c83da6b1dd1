//! Two monitors and their aggregator, each in a process of its own, until `q`,
//! the end of the input, or Ctrl-C. `stop primary` and `start primary` stop and
//! start the reading of a monitor.
#![allow(clippy::print_stdout, reason = "a program")]

use std::collections::BTreeMap;
use std::io::stdin;
use std::{process, thread};

use conclib::prelude::*;
use serde::{Deserialize, Serialize};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// Prints at home. What the other processes print goes into the log.
#[actor]
struct Terminal;

#[actor]
impl Terminal {
    #[message]
    fn print(&mut self, line: String) {
        println!("{line}");
    }
}

#[actor]
#[derive(Serialize, Deserialize)]
struct Aggregator {
    terminal: ActorRef<Terminal>,
    values: BTreeMap<String, u64>,
}

#[actor]
impl Aggregator {
    #[message]
    async fn notify(&mut self, monitor: String, value: u64, by: u32) {
        let line = format!(
            "Received notification ({}) of value {value} from monitor {monitor} in process {by}",
            process::id()
        );
        self.values.insert(monitor, value);
        // Without its terminal it still aggregates.
        let _ = self.terminal.print(line).tell().await;
    }

    #[message]
    fn values(&mut self) -> BTreeMap<String, u64> {
        self.values.clone()
    }
}

#[actor]
#[derive(Serialize, Deserialize)]
struct Monitor {
    name: String,
    step: u64,
    value: u64,
    running: bool,
    aggregator: ActorRef<Aggregator>,
}

#[actor]
impl Monitor {
    /// Stops or starts the reading.
    #[message]
    fn run(&mut self, running: bool) {
        self.running = running;
    }

    /// Reads in short turns, so that a stop is served between two of them.
    #[message(every = "200ms")]
    async fn read(&mut self) {
        if !self.running {
            return;
        }
        self.value += self.step;
        let notify = self
            .aggregator
            .notify(self.name.clone(), self.value, process::id());
        // The aggregator is stopped last.
        let _ = notify.tell().await;
    }
}

#[conclib::main]
async fn main(system: System) -> conclib::Result {
    let terminal = system.spawn(Terminal)?;
    let values = BTreeMap::new();
    let aggregator = system.actor(Aggregator { terminal, values });
    let aggregator = aggregator.in_process().spawn().await?;

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let (sender, mut lines) = mpsc::unbounded_channel();
    thread::spawn(move || {
        let mut lines = stdin().lines().map_while(Result::ok);
        let _ = lines.find(|line| line.trim() == "q" || sender.send(line.clone()).is_err());
    });
    println!("Press 'q' to quit...");

    let mut monitors = BTreeMap::new();
    for (name, step) in [("primary", 1), ("secondary", 10)] {
        let monitor = Monitor {
            name: name.to_owned(),
            step,
            value: 0,
            running: true,
            aggregator: aggregator.clone(),
        };
        monitors.insert(name, system.actor(monitor).in_process().spawn().await?);
    }

    loop {
        let line = tokio::select! {
            line = lines.recv() => line,
            _ = interrupt.recv() => None,
            _ = terminate.recv() => None,
        };
        let Some(line) = line else { break };
        let (running, name) = match line.trim().split_once(' ') {
            Some(("start", name)) => (true, name),
            Some(("stop", name)) => (false, name),
            _ => continue,
        };
        let Some(monitor) = monitors.get(name) else {
            println!("no monitor is named {name}");
            continue;
        };
        monitor.run(running).await?;
        let done = if running { "started" } else { "stopped" };
        println!("{done} monitor {name}");
    }

    println!("closing.....");
    for monitor in monitors.into_values() {
        monitor.stop().await;
    }
    for (monitor, value) in aggregator.values().await? {
        println!("current value for monitor {monitor}: {value}");
    }
    aggregator.stop().await;
    Ok(())
}
