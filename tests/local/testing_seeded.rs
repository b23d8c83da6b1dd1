//! Test kit: repeatable orders of turns.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::env;
use std::process::Command;
use std::time::Duration;

use conclib::prelude::*;
use conclib::testing::{self, Seeded};
use support::Log;

/// Holds a balance that other actors read and write.
#[actor]
struct Account {
    cents: u64,
}

#[actor]
impl Account {
    #[message]
    fn balance(&self) -> u64 {
        self.cents
    }

    #[message]
    fn set(&mut self, cents: u64) {
        self.cents = cents;
    }
}

/// Reads the balance and then writes it, and so loses updates made in between.
#[actor]
struct Payer {
    account: ActorRef<Account>,
    log: Log,
    name: &'static str,
}

#[actor]
impl Payer {
    #[message]
    async fn pay(&mut self, cents: u64) {
        let balance = self.account.balance().await.unwrap();
        self.log.add(format!("{} saw {balance}", self.name));
        self.account.set(balance + cents).await.unwrap();
        self.log.add(format!("{} is done", self.name));
    }
}

/// Runs a protocol with a race between three actors, and returns its result and
/// its order.
async fn race(system: &System) -> conclib::Result<(u64, Vec<String>)> {
    let log = Log::default();
    let account = system.spawn(Account { cents: 0 })?;
    for name in ["one", "two"] {
        let payer = Payer {
            account: account.clone(),
            log: log.clone(),
            name,
        };
        let payer = system.actor(payer).urn(name).spawn()?;
        payer.pay(5).tell().await?;
    }
    testing::quiet(system).await;
    Ok((account.balance().await?, log.lines()))
}

fn race_by(seed: u64) -> (u64, Vec<String>) {
    testing::run(async { race(&Seeded::with_seed(seed)).await.unwrap() })
}

#[support::test]
fn the_same_seed_is_the_same_order() {
    let all: Vec<_> = (0..40).map(race_by).collect();
    let outcomes: BTreeSet<_> = all.iter().map(|(cents, _)| *cents).collect();
    assert_eq!(
        outcomes,
        [5, 10].into(),
        "some race is lost, and some is not"
    );
    let ways: BTreeSet<_> = all.iter().map(|(_, lines)| lines).collect();
    assert!(ways.len() >= 4, "{ways:?}");
    for (seed, first) in (0..).zip(&all) {
        for _ in 0..3 {
            assert_eq!(race_by(seed), *first, "seed {seed}");
        }
    }
}

/// Notes the begin and end of its turns, which do not await.
#[actor]
struct Runner {
    log: Log,
    next: Option<ActorRef<Runner>>,
}

#[actor]
impl Runner {
    #[message]
    async fn run(&mut self, left: u32, ctx: &mut Context<Self>) {
        self.log.add(format!("{} begins", ctx.urn()));
        if let Some(next) = &self.next
            && left > 0
        {
            next.run(left - 1).tell().await.unwrap();
        }
        self.log.add(format!("{} ends", ctx.urn()));
    }

    #[message(every = "1s")]
    fn tick(&mut self) {
        self.log.add("tick");
    }
}

#[support::test]
fn turns_run_one_at_a_time_and_none_is_forgotten() {
    testing::explore(30, async |system| {
        let log = Log::default();
        let mut runners: Vec<ActorRef<Runner>> = Vec::new();
        for n in 0..5 {
            let runner = Runner {
                log: log.clone(),
                next: runners.last().cloned(),
            };
            runners.push(
                system
                    .actor(runner)
                    .urn(format!("runner-{n}"))
                    .spawn()
                    .unwrap(),
            );
        }
        for runner in &runners {
            for left in 0..5 {
                runner.run(left).tell().await.unwrap();
            }
        }
        testing::quiet(&system).await;
        let lines = log.lines();
        let turns: Vec<_> = lines.iter().filter(|line| *line != "tick").collect();
        for turn in turns.chunks(2) {
            let (who, _) = turn[0].split_once(' ').unwrap();
            assert_eq!(*turn[1], format!("{who} ends"));
        }
        // Five told to each of five, and one more for each step to the left.
        let steps: u32 = (0..5)
            .map(|n| (0..5).map(|left: u32| left.min(n)).sum::<u32>())
            .sum();
        assert_eq!(turns.len() as u32, 2 * (25 + steps));
        // Ticks and paused time work as usual.
        let ticks = log.count("tick");
        tokio::time::sleep(Duration::from_millis(2500)).await;
        assert!(log.count("tick") >= ticks + 10, "{:?}", log.lines());
        assert!(system.shutdown().await.is_clean());
    });
}

