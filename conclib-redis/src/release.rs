//! Releases of the server, and the holes that later ones have closed.

use std::path::Path;
use std::{fmt, fs};

/// Oldest revision of Debian 12's package of version 7.0.15 that has the repairs.
const DEBIAN_12: (&str, u32) = ("7.0.15-1~deb12u", 10);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(pub(crate) [u32; 3]);

/// Release of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Release {
    pub(crate) is_valkey: bool,
    pub(crate) version: Version,
}

impl Release {
    /// Warns of holes that a later release has closed. `server` is a path or a URL, and `program` the
    /// path of its program if it runs on this host.
    pub(crate) fn warn_of_holes(self, server: &dyn fmt::Display, program: Option<&Path>) {
        if let Some(holes) = self.holes()
            && !program.is_some_and(is_repaired_package)
        {
            let version = self.version;
            tracing::warn!(
                target: "conclib::redis",
                "the server `{server}` {version} has known holes unless its package was patched: {holes}; update it",
            );
        }
    }

    /// Holes by the upstream releases; packages may close them under the same version.
    fn holes(self) -> Option<&'static str> {
        let has_lua_hole = match (self.is_valkey, self.version) {
            (true, version) => !is_since(version, &[[7, 2, 11], [8, 0, 6], [8, 1, 4]]),
            (false, version) => !is_since(version, &[[7, 2, 11], [7, 4, 6], [8, 0, 4], [8, 2, 2]]),
        };
        let has_client_hole = !self.is_valkey && self.version < Version([8, 6, 3]);
        match (has_lua_hole, has_client_hole) {
            (true, _) => Some("code execution by a script (CVE-2025-49844) and others"),
            (_, true) => Some("use of a freed blocked client (CVE-2026-23479)"),
            _ => None,
        }
    }
}

impl Version {
    /// Reads a version like `7.0.15`. A release candidate has a part that is no number.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text
            .split('.')
            .map(|part| part.split('-').next()?.parse().ok());
        let mut next = || parts.next().unwrap_or(Some(0));
        Some(Self([next()?, next()?, next()?]))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}

/// Tests if a version is one of the repaired releases, a later one of the same line, or of a line after all of them.
fn is_since(version: Version, repaired: &[[u32; 3]]) -> bool {
    let same_line = |release: &&[u32; 3]| release[..2] == version.0[..2];
    match repaired.iter().find(same_line) {
        Some(release) => version.0 >= *release,
        None => repaired.iter().all(|release| version.0 > *release),
    }
}

/// Tests if a program comes from a package of Debian 12 that was repaired.
fn is_repaired_package(path: &Path) -> bool {
    path.starts_with("/usr/bin")
        && fs::read_to_string("/var/lib/dpkg/status").is_ok_and(|status| is_repaired(&status))
}

/// Looks for the package `redis-server` in the list of installed packages.
fn is_repaired(status: &str) -> bool {
    let (name, oldest) = DEBIAN_12;
    let mut packages = status.split("\n\n");
    let package = packages.find(|package| package.starts_with("Package: redis-server\n"));
    let version = package.and_then(|package| {
        package
            .lines()
            .find_map(|line| line.strip_prefix("Version: "))
    });
    let revision = version.and_then(|version| version.split_once(name));
    revision.is_some_and(|(_, revision)| {
        revision
            .parse::<u32>()
            .is_ok_and(|revision| revision >= oldest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holes_of(is_valkey: bool, version: [u32; 3]) -> Option<&'static str> {
        let version = Version(version);
        Release { is_valkey, version }.holes()
    }

    #[test]
    fn releases_before_the_repairs_have_holes() {
        assert!(holes_of(false, [7, 0, 15]).is_some_and(|holes| holes.contains("49844")));
        assert!(holes_of(false, [8, 2, 2]).is_some_and(|holes| holes.contains("23479")));
        assert_eq!(holes_of(false, [8, 6, 3]), None);
        assert!(holes_of(true, [8, 0, 5]).is_some());
        assert_eq!(holes_of(true, [8, 0, 6]), None);
        assert_eq!(holes_of(true, [9, 0, 0]), None);
    }

    #[test]
    fn a_repaired_package_is_known_by_its_revision() {
        let status = |version| {
            format!(
                "Package: redis\nVersion: 1\n\nPackage: redis-server\nStatus: ok\nVersion: {version}\n\nPackage: x\n"
            )
        };
        assert!(!is_repaired(&status("5:7.0.15-1~deb12u9")));
        assert!(is_repaired(&status("5:7.0.15-1~deb12u10")));
        assert!(!is_repaired(&status("5:8.0.2-3")));
        assert!(!is_repaired(""));
    }
}
