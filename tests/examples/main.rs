//! The examples do what the README shows, and leave nothing behind, however
//! they end.
//!
//! `cargo test` builds them first. With `--test examples` alone it does not:
//! run `cargo build --examples` before.

mod network;
mod redis;
mod seeds;

use std::env;
use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
#[cfg(feature = "process")]
use std::time::{Duration, Instant};

use support::child::{Kid, Process, eventually, survivors};

const ONCE: &[&str] = &[
    "in this process:        add(2) -> 2",
    "the web server:         process N at http://127.0.0.1:N",
    "GET  /greet/Ada         200 OK: Hello, Ada! You are number 3.",
    "GET  /greet/%20         400 Bad Request: a name has at least one letter",
    "POST /add {\"by\":4}      200 OK: {\"greeted\":7}",
];

fn example(name: &str) -> conclib::Result<Command> {
    let tests = env::current_exe()?;
    let deps = tests.parent().and_then(Path::parent);
    let path = deps
        .ok_or("no target directory")?
        .join("examples")
        .join(name);
    if !path.exists() {
        let path = path.display();
        return Err(format!("{path} is not built: run `cargo build --examples`").into());
    }
    let mut command = Command::new(path);
    // Makes the example use its default directory, as the README shows it.
    command.env_remove("XDG_RUNTIME_DIR").env_remove("TMPDIR");
    Ok(command)
}

/// Replaces the parts of a line that differ between runs.
fn normal(line: &str) -> String {
    let mut line = line.to_owned();
    for before in ["process ", "127.0.0.1:", "/conclib-"] {
        if let Some((head, tail)) = line.split_once(before) {
            let rest = tail.trim_start_matches(|byte: char| byte.is_ascii_hexdigit());
            line = format!("{head}{before}N{rest}");
        }
    }
    line
}

/// Quickstart that runs until Ctrl-C.
struct Running {
    kid: Kid,
    lines: Vec<String>,
    family: Vec<Process>,
    url: String,
}

impl Running {
    async fn start() -> conclib::Result<Self> {
        let mut kid = Kid::start(&mut example("quickstart")?)?;
        let mut lines = Vec::new();
        let url = loop {
            let line = kid.said("").await?;
            lines.push(line.clone());
            if let Some((_, rest)) = line.split_once(" --example ask -- ") {
                let (url, _) = rest.split_once(' ').ok_or("no URL")?;
                break url.to_owned();
            }
        };
        // The signal handlers are installed a moment after the last line of
        // output.
        assert!(eventually(|| {
            support::child::listens_to_signals(kid.id())
        }));
        let family = Process::family(kid.id());
        Ok(Self {
            kid,
            lines,
            family,
            url,
        })
    }

    fn socket(&self) -> conclib::Result<PathBuf> {
        let path = self.url.strip_prefix("unix://").ok_or("no unix socket")?;
        Ok(PathBuf::from(path))
    }

    /// Checks that the process and everything that belonged to it are gone.
    fn left_nothing(&self, dir: &Path) -> conclib::Result {
        let left = survivors(&self.family);
        assert!(left.is_empty(), "still there: {left:#?}");
        assert!(
            eventually(|| !dir.exists()),
            "still there: {}",
            dir.display()
        );
        Ok(())
    }
}

/// Returns the directory of the socket, after checking the started processes:
/// the example itself, the web server, and a guard for each of the two owned
/// resources.
fn belongings(running: &Running) -> conclib::Result<PathBuf> {
    let socket = running.socket()?;
    assert!(socket.exists());
    let names: Vec<_> = running.family.iter().map(|kin| &*kin.name).collect();
    let servers = names.iter().filter(|name| **name == "quickstart");
    assert_eq!(servers.count(), 2, "{names:?}");
    assert!(names.len() >= 4, "{names:?}");
    let dir = socket.parent().ok_or("no directory")?;
    Ok(dir.to_owned())
}

