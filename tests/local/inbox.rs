//! Mailbox without an actor: bounded, in order, and closed when it is dropped.

use std::collections::HashMap;
use std::thread;
use std::time::Duration;

use conclib::prelude::*;
use support::poll_once;
use tokio::task::{JoinSet, yield_now};

/// Result of one worker.
#[message(reply = u64)]
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub worker: u64,
    pub n: u64,
}

const fn found(worker: u64, n: u64) -> Found {
    Found { worker, n }
}

#[actor]
struct Worker {
    id: u64,
    results: Recipient<Found>,
}

#[actor]
impl Worker {
    #[message]
    async fn work(&mut self) {
        for n in 0..10 {
            let result = found(self.id, n);
            self.results.ask(result).tell().await.unwrap();
        }
    }

    /// Asks and tells alternately; returns the answers.
    #[message]
    async fn mix(&mut self) -> Vec<u64> {
        let mut answers = Vec::new();
        for n in 0..10 {
            let told = self.results.ask(found(self.id, 1000 + n)).tell();
            told.await.unwrap();
            answers.push(self.results.ask(found(self.id, n)).await.unwrap());
        }
        answers
    }
}

fn workers(system: &System, inbox: &Inbox<Found>) -> Vec<ActorRef<Worker>> {
    let worker = |id| Worker {
        id,
        results: inbox.address(),
    };
    let spawned = (0..10).map(|id| system.spawn(worker(id)).unwrap());
    spawned.collect()
}

#[support::test]
async fn ten_results_of_each_of_ten_workers_arrive_in_their_order() {
    let system = System::new("inbox");
    let mut inbox = Inbox::new(4);
    let workers = workers(&system, &inbox);
    for worker in &workers {
        worker.work().tell().await.unwrap();
    }
    // Without references the workers end after their work, and drop their
    // addresses.
    drop(workers);
    let mut results = HashMap::<u64, Vec<u64>>::new();
    while let Some(request) = inbox.recv().await {
        assert!(!request.reply.is_wanted(), "it was told");
        assert!(inbox.len() <= 4);
        let Found { worker, n } = request.message;
        results.entry(worker).or_default().push(n);
    }
    assert_eq!(results.len(), 10);
    let in_order: Vec<u64> = (0..10).collect();
    assert!(results.into_values().all(|ns| ns == in_order));
}

#[support::test]
async fn a_hundred_asks_among_a_hundred_tells_get_their_own_answers() {
    let system = System::new("inbox");
    let mut inbox = Inbox::default();
    let mut asking = JoinSet::new();
    for (id, worker) in (0..).zip(workers(&system, &inbox)) {
        let mix = worker.mix().owned();
        asking.spawn(async move {
            let own: Vec<u64> = (0..10).map(|n| id * 100 + n).collect();
            assert_eq!(mix.await, Ok(own));
        });
        drop(worker);
    }
    let (mut asks, mut tells) = (0, 0);
    let mut kept = Vec::new();
    while asks < 100 {
        let request = inbox.recv().await.unwrap();
        if request.message.n >= 1000 {
            assert!(!request.reply.is_wanted());
            tells += 1;
            continue;
        }
        asks += 1;
        // Answered out of order, as long as any request is left.
        kept.push(request);
        if kept.len() == 5 || asks > 90 {
            for request in kept.drain(..).rev() {
                let Found { worker, n } = request.message;
                request.reply.send(worker * 100 + n);
            }
        }
    }
    assert_eq!(tells, 100);
    asking.join_all().await;
}

#[support::test]
async fn its_bound_is_exact_and_who_waits_is_served_in_order() {
    let mut inbox = Inbox::new(2);
    let address = inbox.address();
    address.ask(found(0, 0)).try_tell().unwrap();
    address.ask(found(0, 1)).tell().await.unwrap();
    assert_eq!(inbox.len(), 2);
    let full = address.ask(found(0, 9)).try_tell().unwrap_err();
    assert!(matches!(full, TellError::Full { .. }));
    assert_eq!(full.into_message(), found(0, 9));
    let mut waiting = Vec::new();
    for n in 2..5 {
        waiting.push(tokio::spawn(address.ask(found(0, n)).owned().tell()));
        yield_now().await;
    }
    // A sender that gives up leaves its slot to the next one.
    waiting[1].abort();
    for n in [0, 1, 2, 4] {
        assert_eq!(inbox.recv().await.unwrap().message, found(0, n));
        if n < 2 {
            // The free slot belongs to the first waiting sender.
            address.ask(found(0, 9)).try_tell().unwrap_err();
        }
        yield_now().await;
        assert!(inbox.len() <= 2);
    }
    assert!(inbox.is_empty());
}

