//! Settings of Python's conclib.

use std::fmt;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::channels::{INBOUND, OUTBOUND};
use crate::url::{UrlError, join};

/// Settings that Python's conclib has in its `ConclibConfig`, with the same defaults. A short form of
/// the URL `redis://…?channel=python`, into which it converts.
///
/// Two systems whose channels differ never see each other's messages.
///
/// # Examples
///
/// ```
/// use conclib_redis::{Config, RedisUrl};
///
/// let config = Config { redis_port: 6380, ..Config::default() };
/// assert_eq!(config.inbound_channel_name, "out2actor");
/// assert_eq!(config.to_string(), "redis://localhost:6380?channel=python");
///
/// let url = RedisUrl::parse(&config.to_string())?;
/// assert!(url.is_python());
/// # Ok::<(), conclib_redis::UrlError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Host of the Redis server; `localhost` by default.
    pub redis_host: String,
    /// Port of the Redis server; 6379 by default.
    pub redis_port: u16,
    /// Channel of the requests; `out2actor` by default.
    pub inbound_channel_name: String,
    /// Prefix of the channels of the replies; `actor2out/` by default.
    pub outbound_channel_prefix: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            redis_host: "localhost".to_owned(),
            redis_port: 6379,
            inbound_channel_name: INBOUND.to_owned(),
            outbound_channel_prefix: OUTBOUND.to_owned(),
        }
    }
}

impl Config {
    /// Reads the variables `CONCLIB_REDIS_HOST`, `CONCLIB_REDIS_PORT`,
    /// `CONCLIB_INBOUND_CHANNEL_NAME` and `CONCLIB_OUTBOUND_CHANNEL_PREFIX`; a missing one stands for
    /// the default.
    ///
    /// # Errors
    /// The port is no number up to 65535.
    pub fn from_env() -> Result<Self, UrlError> {
        Self::read(|name| std::env::var(name).ok())
    }

    fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, UrlError> {
        let mut config = Self::default();
        for (name, field) in [
            ("CONCLIB_REDIS_HOST", &mut config.redis_host),
            (
                "CONCLIB_INBOUND_CHANNEL_NAME",
                &mut config.inbound_channel_name,
            ),
            (
                "CONCLIB_OUTBOUND_CHANNEL_PREFIX",
                &mut config.outbound_channel_prefix,
            ),
        ] {
            if let Some(value) = variable(name) {
                *field = value;
            }
        }
        if let Some(port) = variable("CONCLIB_REDIS_PORT") {
            config.redis_port = port.parse().map_err(|_| UrlError::Syntax {
                why: "the port in CONCLIB_REDIS_PORT is no number up to 65535".into(),
            })?;
        }
        Ok(config)
    }
}

/// URL of the same settings.
impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = join(&self.redis_host, self.redis_port);
        write!(f, "redis://{address}?channel=python")?;
        for (option, value, default) in [
            ("in", &self.inbound_channel_name, INBOUND),
            ("out", &self.outbound_channel_prefix, OUTBOUND),
        ] {
            if value != default {
                let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
                write!(f, "&{option}={value}")?;
            }
        }
        Ok(())
    }
}

impl From<Config> for String {
    fn from(config: Config) -> Self {
        config.to_string()
    }
}

impl From<&Config> for String {
    fn from(config: &Config) -> Self {
        config.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::Config;
    use crate::channels::Channels;
    use crate::url::RedisUrl;

    #[test]
    fn variables_replace_the_defaults() {
        let variable = |name: &str| match name {
            "CONCLIB_REDIS_HOST" => Some("::1".to_owned()),
            "CONCLIB_REDIS_PORT" => Some("7000".to_owned()),
            "CONCLIB_OUTBOUND_CHANNEL_PREFIX" => Some("replies & more/".to_owned()),
            _ => None,
        };
        let config = Config::read(variable).unwrap();
        assert_eq!(config.redis_port, 7000);
        assert_eq!(config.inbound_channel_name, "out2actor");
        let url = RedisUrl::parse(&String::from(&config)).unwrap();
        assert_eq!(url.python().unwrap().outbound, "replies & more/");
        assert_eq!(RedisUrl::parse(&url.to_string()).unwrap(), url);

        let error = Config::read(|_| Some("many".to_owned())).unwrap_err();
        assert!(error.to_string().contains("CONCLIB_REDIS_PORT"), "{error}");
        assert_eq!(Config::read(|_| None).unwrap(), Config::default());
    }

    #[test]
    fn options_that_do_not_fit_are_refused() {
        for (options, said) in [
            ("channel=ruby", "`channel`"),
            ("in=a", "`in` of the Redis URL needs `channel=python`"),
            ("channel=python&ns=shop", "`ns`"),
            ("channel=python&out=", "`out`"),
            ("channel=python&out=out", "would get the replies"),
            ("channel=python&unsigned=yes", "`unsigned`"),
        ] {
            let error = RedisUrl::parse(&format!("redis://localhost?{options}")).unwrap_err();
            assert!(error.to_string().contains(said), "{options}: {error}");
        }
        let url = RedisUrl::parse("redis://localhost?channel=python").unwrap();
        assert_eq!(url.channels, Some(Channels::default()));
        assert!(RedisUrl::parse("redis-cluster://a?channel=python").is_err());
    }
}
