use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{self, Path, PathBuf},
    time::Duration,
};

use nix::unistd::geteuid;
use tokio::time::{Instant, sleep};

use super::{error::StartRedisError, secret::Secret, url::password_in};

/// Permission bits of the group and of others.
const OTHERS: u32 = 0o077;

/// Time for which a lock is waited for: the server of an owner that was killed ends a moment after it.
const LOCK_LIMIT: Duration = Duration::from_secs(2);
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// Name of the file with the whole URL of the server, beside the data.
pub(crate) const URL_FILE: &str = "url";

/// Directory of data that outlives its server: locked, and with the password of its servers.
#[derive(Debug)]
pub(crate) struct DataDirectory {
    pub(crate) path: PathBuf,
    /// The server inherits this file as its standard input, so that the lock is held until the server has ended,
    /// even if the owner was killed before.
    lock: File,
    /// Password of the last server, if there was one.
    pub(crate) password: Option<Secret>,
}

impl DataDirectory {
    /// Makes the directory if need be, and locks it.
    pub(crate) async fn open(path: &Path) -> Result<Self, StartRedisError> {
        let unusable = |source| StartRedisError::Directory {
            path: path.into(),
            source,
        };
        let path = path::absolute(path).map_err(unusable)?;
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .map_err(unusable)?;
        let directory = fs::symlink_metadata(&path).map_err(unusable)?;
        if !directory.is_dir()
            || directory.uid() != geteuid().as_raw()
            || directory.mode() & OTHERS != 0
        {
            return Err(StartRedisError::DirectoryNotPrivate { path });
        }
        let lock = lock(&path).await?;
        let password = password(&path.join(URL_FILE))?;
        Ok(Self {
            path,
            lock,
            password,
        })
    }

    /// Returns the locked file once more.
    pub(crate) fn lock(&self) -> Result<File, StartRedisError> {
        self.lock
            .try_clone()
            .map_err(|source| StartRedisError::Directory {
                path: self.path.clone(),
                source,
            })
    }

    /// Lets a next server use the directory, when the server of this one has ended.
    pub(crate) fn unlock(&self) {
        // An error would mean that the file is not locked.
        let _ = self.lock.unlock();
    }
}

async fn lock(directory: &Path) -> Result<File, StartRedisError> {
    let path = directory.join("lock");
    let unusable = |source| StartRedisError::Directory {
        path: path.clone(),
        source,
    };
    let file = private().truncate(false).open(&path).map_err(unusable)?;
    let deadline = Instant::now() + LOCK_LIMIT;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => sleep(LOCK_PAUSE).await,
            Err(TryLockError::WouldBlock) => {
                return Err(StartRedisError::DirectoryLocked {
                    path: directory.into(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(unusable(source)),
        }
    }
}

/// Returns the password in the URL of the last server. Only the holder of the lock may ask.
fn password(url_file: &Path) -> Result<Option<Secret>, StartRedisError> {
    match fs::read_to_string(url_file) {
        Ok(url) => Ok(password_in(&url)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StartRedisError::Directory {
            path: url_file.into(),
            source,
        }),
    }
}

/// Writes a file that only this user may read, at once in place of a previous one.
pub(crate) fn write_private(path: &Path, content: &str) -> io::Result<()> {
    let new = path.with_extension("new");
    // A file that a killed owner has left could have other permissions.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = private().create_new(true).open(&new)?;
    file.write_all(content.as_bytes())?;
    fs::rename(new, path)
}

/// Options for a file that only this user may read, which is made if it does not exist.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).mode(0o600);
    options
}
