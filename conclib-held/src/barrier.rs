//! Meeting point.

use conclib_core::{Context, Deferred, ReplyTo};
use conclib_macros::actor;

/// Barrier: those that wait go on together, once there are enough of them.
///
/// Each gets its number, from 0 for the last one that came. An asker that has given up does not
/// count. The barrier can be used again.
///
/// ```
/// use conclib::held::*;
/// use conclib::prelude::*;
///
/// # #[conclib::main]
/// # async fn main() -> conclib::Result {
/// # let system = System::new("docs");
/// let barrier = system.spawn(Barrier::new(2))?;
/// let first = barrier.wait().reply().await?;
/// assert_eq!(barrier.wait().await?, 0);
/// assert_eq!(first.await?, 1);
/// # Ok(())
/// # }
/// ```
#[actor(crate = conclib_core)]
#[derive(Debug)]
pub struct Barrier {
    size: usize,
    waiting: Vec<ReplyTo<usize>>,
}

impl Barrier {
    /// Creates a barrier for that many askers. With 0 it is the same as with 1.
    #[must_use]
    pub fn new(size: usize) -> Self {
        Self {
            size,
            waiting: Vec::new(),
        }
    }
}

#[actor(crate = conclib_core)]
impl Barrier {
    /// Waits until enough askers wait.
    #[message]
    fn wait(&mut self, ctx: &mut Context<Self>) -> Deferred<usize> {
        let (reply, deferred) = ctx.defer();
        self.waiting.retain(ReplyTo::is_wanted);
        self.waiting.push(reply);
        if self.waiting.len() >= self.size {
            for (at, reply) in self.waiting.drain(..).rev().enumerate() {
                reply.send(at);
            }
        }
        deferred
    }

    /// Returns the number of askers that wait.
    #[message]
    fn waiting(&mut self) -> usize {
        self.waiting.retain(ReplyTo::is_wanted);
        self.waiting.len()
    }
}