#[support::test]
async fn the_quickstart_runs_once_and_ends() -> conclib::Result {
    let mut kid = Kid::start(example("quickstart")?.arg("--once"))?;
    let lines = kid.all().await;
    assert!(kid.exited()?.success());
    let said: Vec<_> = lines.iter().map(|line| normal(line)).collect();
    assert_eq!(said[..ONCE.len()], *ONCE);
    let end = "the end:                1 stopped; 0 dead letters";
    assert_eq!(said[ONCE.len()..], [end]);
    Ok(())
}

#[support::test]
async fn the_readme_shows_what_the_quickstart_says() -> conclib::Result {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"))?;
    let (_, block) = readme
        .split_once("```text\nin this process:")
        .ok_or("the README shows no quickstart")?;
    let (block, _) = block.split_once("\n```").ok_or("a block without an end")?;
    let shown = format!("in this process:{block}");
    let shown: Vec<_> = shown.lines().map(normal).collect();

    let running = Running::start().await?;
    let said: Vec<_> = running.lines.iter().map(|line| normal(line)).collect();
    assert_eq!(said, shown);
    Ok(())
}

#[support::test]
async fn a_signal_ends_the_quickstart_in_order() -> conclib::Result {
    for signal in ["INT", "TERM"] {
        let mut running = Running::start().await?;
        let dir = belongings(&running)?;
        running.kid.signal(signal)?;
        let report = running.kid.said("the end:").await?;
        assert_eq!(report.trim(), "1 stopped; 0 dead letters");
        assert!(running.kid.exited()?.success());
        running.left_nothing(&dir)?;
    }
    Ok(())
}

#[support::test]
async fn a_quickstart_whose_web_server_dies_says_so_and_ends() -> conclib::Result {
    let mut running = Running::start().await?;
    let dir = belongings(&running)?;
    let line = running
        .lines
        .iter()
        .find(|line| line.starts_with("the web server:"));
    let (_, rest) = line
        .and_then(|line| line.split_once("process "))
        .ok_or("no web server")?;
    let pid = rest.split(' ').next().unwrap_or_default();
    assert!(Command::new("kill").args(["-9", pid]).status()?.success());
    let said = running.kid.said("the web server:").await?;
    assert!(said.contains("exited with signal: 9 (SIGKILL)"), "{said}");
    let report = running.kid.said("the end:").await?;
    assert_eq!(report.trim(), "1 stopped; 0 dead letters");
    assert!(!running.kid.exited()?.success());
    running.left_nothing(&dir)
}

#[support::test]
async fn a_quickstart_that_is_killed_leaves_nothing() -> conclib::Result {
    for _ in 0..3 {
        let mut running = Running::start().await?;
        let dir = belongings(&running)?;
        running.kid.kill()?;
        running.left_nothing(&dir)?;
    }
    Ok(())
}

async fn ask(args: &[&str]) -> conclib::Result<(bool, String)> {
    let output = example("ask")?.args(args).output()?;
    let text = if output.status.success() {
        output.stdout
    } else {
        output.stderr
    };
    Ok((output.status.success(), String::from_utf8(text)?))
}

