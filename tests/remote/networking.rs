//! Single actors over the network: `system.listen`, `Counter::connect`, and references from a third
//! process, which the keyring of a system permits.

use std::env;
use std::io::{Read, stdin};
use std::process::Command;
use std::thread;
use std::time::Duration;

use conclib::error::{ConnectError, LinkError};
use conclib::prelude::*;
use conclib::spi::Control;
use support::child::Kid;
use support::outside::{Desk, DeskCalls, House, Place, Road, settle};
use tokio::time::Instant;

const SOON: Duration = Duration::from_secs(20);

#[actor(urn = "stranger")]
struct Stranger;

#[actor]
impl Stranger {}

#[actor]
struct Unnamed;

#[actor]
impl Unnamed {}

async fn listen(house: &House) -> conclib::Result<(Proxy, AuthKey)> {
    let key = AuthKey::random()?;
    let listening = house
        .system
        .listen("tcp://127.0.0.1:0", key.clone())
        .await?;
    Ok((listening, key))
}

#[support::test]
async fn an_actor_is_reached_by_its_type_alone() -> conclib::Result {
    let house = House::open(Road::Unix).await?;
    let (listening, key) = listen(&house).await?;
    let port = listening.local_addr().ok_or("TCP has an address")?.port();
    assert!(port != 0 && listening.url() == format!("tcp://127.0.0.1:{port}"));
    let desk = Desk::connect(listening.url(), key).await?;
    assert_eq!(desk.double(21).await?, 42);
    assert_eq!(desk.urn(), house.desk.urn());
    // A unix socket needs no key.
    let desk = Desk::connect(house.place.url(), None).await?;
    assert_eq!(desk.double(4).await?, 8);
    assert_eq!(house.proxy.local_addr(), None);
    Ok(())
}

#[support::test]
async fn a_wrong_key_is_an_error_at_once_and_the_server_lives_on() -> conclib::Result {
    let house = House::open(Road::Unix).await?;
    let (listening, key) = listen(&house).await?;
    let began = Instant::now();
    let error = Desk::connect(listening.url(), AuthKey::random()?)
        .await
        .unwrap_err();
    assert!(
        matches!(error, ConnectError::Link(LinkError::Auth { .. })),
        "{error}"
    );
    let error = Desk::connect(listening.url(), None).await.unwrap_err();
    assert!(
        matches!(error, ConnectError::Link(LinkError::KeyNeeded { .. })),
        "{error}"
    );
    assert!(began.elapsed() < SOON);
    let desk = Desk::connect(listening.url(), key).await?;
    assert_eq!(desk.double(21).await?, 42);
    Ok(())
}

#[support::test]
async fn an_actor_of_another_type_is_a_mismatch_that_names_the_types() -> conclib::Result {
    let house = House::open(Road::Unix).await?;
    // An actor without a name is not found.
    let _anonymous = house.system.spawn(Unnamed)?;
    let error = Unnamed::connect(house.place.url(), None).await.unwrap_err();
    let ConnectError::TypeMismatch { wanted, found, .. } = error else {
        return Err(format!("{error:?}").into());
    };
    assert_eq!(wanted, "Unnamed");
    assert!(found.contains(&"Desk".to_owned()), "{found:?}");
    Ok(())
}

#[support::test]
async fn of_several_actors_of_a_type_one_is_chosen_by_its_name() -> conclib::Result {
    let house = House::open(Road::Unix).await?;
    for name in ["one", "two"] {
        house.system.actor(Stranger).urn(name).spawn()?;
    }
    let error = Stranger::connect(house.place.url(), None)
        .await
        .unwrap_err();
    let ConnectError::Ambiguous { found, .. } = error else {
        return Err(format!("{error:?}").into());
    };
    let found: Vec<_> = found.iter().map(Urn::as_str).collect();
    assert_eq!(found, ["one", "two"]);
    Ok(())
}

