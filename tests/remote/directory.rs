//! Directory of services: entries with leases.

use std::collections::BTreeSet;
use std::time::Duration;

use conclib::directory::{
    Directory, DirectoryCalls as _, DirectoryChanged, DirectoryRegister, Registration,
};
use conclib::prelude::*;
use support::outside::{Place, Road};
use tokio::sync::mpsc;

#[actor(urn = "member")]
struct Member;

#[actor]
impl Member {}

/// System with a directory that others reach.
struct Known {
    system: System,
    place: Place,
    directory: ActorRef<Directory>,
}

async fn known() -> conclib::Result<Known> {
    let system = System::new("known");
    let directory = system.spawn(Directory::default())?;
    let mut place = Place::new(Road::Unix)?;
    place.serve(&system).await?;
    Ok(Known {
        system,
        place,
        directory,
    })
}

impl Known {
    /// Entry of a system of its own, over a connection of its own.
    async fn join(&self, url: &str) -> conclib::Result<(System, ActorRef<Member>)> {
        self.join_for(url, Duration::from_secs(60)).await
    }

    async fn join_for(
        &self,
        url: &str,
        lease: Duration,
    ) -> conclib::Result<(System, ActorRef<Member>)> {
        let system = System::new("worker");
        let member = system.spawn(Member)?;
        let directory = Directory::connect(self.place.url(), None)
            .serve(&system)
            .await?;
        let entry = Registration::new(directory, "members", url).lease(lease);
        system.spawn(entry.of(&member))?.started().await?;
        Ok((system, member))
    }

    async fn urls(&self) -> conclib::Result<Vec<String>> {
        Ok(self.directory.list("members".into()).await?)
    }
}

#[support::test]
async fn ten_picks_among_ten_entries_are_ten_different_ones() -> conclib::Result {
    let known = known().await?;
    assert_eq!(known.directory.pick("members".into()).await?, None);
    let mut systems = Vec::new();
    for n in 0..10 {
        systems.push(known.join(&format!("tcp://127.0.0.1:700{n}")).await?);
    }
    for _ in 0..3 {
        let mut picked = BTreeSet::new();
        for _ in 0..10 {
            picked.extend(known.directory.pick("members".into()).await?);
        }
        assert_eq!(picked.len(), 10);
    }
    assert_eq!(known.urls().await?.len(), 10);
    assert_eq!(known.directory.pick("others".into()).await?, None);
    Ok(())
}

#[support::test]
async fn an_entry_ends_with_its_actor_and_with_its_connection() -> conclib::Result {
    let known = known().await?;
    let (_one, member) = known.join("one").await?;
    let (two, _) = known.join("two").await?;
    assert_eq!(known.urls().await?, ["one", "two"]);
    member.stop().await;
    while known.urls().await? != ["two"] {}
    // The system and its connection go without a word.
    drop(two);
    while !known.urls().await?.is_empty() {}
    Ok(())
}

#[support::test(start_paused = true)]
async fn an_entry_is_renewed_while_its_actor_lives() -> conclib::Result {
    let system = System::new("known");
    let directory = system.spawn(Directory::default())?;
    let member = system.spawn(Member)?;
    let entry = Registration::new(directory.clone(), "members", "here").of(&member);
    system.spawn(entry)?.started().await?;
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(directory.list("members".into()).await?, ["here"]);
    }
    member.stop().await;
    while !directory.list("members".into()).await?.is_empty() {}
    Ok(())
}

#[support::test(start_paused = true)]
async fn an_entry_that_is_not_renewed_is_dropped_after_its_lease() -> conclib::Result {
    let system = System::new("known");
    let directory = system.spawn(Directory::default())?;
    let entry = Registration::new(directory.clone(), "members", "renewed");
    let registration = system.spawn(entry)?;
    registration.started().await?;
    // An entry of the same registrant, which that one knows nothing of.
    let forgotten = DirectoryRegister {
        service: "members".into(),
        url: "forgotten".into(),
        lease: Duration::from_secs(10),
        registration: registration.downgrade(),
    };
    directory.ask(forgotten).await?;
    tokio::time::sleep(Duration::from_secs(9)).await;
    assert_eq!(
        directory.list("members".into()).await?,
        ["forgotten", "renewed"]
    );
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(directory.list("members".into()).await?, ["renewed"]);
    Ok(())
}

#[support::test(start_paused = true)]
async fn an_endless_lease_is_shortened_and_all_leases_are_observed() -> conclib::Result {
    let system = System::new("known");
    let directory = system.spawn(Directory::default())?;
    let entry = Registration::new(directory.clone(), "others", "renewed");
    let registration = system.spawn(entry)?;
    registration.started().await?;
    let (watched, mut changes) = mpsc::unbounded_channel();
    let watcher = system.spawn(Watcher { seen: watched })?;
    let weak = watcher.recipient::<DirectoryChanged>().downgrade();
    directory.watch("members".into(), weak).await?;
    assert_eq!(changes.recv().await, Some(Vec::new()));
    let leases = [3, 1, 2].map(Duration::from_secs);
    for (n, lease) in [Duration::MAX].into_iter().chain(leases).enumerate() {
        let entry = DirectoryRegister {
            service: "members".into(),
            url: n.to_string(),
            lease,
            registration: registration.downgrade(),
        };
        directory.ask(entry).await?;
        assert_eq!(changes.recv().await.map(|urls| urls.len()), Some(n + 1));
    }
    // Without any question each is dropped in its time.
    let begin = tokio::time::Instant::now();
    for (left, seconds) in [(3, 1), (2, 2), (1, 3), (0, 24 * 60 * 60)] {
        assert_eq!(changes.recv().await.map(|urls| urls.len()), Some(left));
        assert_eq!(begin.elapsed().as_secs(), seconds);
    }
    Ok(())
}

#[support::test]
async fn a_directory_that_is_started_anew_is_filled_again() -> conclib::Result {
    let mut known = known().await?;
    let _joined = known.join_for("one", Duration::from_secs(1)).await?;
    known.directory.stop().await;
    known.directory = known.system.spawn(Directory::default())?;
    while known.urls().await? != ["one"] {}
    Ok(())
}

#[support::test]
async fn a_directory_is_bounded() -> conclib::Result {
    let known = known().await?;
    let error = known.join(&"x".repeat(2000)).await.unwrap_err();
    assert!(error.to_string().contains("1024 bytes"), "{error}");
    Ok(())
}

/// Watches a service.
#[actor]
struct Watcher {
    seen: mpsc::UnboundedSender<Vec<String>>,
}

#[actor]
impl Watcher {
    #[handler]
    fn changed(&mut self, change: DirectoryChanged) {
        // A test that has ended reads nothing.
        let _ = self.seen.send(change.urls);
    }
}

#[support::test]
async fn a_watcher_is_told_each_change() -> conclib::Result {
    let known = known().await?;
    let (sender, mut seen) = mpsc::unbounded_channel();
    let watcher = known.system.spawn(Watcher { seen: sender })?;
    let weak = watcher.recipient::<DirectoryChanged>().downgrade();
    known.directory.watch("members".into(), weak).await?;
    assert_eq!(seen.recv().await, Some(vec![]));
    let (one, member) = known.join("one").await?;
    assert_eq!(seen.recv().await, Some(vec!["one".to_owned()]));
    member.stop().await;
    assert_eq!(seen.recv().await, Some(vec![]));
    drop((one, watcher));
    Ok(())
}
