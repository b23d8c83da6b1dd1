//! Settings of the process.

use std::process::Command;

use conclib::prelude::*;
use support::child::Kid;

use crate::actors::{Worker, WorkerCalls as _};

const KEY: &str = "CONCLIB_AUTHKEY";

#[support::test]
async fn environment_and_directory_are_set() -> conclib::Result {
    let system = System::new("test");
    let builder = system.actor(Worker::default()).in_process();
    let builder = builder
        .env("CONCLIB_TEST_PLACE", "here")
        .env_remove("PATH")
        .current_dir("/");
    let worker = builder.spawn().await?;
    assert_eq!(
        worker.env("CONCLIB_TEST_PLACE".into()).await?.as_deref(),
        Some("here")
    );
    assert_eq!(worker.env("PATH".into()).await?, None);
    assert!(
        worker.env("CARGO_MANIFEST_DIR".into()).await? == std::env::var("CARGO_MANIFEST_DIR").ok()
    );
    assert_eq!(worker.dir().await?, "/");
    Ok(())
}

/// Not a test: an owner that has a key. A plain run passes without doing anything unless a test
/// starts it.
#[support::test]
async fn an_owner_with_a_key() -> conclib::Result {
    if std::env::var_os(KEY).is_some() {
        let system = System::new("test");
        for given in [None, Some("given")] {
            let mut builder = system.actor(Worker::default()).in_process();
            if let Some(given) = given {
                builder = builder.env(KEY, given);
            }
            let worker = builder.spawn().await?;
            println!("key: {:?}", worker.env(KEY.into()).await?);
        }
    }
    Ok(())
}

#[support::test]
async fn the_key_is_not_inherited() -> conclib::Result {
    let mut owner = Command::new(std::env::current_exe()?);
    owner
        .args(["--exact", "settings::an_owner_with_a_key", "--nocapture"])
        .env(KEY, "00".repeat(32));
    let mut owner = Kid::start(&mut owner)?;
    assert_eq!(owner.said("key: ").await?, "None");
    assert_eq!(owner.said("key: ").await?, "Some(\"given\")");
    Ok(())
}

#[cfg(target_os = "linux")]
#[support::test]
async fn a_process_is_pinned() -> conclib::Result {
    let system = System::new("test");
    let worker = system
        .actor(Worker::default())
        .in_process()
        .pin_to([0])
        .spawn()
        .await?;
    let status = std::fs::read_to_string(format!("/proc/{}/status", worker.pid().await?))?;
    let list = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    assert_eq!(list.map(str::trim), Some("0"));

    let refused = system
        .actor(Worker::default())
        .in_process()
        .pin_to([100_000])
        .spawn()
        .await;
    let said = refused.unwrap_err().to_string();
    assert!(said.contains("exited with code 1"), "{said}");
    Ok(())
}

#[support::test]
async fn the_memory_of_a_process_is_limited() -> conclib::Result {
    let system = System::new("test");
    let builder = system
        .actor(Worker::default())
        .in_process()
        // A backtrace would need more memory than is left.
        .env("RUST_BACKTRACE", "0")
        .memory_limit(256 << 20);
    let worker = builder.spawn().await?;
    assert_eq!(worker.allocate(1 << 20).await?, 1);
    assert!(worker.allocate(512 << 20).await.is_err());
    let reason = worker.stopped().await.unwrap().to_string();
    assert!(reason.contains("was ended by signal 6"), "{reason}");
    assert!(
        reason.contains("memory allocation of 536870912 bytes failed"),
        "{reason}"
    );
    Ok(())
}

#[cfg(target_os = "linux")]
#[support::test]
async fn a_process_is_nice() -> conclib::Result {
    let nice = |pid: u32| -> conclib::Result<i64> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let (_, fields) = stat.rsplit_once(") ").ok_or("no fields")?;
        Ok(fields.split(' ').nth(16).ok_or("no niceness")?.parse()?)
    };
    let system = System::new("test");
    let worker = system
        .actor(Worker::default())
        .in_process()
        .nice(3)
        .spawn()
        .await?;
    let own = nice(std::process::id())?;
    assert_eq!(nice(worker.pid().await?)?, (own + 3).min(19));
    Ok(())
}

#[support::test]
async fn a_message_says_which_process_asked() -> conclib::Result {
    let system = System::new("test");
    let worker = system.actor(Worker::default()).in_process().spawn().await?;
    assert_eq!(
        worker.origin().await?,
        format!("process {}", std::process::id())
    );
    Ok(())
}
