//! Settings of a process.

use std::ffi::OsString;
use std::path::PathBuf;

/// Settings of the processes of an actor, or of the workers of a pool.
#[derive(Debug, Clone, Default)]
pub(super) struct Settings {
    pub(super) env: Vec<(OsString, Option<OsString>)>,
    pub(super) dir: Option<PathBuf>,
    pub(super) cpus: Vec<usize>,
    /// CPUs of the workers of a pool, one for each in turn.
    pub(super) cpu_of_each: Vec<usize>,
    pub(super) memory: Option<u64>,
    pub(super) nice: Option<i32>,
}
