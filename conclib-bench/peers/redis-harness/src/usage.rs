//! Processor time and memory of a process.

use std::fs;

/// Returns the processor time of all threads of a process, in nanoseconds.
pub(crate) fn cpu(process: u32) -> u64 {
    let threads = fs::read_dir(format!("/proc/{process}/task")).expect("the process runs");
    let threads = threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("schedstat")).ok());
    threads.filter_map(|stat| stat.split(' ').next()?.parse::<u64>().ok()).sum()
}

/// Returns the resident set of a process, in KiB.
pub(crate) fn resident(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse().ok())
        .expect("the status has a line VmRSS in kB")
}
