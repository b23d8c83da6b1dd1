//! Two monitors and their aggregator, each in a process of its own, until `q`,
//! the end of the input, or Ctrl-C.
#![allow(clippy::print_stdout, reason = "a program")]

use std::collections::BTreeMap;
use std::io::stdin;
use std::{process, thread};

use conclib::prelude::*;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

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
    aggregator: ActorRef<Aggregator>,
}

#[actor]
impl Monitor {
    /// Reads in short turns, so that a stop is served between two of them.
    #[message(every = "200ms")]
    async fn read(&mut self) {
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
    let mut monitors = Vec::new();
    for (name, step) in [("primary", 1), ("secondary", 10)] {
        let (name, aggregator) = (name.to_owned(), aggregator.clone());
        let monitor = Monitor {
            name,
            step,
            value: 0,
            aggregator,
        };
        monitors.push(system.actor(monitor).in_process().spawn().await?);
    }

    println!("Press 'q' to quit...");
    let (quit, quits) = oneshot::channel();
    thread::spawn(move || {
        let mut lines = stdin().lines().map_while(Result::ok);
        let _ = lines.find(|line| line.trim() == "q");
        let _ = quit.send(());
    });
    tokio::select! {
        _ = quits => {}
        report = system.run_until_signal() => return Ok(report.map(drop)?),
    }

    println!("closing.....");
    for monitor in monitors {
        monitor.stop().await;
    }
    for (monitor, value) in aggregator.values().await? {
        println!("current value for monitor {monitor}: {value}");
    }
    aggregator.stop().await;
    Ok(())
}
