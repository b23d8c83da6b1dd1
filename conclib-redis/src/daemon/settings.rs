use std::{os::unix::ffi::OsStrExt as _, path::Path};

use super::{
    config::{Profile, RedisConfig},
    control::SUPERVISOR,
    secret::Secret,
    url::USER,
};

/// Commands of the user of the URL: all that work on data, channels and scripts; none that changes the server, reads all of it or
/// empties it, except INFO.
const COMMANDS: &str = "+@read +@write +@pubsub +@scripting +@transaction +@connection +time -@dangerous +info \
                        -function -script|flush -script|kill";

/// Permissions of the user `default`, as whom nobody can log in. A server that loads its data runs the transactions in it, which are the
/// writes of scripts, as this user: those that it may not run are lost without a word.
const DEFAULT: &str = "~* &* +@all";

/// Everything that the settings file of a server says.
#[derive(Debug)]
pub(crate) struct Settings<'a> {
    pub(crate) config: &'a RedisConfig,
    pub(crate) port: Option<u16>,
    pub(crate) socket: &'a Path,
    pub(crate) data: &'a Path,
    pub(crate) password: &'a Secret,
    pub(crate) supervisor_password: &'a Secret,
}

impl Settings<'_> {
    /// Returns the text of the file. It holds hashes of the passwords only.
    pub(crate) fn text(&self) -> String {
        let (append, fsync) = match self.config.profile {
            Profile::Ephemeral => ("no", "everysec"),
            Profile::Durable => ("yes", "everysec"),
            Profile::Strict => ("yes", "always"),
        };
        let port = self.port.unwrap_or(0);
        let socket = quoted(self.socket);
        let data = quoted(self.data);
        let max_memory = self.config.max_memory.unwrap_or(0);
        let (password, supervisor) = (self.password.sha256(), self.supervisor_password.sha256());
        format!(
            "\
bind 127.0.0.1
port {port}
unixsocket {socket}
unixsocketperm 600
protected-mode yes
tcp-keepalive 60
timeout 0
daemonize no
supervised no
logfile \"\"
loglevel notice
dir {data}
save \"\"
appendonly {append}
appendfsync {fsync}
stop-writes-on-bgsave-error yes
maxmemory {max_memory}
maxmemory-policy noeviction
enable-debug-command no
enable-module-command no
enable-protected-configs no
user default off resetpass {DEFAULT}
user {USER} on #{password} ~* &* {COMMANDS}
user {SUPERVISOR} on #{supervisor} +ping +info
"
        )
    }
}

/// Path in quotes, as Redis reads it.
fn quoted(path: &Path) -> String {
    let bytes = path.as_os_str().as_bytes().iter();
    let inner: String = bytes
        .map(|byte| match byte {
            b'"' | b'\\' => format!("\\{}", char::from(*byte)),
            b' '..=b'~' => char::from(*byte).into(),
            _ => format!("\\x{byte:02x}"),
        })
        .collect();
    format!("\"{inner}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_paths_are_quoted() {
        let path = Path::new("/a b/\"ü\\\n");
        assert_eq!(quoted(path), r#""/a b/\"\xc3\xbc\\\x0a""#);
    }
}
