//! Table for humans: Markdown with aligned columns, printed row by row as the
//! figures come in.

use std::fmt::Write as _;

use crate::catalog::{BARE, HAND, OURS, Runtime, TASK};
use crate::figures::{ByLibrary, Figures};
use crate::number::short;

/// Kinds of figures in the order of the rows, with their names in the table.
const KINDS: [(&str, &str); 18] = [
    ("ns", "ns"),
    ("best", "ns, best run"),
    ("p50", "ns, p50"),
    ("p99", "ns, p99"),
    ("spawn", "ns to spawn"),
    ("stop", "ns to stop"),
    ("bytes", "bytes"),
    ("allocations", "allocations"),
    ("allocated", "bytes each"),
    ("instructions", "instructions"),
    ("locks", "locks"),
    ("client-cpu", "ms/s, client"),
    ("server-cpu", "ms/s, server"),
    ("redis-cpu", "ms/s, redis"),
    ("client-before", "KiB, client"),
    ("client-after", "after, client"),
    ("server-before", "KiB, server"),
    ("server-after", "after, server"),
];

/// Widths of the columns before those of the libraries.
const WIDTHS: [usize; 3] = [14, 7, 13];

/// Width of the column of a library.
const NUMBER: usize = 8;

/// Columns after those of the libraries.
const RATIOS: [&str; 2] = ["conclib/task", "conclib/best peer"];

/// Columns after those of the programs that use a socket.
const UNIX_RATIOS: [&str; 2] = ["conclib/bare", "conclib/hand"];

/// Columns of the table.
pub(crate) struct Table {
    libraries: Vec<&'static str>,
    is_unix: bool,
}

impl Table {
    /// Makes a table with a column for each of these libraries.
    pub(crate) fn new(libraries: Vec<&'static str>) -> Self {
        let is_unix = libraries.iter().any(|name| [BARE, HAND].contains(name));
        Self { libraries, is_unix }
    }

    fn ratios(&self) -> [&'static str; 2] {
        if self.is_unix { UNIX_RATIOS } else { RATIOS }
    }

    /// Returns the two lines of the header.
    pub(crate) fn head(&self) -> String {
        let names = self.libraries.iter().map(|name| (*name).to_owned());
        let head = self.line(
            ["scenario", "runtime", "figure"],
            names,
            self.ratios().map(str::to_owned),
        );
        let mut rule = String::from("|");
        for width in WIDTHS {
            let _ = write!(rule, "{:-<1$}|", "", width + 2);
        }
        let numbers = self.libraries.iter().map(|_| NUMBER);
        for width in numbers.chain(self.ratios().map(str::len)) {
            let _ = write!(rule, "{:-<1$}:|", "", width + 1);
        }
        format!("{head}\n{rule}")
    }

    /// Returns the rows of one scenario on one runtime.
    pub(crate) fn rows(&self, scenario: &str, runtime: Runtime, figures: &Figures) -> Vec<String> {
        let mut rows = Vec::new();
        for (kind, word) in KINDS {
            // On one thread the best run hardly differs from the median.
            let is_told = kind != "best" || runtime == Runtime::Multi;
            if let Some(numbers) = figures.of(kind).filter(|_| is_told) {
                let cells = self.libraries.iter().map(|name| cell(numbers.get(name)));
                let ratios = match self.is_unix {
                    true => [to(BARE, numbers), to(HAND, numbers)],
                    false => [to(TASK, numbers), to_best_peer(numbers)],
                };
                rows.push(self.line([scenario, runtime.name(), word], cells, ratios));
            }
        }
        rows
    }

    /// Formats the cells of one line.
    fn line(
        &self,
        firsts: [&str; 3],
        numbers: impl Iterator<Item = String>,
        ratios: [String; 2],
    ) -> String {
        let mut line = String::from("|");
        for (cell, width) in firsts.iter().zip(WIDTHS) {
            let _ = write!(line, " {cell:<width$} |");
        }
        for cell in numbers {
            let _ = write!(line, " {cell:>NUMBER$} |");
        }
        for (cell, name) in ratios.iter().zip(self.ratios()) {
            let _ = write!(line, " {cell:>0$} |", name.len());
        }
        line
    }
}

/// Formats a number, or a dash if there is none.
fn cell(number: Option<&f64>) -> String {
    number.map_or_else(|| "-".to_owned(), |number| short(*number))
}

/// Cost of conclib relative to another column.
fn to(other: &str, numbers: &ByLibrary) -> String {
    ratio(numbers.get(OURS), numbers.get(other)).unwrap_or_else(|| "-".to_owned())
}

/// Cost of conclib relative to the best library, and the name of that library.
fn to_best_peer(numbers: &ByLibrary) -> String {
    let peers = numbers
        .iter()
        .filter(|(name, _)| ![OURS, TASK].contains(name));
    let best = peers.min_by(|(_, a), (_, b)| a.total_cmp(b));
    best.and_then(|(name, best)| Some(format!("{} {name}", ratio(numbers.get(OURS), Some(best))?)))
        .unwrap_or_else(|| "-".to_owned())
}

/// Formats the ratio of two numbers.
pub(crate) fn ratio(number: Option<&f64>, of: Option<&f64>) -> Option<String> {
    let of = of.filter(|of| **of > 0.0)?;
    Some(format!("{:.2}", number? / of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_the_ratios_and_a_dash_for_what_is_not_there() {
        let mut figures = Figures::default();
        figures.set("ns", "conclib", 40.0);
        figures.set("ns", "task", 80.0);
        figures.set("ns", "actix", 50.0);
        figures.set("ns", "kameo", 300.0);
        figures.set("best", "conclib", 40.0);
        let table = Table::new(vec!["conclib", "task", "kameo", "ractor", "actix"]);
        let rows = table.rows("ask", Runtime::Current, &figures);
        let [row] = rows.as_slice() else {
            panic!("one kind of figure is one row: {rows:?}");
        };
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let expected = [
            "ask",
            "current",
            "ns",
            "40.0",
            "80.0",
            "300",
            "-",
            "50.0",
            "0.50",
            "0.80 actix",
        ];
        assert_eq!(cells[1..cells.len() - 1], expected);
        assert!(table.head().lines().all(|line| line.len() == row.len()));
    }
}
