//! Dead letters of a name: listed, put into the mailbox again, or dropped.

use std::{
    error::Error,
    ffi::OsString,
    fs,
    io::{self, Write as _},
    path::Path,
    time::SystemTime,
};

use conclib_redis::{DeadLetter, RedisClient, RedisUrl};

/// Maximum number of dead letters that are listed.
const LISTED: usize = 1000;

/// Task of the subcommand.
#[derive(Debug)]
pub(crate) struct Dead {
    action: Action,
    url: RedisUrl,
    name: String,
}

#[derive(Debug)]
enum Action {
    List,
    Retry(String),
    Drop(String),
}

impl Dead {
    /// Reads the arguments. The error is a sentence for the user.
    pub(crate) fn parse(args: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let args: Vec<_> = args.map(|arg| arg.to_string_lossy().into_owned()).collect();
        let args: Vec<_> = args.iter().map(|arg| &**arg).collect();
        let (action, url, name) = match *args {
            ["list", url, name] => (Action::List, url, name),
            ["retry", url, name, id] => (Action::Retry(id.into()), url, name),
            ["drop", url, name, id] => (Action::Drop(id.into()), url, name),
            _ => return Err("`dead` needs `list URL NAME`, `retry URL NAME ID` or `drop URL NAME ID`, see --help".into()),
        };
        let (url, name) = (url_of(url)?, name.to_owned());
        Ok(Self { action, url, name })
    }

    /// Runs the task.
    pub(crate) async fn run(self) -> Result<(), Box<dyn Error>> {
        let client = RedisClient::connect(self.url.clone(), None).await?;
        let done = self.act(&client).await;
        client.close().await;
        done
    }

    async fn act(&self, client: &RedisClient) -> Result<(), Box<dyn Error>> {
        let (letters, name) = (client.dead_letters(), &*self.name);
        let (is_found, id) = match &self.action {
            Action::List => return print(&letters.list(name, LISTED).await?),
            Action::Retry(id) => (letters.retry(name, id).await?, id),
            Action::Drop(id) => (letters.drop(name, id).await?, id),
        };
        match is_found {
            true => Ok(()),
            false => Err(format!("`{name}` has no dead letter `{id}`").into()),
        }
    }
}

fn print(letters: &[DeadLetter]) -> Result<(), Box<dyn Error>> {
    let mut stdout = io::stdout().lock();
    for letter in letters {
        let DeadLetter {
            id,
            message,
            sender,
            attempts,
            why,
            at,
            ..
        } = letter;
        // The clock of the server may be ahead.
        let age = SystemTime::now()
            .duration_since(*at)
            .unwrap_or_default()
            .as_secs();
        writeln!(
            stdout,
            "{id}  `{message}` of sender {sender}, {attempts} attempts, {age} s ago: {why}"
        )?;
    }
    stdout.flush()?;
    if letters.len() == LISTED {
        writeln!(io::stderr(), "only the oldest {LISTED} are listed")?;
    }
    Ok(())
}

/// Reads a URL, or the path of a file with one, after which options of the URL may follow.
fn url_of(text: &str) -> Result<RedisUrl, String> {
    let invalid = |error: conclib_redis::UrlError| error.to_string();
    if text.contains("://") {
        return match has_password(text) {
            true => Err("all users of the host see the password in an argument: write the URL into a file, and give the path of the file".into()),
            false => text.parse().map_err(invalid),
        };
    }
    let (path, options) = text.split_once('?').unwrap_or((text, ""));
    let url = fs::read_to_string(Path::new(path))
        .map_err(|error| format!("the file `{path}` with the URL cannot be read: {error}"))?;
    let url = url.trim();
    let separator = match (options, url.contains('?')) {
        ("", _) => "",
        (_, true) => "&",
        (_, false) => "?",
    };
    format!("{url}{separator}{options}")
        .parse()
        .map_err(invalid)
}

/// Tests if a URL has a password.
fn has_password(url: &str) -> bool {
    let authority = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = authority.split(['/', '?']).next().unwrap_or_default();
    let login = authority.rsplit_once('@').map_or("", |(login, _)| login);
    login
        .split_once(':')
        .is_some_and(|(_, password)| !password.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_found_in_every_form_of_url() {
        for url in [
            "redis://u:p@h",
            "redis+unix://u:p@localhost/r.sock",
            "rediss://:p@h/1?ns=a",
        ] {
            assert!(has_password(url), "{url}");
        }
        for url in [
            "redis://h:6379",
            "redis://u@h",
            "redis+unix:///a:b@c",
            "redis://[::1]:1?ns=a:b@c",
        ] {
            assert!(!has_password(url), "{url}");
        }
    }
}
