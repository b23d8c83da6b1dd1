//! Table of features: the cost of each, and the cost of its baseline.

use crate::catalog::{OURS, Runtime, TASK};
use crate::features::{KAMEO, PLAIN};
use crate::figures::Figures;
use crate::number::short;
use crate::table::ratio;

/// Kinds of figures in the order of the rows, with their names in the table.
const KINDS: [(&str, &str); 8] = [
    ("ns", "ns"),
    ("spawn", "ns to spawn"),
    ("stop", "ns to stop"),
    ("p50", "ns late, p50"),
    ("p99", "ns late, p99"),
    ("before", "KiB before"),
    ("after", "KiB after"),
    ("bytes", "bytes each"),
];

/// Columns with their widths; the last one has no fixed width.
const COLUMNS: [(&str, usize); 11] = [
    ("scenario", 14),
    ("runtime", 7),
    ("figure", 12),
    ("conclib", 8),
    ("plain", 8),
    ("task", 8),
    ("kameo", 8),
    ("conclib/plain", 13),
    ("conclib/task", 12),
    ("conclib/kameo", 13),
    ("plain is", 0),
];

/// Number of columns at the left that hold words.
const WORDS: usize = 3;

/// Row of one scenario, apart from its figures.
pub(crate) struct Row {
    /// Scenario of the row.
    pub(crate) scenario: &'static str,
    /// Runtime of the measurement.
    pub(crate) runtime: Runtime,
    /// Baseline that the feature is compared with.
    pub(crate) against: &'static str,
}

impl Row {
    /// Returns a line for each kind of figure that there is.
    pub(crate) fn lines(&self, figures: &Figures) -> Vec<String> {
        let kinds = KINDS.iter();
        let known = kinds.filter_map(|(kind, word)| Some((word, figures.of(kind)?)));
        known
            .map(|(word, numbers)| {
                let number = |column| numbers.get(column);
                let cell = |column| number(column).map_or_else(dash, |number| short(*number));
                let to = |column| ratio(number(OURS), number(column)).unwrap_or_else(dash);
                line([
                    self.scenario.to_owned(),
                    self.runtime.to_string(),
                    (*word).to_owned(),
                    cell(OURS),
                    cell(PLAIN),
                    cell(TASK),
                    cell(KAMEO),
                    to(PLAIN),
                    to(TASK),
                    to(KAMEO),
                    self.against.to_owned(),
                ])
            })
            .collect()
    }
}

/// Returns the two lines of the header.
pub(crate) fn head() -> String {
    let names = line(COLUMNS.map(|(name, _)| name.to_owned()));
    let rules = COLUMNS.iter().enumerate().map(|(index, (name, width))| {
        let dashes = "-".repeat(width.max(&name.len()) + 1);
        let end = if is_word(index) { '-' } else { ':' };
        format!("{dashes}{end}|")
    });
    format!("{names}\n|{}", rules.collect::<String>())
}

/// Tells if a column holds words, not numbers.
fn is_word(index: usize) -> bool {
    index < WORDS || index + 1 == COLUMNS.len()
}

/// Cell without a number.
fn dash() -> String {
    "-".to_owned()
}

/// Formats the cells of one line.
fn line(cells: [String; COLUMNS.len()]) -> String {
    let cells = cells.iter().zip(COLUMNS).enumerate();
    let cells = cells.map(|(index, (cell, (_, width)))| {
        if is_word(index) {
            format!(" {cell:<width$} |")
        } else {
            format!(" {cell:>width$} |")
        }
    });
    format!("|{}", cells.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_ratios_and_a_dash_for_what_is_not_there() {
        let mut figures = Figures::default();
        figures.set("ns", OURS, 40.0);
        figures.set("ns", PLAIN, 80.0);
        let row = Row {
            scenario: "pool-ask",
            runtime: Runtime::Multi,
            against: "one",
        };
        let lines = row.lines(&figures);
        let [line] = lines.as_slice() else {
            panic!("one kind of figure is one line: {lines:?}");
        };
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let expected = [
            "pool-ask", "multi", "ns", "40.0", "80.0", "-", "-", "0.50", "-", "-", "one",
        ];
        assert_eq!(cells[1..cells.len() - 1], expected);
    }
}
