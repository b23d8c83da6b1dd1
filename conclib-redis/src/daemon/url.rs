use std::{fmt, os::unix::ffi::OsStrExt as _, path::Path};

use super::secret::Secret;

/// Name of the user whose password is in the URL.
pub(crate) const USER: &str = "conclib";

/// URL of a server, with and without the password.
pub(crate) struct Urls {
    pub(crate) full: String,
    pub(crate) public: String,
}

impl Urls {
    /// Names the port at which the server listens, or else its socket.
    pub(crate) fn new(port: Option<u16>, socket: &Path, password: &Secret) -> Self {
        let url = |password: &str| match port {
            Some(port) => format!("redis://{USER}{password}@127.0.0.1:{port}"),
            None => format!("redis+unix://{USER}{password}@localhost{}", encoded(socket)),
        };
        Self {
            full: url(&format!(":{}", password.reveal())),
            public: url(""),
        }
    }
}

/// Returns the password in a whole URL that was made here.
pub(crate) fn password_in(url: &str) -> Option<Secret> {
    let (login, _) = url.split_once('@')?;
    let (_, password) = login.rsplit_once(':')?;
    Secret::parse(password)
}

impl fmt::Debug for Urls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.public)
    }
}

/// Path with percent signs for all bytes that mean something else in a URL.
fn encoded(path: &Path) -> String {
    let bytes = path.as_os_str().as_bytes().iter();
    bytes
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                char::from(*byte).into()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_paths_are_encoded() {
        let path = Path::new("/a b/\"ü\\\n");
        assert_eq!(encoded(path), "/a%20b/%22%C3%BC%5C%0A");
    }

    #[test]
    fn the_password_is_in_the_whole_url_alone() {
        let password = Secret::random().expect("random bytes");
        for port in [None, Some(6379)] {
            let urls = Urls::new(port, Path::new("/run/redis.sock"), &password);
            assert_eq!(password_in(&urls.full).as_ref(), Some(&password));
            assert_eq!(password_in(&urls.public), None);
            assert!(!format!("{urls:?}").contains(password.reveal()));
        }
        assert_eq!(password_in("redis://127.0.0.1"), None);
    }
}
