//! Names of the compared libraries, scenarios and runtimes.

use std::fmt;

/// Name of conclib itself.
pub(crate) const OURS: &str = "conclib";

/// Name of the hand-written task, which the others are compared with.
pub(crate) const TASK: &str = "task";

/// All compared libraries, in the order of the columns.
pub(crate) const LIBRARIES: [&str; 6] = [OURS, TASK, "kameo", "ractor", "actix", "xtra"];

/// Scenarios of `local`.
pub(crate) const LOCAL: [&str; 11] = [
    "tell-1-bounded",
    "tell-4-bounded",
    "tell-1-default",
    "ask",
    "ask-timeout",
    "ask-64",
    "ping-pong",
    "ring-1000",
    "fan-out-1000",
    "spawn-stop",
    "memory",
];

/// Name of the loop over bare frames, which has no requests.
pub(crate) const BARE: &str = "bare";

/// Name of the RPC layer that is written by hand.
pub(crate) const HAND: &str = "hand";

/// Programs of `unix`, in the order of the columns.
pub(crate) const UNIX_LIBRARIES: [&str; 4] = [OURS, BARE, HAND, "tarpc"];

/// Scenarios of `unix`: one request after another, or 64 under way; both
/// processes on one core, or on two.
pub(crate) const UNIX: [&str; 4] = [
    "ask-1-core",
    "ask-2-cores",
    "ask-64-1-core",
    "ask-64-2-cores",
];

/// Name of the original package, which is in Python.
pub(crate) const PYTHON: &str = "python";

/// Programs of `redis`, in the order of the columns.
pub(crate) const REDIS_LIBRARIES: [&str; 4] = [OURS, BARE, HAND, PYTHON];

/// Scenarios of `redis`: one request after another, or 64 under way, over the
/// socket or the port of the server; all processes on one core, or on two.
pub(crate) const REDIS: [&str; 11] = [
    "ask-unix",
    "ask-tcp",
    "ask-1-core",
    "ask-64-unix",
    "ask-64-tcp",
    "ask-64-1-core",
    "tell-64",
    "durable-64",
    "body-1-mib",
    "idle-1000",
    "memory",
];

/// Packages for actors in processes, and the module that they stand on, in
/// Python.
pub(crate) const PYTHON_ACTORS: [&str; 3] = ["uactor", "pactor", "multiprocessing"];

/// Programs of `process`, in the order of the columns.
pub(crate) const PROCESS_LIBRARIES: [&str; 6] = [
    OURS,
    BARE,
    HAND,
    PYTHON_ACTORS[0],
    PYTHON_ACTORS[1],
    PYTHON_ACTORS[2],
];

/// Scenarios of `process`: one request after another, or 64 under way, both
/// processes on one core or on two; told messages; large ones; the start up to
/// the first answer; and a hundred children that do nothing.
pub(crate) const PROCESS: [&str; 8] = [
    "ask-1-core",
    "ask-2-cores",
    "ask-64-1-core",
    "ask-64-2-cores",
    "tell",
    "body-1-mib",
    "start",
    "idle-100",
];

/// Scenarios of `cost` over a unix socket, each with the number of operations to
/// count.
pub(crate) const UNIX_COST: [(&str, u64); 2] = [("remote-ask", 4_000), ("remote-ask-64", 12_800)];

/// Scenarios of `features`, each with its baseline.
pub(crate) const FEATURES: [(&str, &str); 9] = [
    ("pool-ask", "an ask of one actor"),
    ("topic-1000", "a tell to each"),
    ("priority", "a mailbox without priorities"),
    ("restart", "a spawn and its first answer"),
    ("tick", "-"),
    ("children-10000", "actors that nobody supervises"),
    ("ask-in-turn", "an ask from outside a turn"),
    ("self-sends", "-"),
    ("idle-million", "-"),
];

/// Scenarios of `cost`, each with the number of operations to count.
pub(crate) const COST: [(&str, u64); 6] = [
    ("tell-1-bounded", 20_000),
    ("ask", 20_000),
    ("ask-timeout", 20_000),
    ("ping-pong", 20_000),
    ("fan-out-1000", 20_000),
    ("spawn-stop", 2_000),
];

/// Runtime of the actors.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Runtime {
    /// A current-thread runtime.
    Current,
    /// Two worker threads.
    Multi,
}

impl Runtime {
    /// Both runtimes, the one with less noise first.
    pub(crate) const ALL: [Self; 2] = [Self::Current, Self::Multi];

    /// Name on command lines and in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Multi => "multi",
        }
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
