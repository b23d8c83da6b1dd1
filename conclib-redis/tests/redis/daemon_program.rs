//! The program `conclib-redisd` runs a server until it is told to end.

use std::{
    fs,
    io::{BufRead as _, BufReader, Lines, Read as _},
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Child, ChildStdout, Command, Output, Stdio},
};

use crate::servers::*;
use nix::sys::signal::Signal;
use support::processes::*;

/// Running program, which is killed at the end of a test.
struct Program {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    url_file: PathBuf,
}

impl Program {
    fn start(args: &[&str]) -> Self {
        Self::of(&mut command(args))
    }

    fn of(command: &mut Command) -> Self {
        let mut process = command.spawn().expect("built");
        let mut lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        let mut said = |key: &str| {
            let line = lines.next().expect("a line").expect("text");
            line.strip_prefix(key).expect("in order").to_owned()
        };
        let url = said("url: ");
        assert!(url.contains("://conclib@"), "{url}");
        let url_file = said("url with password: ").into();
        Self {
            process,
            lines,
            url_file,
        }
    }

    fn url(&self) -> String {
        let mode = self
            .url_file
            .metadata()
            .expect("written")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::read_to_string(&self.url_file)
            .expect("ours")
            .trim()
            .to_owned()
    }

    fn ends_well_on(mut self, signal: Signal) {
        send(self.process.id(), signal);
        assert!(self.process.wait().expect("ours").success());
        assert!(self.lines.next().is_none());
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_conclib-redisd"));
    command
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn output(args: &[&str]) -> (Output, String) {
    let output = command(args).output().expect("built");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    (output, text)
}

#[support::test]
async fn a_program_serves_until_a_signal_and_keeps_the_data_and_the_url() {
    let dir = data_dir();
    let args = [
        "--dir",
        dir.path().to_str().expect("plain"),
        "--profile",
        "strict",
    ];
    let program = Program::start(&args);
    let url = program.url();
    assert_eq!(program.url_file, dir.path().join("url"));
    assert_eq!(Client::of(&url).await.ask("SET order 7").await, "+OK");
    program.ends_well_on(Signal::SIGTERM);

    let program = Program::start(&args);
    assert_eq!(program.url(), url);
    assert_eq!(
        Client::of(&url).await.get("order").await.as_deref(),
        Some("7")
    );
    program.ends_well_on(Signal::SIGINT);
}

#[support::test]
async fn a_program_that_is_killed_leaves_nothing() {
    let program = Program::start(&[
        "--port",
        "0",
        "--profile",
        "ephemeral",
        "--max-memory",
        "100000000",
    ]);
    let url = program.url();
    assert!(url.starts_with("redis://"), "{url}");
    assert_eq!(Client::of(&url).await.ask("PING").await, "+PONG");
    let directory = program.url_file.parent().expect("a directory").to_owned();
    drop(program);
    eventually("nothing is left", || {
        marked(directory.to_str().expect("plain")).is_empty() && !directory.exists()
    })
    .await;
}

#[support::test]
fn a_program_that_cannot_serve_says_why() {
    let (output, text) = output(&["--dir", "/dev/null/data"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text.contains("the data directory `/dev/null/data` cannot be used"),
        "{text}"
    );
}

#[support::test]
fn a_server_that_is_given_up_ends_the_program() {
    let serve = "[ -e $here/pid ] && exit 1; echo $$ > $here/pid; exec redis-server \"$@\"";
    let fake = Fake::serving(serve);
    let mut command = command(&[]);
    let mut program = Program::of(command.env("CONCLIB_REDIS_SERVER", fake.binary()));
    let pid = fs::read_to_string(fake.dir.path().join("pid")).expect("written");
    send(pid.trim().parse().expect("a number"), Signal::SIGKILL);

    let mut text = String::new();
    let mut stderr = program.process.stderr.take().expect("piped");
    stderr.read_to_string(&mut text).expect("text");
    assert_eq!(program.process.wait().expect("ours").code(), Some(1));
    let last = text.lines().last().expect("a line");
    assert!(last.contains("exited with exit status: 1"), "{text}");
}

#[support::test]
fn wrong_arguments_are_refused() {
    for (args, error) in [
        (&["--port"][..], "`--port` needs a value"),
        (
            &["--port", "70000"],
            "`--port 70000` is no number in its range",
        ),
        (&["--profile", "fast"], "there is no profile `fast`"),
        (&["serve"], "there is no option `serve`"),
    ] {
        let (output, text) = output(args);
        assert_eq!(output.status.code(), Some(2));
        assert!(text.contains(error), "{text}");
    }
}

#[support::test]
fn the_help_names_every_option() {
    let output = command(&["--help"]).output().expect("built");
    assert!(output.status.success());
    let help = String::from_utf8_lossy(&output.stdout);
    for option in ["--dir", "--port", "--profile", "--max-memory", "--version"] {
        assert!(help.contains(option), "{option}");
    }
}
