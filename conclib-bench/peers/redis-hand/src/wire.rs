//! Connection, and the messages on its channels.

use fred::bytes::Bytes;
use fred::interfaces::ClientLike;
use fred::prelude::{Builder, Client, Config, ReconnectPolicy, ServerConfig};
use fred::types::{Message, RespVersion};
use redis_harness::Address;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Channel of the requests.
pub const REQUESTS: &str = "rpc:requests";

#[derive(Serialize, Deserialize)]
pub struct Request {
    pub id: u64,
    /// Channel of the answer; `None` if nobody waits for it.
    pub reply_to: Option<String>,
    /// Name of the actor.
    pub to: String,
    pub body: Body,
}

#[derive(Serialize, Deserialize)]
pub enum Body {
    Add { by: u64 },
    Carry { text: String },
}

#[derive(Serialize, Deserialize)]
pub struct Response {
    pub id: u64,
    pub reply: Result<u64, String>,
}

/// Connects to the server; so many messages may wait for their reader. fred takes
/// memory for all of them at once.
pub async fn connect(address: &Address, waiting: usize) -> Client {
    let server = match address {
        Address::Unix(path) => ServerConfig::Unix { path: path.clone() },
        Address::Tcp(port) => ServerConfig::new_centralized("127.0.0.1", *port),
    };
    let config = Config { server, version: RespVersion::RESP3, ..Config::default() };
    let client = Builder::from_config(config)
        .with_performance_config(|performance| performance.broadcast_channel_capacity = waiting)
        .with_connection_config(|connection| connection.tcp.nodelay = Some(true))
        .set_policy(ReconnectPolicy::new_constant(0, 100))
        .build()
        .expect("the configuration is valid");
    client.init().await.expect("the server runs");
    client
}

pub fn encode(message: &impl Serialize) -> Bytes {
    let config = bincode::config::standard();
    bincode::serde::encode_to_vec(message, config).expect("it can be encoded").into()
}

pub fn decode<T: DeserializeOwned>(message: Message) -> Option<T> {
    let bytes = message.value.into_bytes()?;
    let (message, _) =
        bincode::serde::decode_from_slice(&bytes, bincode::config::standard()).ok()?;
    Some(message)
}
