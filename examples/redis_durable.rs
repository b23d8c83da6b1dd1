//! Orders that survive a `kill -9` of the Redis server, and of the process that
//! handles them. The example performs both kills, and counts what is left.
//!
//! The same binary is the handling process, when it is started with `handle`. It
//! needs `redis-server` or `valkey-server`:
//! `cargo run --example redis_durable --features redis`
#![allow(clippy::print_stdout, reason = "a program")]

use std::collections::BTreeMap;
use std::env;
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

use conclib::prelude::*;
use conclib::redis::{Profile, RedisConfig, RedisState, start_redis};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const ORDERS: u64 = 100;

/// Order in whose turn the first handling process is killed.
const CUT: u64 = 30;

#[message]
struct Order {
    number: u64,
}

#[actor(urn = "orders")]
struct Orders;

#[actor]
impl Orders {
    #[handler]
    async fn order(&mut self, Order { number }: Order, ctx: &mut Context<Self>) {
        println!("begin {number} {}", ctx.attempt());
        if number == CUT && ctx.attempt() == 1 {
            // The kill comes while this turn waits.
            std::future::pending::<()>().await;
        }
        println!("done {number} {}", ctx.attempt());
    }
}

/// Process that handles orders, until it is killed or its starter is gone.
struct Handler {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Handler {
    fn start(url: &str) -> conclib::Result<Self> {
        let mut command = Command::new(env::current_exe()?);
        let pipes = command
            .arg("handle")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut process = pipes.spawn()?;
        // The URL has a password, which an argument would show to all users.
        let mut stdin = process.stdin.as_ref().ok_or("no input")?;
        writeln!(stdin, "{url}")?;
        let lines = BufReader::new(process.stdout.take().ok_or("no output")?).lines();
        Ok(Self { process, lines })
    }

    /// Reads the next line: a word, the number of an order, and its attempt.
    fn next(&mut self) -> conclib::Result<(String, u64, u32)> {
        let line = self
            .lines
            .next()
            .ok_or("the handling process has ended")??;
        match *line.split(' ').collect::<Vec<_>>() {
            [word, number, attempt] => Ok((word.into(), number.parse()?, attempt.parse()?)),
            _ => Err(line.into()),
        }
    }
}

impl Drop for Handler {
    fn drop(&mut self) {
        // SIGKILL. A process that has ended needs none.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Serves the actor at the URL in the first line of the input, until that ends.
async fn handle() -> conclib::Result {
    let mut url = String::new();
    std::io::stdin().read_line(&mut url)?;
    let system = System::new("orders");
    system.spawn(Orders)?;
    let _proxy = Proxy::serve(&system, url.trim()).await?;
    std::thread::spawn(|| {
        let _ = std::io::stdin().lines().count();
        std::process::exit(0);
    });
    Ok(system.run_until_signal().await.map(drop)?)
}

#[conclib::main]
async fn main() -> conclib::Result {
    if env::args().nth(1).is_some_and(|task| task == "handle") {
        return handle().await;
    }

    // Each stored message is on disk before the server acknowledges it.
    let mut redis = start_redis(&RedisConfig::new().profile(Profile::Strict)).await?;
    let client = ProxyClient::connect(redis.url()).await?;
    for number in 1..=ORDERS / 2 {
        client
            .ask("orders", Order { number })
            .durable()
            .tell()
            .await?;
    }
    println!(
        "stored:   orders 1 to {}; nothing handles them yet",
        ORDERS / 2
    );

    let killed = redis.pid();
    kill(Pid::from_raw(killed.cast_signed()), Signal::SIGKILL)?;
    for number in ORDERS / 2 + 1..=ORDERS {
        client
            .ask("orders", Order { number })
            .durable()
            .tell()
            .await?;
    }
    let mut state = redis.state();
    let is_new =
        |state: &RedisState| matches!(state, RedisState::Ready { pid, .. } if *pid != killed);
    state.wait_for(is_new).await?;
    println!("kill -9:  process {killed}, the server; it is started again");
    println!("stored:   orders {} to {ORDERS}", ORDERS / 2 + 1);

    // Attempts of each order, as its turns ended.
    let mut done: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
    let mut handler = Handler::start(redis.url())?;
    loop {
        match handler.next()? {
            (word, number, attempt) if word == "done" => {
                done.entry(number).or_default().push(attempt);
            }
            (_, CUT, _) => break,
            _ => {}
        }
    }
    println!(
        "handled:  {} orders, by process {}",
        done.len(),
        handler.process.id()
    );
    println!(
        "kill -9:  process {}, in the turn of order {CUT}",
        handler.process.id()
    );
    drop(handler);

    let mut handler = Handler::start(redis.url())?;
    while !done.contains_key(&ORDERS) {
        let (word, number, attempt) = handler.next()?;
        if word == "done" {
            done.entry(number).or_default().push(attempt);
        }
    }
    let lost = ORDERS - done.len() as u64;
    println!(
        "handled:  the others, by process {}; order {CUT} in attempt {}",
        handler.process.id(),
        done[&CUT][0]
    );
    // The removal of the order before may have died with the first process.
    let again = done.values().filter(|attempts| attempts.len() > 1);
    let untold = again.filter(|attempts| attempts[1..].contains(&1));
    println!(
        "the end:  {lost} orders lost, {} handled twice unknowingly",
        untold.count()
    );

    drop(handler);
    redis.shutdown().await?;
    Ok(())
}
