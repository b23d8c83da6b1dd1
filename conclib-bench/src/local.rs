//! `local` and `unix`: times every scenario, the libraries taking turns.

use crate::args::Options;
use crate::catalog::Runtime;
use crate::error::Error;
use crate::figures::Figures;
use crate::peers::{self, Build, Program};
use crate::report::Report;
use crate::run::{self, Sample};

/// How long one process measures for a report.
const EFFORT: &str = "400ms";

/// How long one process measures when a first look is enough.
const QUICK_EFFORT: &str = "100ms";

/// Builds what is needed, measures it and prints it; `bench` is the name of
/// the command.
pub(crate) fn run(bench: &'static str, options: &Options, how: Build) -> Result<(), Error> {
    let programs = peers::build_all(&options.libraries, how)?;
    let libraries = programs.iter().map(|program| program.library).collect();
    let report = Report::open(bench, options.json, libraries)?;
    for scenario in &options.scenarios {
        for runtime in Runtime::ALL {
            let figures = measure(&programs, scenario, runtime, options);
            report.add(scenario, runtime, &figures)?;
        }
    }
    Ok(())
}

/// How long one process measures.
pub(crate) fn effort(options: &Options) -> &'static str {
    if options.quick { QUICK_EFFORT } else { EFFORT }
}

/// Measures one scenario on one runtime. In each round every library has its
/// turn, and each round another one begins, so that what the machine does
/// beside it meets them all alike.
fn measure(programs: &[Program], scenario: &str, runtime: Runtime, options: &Options) -> Figures {
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
            match run::measure(&programs[turn].path, scenario, runtime, effort) {
                Ok(sample) => samples[turn].push(sample),
                Err(problem) => eprintln!("{} is left out once: {problem}", programs[turn].library),
            }
        }
    }

    let mut figures = Figures::default();
    for (program, samples) in programs.iter().zip(&samples) {
        figures.add(program.library, samples);
    }
    figures
}
