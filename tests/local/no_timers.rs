//! Runtime without `enable_time`: an operation that needs a timer fails with a
//! typed error, and everything else works.

use std::fmt::Display;
use std::io::ErrorKind;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context as Poller, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use conclib::prelude::*;
use conclib::system::ShutdownReport;
use conclib::{Backoff, Restart};
use support::{Log, Scribe, ScribeCalls, hold, scribe};
use tokio::runtime::{Builder, Runtime};

fn runtimes() -> [Runtime; 2] {
    [
        Builder::new_current_thread().enable_io().build().unwrap(),
        Builder::new_multi_thread()
            .worker_threads(1)
            .enable_io()
            .build()
            .unwrap(),
    ]
}

#[track_caller]
fn says_what_to_do(error: &impl Display) {
    assert!(error.to_string().contains("enable_time"), "{error}");
}

/// Ticks.
#[actor(urn = "clock")]
struct Clock;

#[actor]
impl Clock {
    #[message(every = "1s")]
    fn tick(&mut self) {}

    #[message]
    fn echo(&mut self, n: u64) -> u64 {
        n
    }
}

/// Has an idle hook.
#[actor(urn = "idler")]
struct Idler;

#[actor]
impl Idler {
    #[on(idle = "1s")]
    fn idle(&mut self) {}
}

/// Has children and delayed messages.
#[actor]
#[derive(Default)]
struct Manager {
    log: Log,
}

#[actor]
impl Manager {
    #[message]
    fn hire(&mut self, ctx: &mut Context<Self>) -> Option<String> {
        let hired = ctx.spawn(scribe().0);
        hired.err().map(|error| error.to_string())
    }

    #[message]
    fn after(&mut self, ctx: &mut Context<Self>) -> u64 {
        ctx.after(Duration::from_secs(1), ManagerNever {});
        1
    }

    #[message]
    fn tick(&mut self, ctx: &mut Context<Self>) -> u64 {
        ctx.tick(Duration::from_secs(1), || ManagerNever {});
        2
    }

    #[message]
    fn never(&mut self) {
        self.log.add("never");
    }

    #[on(stop)]
    fn stop(&mut self, reason: &StopReason) {
        self.log.add(reason.to_string());
    }
}

#[support::test]
fn an_actor_that_needs_timers_is_not_spawned() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let system = System::new("timeless");
            let parent = system.spawn(scribe().0).unwrap();
            let restart = Restart::on_failure();
            let refused = [
                system.spawn(Clock).err(),
                system.spawn(Idler).err(),
                system
                    .actor_with(Scribe::default)
                    .restart(restart)
                    .spawn()
                    .err(),
                system.actor(scribe().0).child_of(&parent).spawn().err(),
            ];
            for error in refused {
                let error = error.expect("it was spawned");
                assert_eq!(error, SpawnError::NoTimers);
                says_what_to_do(&error);
            }
            assert_eq!(system.snapshot().actors.len(), 1);
            let manager = system.spawn(Manager::default()).unwrap();
            let error = manager.hire().await.unwrap().expect("it was spawned");
            says_what_to_do(&error);
            // An actor on a thread has a runtime of its own, with timers.
            let clock = system.actor(Clock).on_thread().spawn().unwrap();
            assert_eq!(clock.echo(1).await, Ok(1));
        });
    }
}

#[support::test]
fn what_needs_no_timer_works() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let system = System::new("timeless");
            let scribe = system.spawn(scribe().0).unwrap();
            assert_eq!(scribe.echo(1).await, Ok(1));
            scribe.note(2).tell().await.unwrap();
            let at_once = Restart::on_failure().backoff(Backoff::none());
            let phoenix = system.actor_with(Scribe::default).restart(at_once);
            let phoenix = phoenix.spawn().unwrap();
            assert!(phoenix.explode("boom".into()).await.is_err());
            assert_eq!(phoenix.echo(3).await, Ok(3));
            assert_eq!(phoenix.generation(), Some(2));
            assert_eq!(scribe.stop().await, StopReason::Stopped);
        });
    }
}

#[support::test]
fn a_timeout_is_a_typed_error_once_it_has_to_be_waited_for() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let system = System::new("timeless");
            let scribe = system.actor(scribe().0).mailbox(1).spawn().unwrap();
            let second = Duration::from_secs(1);
            let keeper = hold(&scribe).await;
            let error = scribe.echo(1).timeout(second).await.unwrap_err();
            assert!(matches!(error, AskError::NoTimers { .. }), "{error}");
            assert_eq!(error.delivery(), Delivery::MayHaveRun);
            says_what_to_do(&error);
            let text = error.to_string();
            let urn = scribe.urn();
            let whose = format!("a timeout of `echo` to Scribe ({urn}) needs timers");
            assert!(text.starts_with(&whose), "{text}");
            // The mailbox is full with the message before.
            let error = scribe.note(2).timeout(second).tell().await.unwrap_err();
            says_what_to_do(&error);
            assert_eq!(error.into_message().n, 2);
            keeper.open();
        });
    }
}

