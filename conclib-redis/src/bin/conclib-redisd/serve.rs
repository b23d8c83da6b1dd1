use std::{
    error::Error,
    io::{self, Write as _},
};

use conclib_redis::{RedisConfig, RedisEnd, start_redis};
use tokio::signal::unix::{SignalKind, signal};

use crate::log;

/// Runs a server until SIGINT or SIGTERM, or until it has failed too often.
pub(crate) async fn serve(config: &RedisConfig) -> Result<(), Box<dyn Error>> {
    tracing::subscriber::set_global_default(log::Lines)?;
    // Listened for before the start, so that a signal meanwhile is not missed.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut redis = tokio::select! {
        redis = start_redis(config) => redis?,
        _ = interrupt.recv() => return Ok(()),
        _ = terminate.recv() => return Ok(()),
    };

    let file = redis.url_file();
    let (url, path) = (redis.url_without_password(), file.display());
    let mut stdout = io::stdout();
    writeln!(stdout, "url: {url}\nurl with password: {path}")?;
    stdout.flush()?;

    let end = redis.exited();
    tokio::select! {
        end = end => match end {
            RedisEnd::GaveUp(error) => return Err(error.into()),
            _ => return Ok(()),
        },
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    redis.shutdown().await?;
    Ok(())
}
