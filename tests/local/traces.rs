//! Trace of a request, over all the processes it passes.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use conclib::Message;
use conclib::prelude::*;
use conclib::spi::{Answerer, Origin, Outcome, Outlet, Remote, ReplySink, Room, SendRefused};
use conclib::wire::{Codec, DeliveryClass, Envelope, RequestId, ResponseKind, Wants};
use support::spans::Spans;
use support::until;
use tracing::level_filters::LevelFilter;

/// Asks another actor, here or in another system.
#[actor]
#[derive(Default)]
struct Asker {
    next: Option<ActorRef<Asker>>,
    far: Option<Remote>,
}

#[actor]
impl Asker {
    #[message]
    async fn plain(&mut self) {
        tracing::info!("plain work");
    }

    #[message]
    async fn double(&mut self, n: u64) -> u64 {
        tracing::info!("doubling");
        2 * n
    }

    #[message]
    async fn through(&mut self, n: u64) -> u64 {
        let next = self.next.clone().expect("a next one");
        tracing::info!("passing on");
        next.double(n).await.expect("the next one lives") + 1
    }

    #[message]
    async fn outside(&mut self) {
        let far = self.far.clone().expect("a far one");
        let call = Call::new(&far, AskerPlain {});
        call.try_tell().expect("it leaves");
    }
}

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// Sink that drops the answers.
struct Nowhere;

impl ReplySink for Nowhere {
    fn respond(&self, _: RequestId, _: Codec, _: Outcome) {}
}

/// Delivers a request with this trace.
fn deliver<M: Message>(system: &System, to: &str, trace: &str) {
    let envelope = Envelope {
        id: RequestId::from_u128(1),
        to,
        message: M::NAME,
        timeout: Duration::from_secs(20),
        trace,
        codec: Codec::Json,
        fingerprint: 0,
        wants: Wants::Reply,
        class: DeliveryClass::AtMostOnce,
        attempt: 1,
        priority: None,
        chain: &[],
        body: b"{}",
    };
    let delivered = system
        .inlet()
        .deliver(&envelope, Arc::new(Nowhere), Origin::Local);
    assert!(delivered.is_some());
}

#[support::test(alone)]
async fn a_trace_from_outside_is_told_and_one_that_is_none_is_ignored() {
    let (spans, _watch) = Spans::watch(LevelFilter::DEBUG);
    let system = System::new("spans");
    let _one = system.actor(Asker::default()).urn("one").spawn().unwrap();
    let hostile = "00-{\"fake\": \"field\", evil}da6a3ce929d0e0e4736-00f067-01";
    let traces = ["", TRACE, hostile, &TRACE[1..]];
    for trace in traces {
        deliver::<AskerPlain>(&system, "one", trace);
    }
    until(|| spans.events("plain work").len() == traces.len()).await;
    for ((_, turn), trace) in spans.turns("plain").into_iter().zip(traces) {
        assert_eq!(turn.parent, None);
        let ids = (turn.field("trace_id"), turn.field("parent_id"));
        match trace == TRACE {
            true => assert_eq!(
                ids,
                ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")
            ),
            false => assert_eq!(ids, ("", ""), "{trace}"),
        }
    }
}

/// Notes the traces of outgoing requests.
#[derive(Default)]
struct Traces(Mutex<Vec<String>>);

impl Outlet for Traces {
    fn send(
        &self,
        envelope: &Envelope<'_>,
        answerer: Answerer,
    ) -> Result<(), (SendRefused, Answerer)> {
        self.0.lock().unwrap().push(envelope.trace.to_owned());
        answerer.answer(Ok(conclib::wire::Response {
            id: envelope.id,
            kind: ResponseKind::Queued,
            codec: envelope.codec,
            body: b"",
        }
        .into()));
        Ok(())
    }

    fn room(&self, _: &str) -> Room {
        Box::pin(std::future::ready(Ok(())))
    }

    fn cancel(&self, _: RequestId) {}

    fn next_id(&self) -> RequestId {
        RequestId::from_u128(2)
    }
}

/// Spawns an actor whose requests to other systems leave through a recorder.
fn with_outlet(system: &System) -> (ActorRef<Asker>, Arc<Traces>) {
    let traces = Arc::new(Traces::default());
    let far = Some(Remote::new(traces.clone(), Urn::new("far")));
    let one = Asker { next: None, far };
    (system.actor(one).urn("one").spawn().unwrap(), traces)
}

#[support::test(alone)]
async fn without_a_subscriber_a_trace_is_passed_on_as_it_came() {
    let system = System::new("spans");
    let (one, traces) = with_outlet(&system);
    // An ask from this process without a trace gets none.
    one.outside().await.unwrap();
    deliver::<AskerOutside>(&system, "one", TRACE);
    one.outside().await.unwrap();
    assert_eq!(*traces.0.lock().unwrap(), ["", TRACE, ""]);
}

