//! `cost`: counts the allocations and the instructions of one operation. Other
//! load on the machine does not change them.

use std::collections::BTreeMap;

use crate::args::Options;
use crate::catalog::{COST, Runtime};
use crate::error::Error;
use crate::figures::Figures;
use crate::peers::{self, Build, Program};
use crate::report::Report;
use crate::run;

/// Only runtime on which the counts are repeatable.
const RUNTIME: Runtime = Runtime::Current;

/// Figures of each scenario so far.
type ByScenario = BTreeMap<&'static str, Figures>;

/// Builds the programs, counts, and prints the figures.
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

/// Way to count, from a program, a scenario, and a number of operations.
type Count = fn(&Program, &str, u64) -> Result<Vec<(&'static str, f64)>, Error>;

/// Counts in every selected scenario.
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

/// Returns the allocations of one operation, and their bytes, as the program
/// counts them.
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
