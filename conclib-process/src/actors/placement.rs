//! Settings that a process applies to itself, before it has any other thread.

use std::io;

use super::spec::Spec;

/// Applies the settings of a process to it.
pub(super) fn apply(spec: &Spec) -> io::Result<()> {
    match spec.cpus.is_empty() {
        true => Ok(()),
        false => pin(&spec.cpus),
    }
}

#[cfg(target_os = "linux")]
fn pin(cpus: &[usize]) -> io::Result<()> {
    use nix::sched::{CpuSet, sched_setaffinity};
    use nix::unistd::Pid;

    let mut only = CpuSet::new();
    for cpu in cpus {
        only.set(*cpu)?;
    }
    // This thread, whose later threads inherit it; and the first one, by which the process is shown.
    let pinned = sched_setaffinity(Pid::from_raw(0), &only)
        .and_then(|()| sched_setaffinity(Pid::this(), &only));
    pinned.map_err(|error| io::Error::other(format!("cannot pin to the CPUs {cpus:?}: {error}")))
}

#[cfg(not(target_os = "linux"))]
fn pin(_: &[usize]) -> io::Result<()> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "a process is pinned to CPUs on Linux only",
    ))
}
