//! References to process actors: at home, in their own process, and in others.

use conclib::AuthKey;
use conclib::prelude::*;
use serde::{Deserialize, Serialize};

use crate::actors::{Worker, WorkerAdd, WorkerCalls as _, process, worker};

/// Says where its messages come from, and asks an actor that asks it.
#[actor(urn = "home")]
pub struct Home {
    friend: Option<ActorRef<Friend>>,
}

#[actor]
impl Home {
    #[message]
    fn know(&mut self, friend: ActorRef<Friend>) {
        self.friend = Some(friend);
    }

    #[message]
    fn origin(&mut self, ctx: &mut Context<Self>) -> String {
        ctx.origin().to_string()
    }

    /// Doubles a number, and says for whom.
    #[message]
    fn double(&mut self, n: u64, ctx: &mut Context<Self>) -> (u64, String) {
        (2 * n, ctx.origin().to_string())
    }

    #[message]
    async fn circle(&mut self) -> String {
        match &self.friend {
            Some(friend) => friend.circle().await.unwrap(),
            None => String::new(),
        }
    }
}

#[support::test]
async fn a_circle_through_a_process_is_an_error() -> conclib::Result {
    let system = System::new("test");
    let home = system.spawn(Home { friend: None })?;
    let worker = system.spawn(Worker::default())?;
    let friend = Friend {
        worker,
        home: Some(home.clone()),
    };
    let friend = system.actor(friend).in_process().spawn().await?;
    home.know(friend.clone()).await?;
    let said = home.circle().await?;
    assert!(said.starts_with("would deadlock: "), "{said}");
    let pid = friend.pid().await?;
    assert_eq!(friend.origin_at_home().await?, format!("process {pid}"));
    Ok(())
}

/// Adds by other actors.
#[actor]
#[derive(Serialize, Deserialize)]
pub struct Friend {
    worker: ActorRef<Worker>,
    home: Option<ActorRef<Home>>,
}

#[actor]
impl Friend {
    #[message]
    fn pid(&mut self) -> u32 {
        std::process::id()
    }

    #[message]
    async fn origin_at_home(&mut self) -> String {
        self.home.as_ref().unwrap().origin().await.unwrap()
    }

    #[message]
    async fn double_at_home(&mut self, n: u64) -> (u64, String) {
        self.home.as_ref().unwrap().double(n).await.unwrap()
    }

    #[message]
    async fn circle(&mut self) -> String {
        let asked = self.home.as_ref().unwrap().circle().await;
        asked.unwrap_err().to_string()
    }

    #[message]
    async fn add(&mut self, by: u64) -> Option<u64> {
        self.worker.add(by).await.ok()
    }

    #[message]
    async fn add_by(&mut self, recipient: Recipient<WorkerAdd>, by: u64) -> Option<u64> {
        recipient.ask(WorkerAdd { by }).await.ok()
    }

    /// Starts another process, whose actor adds by the same worker.
    #[message]
    async fn add_by_child(&mut self, by: u64, ctx: &mut Context<Self>) -> [Option<u64>; 3] {
        let child = Friend {
            worker: self.worker.clone(),
            home: None,
        };
        let child = ctx.system().actor(child).in_process().spawn().await;
        let child = child.unwrap();
        let mut sums = [None; 3];
        for sum in &mut sums {
            *sum = child.add(by).await.unwrap();
        }
        sums
    }

    #[message]
    async fn end(&mut self) -> String {
        self.worker.stop().await.to_string()
    }

    /// Starts another process.
    #[message]
    async fn hire(&mut self, ctx: &mut Context<Self>) -> Option<ActorRef<Worker>> {
        let system = ctx.system();
        let worker = system.actor(Worker { n: 100 });
        worker.in_process().spawn().await.ok()
    }
}

