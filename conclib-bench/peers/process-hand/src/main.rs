//! A process started by hand, with one end of a socket pair as standard input,
//! and the RPC layer that is written by hand over it.

use std::os::fd::{AsFd as _, OwnedFd};
use std::process::{Child, Command, ExitCode, Stdio};

use bench_unix_hand::{Client, go, server};
use process_harness::ChildProcess;
use tokio::net::UnixStream;

/// Argument of a child.
const CHILD: &str = "--child";

struct ByHand {
    process: Child,
    client: Client,
}

impl ChildProcess for ByHand {
    async fn start(cpu: Option<usize>) -> Self {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().expect("a pair of sockets");
        ours.set_nonblocking(true).expect("it can be set");
        let program = std::env::current_exe().expect("there is a program");
        let mut command = Command::new(program);
        command.arg(CHILD).args(cpu.map(|cpu| cpu.to_string()));
        command.stdin(Stdio::from(OwnedFd::from(theirs)));
        let process = command.spawn().expect("the process starts");
        let stream = UnixStream::from_std(ours).expect("it is a socket");
        let child = Self { process, client: Client::new(stream) };
        go(&child.client, 1, 1).await;
        child
    }

    async fn ask(&mut self, rounds: u64, in_flight: u64) -> Option<()> {
        go(&self.client, rounds, in_flight).await;
        Some(())
    }

    async fn tell(&mut self, _: u64) -> Option<()> {
        None
    }

    async fn send(&mut self, _: u64, _: usize) -> Option<()> {
        None
    }
}

impl Drop for ByHand {
    fn drop(&mut self) {
        // Killing it is enough: the child has no data to lose.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn child() {
    let socket = std::io::stdin().as_fd().try_clone_to_owned().expect("it is a socket");
    let socket = std::os::unix::net::UnixStream::from(socket);
    socket.set_nonblocking(true).expect("it can be set");
    let adder = server::spawn_adder();
    server::serve(UnixStream::from_std(socket).expect("it is a socket"), &adder).await;
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    if args.get(1).is_some_and(|arg| arg == CHILD) {
        if let Some(cpu) = args.get(2) {
            process_harness::pin_to(cpu);
        }
        process_harness::build("multi").block_on(child());
        return ExitCode::SUCCESS;
    }
    process_harness::main::<ByHand>()
}