#[support::test]
fn a_ticker_is_a_typed_error() {
    let ticker = Ticker::every(Duration::from_secs(1));
    let error = ticker.run(|| async {}).unwrap_err();
    assert_eq!(error, SpawnError::NoRuntime);
    assert!(error.to_string().contains("ticker"), "{error}");
    for runtime in runtimes() {
        let _inside = runtime.enter();
        let error = ticker.run(|| async {}).unwrap_err();
        assert_eq!(error, SpawnError::NoTimers);
        says_what_to_do(&error);
    }
}

#[support::test]
fn an_actor_that_wants_a_message_later_fails_and_says_why() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let system = System::new("timeless");
            for is_tick in [false, true] {
                let log = Log::default();
                let manager = Manager { log: log.clone() };
                let manager = system.spawn(manager).unwrap();
                match is_tick {
                    true => assert_eq!(manager.tick().await, Ok(2)),
                    false => assert_eq!(manager.after().await, Ok(1)),
                }
                let reason = manager.stopped().await.unwrap();
                assert!(matches!(reason, StopReason::Failed(_)), "{reason}");
                says_what_to_do(&reason);
                assert_eq!(log.lines(), [reason.to_string()]);
            }
        });
    }
}

#[support::test]
fn a_parent_that_has_children_on_threads_ends_them() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let system = System::new("timeless");
            let parent = system.spawn(scribe().0).unwrap();
            let child = system.actor(scribe().0).child_of(&parent);
            let child = child.on_thread().spawn().unwrap();
            child.started().await.unwrap();
            assert_eq!(parent.stop().await, StopReason::Stopped);
            assert_eq!(child.stopped().await, Some(StopReason::Parent));
        });
    }
}

#[support::test]
fn a_shutdown_keeps_its_deadline() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let system = System::new("timeless");
            let well = system.spawn(scribe().0).unwrap();
            let late = system.actor(scribe().0).urn("late").spawn().unwrap();
            let _keeper = hold(&late).await;
            let deadline = Duration::from_millis(300);
            let report = system.shutdown().deadline(deadline).await;
            assert_eq!((report.stopped, report.killed.len()), (1, 1), "{report}");
            assert_eq!(late.stopped().await, Some(StopReason::Killed));
            assert_eq!(well.stopped().await, Some(StopReason::Shutdown));
        });
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Minimal executor, independent of tokio.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut Poller::from_waker(&waker)) {
            return done;
        }
        thread::park();
    }
}

#[support::test]
fn actors_on_threads_are_shut_down_where_there_is_no_runtime() {
    let ways: [fn(&System) -> ShutdownReport; 2] = [
        |system| system.shutdown().blocking().unwrap(),
        |system| block_on(system.shutdown().into_future()),
    ];
    for shut_down in ways {
        let system = System::new("timeless");
        let (actor, log) = scribe();
        let scribe = system.actor(actor).on_thread().spawn().unwrap();
        scribe.note(1).try_tell().unwrap();
        let report = shut_down(&system);
        assert_eq!(report.stopped, 1);
        assert!(report.is_clean());
        assert_eq!(scribe.state(), Some(State::Stopped));
        assert_eq!(
            log.lines(),
            ["start", "1", "stop: its system shut down", "drop"]
        );
    }
}

#[support::test]
async fn a_blocking_shutdown_in_async_code_is_a_typed_error() {
    let system = System::new("timeless");
    let scribe = system.spawn(scribe().0).unwrap();
    let error = system.shutdown().blocking().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    assert_eq!(scribe.echo(1).await, Ok(1), "it was not shut down");
}

#[cfg(feature = "net")]
#[support::test]
fn serving_and_connecting_are_typed_errors() {
    use conclib::error::{ConnectError, ServeError};
    use conclib::{Proxy, ProxyClient};
    for runtime in runtimes() {
        runtime.block_on(async {
            let system = System::new("timeless");
            let url = "unix:///tmp/conclib-no-timers/app.sock";
            let error = Proxy::serve(&system, url).await.unwrap_err();
            assert!(matches!(error, ServeError::Open(_)), "{error}");
            says_what_to_do(&error);
            let error = ProxyClient::connect(url).await.unwrap_err();
            assert!(matches!(error, ConnectError::Link(_)), "{error}");
            says_what_to_do(&error);
            #[cfg(feature = "redis")]
            for url in [
                "redis://127.0.0.1:1",
                "redis://127.0.0.1:1?channel=python&unsigned=allow",
            ] {
                let error = Proxy::serve(&system, url).await.unwrap_err();
                assert!(matches!(error, ServeError::Redis(_)), "{error}");
                says_what_to_do(&error);
                let error = ProxyClient::connect(url).await.unwrap_err();
                assert!(matches!(error, ConnectError::Redis(_)), "{error}");
                says_what_to_do(&error);
            }
        });
    }
}