#[support::test]
async fn a_reference_to_an_actor_of_another_system_is_an_error_with_advice() -> conclib::Result {
    let (system, other) = (System::new("test"), System::new("other"));
    let stranger = other.spawn(Worker::default())?;
    let (worker, _) = worker(&system).await?;
    let error = worker.is_me(stranger.clone()).await.unwrap_err();
    assert!(matches!(error, AskError::Codec { .. }), "{error:?}");
    assert_eq!(error.delivery(), Delivery::NotDelivered);
    let advice = "for a process actor is that of its owner: spawn the actor there";
    assert!(error.to_string().contains(advice), "{error}");
    assert_eq!(worker.add(1).await?, 1);

    let friend = Friend {
        worker: stranger,
        home: None,
    };
    let error = system.actor(friend).in_process().spawn().await;
    let said = error.unwrap_err().to_string();
    assert!(said.contains(advice), "{said}");
    Ok(())
}

#[support::test]
async fn a_state_with_a_reference_travels() -> conclib::Result {
    let system = System::new("test");
    let local = system.spawn(Worker::default())?;
    let friend = Friend {
        worker: local.clone(),
        home: None,
    };
    let friend = system.actor(friend).in_process().spawn().await?;
    assert_eq!(friend.add(3).await?, Some(3));
    assert_eq!(local.add(1).await?, 4);
    Ok(())
}

#[support::test]
async fn one_handler_answers_those_here_and_those_in_a_process() -> conclib::Result {
    let system = System::new("test");
    let home = system.spawn(Home { friend: None })?;
    let friend = Friend {
        worker: system.spawn(Worker::default())?,
        home: Some(home.clone()),
    };
    let friend = system.actor(friend).in_process().spawn().await?;
    let pid = friend.pid().await?;
    assert_ne!(pid, std::process::id());
    for _ in 0..2 {
        assert_eq!(home.double(21).await?, (42, "local".into()));
        let asked = friend.double_at_home(21).await?;
        assert_eq!(asked, (42, format!("process {pid}")));
    }
    Ok(())
}

#[support::test]
async fn siblings_ask_each_other() -> conclib::Result {
    let system = System::new("test");
    let (worker, process) = worker(&system).await?;
    let friend = Friend {
        worker: worker.clone(),
        home: None,
    };
    let friend = system.actor(friend).in_process().spawn().await?;
    assert_eq!(friend.add(3).await?, Some(3));
    assert_eq!(friend.add_by(worker.recipient(), 3).await?, Some(6));
    // The reference in the other process keeps it alive.
    drop(worker);
    assert_eq!(friend.add(1).await?, Some(7));
    assert_eq!(friend.end().await?, "stopped");
    assert!(!process.is_alive());
    Ok(())
}

#[support::test]
async fn a_grandchild_asks_a_sibling_of_its_parent() -> conclib::Result {
    let system = System::new("test");
    let (worker, _) = worker(&system).await?;
    let friend = || Friend {
        worker: worker.clone(),
        home: None,
    };
    let fresh = system.actor(friend()).in_process().spawn().await?;
    assert_eq!(fresh.add_by_child(1).await?, [Some(1), Some(2), Some(3)]);
    let known = system.actor(friend()).in_process().spawn().await?;
    assert_eq!(known.add(1).await?, Some(4));
    assert_eq!(known.add_by_child(1).await?, [Some(5), Some(6), Some(7)]);
    Ok(())
}

#[support::test]
async fn a_grandchild_is_reached_from_here() -> conclib::Result {
    let system = System::new("test");
    let friend = Friend {
        worker: system.spawn(Worker::default())?,
        home: None,
    };
    let friend = system.actor(friend).in_process().spawn().await?;
    let grandchild = friend.hire().await?.unwrap();
    let of_grandchild = process(grandchild.pid().await?);
    assert_eq!(grandchild.add(1).await?, 101);
    // The last reference ends it, in both processes.
    let copy = grandchild.clone();
    drop(grandchild);
    assert_eq!(copy.add(1).await?, 102);
    drop(copy);
    support::until(|| !of_grandchild.is_alive()).await;
    Ok(())
}

