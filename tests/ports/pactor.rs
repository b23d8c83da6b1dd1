//! Tests of pactor, with their names, in terms of this library. They use a real
//! process in place of the mocks of the originals. docs/ported-tests.md has a
//! line about each.

use conclib::prelude::*;
use serde::{Deserialize, Serialize};
use support::child::Process;

#[actor]
#[derive(Clone, Default, PartialEq, Debug, Serialize, Deserialize)]
pub struct Sample {
    one_called: u64,
    two_called: bool,
    name: Option<String>,
    value: Option<u64>,
}

#[actor]
impl Sample {
    #[message]
    fn one(&mut self) -> u64 {
        self.one_called += 1;
        1
    }

    #[message]
    fn two(&mut self, name: String, value: u64) {
        self.two_called = true;
        self.name = Some(name);
        self.value = Some(value);
    }

    /// Sends itself a message, as `self.enqueue(self.one)` does.
    #[message]
    async fn later(&mut self, ctx: &mut Context<Self>) -> u64 {
        ctx.me().one().tell().await.unwrap();
        self.one_called
    }

    #[message]
    fn seen(&mut self) -> Self {
        self.clone()
    }

    #[message]
    fn process(&mut self) -> u32 {
        std::process::id()
    }
}

async fn sample(system: &System) -> ActorRef<Sample> {
    let sample = system.actor(Sample::default()).in_process();
    sample.spawn().await.unwrap()
}

fn is_alive(pid: u32) -> bool {
    Process::family(pid)
        .iter()
        .any(|process| process.pid == pid)
}

#[conclib::test]
async fn actor_creates_proxy(system: System) {
    // The reference has the messages; `SampleOne` and `SampleTwo` are them as types.
    let sample = sample(&system).await;
    assert_eq!(sample.one().await.unwrap(), 1);
    sample.two("name".into(), 1).await.unwrap();
}

#[support::test]
async fn actor_starts_process() {
    let system = System::new("pactor");
    let pid = sample(&system).await.process().await.unwrap();
    assert_ne!(pid, std::process::id());
}

#[support::test]
async fn actor_join_joins_process() {
    let system = System::new("pactor");
    let sample = sample(&system).await;
    let pid = sample.process().await.unwrap();
    let joined = sample.stopped();
    sample.stop().await;
    assert_eq!(joined.await, Some(StopReason::Stopped));
    assert!(!is_alive(pid));
}

#[support::test]
async fn actor_close_writes_to_queue() {
    let system = System::new("pactor");
    let sample = sample(&system).await;
    // The messages before it are handled; no other message is lost in silence.
    let before = sample.one().reply().await.unwrap();
    sample.stop().await;
    assert_eq!(before.await.unwrap(), 1);
    let late = sample.one().tell().await.unwrap_err();
    assert!(matches!(late, TellError::Stopped { .. }), "{late}");
}

#[support::test]
async fn actor_proxy_method_writes_to_queue() {
    let system = System::new("pactor");
    let sample = sample(&system).await;
    sample.one().tell().await.unwrap();
    assert_eq!(sample.seen().await.unwrap().one_called, 1);
}

#[support::test]
async fn actor_proxy_method_writes_to_queue_with_argument() {
    let system = System::new("pactor");
    let sample = sample(&system).await;
    // A message that does not exist, or has other arguments, does not compile.
    let two = SampleTwo {
        name: "a".into(),
        value: 101,
    };
    sample.tell(two).await.unwrap();
    assert_eq!(sample.seen().await.unwrap().value, Some(101));
}

#[support::test]
async fn actor_proxy_method_writes_to_queue_with_multiple_arguments() {
    let system = System::new("pactor");
    let sample = sample(&system).await;
    sample.two("a".into(), 102).tell().await.unwrap();
    let seen = sample.seen().await.unwrap();
    assert_eq!((seen.name.as_deref(), seen.value), (Some("a"), Some(102)));
}

#[support::test]
async fn actor_enqueue_method_writes_to_queue() {
    let system = System::new("pactor");
    let sample = sample(&system).await;
    // The message waits until the turn that sent it is over.
    assert_eq!(sample.later().await.unwrap(), 0);
    assert_eq!(sample.seen().await.unwrap().one_called, 1);
}

#[support::test]
async fn run_actor_close_prevents_further_queue_reads() {
    let system = System::new("pactor");
    let sample = sample(&system).await;
    let stopping = sample.stop_now();
    let late = sample.one().await.unwrap_err();
    assert_eq!(late.delivery(), Delivery::NotDelivered, "{late}");
    assert_eq!(stopping.await, StopReason::StoppedNow);
}

#[support::test]
async fn run_actor_calls_instance_method() {
    let system = System::new("pactor");
    let sample = sample(&system).await;
    sample.one().await.unwrap();
    let seen = sample.seen().await.unwrap();
    assert_eq!(
        seen,
        Sample {
            one_called: 1,
            ..Sample::default()
        }
    );
}

#[support::test]
async fn run_actor_calls_instance_method_with_arguments() {
    let system = System::new("pactor");
    let sample = sample(&system).await;
    sample.two("test_name".into(), 99).await.unwrap();
    let seen = sample.seen().await.unwrap();
    assert!(seen.two_called);
    assert_eq!(seen.name.as_deref(), Some("test_name"));
    assert_eq!(seen.value, Some(99));
}
