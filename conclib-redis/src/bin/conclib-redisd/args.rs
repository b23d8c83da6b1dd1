use std::{ffi::OsString, str::FromStr};

use conclib_redis::{Profile, RedisConfig};

use crate::dead::Dead;

pub(crate) const HELP: &str = "\
Runs a redis-server or valkey-server until SIGINT or SIGTERM, and starts it again when it fails.

Usage: conclib-redisd [OPTIONS]
       conclib-redisd dead list URL NAME
       conclib-redisd dead retry URL NAME ID
       conclib-redisd dead drop URL NAME ID

Prints the URL without its password, and the path of a file with the whole URL that only this user may read.

Options:
  --dir DIRECTORY       keeps data, password and unix socket in this directory; by default in a temporary one
  --port PORT           listens at this port of 127.0.0.1 instead of a unix socket; 0 picks a free one
  --profile PROFILE     ephemeral (nothing on disk), durable (on disk once a second, the default) or strict (on disk at once)
  --max-memory BYTES    refuses writes above this size; by default there is no limit
  --help                prints this
  --version             prints the version

Dead letters are durable messages to the actor NAME that were not handled in all their attempts. `list` prints them, oldest first, each
with its ID; `retry` puts one into the mailbox of the actor again; `drop` deletes it. URL is that of the proxies, such as
redis://127.0.0.1:6379?ns=shop. One with a password stands in a file, whose path is given: /var/lib/my-app/url?ns=shop

Environment:
  CONCLIB_REDIS_SERVER  the server program; by default valkey-server or redis-server in PATH
  CONCLIB_AUTHKEY       the key that signs all messages, unless the URL has a keyfile=; for dead letters
";

/// Task of one run of the program.
#[derive(Debug)]
pub(crate) enum Args {
    Serve(RedisConfig),
    Dead(Box<Dead>),
    Help,
    Version,
}

impl Args {
    /// Reads the arguments. The error is a sentence for the user.
    pub(crate) fn parse(args: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let mut config = RedisConfig::new();
        let mut args = args.peekable();
        if args.next_if(|first| first == "dead").is_some() {
            return Dead::parse(args).map(|dead| Self::Dead(Box::new(dead)));
        }
        while let Some(option) = args.next() {
            let option = option.to_string_lossy().into_owned();
            let mut value = || {
                args.next()
                    .ok_or_else(|| format!("`{option}` needs a value, see --help"))
            };
            config = match &*option {
                "--dir" => config.directory(value()?),
                "--port" => config.port(number(&option, &value()?)?),
                "--profile" => config.profile(profile(&value()?)?),
                "--max-memory" => config.max_memory(number(&option, &value()?)?),
                "--help" => return Ok(Self::Help),
                "--version" => return Ok(Self::Version),
                other => return Err(format!("there is no option `{other}`, see --help")),
            };
        }
        Ok(Self::Serve(config))
    }
}

fn number<T: FromStr>(option: &str, text: &OsString) -> Result<T, String> {
    let text = text.to_string_lossy();
    text.parse()
        .map_err(|_| format!("`{option} {text}` is no number in its range"))
}

fn profile(name: &OsString) -> Result<Profile, String> {
    match &*name.to_string_lossy() {
        "ephemeral" => Ok(Profile::Ephemeral),
        "durable" => Ok(Profile::Durable),
        "strict" => Ok(Profile::Strict),
        other => Err(format!(
            "there is no profile `{other}`: it is ephemeral, durable or strict"
        )),
    }
}
