//! The README of Python's conclib from start to end: a Redis server, a proxy,
//! an actor, and a web server in Python that asks it through the original
//! package.
//!
//! `cargo run --features redis --example conclib_gateway` runs until Ctrl-C;
//! with `-- --once` it makes its requests and ends. It needs redis-server, and
//! Python, for which `scripts/python-peer.sh` makes an environment.
#![allow(clippy::print_stdout, reason = "a program")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, net::TcpListener};

use conclib::prelude::*;
use conclib::redis::{RedisConfig, start_redis};
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

/// Request, as `ExampleReqMessage` of the web server.
#[message(reply = ExampleRespMessage, error = EmptyName)]
struct ExampleReqMessage {
    name: String,
}

/// Reply, as `ExampleRespMessage` of the web server.
#[message]
struct ExampleRespMessage {
    text: String,
    ticks: u64,
}

#[derive(Debug, serde::Serialize, serde::Deserialize, thiserror::Error)]
#[error("a name has at least one letter")]
struct EmptyName {}

#[actor(urn = "example_actor")]
#[derive(Default)]
struct ExampleActor {
    ticks: u64,
}

#[actor]
impl ExampleActor {
    #[message(every = "500ms")]
    fn tick(&mut self) {
        self.ticks += 1;
    }

    #[handler]
    fn greet(
        &mut self,
        ExampleReqMessage { name }: ExampleReqMessage,
    ) -> Result<ExampleRespMessage, EmptyName> {
        if name.trim().is_empty() {
            return Err(EmptyName {});
        }
        let text = format!("Hello, {name}!");
        let ticks = self.ticks;
        Ok(ExampleRespMessage { text, ticks })
    }
}

#[conclib::main]
async fn main() -> conclib::Result {
    // The web server is started from here, and ends with this process.
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = python(root)?;
    let mut redis = start_redis(&RedisConfig::new().port(0)).await?;
    println!("redis:                  {}", redis.url_without_password());

    let system = System::new("gateway");
    system.spawn(ExampleActor::default())?;
    let proxy = Proxy::serve(&system, format!("{}?channel=python", redis.url())).await?;
    println!("proxy:                  {}", proxy.url());

    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let web = format!("http://{address}");
    // The URL with the password is in a file that only this user may read.
    let mut api = start_api(
        ApiCommand::new(python)
            .args([
                "-B",
                "-m",
                "uvicorn",
                "--log-level",
                "warning",
                "gateway:app",
            ])
            .args(["--workers", "2", "--port", &address.port().to_string()])
            .env("REDIS_URL_FILE", redis.url_file())
            .current_dir(root.join("examples/python"))
            .health(format!("{web}/healthz"))
            .timeout(Duration::from_secs(60)),
    )
    .await?;
    println!("web server in Python:   {web}");

    for path in ["/greet/Ada", "/greet/%20", "/nobody"] {
        println!("GET {path:<18}  {}", get(&format!("{web}{path}")).await?);
    }

    if !env::args().any(|arg| arg == "--once") {
        println!("\nTry it from another terminal; Ctrl-C ends it all:");
        println!("  curl {web}/greet/you");
        system.run_until_signal().await?;
    }
    api.shutdown().await?;
    println!("the end:                {}", system.shutdown().await);
    redis.shutdown().await?;
    Ok(())
}

/// Returns the Python of the environment with the package conclib.
fn python(root: &Path) -> conclib::Result<String> {
    let mut script = Command::new(root.join("scripts/python-peer.sh"));
    let made = script.stderr(Stdio::inherit()).output()?;
    if !made.status.success() {
        return Err("there is no Python for the web server, see above".into());
    }
    Ok(String::from_utf8(made.stdout)?.trim().to_owned())
}

async fn get(url: &str) -> conclib::Result<String> {
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let response = client.get(url.parse()?).await?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    Ok(format!("{status}: {}", String::from_utf8_lossy(&body)))
}