#[support::test]
async fn dropped_it_answers_everybody() {
    let inbox = Inbox::new(2);
    let (address, urn) = (inbox.address(), inbox.urn());
    assert_eq!(address.urn(), urn);
    let reply = address.ask(found(0, 0)).reply().await.unwrap();
    address.ask(found(0, 1)).tell().await.unwrap();
    let waiting = tokio::spawn(address.ask(found(0, 2)).owned().tell());
    let asking = tokio::spawn(address.ask(found(0, 3)).owned().into_future());
    yield_now().await;
    drop(inbox);
    let stopped = AskError::Stopped {
        urn: urn.clone(),
        delivery: Delivery::NotDelivered,
    };
    assert_eq!(reply.await, Err(stopped.clone()));
    assert_eq!(asking.await.unwrap(), Err(stopped.clone()));
    let unsent = waiting.await.unwrap().unwrap_err();
    assert!(matches!(&unsent, TellError::Stopped { urn: who, .. } if *who == urn));
    assert_eq!(unsent.into_message(), found(0, 2));
    // Later sends fail at once.
    assert_eq!(address.ask(found(0, 4)).await, Err(stopped));
    let unsent = address.ask(found(0, 5)).try_tell().unwrap_err();
    assert!(matches!(unsent, TellError::Stopped { .. }));
}

#[support::test]
async fn it_waits_as_long_as_anybody_can_send() {
    let mut inbox = Inbox::new(2);
    assert!(inbox.recv().await.is_none(), "nobody has its address");
    let (first, second) = (inbox.address(), inbox.address());
    let clone = first.clone();
    let waits = tokio::spawn(async move {
        assert_eq!(inbox.recv().await.unwrap().message, found(0, 1));
        assert!(inbox.recv().await.is_none());
        inbox
    });
    yield_now().await;
    drop(first);
    second.ask(found(0, 1)).tell().await.unwrap();
    drop(second);
    yield_now().await;
    assert!(!waits.is_finished());
    drop(clone);
    let mut inbox = waits.await.unwrap();
    let late = inbox.address();
    late.ask(found(0, 2)).tell().await.unwrap();
    drop(late);
    assert_eq!(inbox.recv().await.unwrap().message, found(0, 2));
    assert!(inbox.recv().await.is_none());
}

#[support::test]
async fn a_recv_that_is_dropped_loses_nothing_and_another_task_can_go_on() {
    let mut inbox = Inbox::new(2);
    let address = inbox.address();
    {
        let mut recv = Box::pin(inbox.recv());
        assert!(poll_once(&mut recv).is_pending());
    }
    // The wake goes to the current waiter.
    let other = tokio::spawn(async move { inbox.recv().await.unwrap().message });
    yield_now().await;
    address.ask(found(0, 1)).tell().await.unwrap();
    assert_eq!(other.await.unwrap(), found(0, 1));
}

#[support::test(start_paused = true)]
async fn an_ask_that_nobody_receives_ends_by_its_deadline() {
    let mut inbox = Inbox::new(2);
    let address = inbox.address();
    let late = address
        .ask(found(0, 1))
        .timeout(Duration::from_secs(1))
        .await;
    assert!(matches!(late, Err(AskError::Deadline { urn, .. }) if urn == inbox.urn()));
    // The request is received although its asker has left.
    assert!(!inbox.try_recv().unwrap().reply.is_wanted());
}

#[support::test]
fn it_needs_no_runtime() {
    let mut inbox = Inbox::new(2);
    let address = inbox.address();
    let asker = thread::spawn(move || address.ask(found(0, 4)).blocking());
    let request = loop {
        match inbox.try_recv() {
            Some(request) => break request,
            None => thread::yield_now(),
        }
    };
    request.reply.send(8);
    assert_eq!(asker.join().unwrap(), Ok(8));
}
