//! Table of a system for humans, also written on SIGUSR1.
//!
//! The test program starts itself as the process that gets the signal.
#![allow(clippy::print_stdout, reason = "the child tells its parent so")]

use std::env;
use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

use conclib::Place;
use conclib::prelude::*;
use conclib::system::SystemSnapshot;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::{At, Scribe, ScribeCalls, gate, hold, scribe, until};

support::on_every_place! {
    it_shows_for_whom_an_actor_waits,
}

/// Environment variable that marks the child.
const CHILD: &str = "CONCLIB_TEST_DUMP";

#[support::test]
async fn it_shows_each_actor_below_its_parent_with_what_it_does() {
    let system = System::new("dump");
    let boss = system.actor(scribe().0).urn("boss").spawn().unwrap();
    let worker = |urn: &str| system.actor(scribe().0).child_of(&boss).urn(urn);
    let first = worker("first").mailbox(8).spawn().unwrap();
    let policy = Restart::on_failure().backoff(Backoff::none());
    let other = system
        .actor_with(Scribe::default)
        .restart(policy)
        .urn("other");
    let other = other.spawn().unwrap();
    let second = worker("second").spawn().unwrap();
    let below = system
        .actor(scribe().0)
        .child_of(&first)
        .urn("below")
        .spawn()
        .unwrap();
    for actor in [&boss, &second, &below] {
        actor.started().await.unwrap();
    }
    let keeper = hold(&first).await;
    first.note(1).tell().await.unwrap();
    assert!(other.explode("line one\nline two".into()).await.is_err());
    other.echo(1).await.unwrap();

    let dump = system.dump();
    let lines: Vec<_> = dump.lines().collect();
    let pid = std::process::id();
    let head = format!("system `dump` in process {pid}: actors: 5, dead letters: 1");
    assert_eq!(lines[0], head);
    let cells = |line: &str| {
        let cells: Vec<_> = line
            .split("  ")
            .map(str::trim)
            .filter(|cell| !cell.is_empty())
            .collect();
        cells.join(" | ")
    };
    let table: Vec<_> = lines[1..].iter().map(|line| cells(line)).collect();
    assert_eq!(
        table,
        [
            "ACTOR | TYPE | STATE | WAITING | BUSY WITH | WAITS FOR | HANDLED | FAILED | RESTARTS | LAST ERROR",
            "boss | Scribe | running | 0/1024 | - | - | 0 | 0 | 0 | -",
            "├─ first | Scribe | running | 1/8 | hold | - | 0 | 0 | 0 | -",
            "│ | └─ below | Scribe | running | 0/1024 | - | - | 0 | 0 | 0 | -",
            "└─ second | Scribe | running | 0/1024 | - | - | 0 | 0 | 0 | -",
            "other | Scribe | running | 0/1024 | - | - | 2 | 1 | 1 | line one\\nline two",
        ]
    );
    // The cells of a column begin at the same position.
    let at = |line: &str, what: &str| line.split(what).next().unwrap().chars().count();
    let column = at(lines[1], "TYPE");
    assert!(
        lines[2..].iter().all(|line| at(line, "Scribe") == column),
        "{dump}"
    );
    keeper.open();
}

/// Asks an actor that is busy.
#[actor(urn = "waiting")]
struct Waiting(ActorRef<Scribe>);

#[actor]
impl Waiting {
    #[message]
    async fn wait(&mut self) -> u64 {
        let (first, second) = (self.0.echo(1), self.0.echo(2));
        let (first, second) = tokio::join!(first.into_future(), second.into_future());
        first.unwrap() + second.unwrap()
    }
}

async fn it_shows_for_whom_an_actor_waits(place: Place) {
    let system = System::new("dump");
    let busy = system.actor(scribe().0).urn("busy").at(place).unwrap();
    let keeper = hold(&busy).await;
    let waiting = system.actor(Waiting(busy)).at(place).unwrap();
    let reply = waiting.wait().reply().await.unwrap();
    until(|| system.snapshot().actors[0].depth == 2).await;
    let seen = &system.snapshot().actors[1];
    assert_eq!(seen.waiting_for, ["busy", "busy"]);
    assert_eq!(seen.busy_with.as_deref(), Some("wait"));
    let dump = system.dump();
    let line = dump
        .lines()
        .find(|line| line.starts_with("waiting "))
        .unwrap();
    assert!(line.contains("  wait       busy, busy  "), "{dump}");
    keeper.open();
    assert_eq!(reply.await.unwrap(), 3);
    let seen = &system.snapshot().actors[1];
    assert!(seen.waiting_for.is_empty(), "{seen:?}");
}

