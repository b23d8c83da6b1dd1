//! The original packages, in Python, in environments of their own.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::Error;
use crate::run;

/// Script that makes an environment once, and prints the path of its Python.
const ENVIRONMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/python-peer.sh");

/// Directory of the programs.
const PEERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers");

/// Makes the program for requests through a Redis server.
pub(crate) fn through_redis() -> Result<PathBuf, Error> {
    program("conclib", "redis-python/peer.py", "redis-python", "")
}

/// Makes the program with an actor in a process of its own, by that package.
pub(crate) fn in_process(package: &str) -> Result<PathBuf, Error> {
    let name = format!("process-{package}");
    program("actors", "process-python/peer.py", &name, package)
}

/// Makes a program that runs a script with the Python of an environment.
fn program(environment: &str, script: &str, name: &str, arg: &str) -> Result<PathBuf, Error> {
    let mut python = Command::new(ENVIRONMENT);
    let python = run::output(python.arg(environment), ENVIRONMENT)?.stdout;
    let python = python.trim();
    let text = format!("#!/bin/sh\nexec '{python}' '{PEERS}/{script}' {arg} \"$@\"\n");
    let program = Path::new(PEERS).join(format!("target/bench-{name}"));
    let runs = std::fs::Permissions::from_mode(0o755);
    std::fs::write(&program, text)
        .and_then(|()| std::fs::set_permissions(&program, runs))
        .map_err(|source| Error::File {
            path: program.clone(),
            source,
        })?;
    Ok(program)
}
