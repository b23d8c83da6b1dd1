//! Command line.

use crate::catalog::{
    COST, FEATURES, LIBRARIES, LOCAL, OURS, PROCESS, PROCESS_LIBRARIES, REDIS, REDIS_LIBRARIES,
    TASK, UNIX, UNIX_COST, UNIX_LIBRARIES,
};
use crate::error::Error;

/// Usage text.
pub(crate) const USAGE: &str = "\
usage: conclib-bench local    [--json] [--only SCENARIO,..] [--libs NAME,..] [--runs N] [--quick]
       conclib-bench cost     [--json] [--only SCENARIO,..] [--libs NAME,..]
       conclib-bench unix     [--json] [--only SCENARIO,..] [--libs NAME,..] [--runs N] [--quick]
       conclib-bench process  [--json] [--only SCENARIO,..] [--libs NAME,..] [--runs N] [--quick]
       conclib-bench redis    [--json] [--only SCENARIO,..] [--libs NAME,..] [--runs N] [--quick]
       conclib-bench features [--json] [--only SCENARIO,..] [--runs N] [--quick]

local     nanoseconds (and bytes) of every scenario, the libraries taking turns
cost      allocations, instructions and locks of one operation (needs valgrind)
unix      round trips between two processes on one core and on two, beside bare
          frames on a socket, an RPC layer written by hand, and tarpc
process   an actor in a process of its own, beside bare frames on a socket pair, an
          RPC layer written by hand, and three ways in Python
redis     requests from one process to another through a Redis server, beside the
          bare commands, an RPC layer written by hand, and the original package in
          Python (needs redis-server)
features  what each feature of conclib costs, beside the same without it (needs 2 GB)

--json    one line of JSON for each scenario and runtime instead of a table
--only    these scenarios alone
--libs    these libraries alone
--runs    so many processes for each figure (5)
--quick   short processes, and 3 of them: for a first look, not for a report";

/// Command to run.
pub(crate) enum Command {
    /// Times the scenarios inside one process.
    Local(Options),
    /// Counts what one operation costs.
    Cost(Options),
    /// Times round trips between two processes.
    Unix(Options),
    /// Times an actor in a process of its own.
    Process(Options),
    /// Times requests through a Redis server.
    Redis(Options),
    /// Times what the features cost.
    Features(Options),
    /// Prints the usage text.
    Help,
}

/// Options of a command.
pub(crate) struct Options {
    /// Prints lines of JSON instead of a table.
    pub(crate) json: bool,
    /// Scenarios to measure.
    pub(crate) scenarios: Vec<&'static str>,
    /// Libraries to measure.
    pub(crate) libraries: Vec<&'static str>,
    /// Number of processes for each figure.
    pub(crate) runs: usize,
    /// Uses short runs.
    pub(crate) quick: bool,
}

/// Reads the arguments that come after the program's name.
pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Result<Command, Error> {
    match args.next().as_deref() {
        Some("local") => Ok(Command::Local(options(
            args, &LOCAL, &LIBRARIES, &LIBRARIES,
        )?)),
        Some("cost") => {
            let scenarios = COST.iter().chain(&UNIX_COST);
            let scenarios: Vec<_> = scenarios.map(|(scenario, _)| *scenario).collect();
            let known: Vec<_> = LIBRARIES.into_iter().chain(UNIX_LIBRARIES).collect();
            let usual: Vec<_> = [TASK].into_iter().chain(UNIX_LIBRARIES).collect();
            Ok(Command::Cost(options(args, &scenarios, &usual, &known)?))
        }
        Some("unix") => Ok(Command::Unix(options(
            args,
            &UNIX,
            &UNIX_LIBRARIES,
            &UNIX_LIBRARIES,
        )?)),
        Some("process") => Ok(Command::Process(options(
            args,
            &PROCESS,
            &PROCESS_LIBRARIES,
            &PROCESS_LIBRARIES,
        )?)),
        Some("redis") => Ok(Command::Redis(options(
            args,
            &REDIS,
            &REDIS_LIBRARIES,
            &REDIS_LIBRARIES,
        )?)),
        Some("features") => {
            let scenarios = FEATURES.map(|(scenario, _)| scenario);
            Ok(Command::Features(options(
                args,
                &scenarios,
                &[OURS],
                &[OURS],
            )?))
        }
        Some("help" | "--help" | "-h") => Ok(Command::Help),
        Some(other) => Err(Error::Usage(format!("there is no command `{other}`"))),
        None => Err(Error::Usage("which command?".to_owned())),
    }
}