#[support::test]
fn who_is_killed_or_stopped_as_it_waits_is_in_nobodys_way() {
    testing::explore(30, async |system| -> conclib::Result {
        let log = Log::default();
        let spawn = |urn| {
            let log = log.clone();
            system.actor(Runner { log, next: None }).urn(urn).spawn()
        };
        let (one, two, three) = (spawn("one")?, spawn("two")?, spawn("three")?);
        let killed = one.run(0).reply().await?;
        two.run(0).tell().await?;
        two.run(0).tell().await?;
        three.run(0).tell().await?;
        one.started().await?;
        assert_eq!(one.kill().await, StopReason::Killed);
        match killed.await {
            Ok(()) | Err(AskError::Stopped { .. }) => {}
            other => panic!("{other:?}"),
        }
        assert_eq!(two.stop().await, StopReason::Stopped);
        three.run(0).await?;
        assert_eq!(log.count("two ends"), 2);
        assert_eq!(log.count("three ends"), 2);
        Ok(())
    });
}

#[support::test]
fn a_test_that_fails_names_its_seed() {
    let outcomes = RefCell::new(Vec::new());
    let explore = |seeds| {
        outcomes.borrow_mut().clear();
        let body = async |system: System| -> conclib::Result {
            let (cents, _) = race(&system).await?;
            outcomes.borrow_mut().push(cents);
            match cents {
                10 => Ok(()),
                _ => Err("money is lost".into()),
            }
        };
        let run = || testing::explore(seeds, body);
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).err()?;
        panic.downcast_ref::<String>().cloned()
    };
    let text = explore(40).expect("some seed loses money");
    // All runs before it succeeded.
    let lost = outcomes.borrow().len() - 1;
    assert!(outcomes.borrow()[..lost].iter().all(|cents| *cents == 10));
    assert!(text.starts_with(&format!("with seed {lost}: ")), "{text}");
    assert!(text.contains("money is lost"), "{text}");
    assert!(
        text.ends_with(&format!("CONCLIB_SEED={lost} runs it alone")),
        "{text}"
    );
    assert_eq!(explore(lost as u64), None);
    assert_eq!(race_by(lost as u64).0, 5);

    let panic = || testing::explore(1, async |_: System| -> () { panic!("boom") });
    let panic = std::panic::catch_unwind(panic).unwrap_err();
    let text = panic.downcast_ref::<String>().unwrap();
    assert_eq!(text, "with seed 0: boom\nCONCLIB_SEED=0 runs it alone");
}

/// Not a test: fails if the test below starts it, and does nothing otherwise.
#[conclib::test]
async fn child_fails_by_its_seed() {
    let system = Seeded::new();
    if env::var_os("CONCLIB_TEST_FAILS").is_some() {
        panic!("as it was told to");
    }
    drop(system);
}

#[support::test]
fn a_seed_is_printed_and_read() {
    let run = |seed: Option<&str>| {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", &support::test_name!(child_fails_by_its_seed)]);
        command
            .env("CONCLIB_TEST_FAILS", "1")
            .env_remove("CONCLIB_SEED");
        if let Some(seed) = seed {
            command.env("CONCLIB_SEED", seed);
        }
        let output = command.output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let text = run(Some("17"));
    assert!(
        text.contains("the seed was 17: CONCLIB_SEED=17 runs it again"),
        "{text}"
    );
    let text = run(Some("x"));
    assert!(
        text.contains("`CONCLIB_SEED=x` is no seed: invalid digit"),
        "{text}"
    );
    let seed = |text: String| text.split_once("the seed was ").unwrap().1.to_owned();
    assert_ne!(seed(run(None)), seed(run(None)));
}

#[support::test(flavor = "multi_thread")]
#[should_panic(expected = "a seeded system needs a runtime of one thread")]
async fn an_order_needs_one_thread() {
    drop(Seeded::new());
}
