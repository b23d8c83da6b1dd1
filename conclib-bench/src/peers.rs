//! Builds the measured programs, one at a time: kameo and ractor enable the
//! `tracing` feature of tokio for everything built together with them.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::catalog::{PYTHON, PYTHON_ACTORS};
use crate::error::Error;
use crate::python;

/// The workspace of the peers.
const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/Cargo.toml");

/// Built program of a library.
pub(crate) struct Program {
    /// Name of the library.
    pub(crate) library: &'static str,
    /// Path of the executable.
    pub(crate) path: PathBuf,
}

/// Kind of build.
#[derive(Clone, Copy)]
pub(crate) enum Build {
    /// Normal build, for times.
    Plain,
    /// Build with an allocator that counts.
    Counting,
    /// Program for round trips between two processes.
    Unix,
    /// The same with an allocator that counts.
    UnixCounting,
    /// The same without optimisations, in which each lock is a call.
    UnixDebug,
    /// Program with an actor in a process of its own.
    Process,
    /// Program for requests through a Redis server.
    Redis,
}

/// Part of the messages of cargo that contains the path of an executable.
#[derive(Deserialize)]
struct Artifact {
    executable: Option<PathBuf>,
}

/// Builds these libraries. One that does not build is skipped, with a line
/// about it on stderr.
pub(crate) fn build_all(libraries: &[&'static str], how: Build) -> Result<Vec<Program>, Error> {
    let mut programs = Vec::new();
    for library in libraries {
        eprintln!("building {library}");
        match build(library, how) {
            Ok(path) => programs.push(Program { library, path }),
            Err(problem) => eprintln!("{library} is left out, it does not build: {problem}"),
        }
    }
    if programs.is_empty() {
        return Err(Error::Nothing);
    }
    Ok(programs)
}

/// Builds the program of one library and returns its path.
fn build(library: &str, how: Build) -> Result<PathBuf, Error> {
    let package = match how {
        Build::Unix | Build::UnixCounting | Build::UnixDebug => format!("bench-unix-{library}"),
        Build::Redis if library == PYTHON => return python::through_redis(),
        Build::Process if PYTHON_ACTORS.contains(&library) => return python::in_process(library),
        Build::Process => format!("bench-process-{library}"),
        Build::Redis => format!("bench-redis-{library}"),
        Build::Plain | Build::Counting => format!("bench-{library}"),
    };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["build", "--quiet", "--manifest-path", WORKSPACE])
        .args(["--message-format", "json-render-diagnostics"])
        .args(["-p", &package])
        .stderr(Stdio::inherit());
    if !matches!(how, Build::UnixDebug) {
        command.arg("--release");
    }
    if matches!(how, Build::Counting | Build::UnixCounting) {
        command.args(["--features", "count"]);
    }
    let program = format!("cargo build -p {package}");
    let messages = crate::run::output(&mut command, &program)?.stdout;
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Artifact>(line).ok()?.executable)
        .next_back()
        .ok_or(Error::Silent {
            program,
            missing: "executable",
        })
}
