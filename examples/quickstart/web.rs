//! Web server in a process of its own: it holds a `ProxyClient` and asks the
//! actor by name.

use std::fmt;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use conclib::prelude::*;
use tokio::net::TcpListener;

use crate::messages::{Add, Greet};

pub async fn serve(proxy_url: &str, address: &str) -> conclib::Result {
    let client = ProxyClient::connect(proxy_url).await?;
    let app = Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/greet/{name}", get(greet))
        .route("/add", post(add))
        .with_state(client);
    axum::serve(TcpListener::bind(address).await?, app).await?;
    Ok(())
}

async fn greet(State(client): State<ProxyClient>, Path(name): Path<String>) -> Answer<String> {
    let greeting = client
        .ask("greeter", Greet { name })
        .await
        .map_err(failed)?;
    Ok(greeting.text)
}

async fn add(
    State(client): State<ProxyClient>,
    Json(request): Json<Add>,
) -> Answer<Json<serde_json::Value>> {
    let greeted = client.ask("greeter", request).await.map_err(failed)?;
    Ok(Json(serde_json::json!({ "greeted": greeted })))
}

type Answer<T> = Result<T, Response>;

/// Response for an ask that failed. Every error has a status.
fn failed<E: fmt::Display>(error: AskError<E>) -> Response {
    let status = StatusCode::from_u16(conclib::status(&error));
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, error.to_string()).into_response()
}
