//! `local`, `unix`, `process` and `redis`: times every scenario. The libraries take turns.

use std::path::Path;

use crate::args::Options;
use crate::catalog::{BARE, HAND, OURS, Runtime};
use crate::error::Error;
use crate::figures::Figures;
use crate::peers::{self, Build, Program};
use crate::report::Report;
use crate::run::{self, Sample};

/// Time for which one process measures.
const EFFORT: &str = "400ms";

/// Time for which one process measures with `--quick`.
const QUICK_EFFORT: &str = "100ms";

/// Builds the programs, measures, and prints the figures; `bench` is the name
/// of the command. The programs may use a Redis server.
pub(crate) fn run(
    bench: &'static str,
    options: &Options,
    how: Build,
    redis: Option<&Path>,
) -> Result<(), Error> {
    let programs = peers::build_all(&options.libraries, how)?;
    let libraries = programs.iter().map(|program| program.library).collect();
    let report = Report::open(bench, options.json, libraries)?;
    for scenario in &options.scenarios {
        for runtime in Runtime::ALL {
            let figures = measure(&programs, scenario, runtime, options, redis);
            report.add(scenario, runtime, &figures)?;
        }
    }
    Ok(())
}

/// Returns the time for which one process measures.
pub(crate) fn effort(options: &Options) -> &'static str {
    if options.quick { QUICK_EFFORT } else { EFFORT }
}

/// Measures one scenario on one runtime. Each round runs every library once,
/// and each round begins with another one, so that other load on the machine
/// affects them all alike.
fn measure(
    programs: &[Program],
    scenario: &str,
    runtime: Runtime,
    options: &Options,
    redis: Option<&Path>,
) -> Figures {
    let effort = effort(options);
    let mut samples: Vec<Vec<Sample>> = programs.iter().map(|_| Vec::new()).collect();
    for round in 0..options.runs {
        eprintln!(
            "{scenario}, {runtime}: round {} of {}",
            round + 1,
            options.runs
        );
        for turn in 0..programs.len() {
            let turn = (round + turn) % programs.len();
            match run::measure(&programs[turn].path, scenario, runtime, effort, redis) {
                Ok(sample) => samples[turn].push(sample),
                Err(problem) => eprintln!("{} is left out once: {problem}", programs[turn].library),
            }
        }
    }

    let mut figures = Figures::default();
    for (program, samples) in programs.iter().zip(&samples) {
        figures.add(program.library, samples);
    }
    for baseline in [BARE, HAND] {
        figures.compare(OURS, baseline);
    }
    figures
}
