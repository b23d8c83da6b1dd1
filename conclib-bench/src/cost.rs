//! `cost`: counts the allocations and the instructions of one operation. These
//! do not depend on what else the machine does.

use std::collections::BTreeMap;

use crate::args::Options;
use crate::catalog::{COST, Runtime};
use crate::error::Error;
use crate::figures::Figures;
use crate::peers::{self, Build, Program};
use crate::report::Report;
use crate::run;

/// The only runtime on which the counts repeat.
const RUNTIME: Runtime = Runtime::Current;

/// What is known about each scenario so far.
type ByScenario = BTreeMap<&'static str, Figures>;

/// Builds what is needed, counts and prints it.
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    let mut all = ByScenario::new();
    for program in peers::build_all(&options.libraries, Build::Counting)? {
        each_scenario(&program, options, &mut all, allocations);
    }
    let programs = peers::build_all(&options.libraries, Build::Plain)?;
    for program in &programs {
        each_scenario(program, options, &mut all, instructions);
    }

    let libraries = programs.iter().map(|program| program.library).collect();
    let report = Report::open("cost", options.json, libraries)?;
    for scenario in &options.scenarios {
        if let Some(figures) = all.get(scenario) {
            report.add(scenario, RUNTIME, figures)?;
        }
    }
    Ok(())
}

/// A way to count: a program, a scenario, a number of operations.
type Count = fn(&Program, &str, u64) -> Result<Vec<(&'static str, f64)>, Error>;

/// Counts in every scenario that was asked for.
fn each_scenario(program: &Program, options: &Options, all: &mut ByScenario, count: Count) {
    let wanted = COST
        .iter()
        .filter(|(name, _)| options.scenarios.contains(name));
    for (scenario, operations) in wanted {
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

/// The allocations of one operation, and their bytes, as the program counts them.
fn allocations(
    program: &Program,
    scenario: &str,
    operations: u64,
) -> Result<Vec<(&'static str, f64)>, Error> {
    let sample = run::measure(&program.path, scenario, RUNTIME, &operations.to_string())?;
    let counts = ["allocations", "allocated"].into_iter();
    Ok(counts
        .filter_map(|kind| Some((kind, *sample.get(kind)?)))
        .collect())
}

/// The instructions of one operation: what a process with twice as many has
/// more, so that start and end fall away.
fn instructions(
    program: &Program,
    scenario: &str,
    operations: u64,
) -> Result<Vec<(&'static str, f64)>, Error> {
    let once = run::instructions(&program.path, scenario, RUNTIME, operations)?;
    let twice = run::instructions(&program.path, scenario, RUNTIME, operations * 2)?;
    let each = twice.saturating_sub(once) as f64 / operations as f64;
    // Where a library has no such scenario both processes do nothing.
    Ok(if each < 1.0 {
        Vec::new()
    } else {
        vec![("instructions", each)]
    })
}
