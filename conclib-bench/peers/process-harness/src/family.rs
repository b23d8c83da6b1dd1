//! This process and all below it.

use std::collections::HashMap;
use std::fs::{read_dir, read_to_string};

/// Processes by their ids.
pub(crate) struct Family(Vec<u32>);

impl Family {
    /// Returns this process and all that it has started, and they have.
    pub(crate) fn of_this_process() -> Self {
        let mut parents = HashMap::new();
        for entry in read_dir("/proc").expect("Linux lists its processes").flatten() {
            let pid = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
            if let Some(pid) = pid
                && let Some(fields) = fields(pid)
            {
                parents.insert(pid, fields[1].parse::<u32>().expect("the parent is a number"));
            }
        }
        let mut family = vec![std::process::id()];
        let mut at = 0;
        while let Some(one) = family.get(at).copied() {
            family.extend(parents.iter().filter(|(_, parent)| **parent == one).map(|(pid, _)| *pid));
            at += 1;
        }
        Self(family)
    }

    /// Returns the processor time of all, in ticks.
    pub(crate) fn ticks(&self) -> u64 {
        let of = |pid: &u32| {
            let fields = fields(*pid)?;
            Some(fields[11].parse::<u64>().ok()? + fields[12].parse::<u64>().ok()?)
        };
        self.0.iter().filter_map(of).sum()
    }

    /// Returns the memory of all but this process, what they share divided among
    /// them.
    pub(crate) fn bytes(&self) -> u64 {
        let of = |pid: &u32| {
            let rollup = read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
            let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
            line.trim().strip_suffix(" kB")?.parse::<u64>().ok()
        };
        self.0.iter().skip(1).filter_map(of).sum::<u64>() * 1024
    }
}

/// Returns the fields of a process after its name: first its state.
fn fields(pid: u32) -> Option<Vec<String>> {
    let stat = read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    Some(fields.split(' ').map(str::to_owned).collect())
}