/// Serves its process, in which clients of others find an actor that it knows.
#[actor]
#[derive(Serialize, Deserialize)]
pub struct Gateway {
    worker: ActorRef<Worker>,
    #[serde(skip)]
    proxy: Option<Proxy>,
}

#[actor]
impl Gateway {
    #[message]
    async fn serve(&mut self, key: String, ctx: &mut Context<Self>) -> String {
        let key = AuthKey::from_hex(&key).unwrap();
        let system = ctx.system();
        let proxy = Proxy::serve(&system, "tcp://127.0.0.1:0").key(key).await;
        let url = proxy.as_ref().unwrap().url().to_owned();
        self.proxy = proxy.ok();
        let inside = Self {
            worker: self.worker.clone(),
            proxy: None,
        };
        system.actor(inside).urn("inside").spawn().unwrap();
        url
    }

    #[message]
    fn worker(&mut self) -> ActorRef<Worker> {
        self.worker.clone()
    }

    /// Stops the actor that another one knows.
    #[message]
    async fn stop_that_of(&mut self, other: ActorRef<Self>) -> String {
        other.worker().await.unwrap().stop().await.to_string()
    }
}

#[support::test]
async fn a_process_stops_an_actor_that_its_sibling_knows() -> conclib::Result {
    let system = System::new("test");
    for is_process in [false, true] {
        let worker = match is_process {
            false => system.spawn(Worker::default())?,
            true => worker(&system).await?.0,
        };
        let gateway = || Gateway {
            worker: worker.clone(),
            proxy: None,
        };
        let knows = system.actor(gateway()).in_process().spawn().await?;
        let other = Gateway {
            worker: system.spawn(Worker::default())?,
            proxy: None,
        };
        let stops = system.actor(other).in_process().spawn().await?;
        assert_eq!(stops.stop_that_of(knows).await?, "stopped");
        assert_eq!(worker.stopped().await, Some(StopReason::Stopped));
    }
    Ok(())
}

#[support::test]
async fn a_process_asks_an_actor_to_which_its_owner_is_connected() -> conclib::Result {
    let (system, elsewhere) = (System::new("test"), System::new("elsewhere"));
    let worker = elsewhere.actor(Worker::default()).urn("w").spawn()?;
    let key = AuthKey::random()?;
    let proxy = Proxy::serve(&elsewhere, "tcp://127.0.0.1:0")
        .key(key.clone())
        .await?;
    let client = ProxyClient::connect(proxy.url()).key(key).await?;
    let friend = Friend {
        worker: client.actor("w")?,
        home: None,
    };
    let friend = system.actor(friend).in_process().spawn().await?;
    assert_eq!(friend.add(1).await?, Some(1));
    // A process of that process has the same way.
    assert_eq!(friend.add_by_child(1).await?, [Some(2), Some(3), Some(4)]);
    assert_eq!(worker.add(1).await?, 5);
    Ok(())
}

#[support::test]
async fn a_client_of_a_process_asks_a_sibling_of_that_process() -> conclib::Result {
    let system = System::new("test");
    let (worker, _) = worker(&system).await?;
    let gateway = Gateway {
        worker: worker.clone(),
        proxy: None,
    };
    let gateway = system.actor(gateway).in_process().spawn().await?;
    let hex = "5a".repeat(32);
    let url = gateway.serve(hex.clone()).await?;
    let client = ProxyClient::connect(&url)
        .key(AuthKey::from_hex(&hex)?)
        .await?;
    let inside: ActorRef<Gateway> = client.actor("inside")?;
    let far = inside.worker().await?;
    for sum in 1..=3 {
        assert_eq!(far.add(1).await?, sum);
    }
    far.add(1).tell().await?;
    assert_eq!(worker.add(1).await?, 5);
    Ok(())
}
