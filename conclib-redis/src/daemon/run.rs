use std::{
    io,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

use conclib_process::{ChildCommand, PrivateDir};

use super::{
    binary::Binary,
    config::RedisConfig,
    directory::{DataDirectory, URL_FILE, write_private},
    error::StartRedisError,
    log::log_line,
    secret::Secret,
    server::Server,
    settings::Settings,
    url::Urls,
};

/// Longest path of a unix socket: 108 bytes with a zero byte at the end.
const SOCKET_PATH: usize = 107;

/// Directories, files and passwords of a server and all its restarts.
#[derive(Debug)]
pub(crate) struct Run {
    data: Option<DataDirectory>,
    socket: PathBuf,
    password: Secret,
    supervisor_password: Secret,
    private: PrivateDir,
}

impl Run {
    pub(crate) async fn new(config: &RedisConfig) -> Result<Self, StartRedisError> {
        let private = PrivateDir::new()?;
        let data = match &config.directory {
            Some(directory) => Some(DataDirectory::open(directory).await?),
            None => None,
        };
        let kept = data.as_ref().and_then(|data| data.password.clone());
        let password = kept.map_or_else(Secret::random, Ok)?;
        let directory = match (&data, config.port) {
            (Some(data), None) => &data.path,
            // Beside a port, only the supervisor uses the socket.
            _ => private.path(),
        };
        let socket = directory.join("redis.sock");
        if socket.as_os_str().as_bytes().len() > SOCKET_PATH {
            return Err(StartRedisError::SocketPathTooLong {
                path: socket,
                limit: SOCKET_PATH,
            });
        }
        Ok(Self {
            data,
            socket,
            password,
            supervisor_password: Secret::random()?,
            private,
        })
    }

    /// Returns the password of the user of the URL.
    pub(crate) fn password(&self) -> &Secret {
        &self.password
    }

    /// Returns the path of the file with the URL.
    pub(crate) fn url_file(&self) -> PathBuf {
        self.directory().join(URL_FILE)
    }

    /// Returns the directory of the data.
    pub(crate) fn directory(&self) -> &Path {
        self.data
            .as_ref()
            .map_or(self.private.path(), |data| &data.path)
    }

    /// Writes the settings of a server, and returns the server, which is not started yet.
    pub(crate) fn server(
        &self,
        binary: &Binary,
        config: &RedisConfig,
        port: Option<u16>,
    ) -> Result<Server, StartRedisError> {
        let settings = Settings {
            config,
            port,
            socket: &self.socket,
            data: self.directory(),
            password: &self.password,
            supervisor_password: &self.supervisor_password,
        };
        let file = self.private.join("redis.conf");
        write_private(&file, &settings.text()).map_err(|source| unusable(&file, source))?;
        let mut command = ChildCommand::new(&binary.path).arg(file).log(log_line);
        if let Some(data) = &self.data {
            command = command.stdin(data.lock()?);
        }
        let password = self.supervisor_password.clone();
        Ok(Server::new(command, &self.socket, port, password))
    }

    /// Writes the URL of the server to its file, and returns it.
    pub(crate) fn urls(&self, port: Option<u16>) -> Result<Urls, StartRedisError> {
        let urls = Urls::new(port, &self.socket, &self.password);
        let file = self.url_file();
        write_private(&file, &format!("{}\n", urls.full))
            .map_err(|source| unusable(&file, source))?;
        Ok(urls)
    }

    /// Lets a next server use the data, when the one of this run has ended.
    pub(crate) fn unlock(&self) {
        if let Some(data) = &self.data {
            data.unlock();
        }
    }
}

fn unusable(file: &Path, source: io::Error) -> StartRedisError {
    StartRedisError::Directory {
        path: file.into(),
        source,
    }
}
