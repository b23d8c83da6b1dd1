//! Server of a URL, and the login to it.

use super::error::syntax;
use super::parts::{host_and_port, names, number, unescape};
use super::{Server, UrlError};

/// Server, and the login to it.
pub(super) struct Place {
    pub(super) server: Server,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) database: u8,
}

/// Reads the part of a URL between its scheme and its options.
pub(super) fn place(scheme: &str, rest: &str) -> Result<Place, UrlError> {
    let (mut user, mut password, mut database) = (None, None, 0);
    let server = match scheme {
        "redis+unix" => {
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            let (login, host) = authority.rsplit_once('@').unwrap_or(("", authority));
            if path.is_empty() || !(host.is_empty() || host == "localhost") {
                return Err(syntax("the path of the socket is not absolute"));
            }
            (user, password) = names(login)?;
            Server::Unix(unescape(&format!("/{path}"))?.into())
        }
        "redis" | "rediss" | "redis-cluster" | "rediss-cluster" | "redis-sentinel" => {
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            let hosts = match authority.rsplit_once('@') {
                Some((login, hosts)) => {
                    (user, password) = names(login)?;
                    hosts
                }
                None => authority,
            };
            let default = if scheme == "redis-sentinel" {
                26379
            } else {
                6379
            };
            let hosts = hosts.split(',').map(|host| host_and_port(host, default));
            let mut hosts = hosts.collect::<Result<Vec<_>, _>>()?;
            match scheme {
                "redis" | "rediss" => {
                    database = number(path)?;
                    if hosts.len() != 1 {
                        return Err(syntax("several hosts are a cluster: redis-cluster://"));
                    }
                    let (host, port) = hosts.remove(0);
                    Server::One { host, port }
                }
                "redis-sentinel" if path.is_empty() => {
                    return Err(syntax("the name of the master is missing, after the hosts"));
                }
                "redis-sentinel" => Server::Sentinel {
                    hosts,
                    service: unescape(path)?,
                },
                _ if path.is_empty() => Server::Cluster(hosts),
                _ => return Err(syntax("a cluster has no databases")),
            }
        }
        _ => {
            return Err(UrlError::Scheme {
                scheme: scheme.into(),
            });
        }
    };
    Ok(Place {
        server,
        user,
        password,
        database,
    })
}
