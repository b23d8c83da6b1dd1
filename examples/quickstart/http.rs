//! HTTP requests of the example itself.

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

pub async fn get(url: &str) -> conclib::Result<String> {
    send(Request::get(url).body(Full::default())?).await
}

pub async fn post(url: &str, json: &'static str) -> conclib::Result<String> {
    let request = Request::post(url).header("content-type", "application/json");
    send(request.body(Full::from(json))?).await
}

async fn send(request: Request<Full<Bytes>>) -> conclib::Result<String> {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let response = client.request(request).await?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    Ok(format!("{status}: {}", String::from_utf8_lossy(&body)))
}
