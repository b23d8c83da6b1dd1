//! Metrics of servers and of dead letters, for the recorder of the crate `metrics`.

use metrics::{Counter, Gauge, Unit};

/// Returns true if a recorder is installed.
fn is_recorded() -> bool {
    // The no-op recorder, which stands for "none installed", is a zero-sized type.
    metrics::with_recorder(|recorder| size_of_val(recorder) > 0)
}

/// Metrics of a server of `start_redis`.
#[derive(Debug)]
pub(crate) struct ServerMeter {
    restarts: Counter,
    used_memory: Gauge,
    aof_delayed_fsync: Gauge,
    blocked_clients: Gauge,
}

impl ServerMeter {
    /// Returns the metrics of the server with that URL, which has no password. `None` without a
    /// recorder: then the server is not asked for its figures.
    pub(crate) fn of(url: &str) -> Option<Self> {
        let gauge = |name: &'static str, unit, text: &'static str| {
            metrics::describe_gauge!(name, unit, text);
            metrics::gauge!(name, "server" => url.to_owned())
        };
        if !is_recorded() {
            return None;
        }
        let restarts = "conclib_redis_restarts_total";
        metrics::describe_counter!(restarts, Unit::Count, "Starts of a server after the first");
        Some(Self {
            restarts: metrics::counter!(restarts, "server" => url.to_owned()),
            used_memory: gauge(
                "conclib_redis_used_memory_bytes",
                Unit::Bytes,
                "Memory of the data of a server",
            ),
            aof_delayed_fsync: gauge(
                "conclib_redis_aof_delayed_fsync",
                Unit::Count,
                "Writes that had to wait for the disk since the start of a server",
            ),
            blocked_clients: gauge(
                "conclib_redis_blocked_clients",
                Unit::Count,
                "Clients that wait in a blocking command",
            ),
        })
    }

    pub(crate) fn restarted(&self) {
        self.restarts.increment(1);
    }

    #[expect(clippy::cast_precision_loss, reason = "no server has that much")]
    pub(crate) fn note(&self, used_memory: u64, aof_delayed_fsync: u64, blocked_clients: u64) {
        self.used_memory.set(used_memory as f64);
        self.aof_delayed_fsync.set(aof_delayed_fsync as f64);
        self.blocked_clients.set(blocked_clients as f64);
    }
}

/// Counter of the dead letters of a namespace that this process has buried.
#[derive(Debug)]
pub(crate) struct DeadMeter(Counter);

impl DeadMeter {
    /// Returns the counter of a namespace.
    pub(crate) fn of(namespace: &str) -> Option<Self> {
        if !is_recorded() {
            return None;
        }
        let name = "conclib_redis_dead_letters_total";
        let text = "Durable messages that were not handled in all their attempts";
        metrics::describe_counter!(name, Unit::Count, text);
        let counter = metrics::counter!(name, "namespace" => namespace.to_owned());
        Some(Self(counter))
    }

    pub(crate) fn buried(&self) {
        self.0.increment(1);
    }
}