/// Reads the options of a command. `scenarios` are all that it knows,
/// `libraries` the default ones, of the `known` ones.
fn options(
    mut args: impl Iterator<Item = String>,
    scenarios: &[&'static str],
    libraries: &[&'static str],
    known: &[&'static str],
) -> Result<Options, Error> {
    let mut options = Options {
        json: false,
        scenarios: scenarios.to_vec(),
        libraries: libraries.to_vec(),
        runs: 0,
        quick: false,
    };
    while let Some(flag) = args.next() {
        let mut value = || {
            let missing = || Error::Usage(format!("`{flag}` needs a value"));
            args.next().ok_or_else(missing)
        };
        match flag.as_str() {
            "--json" => options.json = true,
            "--quick" => options.quick = true,
            "--only" => options.scenarios = chosen(&value()?, scenarios, "scenario")?,
            "--libs" => options.libraries = chosen(&value()?, known, "library")?,
            "--runs" => options.runs = at_least_one(&value()?)?,
            _ => return Err(Error::Usage(format!("there is no option `{flag}`"))),
        }
    }
    if options.runs == 0 {
        options.runs = if options.quick { 3 } else { 5 };
    }
    Ok(options)
}

/// Selects the names of a list with commas, in the order in which they are
/// known.
fn chosen(list: &str, known: &[&'static str], what: &str) -> Result<Vec<&'static str>, Error> {
    let names: Vec<&str> = list.split(',').map(str::trim).collect();
    match names.iter().find(|name| !known.contains(name)) {
        Some(name) => {
            let known = known.join(", ");
            Err(Error::Usage(format!(
                "there is no {what} `{name}`, only {known}"
            )))
        }
        None => Ok(known
            .iter()
            .copied()
            .filter(|name| names.contains(name))
            .collect()),
    }
}

/// Parses a number that is not zero.
fn at_least_one(number: &str) -> Result<usize, Error> {
    match number.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(Error::Usage(format!("`{number}` is not a number of runs"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, Error> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn a_choice_keeps_the_known_order() {
        let Ok(Command::Local(options)) =
            parsed("local --only ask,tell-1-bounded --libs xtra,task")
        else {
            panic!("this is a command");
        };
        assert_eq!(options.scenarios, ["tell-1-bounded", "ask"]);
        assert_eq!(options.libraries, ["task", "xtra"]);
        assert_eq!(options.runs, 5);
    }

    #[test]
    fn quick_means_fewer_runs_unless_they_are_given() {
        for (line, runs) in [("local --quick", 3), ("local --quick --runs 7", 7)] {
            let Ok(Command::Local(options)) = parsed(line) else {
                panic!("this is a command");
            };
            assert_eq!(options.runs, runs, "{line}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (line, named) in [
            ("", "which command?"),
            ("remote", "`remote`"),
            ("local --only asks", "`asks`"),
            ("local --libs tokio", "`tokio`"),
            ("local --runs 0", "`0`"),
            ("local --runs", "needs a value"),
            ("cost --fast", "`--fast`"),
        ] {
            match parsed(line) {
                Err(Error::Usage(problem)) => assert!(problem.contains(named), "{problem}"),
                _ => panic!("`{line}` should not be understood"),
            }
        }
    }
}
