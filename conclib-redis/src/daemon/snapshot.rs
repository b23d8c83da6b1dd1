use std::{collections::BTreeSet, future::Future, io};

use tokio::time::timeout;

use super::{
    control::{Control, ControlError},
    health::ANSWER_LIMIT,
    secret::Secret,
    server::Server,
    url::USER,
};

/// Pattern of the keys of dead letters.
const DEAD: &[u8] = b"conclib:*:box:{*}:dead";

/// Number of keys that the server looks at for one answer of a search.
const SEARCHED: &[u8] = b"1000";

/// Figures of a Redis server at one moment, from [`RedisDaemon::snapshot`](crate::RedisDaemon::snapshot).
///
/// # Examples
///
/// ```
/// use conclib_redis::{RedisConfig, start_redis};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let redis = start_redis(&RedisConfig::new()).await?;
/// let snapshot = redis.snapshot().await?;
/// assert_eq!((snapshot.restarts, snapshot.dead_letters), (0, 0));
/// assert!(snapshot.used_memory > 0);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedisSnapshot {
    /// Starts after the first.
    pub restarts: u64,
    /// Memory of the data, in bytes.
    pub used_memory: u64,
    /// Writes that had to wait for the disk since the last start. Zero in the profile
    /// [`Ephemeral`](crate::Profile::Ephemeral).
    pub aof_delayed_fsync: u64,
    /// Clients that wait in a blocking command.
    pub blocked_clients: u64,
    /// Dead letters of all names in all namespaces and databases.
    pub dead_letters: u64,
}

/// Asks a server for its figures. The dead letters are counted by the user of the URL, who has that password.
pub(crate) async fn snapshot(server: &Server, password: &Secret) -> io::Result<RedisSnapshot> {
    let figures = answered(async { server.ping().await?.figures().await }).await?;
    let mut user = answered(Control::connect(server.socket(), USER, password)).await?;
    Ok(RedisSnapshot {
        restarts: server.restarts(),
        used_memory: figures.used_memory,
        aof_delayed_fsync: figures.aof_delayed_fsync,
        blocked_clients: figures.blocked_clients,
        dead_letters: dead_letters(&mut user).await?,
    })
}

/// Waits for an answer as long as a health check does.
async fn answered<T>(answer: impl Future<Output = Result<T, ControlError>>) -> io::Result<T> {
    match timeout(ANSWER_LIMIT, answer).await? {
        Ok(answer) => Ok(answer),
        Err(ControlError::Unreachable(error)) => Err(error),
        Err(error @ ControlError::Refused(_)) => Err(io::Error::other(error)),
    }
}

/// Counts the dead letters in all databases.
async fn dead_letters(control: &mut Control) -> io::Result<u64> {
    let mut letters = 0;
    for line in answered(control.ask("INFO keyspace")).await?.lines() {
        let database = line
            .strip_prefix("db")
            .and_then(|rest| rest.split_once(':'));
        let Some((database, _)) = database else {
            continue;
        };
        answered(control.ask(&format!("SELECT {database}"))).await?;
        for key in keys(control).await? {
            let length = answered(control.list(&[b"XLEN", &key])).await?;
            let length = length
                .first()
                .and_then(|length| str::from_utf8(length).ok());
            letters += length.and_then(|length| length.parse().ok()).unwrap_or(0);
        }
    }
    Ok(letters)
}

/// Returns the keys of dead letters in the current database. A search may find a key twice.
async fn keys(control: &mut Control) -> io::Result<BTreeSet<Vec<u8>>> {
    let mut keys = BTreeSet::new();
    let mut cursor = b"0".to_vec();
    loop {
        let search: [&[u8]; 8] = [
            b"SCAN", &cursor, b"MATCH", DEAD, b"COUNT", SEARCHED, b"TYPE", b"stream",
        ];
        let mut found = answered(control.list(&search)).await?.into_iter();
        cursor = found.next().unwrap_or_default();
        keys.extend(found);
        if cursor.is_empty() || cursor == b"0" {
            return Ok(keys);
        }
    }
}
