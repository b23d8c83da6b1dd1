//! Builds the programs that are measured, one at a time: kameo and ractor
//! switch on tokio's `tracing` feature for everything built together with them.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::error::Error;

/// The workspace of the peers.
const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/Cargo.toml");

/// A library's program.
pub(crate) struct Program {
    /// The library.
    pub(crate) library: &'static str,
    /// The executable.
    pub(crate) path: PathBuf,
}

/// How a program is built.
#[derive(Clone, Copy)]
pub(crate) enum Build {
    /// As it is measured.
    Plain,
    /// With an allocator that counts.
    Counting,
    /// Two processes and the socket between them.
    Unix,
}

/// The part of cargo's messages that says where an executable is.
#[derive(Deserialize)]
struct Artifact {
    executable: Option<PathBuf>,
}

/// Builds these libraries. One that does not build is left out, with a line
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

/// Builds one library's program and says where it is.
fn build(library: &str, how: Build) -> Result<PathBuf, Error> {
    let package = match how {
        Build::Unix => format!("bench-unix-{library}"),
        Build::Plain | Build::Counting => format!("bench-{library}"),
    };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args([
            "build",
            "--release",
            "--quiet",
            "--manifest-path",
            WORKSPACE,
        ])
        .args(["--message-format", "json-render-diagnostics"])
        .args(["-p", &package])
        .stderr(Stdio::inherit());
    if let Build::Counting = how {
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
