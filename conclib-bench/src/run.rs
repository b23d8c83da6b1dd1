//! Runs one process and reads its figures.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::catalog::Runtime;
use crate::error::Error;

/// Named figures from one process. Empty if the library has no such scenario.
pub(crate) type Sample = BTreeMap<String, f64>;

/// Output of a process.
pub(crate) struct Output {
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error, unless it was passed through.
    pub(crate) stderr: String,
}

/// Measures one scenario in a process of its own.
pub(crate) fn measure(
    program: &Path,
    scenario: &str,
    runtime: Runtime,
    effort: &str,
) -> Result<Sample, Error> {
    let mut command = Command::new(program);
    command.args([scenario, runtime.name(), effort]);
    let name = format!("{} {scenario} {runtime} {effort}", program.display());
    let line = output(&mut command, &name)?.stdout;
    serde_json::from_str(&line).map_err(|_| Error::Silent {
        program: name,
        missing: "figures",
    })
}

/// Counts the instructions of one whole process.
pub(crate) fn instructions(
    program: &Path,
    scenario: &str,
    runtime: Runtime,
    operations: u64,
) -> Result<u64, Error> {
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args([scenario, runtime.name(), &operations.to_string()]);
    let name = format!(
        "valgrind {} {scenario} {runtime} {operations}",
        program.display()
    );
    let said = output(&mut command, &name)?.stderr;
    said.lines()
        .find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok())
        .ok_or(Error::Silent {
            program: name,
            missing: "number of instructions",
        })
}

/// Runs a command to its end. Errors contain `name`.
pub(crate) fn output(command: &mut Command, name: &str) -> Result<Output, Error> {
    let program = name.to_owned();
    match command.output() {
        Err(source) => Err(Error::Start { program, source }),
        Ok(output) => {
            let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
            if !output.status.success() {
                return Err(Error::Failed {
                    program,
                    status: output.status,
                    said: stderr,
                });
            }
            let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
            Ok(Output { stdout, stderr })
        }
    }
}
