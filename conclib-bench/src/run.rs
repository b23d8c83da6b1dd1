//! Runs one process and reads its figures.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use crate::catalog::Runtime;
use crate::error::Error;

/// Named figures from one process. Empty if the library has no such scenario.
pub(crate) type Sample = BTreeMap<String, f64>;

/// Environment variable with the directory of the Redis server.
const REDIS: &str = "BENCH_REDIS";

/// Output of a process.
pub(crate) struct Output {
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error, unless it was passed through.
    pub(crate) stderr: String,
}

/// Measures one scenario in a process of its own, which may use a Redis server.
pub(crate) fn measure(
    program: &Path,
    scenario: &str,
    runtime: Runtime,
    effort: &str,
    redis: Option<&Path>,
) -> Result<Sample, Error> {
    let mut command = Command::new(program);
    command.args([scenario, runtime.name(), effort]);
    command.envs(redis.map(|directory| (REDIS, directory)));
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
    let profile = Path::new("/dev/null");
    let (name, said) = callgrind(program, scenario, runtime, operations, profile)?;
    said.lines()
        .find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok())
        .ok_or(Error::Silent {
            program: name,
            missing: "number of instructions",
        })
}

/// Counts the mutexes that one whole process locks. A build without
/// optimisations has a call for each.
pub(crate) fn locks(
    program: &Path,
    scenario: &str,
    runtime: Runtime,
    operations: u64,
) -> Result<u64, Error> {
    let file = format!("conclib-bench-{}.callgrind", std::process::id());
    let file = std::env::temp_dir().join(file);
    let ran = callgrind(program, scenario, runtime, operations, &file);
    let profile = std::fs::read_to_string(&file).unwrap_or_default();
    let _ = std::fs::remove_file(&file);
    ran?;
    Ok(calls(&profile, is_lock))
}

/// Tells if a function locks a mutex of the standard library.
fn is_lock(function: &str) -> bool {
    let of_mutex = function.strip_prefix("std::sync::poison::mutex::Mutex<");
    of_mutex.is_some_and(|rest| rest.ends_with(">::lock") || rest.ends_with(">::try_lock"))
}

/// Returns the number of calls of these functions in a profile of callgrind.
///
/// Such a profile names a function by `cfn=(ID) NAME`, later by `cfn=(ID)`
/// alone; the line after it has the number of calls.
fn calls(profile: &str, is_wanted: impl Fn(&str) -> bool) -> u64 {
    let (mut wanted, mut total) = (BTreeSet::new(), 0);
    let mut is_called = false;
    for line in profile.lines() {
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        match key {
            "fn" | "cfn" => {
                let (id, name) = value.split_once(' ').unwrap_or((value, ""));
                if is_wanted(name) {
                    wanted.insert(id);
                }
                is_called = key == "cfn" && wanted.contains(id);
            }
            "calls" if is_called => {
                let number = value.split(' ').next().and_then(|word| word.parse().ok());
                total += number.unwrap_or(0_u64);
            }
            _ => {}
        }
    }
    total
}

/// Runs one process under callgrind. Returns the command, and the output about
/// it.
fn callgrind(
    program: &Path,
    scenario: &str,
    runtime: Runtime,
    operations: u64,
    profile: &Path,
) -> Result<(String, String), Error> {
    let mut command = Command::new("valgrind");
    command
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(program)
        .args([scenario, runtime.name(), &operations.to_string()]);
    let name = format!(
        "valgrind {} {scenario} {runtime} {operations}",
        program.display()
    );
    let said = output(&mut command, &name)?.stderr;
    Ok((name, said))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_of_a_mutex_are_added_up() {
        let profile = "fn=(1) main\n1 5\n\
            cfn=(2) std::sync::poison::mutex::Mutex<u8>::lock\ncalls=3 7\n1 9\n\
            cfn=(3) std::sync::poison::mutex::Mutex<u8>::new\ncalls=8 7\n1 9\n\
            fn=(3)\n1 5\ncfn=(2)\ncalls=4 7\n1 9\n";
        assert_eq!(calls(profile, is_lock), 7);
    }
}
