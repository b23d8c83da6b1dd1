//! `features`: times the features of conclib, each compared with the same
//! operation without it.

use std::collections::BTreeMap;

use crate::args::Options;
use crate::beside::{self, Row};
use crate::catalog::{FEATURES, OURS, Runtime, TASK};
use crate::error::Error;
use crate::figures::Figures;
use crate::local;
use crate::number::median;
use crate::peers::{self, Build, Program};
use crate::report;
use crate::run::{self, Sample};

/// Programs under `peers/`, each with the column for its figures without a
/// suffix.
const PROGRAMS: [(&str, &str); 2] = [("features", OURS), ("features-kameo", KAMEO)];

/// Column for the baseline of a feature.
pub(crate) const PLAIN: &str = "plain";

/// Column for the peer that has the same feature.
pub(crate) const KAMEO: &str = "kameo";

/// Builds the programs, measures, and prints the figures.
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    let programs = peers::build_all(&PROGRAMS.map(|(name, _)| name), Build::Plain)?;
    if !options.json {
        report::print(&beside::head())?;
    }
    let wanted = FEATURES
        .iter()
        .filter(|(name, _)| options.scenarios.contains(name));
    for &(scenario, against) in wanted {
        for runtime in Runtime::ALL {
            let figures = measure(&programs, scenario, runtime, options);
            if options.json {
                report::print(&report::line("features", scenario, runtime, &figures)?)?;
                continue;
            }
            let row = Row {
                scenario,
                runtime,
                against,
            };
            for line in row.lines(&figures) {
                report::print(&line)?;
            }
        }
    }
    Ok(())
}

/// Returns the medians of one scenario on one runtime. The programs take turns.
fn measure(programs: &[Program], scenario: &str, runtime: Runtime, options: &Options) -> Figures {
    let effort = local::effort(options);
    let mut samples: Vec<Vec<Sample>> = programs.iter().map(|_| Vec::new()).collect();
    for round in 1..=options.runs {
        eprintln!("{scenario}, {runtime}: round {round} of {}", options.runs);
        for (program, samples) in programs.iter().zip(&mut samples) {
            match run::measure(&program.path, scenario, runtime, effort, None) {
                Ok(sample) => samples.push(sample),
                Err(problem) => eprintln!("{} is left out once: {problem}", program.library),
            }
        }
    }
    let mut figures = Figures::default();
    for (program, samples) in programs.iter().zip(&samples) {
        let known = PROGRAMS.iter().find(|(name, _)| *name == program.library);
        add(
            &mut figures,
            known.map_or(OURS, |(_, column)| column),
            samples,
        );
    }
    figures
}

/// Adds medians to the column that the end of their names says: `ns` is the
/// program itself, `ns.plain` the same without the feature, `ns.task` the task.
fn add(figures: &mut Figures, own: &'static str, samples: &[Sample]) {
    let mut values = BTreeMap::<&str, Vec<f64>>::new();
    for (name, value) in samples.iter().flatten() {
        values.entry(name).or_default().push(*value);
    }
    for (name, mut values) in values {
        let (kind, column) = match name.split_once('.') {
            None => (name, own),
            Some((kind, TASK)) => (kind, TASK),
            Some((kind, _)) => (kind, PLAIN),
        };
        if let Some(median) = median(&mut values) {
            figures.set(kind, column, median);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_name_is_the_column() {
        let sample = |ns: f64| {
            let names = [("ns", ns), ("ns.plain", 2.0), ("ns.task", 3.0)];
            Sample::from(names.map(|(name, value)| (name.to_owned(), value)))
        };
        let mut figures = Figures::default();
        add(&mut figures, OURS, &[sample(7.0), sample(1.0), sample(4.0)]);
        add(
            &mut figures,
            KAMEO,
            &[Sample::from([("ns".to_owned(), 9.0)])],
        );
        let ns = figures.of("ns").unwrap();
        assert_eq!(ns.get(OURS), Some(&4.0));
        assert_eq!(ns.get(PLAIN), Some(&2.0));
        assert_eq!(ns.get(TASK), Some(&3.0));
        assert_eq!(ns.get(KAMEO), Some(&9.0));
    }
}
