//! An actor, and a web server in another process that asks it by name.
//!
//! `cargo run --example quickstart` runs until Ctrl-C; with `-- --once` it
//! makes its requests and ends.
#![allow(
    clippy::print_stdout,
    missing_docs,
    unreachable_pub,
    reason = "a program"
)]

mod http;
mod messages;
mod web;

use std::env;
use std::net::TcpListener;

use conclib::prelude::*;
use messages::{EmptyName, Greet, Greeting};

#[actor(urn = "greeter", mailbox = 256)]
#[derive(Default)]
struct Greeter {
    greeted: u64,
}

#[actor]
impl Greeter {
    /// Handles a message that is declared elsewhere.
    #[handler]
    async fn greet(&mut self, Greet { name }: Greet) -> Result<Greeting, EmptyName> {
        if name.trim().is_empty() {
            return Err(EmptyName {});
        }
        self.greeted += 1;
        let text = format!("Hello, {name}! You are number {}.", self.greeted);
        Ok(Greeting { text })
    }

    /// A method that is its own message.
    #[message]
    fn add(&mut self, by: u64) -> u64 {
        self.greeted += by;
        self.greeted
    }
}

#[conclib::main]
async fn main() -> conclib::Result {
    // The example starts the same binary as the web server.
    if let (Ok(proxy), Ok(address)) = (env::var("QUICKSTART_PROXY"), env::var("QUICKSTART_WEB")) {
        return web::serve(&proxy, &address).await;
    }

    let system = System::new("quickstart");
    let greeter = system.spawn(Greeter::default())?;
    println!(
        "in this process:        add(2) -> {}",
        greeter.add(2).await?
    );

    // The directory vanishes with this process, however it ends.
    let dir = PrivateDir::new()?;
    let socket = dir.join("proxy.sock");
    let proxy = Proxy::serve(&system, format!("unix://{}", socket.display())).await?;

    let address = free_address()?;
    let web = format!("http://{address}");
    let mut api = start_api(
        ApiCommand::new(env::current_exe()?)
            .env("QUICKSTART_PROXY", proxy.url())
            .env("QUICKSTART_WEB", &address)
            .health(format!("{web}/healthz")),
    )
    .await?;
    println!("the web server:         process {} at {web}", api.id());

    for (what, answer) in [
        (
            "GET  /greet/Ada",
            http::get(&format!("{web}/greet/Ada")).await?,
        ),
        (
            "GET  /greet/%20",
            http::get(&format!("{web}/greet/%20")).await?,
        ),
        (
            "POST /add {\"by\":4}",
            http::post(&format!("{web}/add"), "{\"by\":4}").await?,
        ),
    ] {
        println!("{what:<22}  {answer}");
    }

    if env::args().any(|arg| arg == "--once") {
        api.shutdown().await?;
        println!("the end:                {}", system.shutdown().await);
        return Ok(());
    }
    println!("\nTry it from another terminal; Ctrl-C ends it all:");
    println!("  curl {web}/greet/you");
    println!(
        "  cargo run --example ask -- {} greeter Greet '{{\"name\":\"Ada\"}}'",
        proxy.url()
    );
    tokio::select! {
        report = system.run_until_signal() => {
            api.shutdown().await?;
            println!("\nthe end:                {}", report?);
            Ok(())
        }
        end = api.exited() => {
            println!("\nthe web server:         {end}; {}", api.tail());
            println!("the end:                {}", system.shutdown().await);
            Err("without its web server it is no use; `ApiCommand::restart` starts one again".into())
        }
    }
}

/// Returns a port that was free a moment ago.
fn free_address() -> std::io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    Ok(listener.local_addr()?.to_string())
}