#[support::test]
async fn a_connected_reference_ends_its_actor_only_if_the_server_permits_it() -> conclib::Result {
    let house = House::open(Road::Unix).await?;
    let (listening, key) = listen(&house).await?;
    let desk = Desk::connect(listening.url(), key.clone()).await?;
    assert_eq!(desk.stop().await, StopReason::OutOfReach);
    assert_eq!(desk.double(1).await?, 2);

    let any = house.system.listen("tcp://127.0.0.1:0", key.clone());
    let any = any.control(Control::Any).await?;
    let desk = Desk::connect(any.url(), key).await?;
    let served = any.serve_until_stopped(&house.desk);
    let (served, stopped) = tokio::join!(served, desk.stop());
    assert_eq!(served, Some(StopReason::Stopped));
    assert_eq!(stopped, StopReason::Stopped);
    Ok(())
}

/// Actor of a process between two others: gives away its reference to the third.
#[actor(urn = "between")]
struct Between {
    desk: ActorRef<Desk>,
}

#[actor]
impl Between {
    #[message]
    fn desk(&mut self) -> ActorRef<Desk> {
        self.desk.clone()
    }
}

/// Starts this program again, as one of the children below.
fn this_program(child: &str, places: [&str; 2]) -> conclib::Result<Kid> {
    let mut command = Command::new(env::current_exe()?);
    command.args(["--exact", child, "--nocapture"]);
    command
        .env("NETWORKING_OWN", places[0])
        .env("NETWORKING_THIRD", places[1]);
    Ok(Kid::start(&mut command)?)
}

