//! The original package, in Python: a script, and an environment with the package.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::Error;
use crate::run;

/// Package in the registry.
const PACKAGE: &str = "conclib==0.0.9";

/// Script of the requests.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/redis-python/peer.py");

/// Directory of the environment, which is made once.
const ENVIRONMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/target/python");

/// Returns a program that runs the script, after installing the package.
pub(crate) fn program() -> Result<PathBuf, Error> {
    let environment = Path::new(ENVIRONMENT);
    let program = environment.join("bench-redis-python");
    if program.exists() {
        return Ok(program);
    }
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv"]).arg(environment);
    run::output(&mut venv, "python3 -m venv")?;
    let mut install = Command::new(environment.join("bin/python"));
    install.args(["-m", "pip", "install", "--quiet", PACKAGE]);
    run::output(&mut install, &format!("pip install {PACKAGE}"))?;
    let python = environment.join("bin/python");
    let text = format!("#!/bin/sh\nexec '{}' '{SCRIPT}' \"$@\"\n", python.display());
    let runs = std::fs::Permissions::from_mode(0o755);
    // The file is there only once all of it is.
    let new = program.with_extension("new");
    std::fs::write(&new, text)
        .and_then(|()| std::fs::set_permissions(&new, runs))
        .and_then(|()| std::fs::rename(&new, &program))
        .map_err(|source| Error::File { path: new, source })?;
    Ok(program)
}