#[support::test]
async fn what_was_written_down_elsewhere_is_shown_whatever_it_says() {
    let system = System::new("dump");
    let _one = system.actor(scribe().0).urn("one").spawn().unwrap();
    let _two = system.actor(scribe().0).urn("two").spawn().unwrap();
    let mut json = serde_json::to_value(system.snapshot()).unwrap();
    // Hostile data: two actors that are parents of each other, and a name with
    // a control sequence.
    json["actors"][0]["parent"] = "two".into();
    json["actors"][1]["parent"] = "one".into();
    json["actors"][1]["busy_with"] = "\u{1b}[2J".repeat(100).into();
    let read: SystemSnapshot = serde_json::from_value(json).unwrap();
    let dump = read.to_string();
    assert!(!dump.contains('\u{1b}'), "{dump}");
    let lines: Vec<_> = dump.lines().collect();
    assert_eq!(lines.len(), 4, "{dump}");
    assert!(
        lines[2].starts_with("one ") && lines[3].starts_with("└─ two "),
        "{dump}"
    );
    assert!(lines[3].chars().count() < 200, "{dump}");
}

/// Not a test: the process that gets the signal, and whose only thread for
/// actors is blocked. A plain run passes without doing anything unless a test starts it.
#[support::test]
async fn child_is_blocked() {
    if env::var_os(CHILD).is_none() {
        return;
    }
    let systems = ["left", "right", "silent"].map(System::new);
    let dumps: Vec<_> = systems[..2]
        .iter()
        .map(|it| it.dump_on_sigusr1().unwrap())
        .collect();
    let dropped = systems[2].dump_on_sigusr1().unwrap();
    drop(dropped);
    let left = systems[0].actor(scribe().0).urn("stuck").spawn().unwrap();
    let _right = systems[1].actor(scribe().0).urn("quiet").spawn().unwrap();
    left.started().await.unwrap();
    until(|| systems[1].snapshot().actors[0].state == State::Running).await;
    let (blocks, mut keeper) = gate();
    let watcher = std::thread::spawn(move || {
        // Waits until the turn has begun.
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(keeper.entered());
        println!("ready");
        let mut input = String::new();
        std::io::stdin().read_line(&mut input).unwrap();
        keeper.open();
    });
    left.block(blocks).await.unwrap();
    watcher.join().unwrap();
    drop(dumps);
    println!("over");
}

struct Process {
    child: Child,
    said: Lines<BufReader<ChildStdout>>,
    dumped: Lines<BufReader<ChildStderr>>,
}

impl Process {
    fn start() -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args([
                "--exact",
                &support::test_name!(child_is_blocked),
                "--nocapture",
                "--test-threads=1",
            ])
            .env(CHILD, "")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        let dumped = BufReader::new(child.stderr.take().unwrap()).lines();
        Self {
            child,
            said,
            dumped,
        }
    }

    /// Reads up to a line that ends like this.
    fn wait_for(&mut self, end: &str) {
        let found = self.said.any(|line| line.unwrap().ends_with(end));
        assert!(found, "the child did not say `{end}`");
    }
}

#[support::test]
fn sigusr1_has_each_system_that_wants_it_dumped_even_if_all_is_blocked() {
    let mut process = Process::start();
    process.wait_for("ready");
    for _ in 0..2 {
        let id = i32::try_from(process.child.id()).unwrap();
        kill(Pid::from_raw(id), Signal::SIGUSR1).unwrap();
        // Two systems, with one actor each.
        let lines: Vec<_> = process
            .dumped
            .by_ref()
            .take(6)
            .map(Result::unwrap)
            .collect();
        for (system, urn, busy) in [("left", "stuck", "block"), ("right", "quiet", "-")] {
            let head = format!("system `{system}` in process {id}: actors: 1, dead letters: 0");
            let at = lines.iter().position(|line| *line == head);
            let at = at.unwrap_or_else(|| panic!("no {system} in {lines:#?}"));
            assert!(lines[at + 1].starts_with("ACTOR"), "{lines:#?}");
            let actor: Vec<_> = lines[at + 2].split_whitespace().collect();
            assert_eq!(actor[..5], [urn, "Scribe", "running", "0/1024", busy]);
        }
    }
    drop(process.child.stdin.take());
    process.wait_for("over");
    let mut rest = String::new();
    for line in process.said {
        rest.push_str(&line.unwrap());
    }
    assert!(process.child.wait().unwrap().success(), "{rest}");
    assert_eq!(process.dumped.count(), 0);
}
