//! The original package, in Python, in an environment of its own.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::Error;
use crate::run;

/// Script that makes the environment once, and prints the path of its Python.
const ENVIRONMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/python-peer.sh");

/// Script of the requests.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/redis-python/peer.py");

/// Program that runs the script.
const PROGRAM: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/peers/target/bench-redis-python"
);

/// Makes a program that runs the script with the Python of the environment.
pub(crate) fn program() -> Result<PathBuf, Error> {
    let python = run::output(&mut Command::new(ENVIRONMENT), ENVIRONMENT)?.stdout;
    let text = format!("#!/bin/sh\nexec '{}' '{SCRIPT}' \"$@\"\n", python.trim());
    let program = Path::new(PROGRAM);
    let runs = std::fs::Permissions::from_mode(0o755);
    std::fs::write(program, text)
        .and_then(|()| std::fs::set_permissions(program, runs))
        .map_err(|source| Error::File {
            path: program.to_owned(),
            source,
        })?;
    Ok(program.to_owned())
}
