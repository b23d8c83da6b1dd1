//! Programs with the original package.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use conclib_process::{ChildCommand, OwnedChild};

use super::Channels;

/// Python of the environment with the original package, which is made once per machine.
static PYTHON: LazyLock<String> = LazyLock::new(|| {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/python-peer.sh");
    let made = Command::new(script)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "no environment for Python, see above"
    );
    String::from_utf8(made.stdout).unwrap().trim().to_owned()
});

/// Starts a program of this directory with the channels of a test.
pub fn start(program: &str, channels: &Channels, args: &[&str]) -> OwnedChild {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/redis/python");
    let port = channels.server.port.to_string();
    ChildCommand::new(&*PYTHON)
        .args(["-B", directory.join(program).to_str().unwrap()])
        .args([&port, &channels.inbound, &channels.outbound])
        .args(args)
        .spawn()
        .unwrap()
}

/// Runs the asker to its end, and returns what it said.
pub async fn ask(channels: &Channels, args: &[&str]) -> Vec<String> {
    let mut asker = start("asker.py", channels, args);
    let status = asker.wait().await.unwrap();
    asker.shutdown(std::time::Duration::ZERO).await.unwrap();
    let tail = asker.tail();
    let mut lines: Vec<_> = tail.lines().map(str::to_owned).collect();
    assert!(status.success(), "{}", lines.join("\n"));
    assert_eq!(lines.pop().as_deref(), Some("done"));
    lines
}
