//! Prints the figures: rows of a table, or lines of JSON.

use std::io::{self, Write};

use serde::Serialize;

use crate::catalog::Runtime;
use crate::error::Error;
use crate::figures::Figures;
use crate::table::Table;

/// Output of one command.
pub(crate) struct Report {
    bench: &'static str,
    table: Option<Table>,
}

/// Line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    bench: &'a str,
    scenario: &'a str,
    runtime: &'a str,
    #[serde(flatten)]
    figures: &'a Figures,
}

impl Report {
    /// Opens a report in JSON, or as a table that has a column for each
    /// library.
    pub(crate) fn open(
        bench: &'static str,
        json: bool,
        libraries: Vec<&'static str>,
    ) -> Result<Self, Error> {
        let table = (!json).then(|| Table::new(libraries));
        if let Some(table) = &table {
            print(&table.head())?;
        }
        Ok(Self { bench, table })
    }

    /// Adds one scenario on one runtime.
    pub(crate) fn add(
        &self,
        scenario: &str,
        runtime: Runtime,
        figures: &Figures,
    ) -> Result<(), Error> {
        let Some(table) = &self.table else {
            return print(&line(self.bench, scenario, runtime, figures)?);
        };
        for row in table.rows(scenario, runtime, figures) {
            print(&row)?;
        }
        Ok(())
    }
}

/// Formats one scenario on one runtime as a line of JSON.
pub(crate) fn line(
    bench: &str,
    scenario: &str,
    runtime: Runtime,
    figures: &Figures,
) -> Result<String, Error> {
    let line = Line {
        bench,
        scenario,
        runtime: runtime.name(),
        figures,
    };
    serde_json::to_string(&line).map_err(|problem| Error::Output(problem.into()))
}

/// Prints a line at once, so that progress is visible.
pub(crate) fn print(line: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(Error::Output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_json_names_scenario_runtime_and_libraries() {
        let mut figures = Figures::default();
        figures.set("ns", "task", 83.0);
        figures.set("ns", "conclib", 41.2);
        let line = Line {
            bench: "local",
            scenario: "ask",
            runtime: "multi",
            figures: &figures,
        };
        assert_eq!(
            serde_json::to_string(&line).unwrap(),
            r#"{"bench":"local","scenario":"ask","runtime":"multi","ns":{"conclib":41.2,"task":83.0}}"#
        );
    }
}