#[support::test(alone)]
async fn with_a_subscriber_each_request_is_a_step_of_the_trace() {
    let (spans, _watch) = Spans::watch(LevelFilter::DEBUG);
    let system = System::new("spans");
    let (one, traces) = with_outlet(&system);
    deliver::<AskerOutside>(&system, "one", TRACE);
    one.outside().await.unwrap();
    let traces = traces.0.lock().unwrap().clone();
    // The id of the trace stays, and the received parent id is logged.
    assert_eq!(traces[0][..36], TRACE[..36]);
    assert_ne!(traces[0], TRACE);
    assert_eq!((traces[1].len(), &traces[1][..3]), (55, "00-"));
    assert_ne!(traces[1][..36], TRACE[..36]);
    let leaves = spans.events("a request leaves");
    for (trace, logged) in traces.iter().zip(&leaves) {
        assert_eq!(trace[3..35], *logged.field("trace_id"));
        assert_eq!(trace[36..52], *logged.field("span_id"));
        assert_eq!(logged.field("urn"), "far");
    }
    let (turns, _): (Vec<_>, Vec<_>) = spans.turns("outside").into_iter().unzip();
    let parents: Vec<_> = leaves.iter().filter_map(|logged| logged.parent).collect();
    assert_eq!(parents, turns);
}

#[cfg(all(feature = "net", feature = "apid"))]
#[support::test(alone)]
async fn a_turn_for_another_process_is_a_step_of_its_trace() -> conclib::Result {
    let (spans, _watch) = Spans::watch(LevelFilter::DEBUG);
    let system = System::new("served");
    let next = Some(system.spawn(Asker::default())?);
    let first = Asker { next, far: None };
    let _first = system.actor(first).urn("first").spawn()?;
    let dir = PrivateDir::new()?;
    let url = format!("unix://{}", dir.join("proxy.sock").display());
    let proxy = Proxy::serve(&system, &*url).await?;
    let client = ProxyClient::connect(&*url).await?;

    let at = spans.all_spans().len();
    let request = tracing::info_span!("request");
    let asked = client.ask("first", AskerThrough { n: 20 }).into_future();
    let asked = tracing::Instrument::instrument(asked, request);
    assert_eq!(asked.await?, 41);

    assert_eq!(spans.all_spans()[at].name, "request");
    let leaves = spans.events("a request leaves");
    assert_eq!(leaves.len(), 1, "{leaves:?}");
    assert_eq!(leaves[0].parent, Some(at));
    // No parent span here, as if the client were in another process.
    let (outer, through) = spans.turn("through");
    assert_eq!(through.parent, None);
    assert_eq!(through.field("trace_id"), leaves[0].field("trace_id"));
    assert_eq!(through.field("parent_id"), leaves[0].field("span_id"));
    assert_eq!(through.field("trace_id").len(), 32);
    // Nested asks in this process belong to the same trace.
    let (_, double) = spans.turn("double");
    assert_eq!(double.parent, Some(outer));
    assert_eq!(double.field("trace_id"), through.field("trace_id"));
    proxy.close().await;
    Ok(())
}

/// Environment variable with the address of [`child_serves_and_logs`].
#[cfg(all(feature = "net", feature = "apid"))]
const CHILD: &str = "CONCLIB_TEST_TRACES";

/// Not a test: the other process, which logs to its output. A plain run passes without
/// doing anything unless a test starts it.
#[cfg(all(feature = "net", feature = "apid"))]
#[support::test]
async fn child_serves_and_logs() -> conclib::Result {
    let Ok(url) = std::env::var(CHILD) else {
        return Ok(());
    };
    let log = tracing_subscriber::fmt().with_ansi(false);
    let log = log.with_max_level(LevelFilter::DEBUG).finish();
    let _log = tracing::subscriber::set_default(log);
    let system = System::new("served");
    let next = Some(system.spawn(Asker::default())?);
    let first = Asker { next, far: None };
    let _first = system.actor(first).urn("first").spawn()?;
    let _proxy = Proxy::serve(&system, &*url).await?;
    println!("serving");
    system.run_until_signal().await?;
    Ok(())
}

#[cfg(all(feature = "net", feature = "apid"))]
#[support::test(alone)]
async fn the_logs_of_two_processes_can_be_joined() -> conclib::Result {
    let dir = PrivateDir::new()?;
    let url = format!("unix://{}", dir.join("proxy.sock").display());
    let child = support::test_name!(child_serves_and_logs);
    let mut command = std::process::Command::new(std::env::current_exe()?);
    command.args(["--exact", &child, "--nocapture"]);
    let mut kid = support::child::Kid::start(command.env(CHILD, &url))?;
    kid.said("serving").await?;

    let (spans, _watch) = Spans::watch(LevelFilter::DEBUG);
    let client = ProxyClient::connect(&*url).await?;
    let mut traces = Vec::new();
    for n in [20, 30] {
        let request = tracing::info_span!("request", n);
        let asked = client.ask("first", AskerThrough { n }).into_future();
        assert_eq!(
            tracing::Instrument::instrument(asked, request).await?,
            2 * n + 1
        );
        let leaves = spans.events("a request leaves").pop().expect("one");
        let parent = leaves.parent.expect("a span");
        assert_eq!(spans.all_spans()[parent].field("n"), n.to_string());
        let field = |name| leaves.field(name).to_owned();
        traces.push((field("trace_id"), field("span_id")));
    }
    assert_ne!(traces[0].0, traces[1].0);

    kid.signal("TERM")?;
    let log = kid.all().await;
    for text in ["passing on", "doubling"] {
        let lines: Vec<_> = log.iter().filter(|line| line.contains(text)).collect();
        assert_eq!(lines.len(), 2, "{log:#?}");
        for (line, (trace, span)) in lines.iter().zip(&traces) {
            assert!(line.contains(&format!("trace_id={trace:?}")), "{line}");
            assert!(line.contains(&format!("parent_id={span:?}")), "{line}");
        }
    }
    Ok(())
}
