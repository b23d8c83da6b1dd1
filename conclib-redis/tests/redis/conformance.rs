//! Suite of checks for brokers: over one Redis server, over a cluster of three masters, and over a
//! replica that a sentinel has put in the place of its master.

mod at_least_once;
mod nodes;
mod one_server;
mod raw_peer;

use conclib_core::System;
use conclib_redis::RedisClient;
use conclib_testing::conformance::Supports;

use self::at_least_once::Durable;
use self::nodes::Nodes;
use self::one_server::OneServer;
use crate::faults::raw::{Raw, Reply};

conclib_testing::conformance!(mod ephemeral, OneServer::default);
conclib_testing::conformance!(mod durable, Durable::<OneServer>::default);
conclib_testing::conformance!(mod ephemeral_in_a_cluster, Nodes::of_a_cluster);
conclib_testing::conformance!(mod durable_in_a_cluster, || Durable(Nodes::of_a_cluster()));
conclib_testing::conformance!(mod ephemeral_after_a_failover, Nodes::after_a_failover);
conclib_testing::conformance!(mod durable_after_a_failover, || Durable(
    Nodes::after_a_failover()
));

/// Returns the abilities of the broker. References are names: they keep nobody alive, and permit
/// their holder nothing.
fn supports() -> Supports {
    let mut supports = Supports::all();
    supports.references = false;
    supports.control = false;
    supports.at_least_once = true;
    supports.paused_time = false;
    supports
}

/// Serves the system of a client, and waits until its actors can be found.
async fn serve(client: &RedisClient, own: &System, sockets: &[String], namespace: &str) {
    let before = searched(sockets, namespace).await;
    client.serve(&own.inlet());
    while searched(sockets, namespace).await <= before {
        tokio::task::yield_now().await;
    }
}

/// Counts the systems that are searched for names in a namespace.
async fn searched(sockets: &[String], namespace: &str) -> i64 {
    let mut systems = 0;
    for socket in sockets {
        let mut raw = Raw::connect(socket).await.unwrap();
        let counted = format!("PUBSUB SHARDNUMSUB conclib:{namespace}:find");
        // A sentinel has no such command.
        if let Reply::List(counted) = raw.run(&counted).await {
            systems += counted.last().map_or(0, Reply::integer);
        }
    }
    systems
}
