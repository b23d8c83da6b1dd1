//! Options of a `tls:` URL.

use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use super::error::AddressError;
use super::url::{Escaped, Query};

/// Certificates of one end of a TLS connection, and demands on those of the
/// other one.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct TlsOptions {
    /// File with the CA whose certificates the other end may have.
    pub(crate) ca: Option<PathBuf>,
    /// File with the own certificates.
    pub(crate) cert: Option<PathBuf>,
    /// File with the private key of the first of them.
    pub(crate) certkey: Option<PathBuf>,
    /// Name in the certificate of the server.
    pub(crate) name: Option<String>,
}

impl TlsOptions {
    /// Takes an option of the URL.
    pub(super) fn set(
        &mut self,
        name: &str,
        value: &str,
        query: &Query<'_>,
    ) -> Result<(), AddressError> {
        let (file, name) = match name {
            "ca" => (&mut self.ca, "ca"),
            "cert" => (&mut self.cert, "cert"),
            "certkey" => (&mut self.certkey, "certkey"),
            "name" if !super::is_host(value) => return Err(query.bad("name", "is no host name")),
            "name" => {
                self.name = Some(value.to_owned());
                return Ok(());
            }
            _ => return Err(query.unknown(name)),
        };
        match file.replace(query.path(name, value)?) {
            None => Ok(()),
            Some(_) => Err(query.bad(name, "is given twice")),
        }
    }

    pub(super) fn check(&self, query: &Query<'_>) -> Result<(), AddressError> {
        match self.cert.is_some() == self.certkey.is_some() {
            true => Ok(()),
            false => Err(query.bad("cert", "needs `certkey`, and the other way round")),
        }
    }

    /// Returns the options as they stand in a URL.
    pub(super) fn options(&self) -> impl Iterator<Item = String> {
        let files = [
            ("ca", &self.ca),
            ("cert", &self.cert),
            ("certkey", &self.certkey),
        ];
        let files = files.into_iter().filter_map(|(name, file)| {
            let path = Escaped(file.as_ref()?.as_os_str().as_bytes());
            Some(format!("{name}={path}"))
        });
        files.chain(self.name.iter().map(|name| format!("name={name}")))
    }
}
