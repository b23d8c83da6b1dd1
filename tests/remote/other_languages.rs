//! A client in another language connects, asks and gets errors, by
//! `docs/wire.md` alone.

use std::process::{Command, Output};

use conclib::prelude::*;
use conclib::wire::{FIRST_CREDIT, MAX_BODY, MAX_CHAIN, MAX_FRAME};
use support::outside::{House, Road, on_every_road};

on_every_road! {
    a_client_in_python_asks_and_tells,
    a_client_in_python_runs_from_a_shell,
}

/// Directory of the client, for Python to import.
const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/python");

/// Script of the client; it fails if any of its assertions does.
const SCRIPT: &str = r#"
import client, handshake, os, sys

url, key = sys.argv[1], sys.argv[2]
key = bytes.fromhex(key) if key else None
c = client.Client(url, key)

def fails(kind, to, message, body, **options):
    try:
        print("an answer:", c.ask(to, message, body, **options))
    except kind as error:
        return error.args[0]
    sys.exit(f"{to} {message} {body} did not fail")

assert c.ask("desk", "double", {"n": 21}) == 42
assert [c.ask("desk", "double", {"n": n}) for n in range(500)] == [2 * n for n in range(500)]
assert c.ask("bell", "ring") is None
assert c.tell("desk", "note", {"n": 7}) is None
assert len(c.ask("desk", "fill", {"bytes": 1000000})) == 1000000
assert fails(client.HandlerError, "desk", "refuse", {"why": "no"}) == "no"
assert fails(client.Failure, "dask", "double", {"n": 1})["name"] == "no_such_actor"
failure = fails(client.Failure, "desk", "treble", {"n": 1})
assert (failure["name"], failure["fields"]) == ("no_such_message", {"message": "treble"})
failure = fails(client.Failure, "desk", "double", {"m": 1})
assert (failure["name"], failure["delivery"]) == ("codec", "NotDelivered") and "missing field `n`" in failure["text"]
panic = fails(client.Failure, "shaky", "explode", {})["fields"]
assert panic["message"] == "on purpose" and panic["type_name"] == "panic", panic
assert fails(client.Failure, "counter", "count", {"to": 3}) == "Stream"
assert c.ask("desk", "double", {"n": 4}) == 8, "the stream was cancelled"

def refused(*args):
    try:
        client.Client(*args)
    except handshake.Refused as error:
        return error.args[0]
    sys.exit("let in")

if key:
    assert refused(url, bytes(32)) == "wrong-key"
    assert refused(url) == "key-needed"
else:
    assert refused(url, bytes(32)) == "key-unexpected"
handshake.VERSION += 1
assert refused(url, key) == "version"
print("all of it")
"#;

#[actor(urn = "shaky")]
struct Shaky;

#[actor]
impl Shaky {
    #[message]
    fn explode(&mut self) {
        panic!("on purpose");
    }
}

#[actor(urn = "counter")]
struct Counter;

#[actor]
impl Counter {
    #[message]
    fn count(&mut self, to: u64) -> impl Stream<Item = u64> {
        futures_util::stream::iter(0..to)
    }
}

/// Output of the script, or its error; the test fails on a machine without
/// Python.
fn python(args: &[&str], key: &str) -> conclib::Result<String> {
    let mut python = Command::new("python3");
    python.args(args).env("PYTHONPATH", PYTHON);
    python.env("PYTHONDONTWRITEBYTECODE", "1");
    let ran = python.env("CONCLIB_AUTHKEY", key).output();
    let Output {
        status,
        stdout,
        stderr,
    } = ran.map_err(|error| format!("python3, which this test needs: {error}"))?;
    let said = String::from_utf8_lossy(&stdout).into_owned();
    match status.success() {
        true => Ok(said),
        false => Err(format!("{status}: {said}{}", String::from_utf8_lossy(&stderr)).into()),
    }
}

async fn a_client_in_python_asks_and_tells(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    let place = house.place.to_env();
    let (url, key) = place.split_once(' ').unwrap();
    asks_and_tells(&house, url, key).await
}

/// The server demands signatures, as it does of a client on another machine.
#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_in_python_signs_what_it_sends() -> conclib::Result {
    let house = House::open(Road::Tcp).await?;
    let key = AuthKey::random()?;
    let proxy = Proxy::serve(&house.system, "tcp://127.0.0.1:0?integrity=always");
    let proxy = proxy.key(key.clone()).await?;
    asks_and_tells(&house, proxy.url(), &key.to_hex()).await
}

async fn asks_and_tells(house: &House, url: &str, key: &str) -> conclib::Result {
    house.system.spawn(Shaky)?;
    house.system.spawn(Counter)?;
    let said = python(&["-c", SCRIPT, url, key], "")?;
    assert_eq!(said, "all of it\n");
    assert!(house.watch.log.has("7"), "what was told has come");
    // The server still works.
    let client = house.client().await?;
    assert_eq!(
        client
            .ask("desk", support::outside::DeskDouble { n: 1 })
            .await?,
        2
    );
    Ok(())
}

async fn a_client_in_python_runs_from_a_shell(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    let place = house.place.to_env();
    let (url, key) = place.split_once(' ').unwrap();
    let program = format!("{PYTHON}/client.py");
    let said = python(&[&program, url, "desk", "double", r#"{"n": 4}"#], key)?;
    assert_eq!(said, "8\n");
    Ok(())
}

/// The page for other languages has the same numbers as the code.
#[support::test]
fn the_wire_page_has_the_numbers_of_the_code() {
    let page = include_str!("../../docs/wire.md");
    for (name, number) in [
        ("a body", MAX_BODY),
        ("a chain", MAX_CHAIN),
        ("a frame", MAX_FRAME),
    ] {
        let row = format!("| {name} | {number} bytes |");
        assert!(page.contains(&row), "{row}");
    }
    let credit = format!("{FIRST_CREDIT} items");
    assert!(page.contains(&credit), "{credit}");
}
