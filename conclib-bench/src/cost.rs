//! `cost`: counts the allocations and the instructions of one operation, and the
//! locks of one that uses a socket. Other load on the machine does not change
//! them.

use std::collections::BTreeMap;

use crate::args::Options;
use crate::catalog::{COST, LIBRARIES, Runtime, UNIX_COST, UNIX_LIBRARIES};
use crate::error::Error;
use crate::figures::Figures;
use crate::peers::{self, Build, Program};
use crate::report::Report;
use crate::run;

/// Only runtime on which the counts are repeatable.
const RUNTIME: Runtime = Runtime::Current;

/// Figures of each scenario so far.
type ByScenario = BTreeMap<&'static str, Figures>;

/// Scenarios that the same programs have, with the builds that count them.
struct Group {
    scenarios: &'static [(&'static str, u64)],
    libraries: &'static [&'static str],
    counts: &'static [(Build, Count)],
}

/// Scenarios inside one process, and those over a unix socket.
const GROUPS: [Group; 2] = [
    Group {
        scenarios: &COST,
        libraries: &LIBRARIES,
        counts: &[(Build::Counting, allocations), (Build::Plain, instructions)],
    },
    Group {
        scenarios: &UNIX_COST,
        libraries: &UNIX_LIBRARIES,
        counts: &[
            (Build::UnixCounting, allocations),
            (Build::Unix, instructions),
            (Build::UnixDebug, locks),
        ],
    },
];

/// Builds the programs, counts, and prints the figures.
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    GROUPS.iter().try_for_each(|group| group.run(options))
}

impl Group {
    fn run(&self, options: &Options) -> Result<(), Error> {
        let is_chosen = |(name, _): &&(&str, u64)| options.scenarios.contains(name);
        let scenarios: Vec<_> = self.scenarios.iter().filter(is_chosen).collect();
        let libraries = self.libraries.iter().copied();
        let libraries: Vec<_> = libraries
            .filter(|name| options.libraries.contains(name))
            .collect();
        if scenarios.is_empty() || libraries.is_empty() {
            return Ok(());
        }
        let mut all = ByScenario::new();
        for (how, count) in self.counts {
            for program in peers::build_all(&libraries, *how)? {
                each_scenario(&program, &scenarios, &mut all, *count);
            }
        }
        let report = Report::open("cost", options.json, libraries)?;
        for (scenario, _) in scenarios {
            if let Some(figures) = all.get(scenario) {
                report.add(scenario, RUNTIME, figures)?;
            }
        }
        Ok(())
    }
}

/// Way to count, from a program, a scenario, and a number of operations.
type Count = fn(&Program, &str, u64) -> Result<Vec<(&'static str, f64)>, Error>;

/// Counts in every selected scenario.
fn each_scenario(
    program: &Program,
    scenarios: &[&(&'static str, u64)],
    all: &mut ByScenario,
    count: Count,
) {
    for (scenario, operations) in scenarios.iter().copied() {
        let library = program.library;
        eprintln!("{scenario}: counting {library}");
        match count(program, scenario, *operations) {
            Ok(counts) => {
                let figures = all.entry(scenario).or_default();
                for (kind, value) in counts {
                    figures.set(kind, library, value);
                }
            }
            Err(problem) => eprintln!("{library} is left out once: {problem}"),
        }
    }
}

/// Returns the allocations of one operation, and their bytes, as the program
/// counts them.
fn allocations(
    program: &Program,
    scenario: &str,
    operations: u64,
) -> Result<Vec<(&'static str, f64)>, Error> {
    let sample = run::measure(
        &program.path,
        scenario,
        RUNTIME,
        &operations.to_string(),
        None,
    )?;
    let counts = ["allocations", "allocated"].into_iter();
    Ok(counts
        .filter_map(|kind| Some((kind, *sample.get(kind)?)))
        .collect())
}

/// Returns the instructions of one operation: the difference to a process with
/// twice as many, so that start and end cancel out.
fn instructions(
    program: &Program,
    scenario: &str,
    operations: u64,
) -> Result<Vec<(&'static str, f64)>, Error> {
    let once = run::instructions(&program.path, scenario, RUNTIME, operations)?;
    let twice = run::instructions(&program.path, scenario, RUNTIME, operations * 2)?;
    let each = twice.saturating_sub(once) as f64 / operations as f64;
    // Both processes do nothing if a library has no such scenario.
    Ok(if each < 1.0 {
        Vec::new()
    } else {
        vec![("instructions", each)]
    })
}

/// Returns the locks of one operation: the calls that lock a mutex, in a build
/// without optimisations.
fn locks(
    program: &Program,
    scenario: &str,
    operations: u64,
) -> Result<Vec<(&'static str, f64)>, Error> {
    let operations = operations / 4;
    let once = run::locks(&program.path, scenario, RUNTIME, operations)?;
    let twice = run::locks(&program.path, scenario, RUNTIME, operations * 2)?;
    let each = twice.saturating_sub(once) as f64 / operations as f64;
    Ok(vec![("locks", each)])
}
