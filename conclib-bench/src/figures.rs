//! Figures of one scenario on one runtime, by library.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::number::{median, rounded, smallest};
use crate::run::Sample;

/// Number for each library.
pub(crate) type ByLibrary = BTreeMap<&'static str, f64>;

/// Figures of one scenario on one runtime: for each kind (`ns`, `p50`, `bytes`,
/// …) a number for every library that has it.
#[derive(Default, Serialize)]
#[serde(transparent)]
pub(crate) struct Figures(BTreeMap<String, ByLibrary>);

impl Figures {
    /// Adds a number.
    pub(crate) fn set(&mut self, kind: &str, library: &'static str, value: f64) {
        let figures = self.0.entry(kind.to_owned()).or_default();
        figures.insert(library, rounded(value));
    }

    /// Adds the medians of the samples of a library, and the smallest of its
    /// nanoseconds as `best`.
    pub(crate) fn add(&mut self, library: &'static str, samples: &[Sample]) {
        let kinds: Vec<&String> = samples.first().into_iter().flat_map(Sample::keys).collect();
        for kind in kinds {
            let values = samples.iter().filter_map(|sample| sample.get(kind));
            let mut values: Vec<f64> = values.copied().collect();
            if kind == "ns"
                && let Some(best) = smallest(&values)
            {
                self.set("best", library, best);
            }
            if let Some(median) = median(&mut values) {
                self.set(kind, library, median);
            }
        }
    }

    /// Adds the ratio of the nanoseconds of two libraries, as `ratio`, if both
    /// are known.
    pub(crate) fn compare(&mut self, library: &'static str, baseline: &'static str) {
        let of = |name| self.of("ns")?.get(name).copied();
        if let (Some(ours), Some(theirs)) = (of(library), of(baseline)) {
            self.set("ratio", baseline, ours / theirs);
        }
    }

    /// Returns the numbers of one kind, if there are any.
    pub(crate) fn of(&self, kind: &str) -> Option<&ByLibrary> {
        self.0.get(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_become_medians() {
        let sample = |ns: f64| Sample::from([("ns".to_owned(), ns), ("p50".to_owned(), 7.0)]);
        let mut figures = Figures::default();
        figures.add("task", &[sample(3.0), sample(1.0), sample(2.0)]);
        figures.add("ractor", &[Sample::new()]);
        assert_eq!(figures.of("ns"), Some(&ByLibrary::from([("task", 2.0)])));
        assert_eq!(figures.of("best"), Some(&ByLibrary::from([("task", 1.0)])));
        assert_eq!(figures.of("p50"), Some(&ByLibrary::from([("task", 7.0)])));
        assert!(figures.of("bytes").is_none());
    }
}
