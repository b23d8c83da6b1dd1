//! Resolves the parts of a URL: the addresses of a host, and the key.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};

use crate::address::{Address, Endpoint, TcpEndpoint};
use crate::{AuthKey, KeyError};

/// Resolves a host to its addresses, at least one.
pub(crate) async fn addresses(endpoint: &TcpEndpoint) -> io::Result<Vec<SocketAddr>> {
    if let Ok(ip) = endpoint.host.parse::<IpAddr>() {
        return Ok(vec![(ip, endpoint.port).into()]);
    }
    let found = tokio::net::lookup_host((&*endpoint.host, endpoint.port)).await?;
    let found: Vec<_> = found.collect();
    match found.is_empty() {
        true => Err(ErrorKind::NotFound.into()),
        false => Ok(found),
    }
}

/// End of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Client,
    Server,
}

/// Tests if the peers at an address need no key: over a unix socket, and if the
/// clients prove themselves by certificates.
pub(crate) fn needs_key(address: &Address, end: End) -> bool {
    match (&address.0, end) {
        (Endpoint::Unix(_), _) => false,
        (Endpoint::Tcp(TcpEndpoint { tls: None, .. }), _) => true,
        (Endpoint::Tcp(TcpEndpoint { tls: Some(tls), .. }), end) => match end {
            End::Client => tls.cert.is_none(),
            End::Server => tls.ca.is_none(),
        },
    }
}

/// Finds the key for an address: the given one, else the one of its file, else,
/// if one is needed, the one in the environment.
pub(crate) fn key(
    address: &Address,
    given: Option<AuthKey>,
    end: End,
) -> Result<Option<AuthKey>, KeyError> {
    match (given, &address.0) {
        (Some(key), _) => Ok(Some(key)),
        (None, Endpoint::Unix(_)) => Ok(None),
        (
            None,
            Endpoint::Tcp(TcpEndpoint {
                keyfile: Some(file),
                ..
            }),
        ) => AuthKey::from_file(file).map(Some),
        (None, Endpoint::Tcp(_)) if !needs_key(address, end) => Ok(None),
        (None, Endpoint::Tcp(_)) => AuthKey::from_env(),
    }
}
