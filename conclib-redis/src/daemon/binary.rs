use std::{
    env,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use conclib_process::ChildCommand;
use tokio::time::timeout;

use super::error::StartRedisError;
use crate::release::{Release, Version};

/// Environment variable with the path of the server program.
const VARIABLE: &str = "CONCLIB_REDIS_SERVER";
const NAMES: [&str; 2] = ["valkey-server", "redis-server"];

/// Time in which a program has to tell its version.
const VERSION_LIMIT: Duration = Duration::from_secs(5);
const OLDEST: Version = Version([7, 0, 0]);

/// Server program that was found, and its version.
#[derive(Debug, Clone)]
pub(crate) struct Binary {
    pub(crate) path: PathBuf,
    pub(crate) release: Release,
}

impl Binary {
    /// Finds the server program, and asks for its version.
    pub(crate) async fn find(given: Option<&Path>) -> Result<Self, StartRedisError> {
        let path = match given
            .map(PathBuf::from)
            .or_else(|| env::var_os(VARIABLE).map(PathBuf::from))
        {
            Some(path) => search([path])?,
            None => search(NAMES.map(PathBuf::from))?,
        };
        let mut child = ChildCommand::new(&path)
            .arg("--version")
            .log(log_version)
            .spawn()?;
        let exit = timeout(VERSION_LIMIT, child.wait()).await;
        child.shutdown(Duration::ZERO).await?;
        let tail = child.tail();
        let Some(release) = exit.ok().and_then(|_| tail.lines().find_map(parse)) else {
            return Err(StartRedisError::NotRedis { binary: path, tail });
        };
        if release.version < OLDEST {
            return Err(StartRedisError::TooOld {
                binary: path,
                version: release.version.to_string(),
            });
        }
        Ok(Self { path, release })
    }
}

fn log_version(_pid: u32, _stream: &str, line: &str) {
    tracing::debug!(target: "conclib::redis", "{line}");
}

/// Returns the first of the programs that can be executed.
fn search(programs: impl IntoIterator<Item = PathBuf>) -> Result<PathBuf, StartRedisError> {
    let mut searched = Vec::new();
    for program in programs {
        let found = candidates(&program).find(|path| is_program(path));
        match found {
            Some(path) => return Ok(path),
            None => searched.extend(candidates(&program)),
        }
    }
    Err(StartRedisError::BinaryNotFound { searched })
}

/// Paths of a program: a name is looked up in `PATH`, a path is taken as it is.
fn candidates(program: &Path) -> impl Iterator<Item = PathBuf> {
    let is_path = program.components().nth(1).is_some();
    let directories = match env::var_os("PATH") {
        Some(path) if !is_path => env::split_paths(&path).collect(),
        _ => vec![PathBuf::new()],
    };
    directories
        .into_iter()
        .map(move |directory| directory.join(program))
}

fn is_program(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// Reads a line like `Redis server v=7.0.15 sha=…`.
fn parse(line: &str) -> Option<Release> {
    let is_valkey = line.starts_with("Valkey");
    let (_, version) = line.split_once("erver v=")?;
    let version = Version::parse(version.split_whitespace().next()?)?;
    Some(Release { is_valkey, version })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(is_valkey: bool, version: [u32; 3]) -> Option<Release> {
        let version = Version(version);
        Some(Release { is_valkey, version })
    }

    #[test]
    fn versions_are_read_and_compared() {
        let redis = parse("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64");
        assert_eq!(redis, release(false, [7, 0, 15]));
        let valkey = parse("Valkey server v=8.1.0-rc1 sha=00000000:0");
        assert_eq!(valkey, release(true, [8, 1, 0]));
        assert_eq!(parse("perl 5"), None);
        assert_eq!(parse("Redis server v=seven"), None);
        assert!(Version([6, 2, 20]) < OLDEST && OLDEST < Version([10, 0, 0]));
    }
}
