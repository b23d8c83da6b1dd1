use std::{
    env, fs,
    fs::{DirBuilder, Metadata, Permissions},
    io,
    os::unix::{
        ffi::OsStrExt as _,
        fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _},
    },
    path::{self, Path, PathBuf},
};

use nix::unistd::geteuid;

use crate::{error::PrivateDirError, guard::Guard};

/// The path of a unix socket has 108 bytes, with a zero byte at the end.
/// `ROOM` of them are left for the name of a socket.
const SOCKET_PATH: usize = 108;
const ROOM: usize = 24;

/// Permission bits: writable for others, and the sticky bit, which keeps users
/// from renaming the files of others.
const OTHERS_WRITE: u32 = 0o022;
const STICKY: u32 = 0o1000;

/// Fresh, empty directory that only its owner may enter, and that vanishes with
/// its owner.
///
/// Holds the unix sockets and files of an owned child. The directory has mode
/// 0700 and a random name. It lies in `$XDG_RUNTIME_DIR/conclib` if
/// `$XDG_RUNTIME_DIR` belongs to this user alone, else in the directory of the
/// system for temporary files. The path is short enough for a unix socket in it
/// with a name of up to 23 bytes.
///
/// Dropping the value removes the directory with everything in it. Its guard
/// does so when the owner is gone, also by `kill -9` (see the [crate
/// docs](crate)). `$XDG_RUNTIME_DIR/conclib` itself stays, for the next one.
/// Drop the directory after the child that uses it: in a struct, declare it
/// after the child.
///
/// # Examples
///
/// ```
/// use conclib_process::PrivateDir;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let dir = PrivateDir::new()?;
/// std::fs::write(dir.join("notes"), "for my eyes only")?;
///
/// let path = dir.path().to_owned();
/// drop(dir);
/// assert!(!path.exists());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "dropping it removes the directory"]
pub struct PrivateDir {
    path: PathBuf,
    /// Dropped, and so killed, only after the directory was removed.
    _guard: Guard,
}

impl PrivateDir {
    /// Makes a new directory. Needs no runtime; blocks for the few milliseconds
    /// that it takes to start the guard.
    ///
    /// # Errors
    ///
    /// [`PrivateDirError::NoPlace`] if neither `$XDG_RUNTIME_DIR` nor the directory for temporary files is safe and short; the other
    /// variants if the system refuses. Nothing is left behind.
    pub fn new() -> Result<Self, PrivateDirError> {
        let random = getrandom::u64().map_err(|source| PrivateDirError::Random {
            source: source.into(),
        })?;
        let path = place(&format!("{random:016x}"))?;
        // The guard is started first, so that the directory never exists
        // without one.
        let guard =
            Guard::of_directory(&path).map_err(|source| PrivateDirError::Guard { source })?;
        match make(&path) {
            Ok(()) => Ok(Self {
                path,
                _guard: guard,
            }),
            Err(source) => Err(PrivateDirError::Create { path, source }),
        }
    }

    /// Returns the absolute path of the directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the path of `name` in the directory.
    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }
}

impl Drop for PrivateDir {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            let path = self.path.display();
            tracing::warn!(target: "conclib::process", %path, %error, "a private directory could not be removed");
        }
    }
}

/// Makes a directory with mode 0700, independent of the umask.
fn make(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)?;
    fs::set_permissions(path, Permissions::from_mode(0o700))
}

/// Chooses the path of a directory called `name`, without making it.
fn place(name: &str) -> Result<PathBuf, PrivateDirError> {
    let temporary = || [env::temp_dir(), "/tmp".into()].into_iter();
    let candidates = runtime_dir().map(|dir| dir.join(name)).into_iter().chain(
        temporary()
            .filter(|dir| is_safe(dir))
            .map(|dir| dir.join(format!("conclib-{name}"))),
    );
    candidates
        .filter_map(|candidate| path::absolute(candidate).ok())
        .find(|candidate| candidate.as_os_str().as_bytes().len() + ROOM < SOCKET_PATH)
        .ok_or_else(|| PrivateDirError::NoPlace {
            tried: env::var_os("XDG_RUNTIME_DIR")
                .map(PathBuf::from)
                .into_iter()
                .chain(temporary())
                .collect(),
        })
}

/// Returns `$XDG_RUNTIME_DIR/conclib`, made if need be, if both belong to this user alone.
fn runtime_dir() -> Option<PathBuf> {
    let base = PathBuf::from(env::var_os("XDG_RUNTIME_DIR")?);
    let dir = base.join("conclib");
    if !base.is_absolute() || !is_ours(&base) {
        return None;
    }
    match make(&dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => None,
        _ => is_ours(&dir).then_some(dir),
    }
}

/// Tests if `dir` itself, not the target of a link, is a directory of this user
/// that no other user may write to.
fn is_ours(dir: &Path) -> bool {
    fs::symlink_metadata(dir).is_ok_and(|dir| {
        dir.is_dir() && dir.uid() == geteuid().as_raw() && dir.mode() & OTHERS_WRITE == 0
    })
}

/// Tests if only this user and root can rename the files of this user in `dir`.
fn is_safe(dir: &Path) -> bool {
    let owned = |dir: &Metadata| dir.uid() == geteuid().as_raw() || dir.uid() == 0;
    let kept = |dir: &Metadata| dir.mode() & OTHERS_WRITE == 0 || dir.mode() & STICKY != 0;
    fs::metadata(dir).is_ok_and(|dir| dir.is_dir() && owned(&dir) && kept(&dir))
}
