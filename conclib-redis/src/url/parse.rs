//! Parser of a URL, and the checks of its options.

use std::path::PathBuf;
use std::str::FromStr;

use super::error::{invalid, syntax};
use super::parts::{namespace, number, unescape};
use super::place::{Place, place};
use super::{RedisUrl, Server, Tls, UrlError};
use crate::channels::Channels;

impl RedisUrl {
    /// Parses a URL; the [type](Self) has a table of all forms.
    ///
    /// # Errors
    /// [`UrlError`] says which part is invalid.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let (scheme, rest) = text.split_once("://").ok_or_else(|| syntax("no `://`"))?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut tls = scheme.starts_with("rediss").then(Tls::default);
        let Place {
            server,
            user,
            password,
            database,
        } = place(scheme, rest)?;
        let mut url = Self {
            server,
            tls: None,
            user,
            password,
            database,
            namespace: "default".to_owned(),
            keyfile: None,
            channels: None,
        };
        let mut channels = (false, Channels::default());
        let mut no_python = None;
        let mut plaintext = false;
        let mut certificate = (None, None);
        for option in query.split('&').filter(|option| !option.is_empty()) {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            let value = unescape(value)?;
            let is_unix = matches!(url.server, Server::Unix(_));
            match (name, &mut tls) {
                ("ns", _) => url.namespace = namespace(value)?,
                ("channel", _) if value == "python" => channels.0 = true,
                ("in" | "out" | "unsigned", _) => {
                    no_python = Some(name);
                    let set = channels.1.set(name, value);
                    set.map_err(|why| invalid(name, why))?;
                }
                ("keyfile", _) => url.keyfile = Some(value.into()),
                ("plaintext", _) if value == "allow" => plaintext = true,
                ("ca", Some(tls)) => tls.ca = Some(value.into()),
                ("cert", Some(_)) => certificate.0 = Some(PathBuf::from(value)),
                ("certkey", Some(_)) => certificate.1 = Some(PathBuf::from(value)),
                ("db", _) if is_unix => url.database = number(&value)?,
                _ => {
                    let why = "is unknown, or does not fit the rest of the URL".into();
                    return Err(UrlError::Option {
                        name: name.into(),
                        why,
                    });
                }
            }
        }
        if let Some(tls) = &mut tls {
            tls.certificate = match certificate {
                (Some(certificate), Some(key)) => Some((certificate, key)),
                (None, None) => None,
                _ => {
                    let why = "needs both `cert=` and `certkey=`".into();
                    return Err(UrlError::Option {
                        name: "cert".into(),
                        why,
                    });
                }
            };
        }
        url.tls = tls;
        match (channels, no_python) {
            ((true, channels), _) => url.channels = Some(url.check_channels(channels)?),
            ((false, _), Some(name)) => return Err(invalid(name, "needs `channel=python`")),
            ((false, _), None) => {}
        }
        match url.password.is_some() && url.tls.is_none() && !plaintext {
            true => url.check_host(),
            false => Ok(url),
        }
    }

    /// Checks that the server is on this machine.
    fn check_host(self) -> Result<Self, UrlError> {
        let hosts = match &self.server {
            Server::Unix(_) => &[][..],
            Server::One { host, port } => &[(host.clone(), *port)][..],
            Server::Cluster(hosts) | Server::Sentinel { hosts, .. } => hosts,
        };
        let is_here = |host: &str| match host.parse::<std::net::IpAddr>() {
            Ok(ip) => ip.is_loopback(),
            Err(_) => host == "localhost",
        };
        match hosts.iter().find(|(host, _)| !is_here(host)) {
            Some((host, _)) => Err(UrlError::Plaintext {
                host: host.as_str().into(),
            }),
            None => Ok(self),
        }
    }

    /// Checks the channels of Python's conclib, and that the rest of the URL fits.
    fn check_channels(&self, channels: Channels) -> Result<Channels, UrlError> {
        if self.namespace != "default" {
            let why = "does not fit `channel=python`: systems are kept apart by `in=` and `out=`";
            return Err(invalid("ns", why));
        }
        if matches!(self.server, Server::Cluster(_)) {
            // A node of a cluster counts only its own subscribers.
            return Err(invalid("channel", "`python` does not work in a cluster"));
        }
        let checked = channels.check();
        checked.map_err(|(name, why)| invalid(name, why))?;
        Ok(channels)
    }
}

impl FromStr for RedisUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        Self::parse(text)
    }
}
