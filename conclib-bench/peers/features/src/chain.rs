//! Chain of a million messages of an actor to itself, which shows if memory
//! grows.

use std::sync::Arc;
use std::time::Instant;

use conclib::prelude::*;
use harness::{Gate, Sample, resident_bytes};
use tokio::sync::mpsc;

const LINKS: u64 = 1_000_000;

/// Length of a first, shorter chain, which brings code and allocator into their
/// final state.
const WARM_UP: u64 = 10_000;

#[actor]
struct Chain {
    end: Arc<Gate>,
}

#[actor]
impl Chain {
    #[message]
    async fn link(&mut self, left: u64, ctx: &mut Context<Self>) {
        match left {
            0 => self.end.arrive(),
            _ => {
                let sent = ctx.me().link(left - 1).tell().await;
                sent.expect("it lives");
            }
        }
    }
}

pub(crate) async fn million() -> Sample {
    let end = Arc::new(Gate::default());
    let system = System::new("bench");
    let chain = system.spawn(Chain { end: end.clone() });
    let chain = chain.expect("an actor can be spawned");
    let links = async |links: u64| {
        end.close(1);
        chain.link(links).tell().await.expect("it lives");
        end.wait().await;
    };
    links(WARM_UP).await;
    let before = resident_bytes();
    let start = Instant::now();
    links(LINKS).await;
    let spent = start.elapsed();
    let after = resident_bytes();

    let sender = task(end.clone());
    let links = async |links: u64| {
        end.close(1);
        sender.send(links).expect("it lives");
        end.wait().await;
    };
    links(WARM_UP).await;
    let start = Instant::now();
    links(LINKS).await;
    let by_hand = start.elapsed();

    Sample::default()
        .with("ns", spent.as_nanos() as f64 / LINKS as f64)
        .with("ns.task", by_hand.as_nanos() as f64 / LINKS as f64)
        .with("before", before as f64 / 1024.0)
        .with("after", after as f64 / 1024.0)
}

/// Task that sends to itself.
fn task(end: Arc<Gate>) -> mpsc::UnboundedSender<u64> {
    let (sender, mut mailbox) = mpsc::unbounded_channel();
    let me = sender.clone();
    tokio::spawn(async move {
        while let Some(left) = mailbox.recv().await {
            match left {
                0 => end.arrive(),
                _ => me.send(left - 1).expect("it lives"),
            }
        }
    });
    sender
}
