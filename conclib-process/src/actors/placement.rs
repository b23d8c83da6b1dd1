//! Settings that a process applies to itself, before it has any other thread.

use std::io;

use nix::sys::resource::{Resource, setrlimit};

use super::spec::Spec;

/// Applies the settings of a process to it.
pub(super) fn apply(spec: &Spec) -> io::Result<()> {
    if !spec.cpus.is_empty() {
        pin(&spec.cpus)?;
    }
    if let Some(memory) = spec.memory {
        setrlimit(Resource::RLIMIT_DATA, memory, memory).map_err(|error| {
            io::Error::other(format!(
                "cannot limit the memory to {memory} bytes: {error}"
            ))
        })?;
    }
    Ok(())
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
