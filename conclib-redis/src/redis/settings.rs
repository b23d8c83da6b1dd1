//! Settings of the client library.

use std::time::Duration;

use fred::prelude::{Builder, ReconnectPolicy};
use fred::types::RespVersion;
use fred::types::config::{
    ClusterDiscoveryPolicy, Config, ReconnectError, Server as Node, ServerConfig, TcpConfig,
};

use super::tls::connector;
use crate::error::RedisError;
use crate::url::{RedisUrl, Server};

/// Time after which a command has failed: its outcome is not known then.
pub(super) const COMMAND: Duration = Duration::from_secs(5);

/// Time without a sign of the peer after which the system ends a connection.
const UNRESPONSIVE: Duration = Duration::from_secs(10);

/// Time for the first connection.
pub(super) const CONNECT: Duration = Duration::from_secs(5);

/// Commands that may wait for a connection; more fail at once.
const WAITING: usize = 10_000;

/// Pause before the first and the last try to connect again, in milliseconds.
const PAUSES: (u32, u32) = (50, 500);

/// Returns the builder of a client that keeps up to `messages` for their reader.
pub(super) fn builder(url: &RedisUrl, messages: usize) -> Result<Builder, RedisError> {
    let config = Config {
        username: url.user.clone(),
        password: url.password.clone(),
        server: server(&url.server),
        version: RespVersion::RESP3,
        database: (url.database != 0).then_some(url.database),
        tls: match &url.tls {
            Some(tls) => Some(connector(tls)?.into()),
            None => None,
        },
        ..Config::default()
    };
    let (first, last) = PAUSES;
    let mut builder = Builder::from_config(config);
    builder
        .with_connection_config(|connection| {
            connection.connection_timeout = CONNECT;
            connection.internal_command_timeout = COMMAND;
            connection.max_command_attempts = 1;
            connection.max_command_buffer_len = WAITING;
            connection.reconnect_errors = vec![
                ReconnectError::ClusterDown,
                ReconnectError::Loading,
                ReconnectError::MasterDown,
                ReconnectError::ReadOnly,
            ];
            connection.tcp = TcpConfig {
                nodelay: Some(true),
                user_timeout: Some(UNRESPONSIVE),
                ..TcpConfig::default()
            };
        })
        .with_performance_config(|performance| {
            performance.default_command_timeout = COMMAND;
            performance.broadcast_channel_capacity = messages;
        })
        .set_policy(ReconnectPolicy::new_exponential(0, first, last, 2));
    Ok(builder)
}

fn server(server: &Server) -> ServerConfig {
    let nodes = |hosts: &[(String, u16)]| {
        let hosts = hosts.iter();
        hosts
            .map(|(host, port)| Node::new(host.as_str(), *port))
            .collect()
    };
    match server {
        Server::One { host, port } => ServerConfig::Centralized {
            server: Node::new(host.as_str(), *port),
        },
        Server::Unix(path) => ServerConfig::Unix { path: path.clone() },
        Server::Cluster(hosts) => ServerConfig::Clustered {
            hosts: nodes(hosts),
            policy: ClusterDiscoveryPolicy::default(),
        },
        Server::Sentinel { hosts, service } => ServerConfig::Sentinel {
            hosts: nodes(hosts),
            service_name: service.clone(),
        },
    }
}