#[support::test]
async fn ask_asks_a_quickstart_in_json() -> conclib::Result {
    let running = Running::start().await?;
    let url = &*running.url;
    let (done, text) = ask(&[url, "greeter", "Greet", r#"{"name":"Ada"}"#]).await?;
    let answer: serde_json::Value = serde_json::from_str(&text)?;
    let greeting = serde_json::json!({ "text": "Hello, Ada! You are number 8." });
    assert_eq!((done, answer), (true, greeting));
    let (done, text) = ask(&[url, "greeter", "add", r#"{"by":2}"#]).await?;
    assert_eq!((done, &*text), (true, "10\n"));

    for (args, said) in [
        (
            &[url, "greeter", "Greet", r#"{"nom":"Ada"}"#][..],
            "missing field `name`",
        ),
        (&[url, "greeter", "Meet", "{}"], "Meet"),
        (&[url, "nobody", "Greet", "{}"], "`nobody`"),
        (&[url, "greeter", "Greet", "{"], "EOF"),
        (
            &["unix:///no/such.sock", "a", "B", "{}"],
            "no server listens on",
        ),
        (&["http://localhost", "a", "B", "{}"], "unix:///path"),
        (&[url], "usage"),
    ] {
        let (done, text) = ask(args).await?;
        assert!(!done && text.contains(said), "{args:?}: {text}");
    }
    Ok(())
}

/// Output of an example that ended with success.
fn said(name: &str, args: &[&str]) -> conclib::Result<Vec<String>> {
    Ok(said_and_noted(name, args)?.0)
}

/// Lines of its standard output and of its standard error.
fn said_and_noted(name: &str, args: &[&str]) -> conclib::Result<(Vec<String>, Vec<String>)> {
    let output = example(name)?.args(args).output()?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {stderr}");
    let lines = |text: &str| text.lines().map(str::to_owned).collect();
    Ok((lines(&String::from_utf8(output.stdout)?), lines(&stderr)))
}

/// Number of code lines of an example, without comments and lint settings.
fn lines_of(name: &str) -> conclib::Result<usize> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = fs::read_to_string(root.join(format!("examples/{name}.rs")))?;
    let own = |line: &&str| {
        let line = line.trim();
        !(line.is_empty() || line.starts_with("//") || line.starts_with("#!["))
    };
    Ok(source.lines().filter(own).count())
}

/// Cuts the process id off that a line begins with.
#[cfg(feature = "process")]
fn from_process(line: &str) -> Option<(u32, &str)> {
    let (pid, text) = line.strip_prefix('[')?.split_once("] ")?;
    Some((pid.parse().ok()?, text))
}

#[cfg(feature = "process")]
#[support::test]
fn actors_in_processes_share_what_a_protocol_says() -> conclib::Result {
    let lines = said("uactor_inheritance", &[])?;
    let lines: Option<Vec<_>> = lines.iter().map(|line| from_process(line)).collect();
    let (pids, texts): (Vec<_>, Vec<_>) = lines.ok_or("no pids")?.into_iter().unzip();
    assert_eq!(
        texts,
        [
            "Hi, it's Mr. Whiskers. Meow.",
            "Hi, it's Shere Khan. Roar.",
            "It's Child.",
            "It's Child. Hello.",
        ]
    );
    assert!(pids[0] != pids[1] && pids[1] != pids[2] && pids[0] != pids[2]);
    assert_eq!(pids[2], pids[3]);
    Ok(())
}

/// Line that a monitor's aggregator prints: `Received notification (P) of value V
/// from monitor M in process Q`.
#[cfg(feature = "process")]
#[derive(Debug)]
struct Notification {
    aggregator: u32,
    value: u64,
    monitor: String,
    process: u32,
}

#[cfg(feature = "process")]
impl Notification {
    fn read(line: &str) -> Option<Self> {
        let rest = line.strip_prefix("Received notification (")?;
        let (aggregator, rest) = rest.split_once(") of value ")?;
        let (value, rest) = rest.split_once(" from monitor ")?;
        let (monitor, process) = rest.split_once(" in process ")?;
        Some(Self {
            aggregator: aggregator.parse().ok()?,
            value: value.parse().ok()?,
            monitor: monitor.to_owned(),
            process: process.parse().ok()?,
        })
    }

    /// Next one of this monitor.
    async fn of(kid: &mut Kid, monitor: &str) -> conclib::Result<Self> {
        loop {
            let line = kid.said("").await?;
            let read = Self::read(&line).ok_or(line)?;
            if read.monitor == monitor {
                return Ok(read);
            }
        }
    }
}

#[cfg(feature = "process")]
#[support::test]
async fn monitors_in_processes_are_closed_in_order() -> conclib::Result {
    for end in ["q", "the end of the input", "INT", "TERM"] {
        let mut kid = Kid::start(&mut example("pactor_monitor")?)?;
        assert_eq!(kid.said("").await?, "Press 'q' to quit...");
        let primary = Notification::of(&mut kid, "primary").await?;
        let secondary = Notification::of(&mut kid, "secondary").await?;
        assert_eq!(
            (secondary.value % 10, primary.aggregator),
            (0, secondary.aggregator)
        );
        let family = Process::family(kid.id());
        let mut pids: Vec<_> = family.iter().map(|process| process.pid).collect();
        let mut said = [
            kid.id(),
            primary.aggregator,
            primary.process,
            secondary.process,
        ];
        pids.sort_unstable();
        said.sort_unstable();
        assert_eq!(pids, said);

        match end {
            "q" => kid.write("q")?,
            "INT" | "TERM" => kid.signal(end)?,
            _ => kid.close_input(),
        }
        kid.said("closing.....").await?;
        for read in [primary, secondary] {
            let text = format!("current value for monitor {}: ", read.monitor);
            let value: u64 = kid.said(&text).await?.parse()?;
            assert!(value >= read.value, "{end}: {value} after {read:?}");
        }
        assert!(kid.exited()?.success(), "{end}");
        assert!(survivors(&family).is_empty(), "{end}");
    }
    Ok(())
}

#[cfg(feature = "process")]
#[support::test]
async fn the_reading_of_a_monitor_is_stopped_and_started() -> conclib::Result {
    // A reading is a turn of under a millisecond: the rest is room for a busy machine.
    const LATENCY: Duration = Duration::from_millis(500);
    let mut kid = Kid::start(&mut example("pactor_monitor")?)?;
    kid.said("Press 'q' to quit...").await?;
    Notification::of(&mut kid, "primary").await?;
    kid.write("stop tertiary")?;
    kid.said("no monitor is named tertiary").await?;

    let asked = Instant::now();
    kid.write("stop primary")?;
    kid.said("stopped monitor primary").await?;
    assert!(asked.elapsed() < LATENCY, "{:?}", asked.elapsed());
    // The other goes on. A notification of the last turn before may still be on its way.
    let (mut stopped, mut others) = (Vec::new(), 0);
    while others < 4 {
        let line = kid.said("").await?;
        let read = Notification::read(&line).ok_or(line)?;
        match &*read.monitor {
            "primary" => stopped.push(read.value),
            _ => others += 1,
        }
    }
    assert!(stopped.len() <= 1, "{stopped:?}");

    let asked = Instant::now();
    kid.write("start primary")?;
    kid.said("started monitor primary").await?;
    assert!(asked.elapsed() < LATENCY, "{:?}", asked.elapsed());
    let first = Notification::of(&mut kid, "primary").await?.value;
    let next = Notification::of(&mut kid, "primary").await?.value;
    assert_eq!(next, first + 1);
    kid.write("q")?;
    let last: u64 = kid
        .said("current value for monitor primary: ")
        .await?
        .parse()?;
    assert!(last >= next, "{last}");
    assert!(kid.exited()?.success());
    Ok(())
}

#[cfg(feature = "process")]
#[support::test]
fn an_actor_greets_from_its_process() -> conclib::Result {
    let lines = said("uactor_hello", &[])?;
    let [own, other] = &lines[..] else {
        panic!("{lines:?}");
    };
    let own = own.strip_prefix("this is process ").ok_or("no pid")?;
    let other = other
        .strip_prefix("Hello, Ada, from process ")
        .ok_or("no greeting")?;
    assert_ne!(own, other.trim_end_matches('!'));
    assert!(lines_of("uactor_hello")? <= 24);
    Ok(())
}

#[cfg(feature = "process")]
#[support::test]
async fn words_are_counted_right_though_a_process_is_killed() -> conclib::Result {
    let dir = conclib::PrivateDir::new()?;
    let (file, text) = (dir.path().join("text"), include_str!("../../GUARANTEES.md"));
    let times = 150;
    fs::write(&file, text.repeat(times))?;
    let mut command = example("wordcount")?;
    let mut kid = Kid::start(command.arg(&file).arg(&file))?;
    let worker: i32 = kid.said("worker in process ").await?.parse()?;
    let other: u32 = kid.said("worker in process ").await?.parse()?;
    let family = Process::family(kid.id());
    let signal = |signal| nix::sys::signal::kill(nix::unistd::Pid::from_raw(worker), signal);
    // The stopped worker keeps its parts, while the other one counts.
    signal(nix::sys::signal::Signal::SIGSTOP)?;
    let ticks = || -> Option<u64> {
        let stat = fs::read_to_string(format!("/proc/{other}/stat")).ok()?;
        stat.rsplit_once(") ")?.1.split(' ').nth(11)?.parse().ok()
    };
    assert!(eventually(|| ticks() >= Some(10)));
    signal(nix::sys::signal::Signal::SIGKILL)?;
    let lines = kid.all().await;
    let number = |text: &str| {
        let line = lines.iter().find_map(|line| line.split_once(text));
        line.and_then(|(number, _)| number.trim().parse::<usize>().ok())
    };
    let words = text.split(|letter: char| !letter.is_alphanumeric());
    let words = words.filter(|word| !word.is_empty()).count();
    assert_eq!(number(" words, "), Some(2 * times * words), "{lines:?}");
    assert!(number(" parts lost") >= Some(1), "{lines:?}");
    assert!(kid.exited()?.success());
    assert!(survivors(&family).is_empty());
    Ok(())
}

#[support::test]
fn a_counter_is_short() -> conclib::Result {
    assert_eq!(said("counter", &[])?, ["7"]);
    assert!(lines_of("counter")? <= 20);
    Ok(())
}

#[support::test]
fn a_typed_error_is_short() -> conclib::Result {
    assert_eq!(said("typed_error", &[])?, ["divided by zero: true"]);
    assert!(lines_of("typed_error")? <= 22);
    Ok(())
}

#[support::test]
fn a_topic_with_two_subscribers_is_short() -> conclib::Result {
    // Two actors run concurrently, so their lines are sorted.
    let mut lines = said("topic", &[])?;
    lines.sort_unstable();
    assert_eq!(lines, ["one shows 7", "two shows 7"]);
    assert!(lines_of("topic")? <= 22);
    Ok(())
}

#[support::test]
fn a_pool_of_four_is_short() -> conclib::Result {
    assert_eq!(said("pool", &[])?, ["49"]);
    assert!(lines_of("pool")? <= 17);
    Ok(())
}

#[support::test]
fn a_supervised_worker_with_backoff_is_short() -> conclib::Result {
    let panicked =
        "Err(\"Worker (worker) panicked while it handled `work`: attempt to divide by zero\")";
    let lines = [panicked, "25, from a fresh state"];
    assert_eq!(said("supervision", &[])?, lines);
    assert!(lines_of("supervision")? <= 20);
    Ok(())
}

#[support::test]
fn a_remote_ask_is_short() -> conclib::Result {
    let directory = conclib::PrivateDir::new()?;
    let socket = directory.join("greeter.sock");
    let url = format!("unix://{}", socket.display());
    let mut server = Kid::start(example("remote_server")?.arg(&url))?;
    assert!(eventually(|| UnixStream::connect(&socket).is_ok()));
    assert_eq!(said("remote_client", &[&url])?, ["Hello, Ada!"]);
    server.signal("TERM")?;
    assert!(server.exited()?.success());
    assert!(lines_of("remote_server")? + lines_of("remote_client")? <= 29);
    Ok(())
}

#[cfg(feature = "testing")]
#[support::test]
fn the_test_kit_needs_no_shop() -> conclib::Result {
    assert_eq!(
        said("test_kit", &[])?,
        [
            "with a probe: 250 cents",
            "with a fault: 250 cents",
            "in a hundred orders: 1200 cents",
        ]
    );
    Ok(())
}

#[support::test]
fn a_streaming_reply_is_short() -> conclib::Result {
    let numbers = "0 1 1 2 3 5 8 13 21 34 55 89";
    assert_eq!(said("streaming_reply", &[])?.join(" "), numbers);
    assert!(lines_of("streaming_reply")? <= 24);
    Ok(())
}
