//! A web server as a child process: started, asked and ended.
//!
//! The same binary is the web server, when it is started with `serve` and an
//! address.
#![allow(clippy::print_stdout, reason = "a program")]

use std::env;

use axum::routing::get;
use axum::{Json, Router};
use conclib::prelude::*;
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::json;

#[conclib::main]
async fn main() -> conclib::Result {
    let args: Vec<_> = env::args().collect();
    if let [_, serve, address] = &*args
        && serve == "serve"
    {
        let health = get(|| async { Json(json!({ "status": "ok" })) });
        let app = Router::new().route("/healthz", health);
        let listener = tokio::net::TcpListener::bind(address).await?;
        return Ok(axum::serve(listener, app).await?);
    }

    let address = free_address()?;
    let health = format!("http://{address}/healthz");
    let server = ApiCommand::new(env::current_exe()?).args(["serve", &address]);
    let mut api = start_api(server.health(&health)).await?;
    println!("healthy");

    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let body = client.get(health.parse()?).await?.into_body();
    println!(
        "{}",
        String::from_utf8_lossy(&body.collect().await?.to_bytes())
    );

    api.shutdown().await?;
    println!("Goodbye");
    Ok(())
}

/// Returns an address with a port that was free a moment ago.
fn free_address() -> std::io::Result<String> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    Ok(listener.local_addr()?.to_string())
}
