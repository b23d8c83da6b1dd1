//! Load: clients that ask without a pause.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use conclib_redis::RedisClient;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::history::History;
use super::worker::WorkerWork;

/// Time by which an ask may end after its deadline, on a busy machine.
const SLACK: Duration = Duration::from_secs(2);

/// Tasks that ask the worker until they are stopped.
pub struct Load {
    /// Each returns the number of its asks.
    tasks: JoinSet<usize>,
    is_stopped: Arc<AtomicBool>,
}

impl Load {
    /// Starts so many tasks, whose asks have that deadline.
    pub fn start(
        client: &Arc<RedisClient>,
        history: &History,
        tasks: usize,
        deadline: Duration,
    ) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let is_stopped = Arc::new(AtomicBool::new(false));
        let mut set = JoinSet::new();
        for _ in 0..tasks {
            let (client, history) = (client.clone(), history.clone());
            let is_stopped = is_stopped.clone();
            set.spawn(async move {
                let mut asks = 0;
                while !is_stopped.load(Ordering::Relaxed) {
                    let id = NEXT.fetch_add(1, Ordering::Relaxed);
                    asks += 1;
                    let begun = Instant::now();
                    let ask = super::ask(&client, "worker", WorkerWork { id });
                    let end = ask.timeout(deadline).await;
                    let lasted = begun.elapsed();
                    assert!(lasted < deadline + SLACK, "{end:?} after {lasted:?}");
                    history.ended(id, &end);
                }
                asks
            });
        }
        Self {
            tasks: set,
            is_stopped,
        }
    }

    /// Stops the tasks, and waits for their last asks. Returns the number of all asks.
    pub async fn stop(self) -> usize {
        self.is_stopped.store(true, Ordering::Relaxed);
        super::soon(self.tasks.join_all()).await.into_iter().sum()
    }
}
