//! URL as a text, without its password.

use std::fmt;

use super::{RedisUrl, Server};
use crate::channels::Channels;

impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = if self.tls.is_some() { "s" } else { "" };
        let user = self
            .user
            .iter()
            .map(|user| format!("{user}@"))
            .collect::<String>();
        let hosts = |hosts: &[(String, u16)]| {
            let hosts = hosts.iter().map(|(host, port)| join(host, *port));
            hosts.collect::<Vec<_>>().join(",")
        };
        let mut sign = '?';
        let mut option = |f: &mut fmt::Formatter<'_>, name: &str, value: &dyn fmt::Display| {
            let separator = std::mem::replace(&mut sign, '&');
            write!(f, "{separator}{name}={value}")
        };
        match &self.server {
            Server::One { host, port } => {
                write!(f, "redis{s}://{user}{}", join(host, *port))?;
                if self.database != 0 {
                    write!(f, "/{}", self.database)?;
                }
            }
            Server::Cluster(nodes) => write!(f, "redis{s}-cluster://{user}{}", hosts(nodes))?,
            Server::Sentinel {
                hosts: sentinels,
                service,
            } => {
                write!(f, "redis-sentinel://{user}{}/{service}", hosts(sentinels))?;
            }
            Server::Unix(path) => {
                let host = if user.is_empty() { "" } else { "localhost" };
                write!(f, "redis+unix://{user}{host}{}", path.display())?;
                if self.database != 0 {
                    option(f, "db", &self.database)?;
                }
            }
        }
        if self.namespace != "default" {
            option(f, "ns", &self.namespace)?;
        }
        let channels = self.channels.iter().flat_map(Channels::options);
        channels
            .into_iter()
            .try_for_each(|(name, value)| option(f, name, &value))
    }
}

pub(crate) fn join(host: &str, port: u16) -> String {
    match host.contains(':') {
        true => format!("[{host}]:{port}"),
        false => format!("{host}:{port}"),
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisUrl({self})")
    }
}
