//! Suite of checks for brokers: over one Redis server, over a cluster of three masters, and over a
//! replica that a sentinel has put in the place of its master.

mod at_least_once;
mod nodes;
mod one_server;

use conclib_testing::conformance::Supports;

use self::at_least_once::Durable;
use self::nodes::Nodes;
use self::one_server::OneServer;

conclib_testing::conformance!(mod ephemeral, OneServer::default);
conclib_testing::conformance!(mod durable, Durable::<OneServer>::default);
conclib_testing::conformance!(mod ephemeral_in_a_cluster, Nodes::of_a_cluster);
conclib_testing::conformance!(mod durable_in_a_cluster, || Durable(Nodes::of_a_cluster()));
conclib_testing::conformance!(mod ephemeral_after_a_failover, Nodes::after_a_failover);
conclib_testing::conformance!(mod durable_after_a_failover, || Durable(
    Nodes::after_a_failover()
));

/// Returns the abilities of the broker.
fn supports() -> Supports {
    let mut supports = Supports::all();
    supports.references = false;
    supports.control = false;
    supports.at_least_once = true;
    supports.paused_time = false;
    supports
}