/// Own place and that of the third process, from the environment.
fn places() -> Option<[Option<Place>; 2]> {
    let own = env::var("NETWORKING_OWN").ok()?;
    thread::spawn(|| {
        // Returns at the end of the pipe, as nothing is ever written.
        let _ = stdin().read(&mut [0]);
        std::process::exit(1);
    });
    let third = env::var("NETWORKING_THIRD").ok()?;
    Some([Place::from_env(&own), Place::from_env(&third)])
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_serves() -> conclib::Result {
    let Some([Some(own), _]) = places() else {
        return Ok(());
    };
    let house = House::open_at(own).await?;
    println!("serving: {}", house.proxy.url());
    house.system.run_until_signal().await?;
    Ok(())
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_passes_on() -> conclib::Result {
    let Some([Some(mut own), Some(third)]) = places() else {
        return Ok(());
    };
    let system = System::new("between");
    let desk = third.client().await?.actor("desk")?;
    system.spawn(Between { desk })?;
    let proxy = own.serve(&system).await?;
    println!("serving: {}", proxy.url());
    system.run_until_signal().await?;
    Ok(())
}

/// Three processes: this one, one with the desk, and one between them.
struct Three {
    system: System,
    third: Kid,
    /// Place of the third as it names itself, and its port.
    named: Place,
    port: u16,
    key: AuthKey,
    between: ActorRef<Between>,
    _between: Kid,
}

async fn three() -> conclib::Result<Three> {
    let key = AuthKey::random()?;
    let serving = format!("tcp://0.0.0.0:0?plaintext=allow {}", key.to_hex());
    let mut third = this_program(&support::test_name!(child_serves), [&serving, ""])?;
    let url = third.said("serving: ").await?;
    let place = format!("{url} {}", key.to_hex());
    let named = Place::from_env(&place).ok_or("a place")?;
    let port = url.split('?').next().and_then(|url| url.rsplit(':').next());
    let port = port.ok_or("a port")?.parse()?;
    let near = format!("tcp://127.0.0.1:{port} {}", key.to_hex());
    let own = Place::new(Road::Unix)?;
    let kid = support::test_name!(child_passes_on);
    let mut kid = this_program(&kid, [&own.to_env(), &near])?;
    kid.said("serving: ").await?;
    let system = System::new("asker");
    let between = Between::connect(own.url(), None).serve(&system).await?;
    Ok(Three {
        system,
        third,
        named,
        port,
        key,
        between,
        _between: kid,
    })
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reference_from_a_third_process_works_once_its_address_is_permitted() -> conclib::Result {
    let mut at = three().await?;
    let refused = at.between.desk().await.unwrap_err();
    assert!(
        refused.to_string().contains("system.keys().add"),
        "{refused}"
    );

    // A key for another address, or an address without a key, permits nothing.
    let (keys, port) = (at.system.keys(), at.port);
    keys.add(&format!("tcp://127.0.0.2:{port}"), at.key.clone())?;
    keys.map("tcp://0.0.0.0:0", "tcp://127.0.0.1:0")?;
    assert!(at.between.desk().await.is_err());

    keys.add(&format!("tcp://127.0.0.1:{port}"), at.key.clone())?;
    let desk = at.between.desk().await?;
    assert_eq!(desk.double(21).await?, 42);
    // The third process is asked by this one, and not by the one between.
    let origin = desk.origin().await?;
    assert!(origin.starts_with("peer 127.0.0.1:"), "{origin}");
    let again = at.between.desk().await?;
    assert_eq!(again.double(4).await?, 8);
    assert_eq!(
        desk.origin().await?,
        again.origin().await?,
        "one connection"
    );
    assert_eq!(desk, again);

    // An ask that is under way ends with its process.
    let waits = desk.promise().reply().await?;
    assert_eq!(desk.double(1).await?, 2);
    let killed = Instant::now();
    at.third.kill()?;
    let error = waits.await.unwrap_err();
    assert!(matches!(error, AskError::Disconnected { .. }), "{error}");
    assert!(killed.elapsed() < SOON);

    // Another system at the address is not the one of the reference.
    let place = at.named.to_env();
    let mut again = this_program(&support::test_name!(child_serves), [&place, ""])?;
    again.said("serving: ").await?;
    let error = desk.double(1).timeout(SOON).await.unwrap_err();
    assert!(error.to_string().contains("get a new reference"), "{error}");
    assert_eq!(error.delivery(), Delivery::NotDelivered);
    Ok(())
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_key_in_the_keyring_is_a_typed_error_at_the_deadline_of_an_ask() -> conclib::Result
{
    let at = three().await?;
    let keys = at.system.keys();
    keys.map("tcp://0.0.0.0:0", "tcp://127.0.0.1:0")?;
    keys.add("tcp://127.0.0.1:0", AuthKey::random()?)?;
    let desk = at.between.desk().await?;
    loop {
        let asked = desk.double(1).timeout(Duration::from_millis(200)).await;
        let error = asked.unwrap_err();
        assert_eq!(error.delivery(), Delivery::NotDelivered);
        let AskError::Unreachable { outage, .. } = &error else {
            return Err(format!("{error:?}").into());
        };
        // The first try to connect may still be under way.
        let Some(cause) = outage.cause_as::<LinkError>() else {
            continue;
        };
        assert!(matches!(cause, LinkError::Auth { .. }), "{cause:?}");
        assert!(error.to_string().contains(&cause.to_string()), "{error}");
        return Ok(());
    }
}

/// The peer is in another process, so that its connections are not those of this
/// one.
#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_connects_to_an_address_that_came_in() -> conclib::Result {
    // An address of nobody but this listener.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let trap = listener.local_addr()?;
    let house = House::open(Road::Unix).await?;
    house
        .system
        .keys()
        .add("tcp://127.0.0.2:0", AuthKey::random()?)?;
    let reference = format!(
        r#"{{"urn":"desk","home":{{"node":"{}","url":"tcp://{trap}","key":0}},"weak":true}}"#,
        "00000000-0000-4000-8000-000000000007"
    );
    house.system.spawn(Taker)?;
    let client = house.client().await?;
    let body = serde_json::from_str(&format!(r#"{{"desk":{reference}}}"#))?;
    let asked = client.ask_json("taker", "take", &body, SOON).await;
    let error = asked.unwrap_err().to_string();
    assert!(
        error.contains("there is no connection to the system"),
        "{error}"
    );
    settle(&client).await?;
    let connected = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
    assert!(connected.is_err());
    Ok(())
}

#[actor(urn = "taker")]
struct Taker;

#[actor]
impl Taker {
    #[message]
    fn take(&mut self, desk: WeakRef<Desk>) {
        drop(desk);
    }
}
