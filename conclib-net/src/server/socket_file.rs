//! File of a unix socket: checks its directory, creates it, and removes it.

use std::fs::{self, DirBuilder, File, Permissions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{
    DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _,
    PermissionsExt as _,
};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::fcntl::OFlag;
use nix::unistd::geteuid;
use tokio::net::{UnixListener, UnixStream};
use tokio::time::{Instant, sleep};

use crate::OpenError;
use crate::address::UnixEndpoint;

/// Time that another server may take to start in the same directory.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);
const RETRY: Duration = Duration::from_millis(5);

/// Socket file of this server, removed when dropped.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    /// Open handle: while it is open, no other file can get the inode number
    /// that is compared.
    handle: File,
}

impl SocketFile {
    /// Listens on a socket at the path, and replaces a file left behind by a
    /// killed server.
    pub(crate) async fn claim(
        endpoint: &UnixEndpoint,
        url: &str,
    ) -> Result<(UnixListener, Self), OpenError> {
        let path = &endpoint.path;
        directory(path, endpoint)?;
        // The lock covers the time from finding a stale socket to listening on
        // a new one: no other server may do the same, nor see a socket that is
        // bound and does not listen yet.
        let lock = Lock::take(path, url).await?;
        vacate(path, url).await?;
        let bind = |source: io::Error| match source.kind() {
            ErrorKind::AddrInUse => OpenError::InUse {
                url: url.to_owned(),
            },
            _ => OpenError::Bind {
                url: url.to_owned(),
                source,
            },
        };
        let listener = UnixListener::bind(path).map_err(bind)?;
        let file = Self::made(path, endpoint).map_err(|source| {
            // This server made the file a moment ago, under the lock.
            let _ = fs::remove_file(path);
            bind(source)
        })?;
        drop(lock);
        Ok((listener, file))
    }

    fn made(path: &Path, endpoint: &UnixEndpoint) -> io::Result<Self> {
        // If other users are allowed, the kernel must let every user connect;
        // the credentials of the peer are checked later.
        let mode = if endpoint.uids.is_empty() {
            0o600
        } else {
            0o666
        };
        fs::set_permissions(path, Permissions::from_mode(mode))?;
        let flags = (OFlag::O_PATH | OFlag::O_NOFOLLOW).bits();
        let handle = File::options().read(true).custom_flags(flags).open(path)?;
        Ok(Self {
            path: path.to_owned(),
            handle,
        })
    }

    /// Removes the file if it is still the one of this server. Call this before
    /// the listener is closed: until then no other server takes the file for a
    /// stale one.
    pub(crate) fn remove(&self) {
        let ours = self.handle.metadata().and_then(|ours| {
            let there = fs::symlink_metadata(&self.path)?;
            Ok((ours.dev(), ours.ino()) == (there.dev(), there.ino()))
        });
        let removed = match ours {
            Ok(true) => fs::remove_file(&self.path),
            Ok(false) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = removed
            && error.kind() != ErrorKind::NotFound
        {
            let path = self.path.display();
            tracing::warn!(target: "conclib::net", %path, %error, "a socket file could not be removed");
        }
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Finds the directory of the socket, makes it if it is missing, and checks
/// that it is safe.
fn directory(path: &Path, endpoint: &UnixEndpoint) -> Result<(), OpenError> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    let failed = |source| OpenError::Directory {
        path: directory.to_owned(),
        source,
    };
    // Allowed users must be able to reach the socket.
    let mode = if endpoint.uids.is_empty() {
        0o700
    } else {
        0o711
    };
    match DirBuilder::new().mode(mode).create(directory) {
        // The umask may have removed modes.
        Ok(()) => fs::set_permissions(directory, Permissions::from_mode(mode)).map_err(failed)?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(failed(error)),
    }
    let unsafe_directory = || OpenError::UnsafeDirectory {
        path: directory.to_owned(),
    };
    let flags = (OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW).bits();
    let open = File::options()
        .read(true)
        .custom_flags(flags)
        .open(directory);
    let open = open.map_err(|error| match error.kind() {
        // The path is a symbolic link, or no directory.
        ErrorKind::NotADirectory => unsafe_directory(),
        _ => failed(error),
    })?;
    let metadata = open.metadata().map_err(failed)?;
    let ours = metadata.uid() == geteuid().as_raw() && metadata.mode() & 0o022 == 0;
    if ours {
        Ok(())
    } else {
        Err(unsafe_directory())
    }
}

/// Lock against other servers that start at the same path, held until it is
/// dropped. The system releases it too when this process is killed.
///
/// The lock is a file of its own beside the socket that only this user can
/// open: a file or directory that others can open, they could lock as well.
#[derive(Debug)]
struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    async fn take(socket: &Path, url: &str) -> Result<Self, OpenError> {
        let mut path = socket.as_os_str().to_owned();
        path.push(".lock");
        let path = PathBuf::from(path);
        let until = Instant::now() + LOCK_TIMEOUT;
        loop {
            let locked = Self::open(&path).map_err(|source| OpenError::Lock {
                path: path.clone(),
                source,
            });
            match locked? {
                Some(file) => return Ok(Self { path, _file: file }),
                None if Instant::now() < until => sleep(RETRY).await,
                None => {
                    let url = url.to_owned();
                    return Err(OpenError::Contended { url });
                }
            }
        }
    }

    /// Opens and locks the file. `None` if another server has it, or has just
    /// released it and so removed the file that was opened here.
    fn open(path: &Path) -> io::Result<Option<File>> {
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .mode(0o600)
            .custom_flags(OFlag::O_NOFOLLOW.bits())
            .open(path)?;
        let ours = file.metadata()?;
        if ours.mode() & 0o077 != 0 {
            // The file existed already, and was not made by a server.
            file.set_permissions(Permissions::from_mode(0o600))?;
        }
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let is_there = fs::symlink_metadata(path)
            .is_ok_and(|there| (there.dev(), there.ino()) == (ours.dev(), ours.ino()));
        Ok(is_there.then_some(file))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Removed while it is locked: a server that has it open sees that it is
        // gone. A file that stays does no harm, the next server locks it again.
        let _ = fs::remove_file(&self.path);
    }
}

/// Removes a socket on which no server listens any more.
async fn vacate(path: &Path, url: &str) -> Result<(), OpenError> {
    let failed = |source| OpenError::Bind {
        url: url.to_owned(),
        source,
    };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
        Ok(metadata) if !metadata.file_type().is_socket() => {
            return Err(OpenError::NotASocket {
                path: path.to_owned(),
            });
        }
        Ok(_) => {}
    }
    match UnixStream::connect(path).await {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(error)),
            _ => Ok(()),
        },
        // The server of that file has just ended, and removed it.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        // Includes a server that is too busy to take the connection.
        _ => Err(OpenError::InUse {
            url: url.to_owned(),
        }),
    }
}
