//! End of a process with its owner.

use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::{getpgrp, getpid, getppid};

/// Pause between two looks at the owner of a process that ends.
const PAUSE: Duration = Duration::from_millis(1);

/// Kills this process, and all others of its group, once the other end of the socket is closed:
/// the owner has closed it, or is gone. A thread waits for that, which no handler can block. Once
/// `is_ending` is set, the process exits by itself, and its owner ends the rest of the group, unless
/// it is gone.
pub(super) fn end_with_owner(socket: &UnixStream, is_ending: Arc<AtomicBool>) -> io::Result<()> {
    let group = getpgrp();
    if group != getpid() {
        let error = "the process of an actor leads no process group";
        return Err(io::Error::other(error));
    }
    let owner = getppid();
    let socket = socket.try_clone()?;
    let thread = thread::Builder::new().name("conclib-owner".into());
    thread.spawn(move || {
        // No event is asked for: a hang-up is reported all the same, and data are not.
        let mut closed = [PollFd::new(socket.as_fd(), PollFlags::empty())];
        while !matches!(poll(&mut closed, PollTimeout::NONE), Ok(1..)) {}
        while is_ending.load(Ordering::SeqCst) && getppid() == owner {
            thread::sleep(PAUSE);
        }
        let _ = killpg(group, Signal::SIGKILL);
    })?;
    Ok(())
}
