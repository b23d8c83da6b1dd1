//! Memory usage of the process.

/// Returns the resident set of this process in bytes.
pub fn bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells its memory");
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.trim().strip_suffix(" kB")?.parse::<u64>().ok())
        .map(|kib| kib * 1024)
        .expect("the status has a line VmRSS in kB")
}
