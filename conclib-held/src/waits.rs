//! Waits of askers, beside the turns of an object.

use std::future::{Future, ready};

use conclib_core::{Actor, Context, Deferred, ReplyTo};
use tokio::task::JoinSet;

/// Tasks that wait for an asker each. They end with the object.
#[derive(Debug, Default)]
pub(crate) struct Waits(JoinSet<()>);

impl Waits {
    /// Answers with the result of `wait` once it is over, unless the asker leaves before: then
    /// `wait` is dropped. `lost` gets a result that the asker left behind.
    pub(crate) async fn answer<A: Actor, T: Send + 'static>(
        &mut self,
        ctx: &mut Context<A>,
        wait: impl Future<Output = T> + Send + 'static,
        lost: impl FnOnce(T) + Send + 'static,
    ) -> Deferred<T> {
        let (reply, deferred) = ctx.defer();
        self.begin(reply, wait, |reply, result| reply.send_or(result, lost))
            .await;
        deferred
    }

    /// Does the same for a reply whose request asks with an error type, and of which nothing can be
    /// lost.
    pub(crate) async fn resolve<A: Actor, T: Send + 'static, E: Send + 'static>(
        &mut self,
        ctx: &mut Context<A>,
        wait: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Deferred<T, E> {
        let (reply, deferred) = ctx.defer();
        self.begin(reply, wait, ReplyTo::resolve).await;
        deferred
    }

    async fn begin<T: Send + 'static, E: Send + 'static, R: Send + 'static>(
        &mut self,
        mut reply: ReplyTo<T, E>,
        wait: impl Future<Output = R> + Send + 'static,
        answer: impl FnOnce(ReplyTo<T, E>, R) + Send + 'static,
    ) {
        let mut wait = Box::pin(wait);
        // Polled here first, so that the waits stand in the order of their requests.
        let over = tokio::select! {
            biased;
            result = &mut wait => Some(result),
            () = ready(()) => None,
        };
        while self.0.try_join_next().is_some() {}
        match over {
            Some(result) => answer(reply, result),
            None => {
                self.0.spawn(async move {
                    tokio::select! {
                        biased;
                        () = reply.closed() => {}
                        result = &mut wait => answer(reply, result),
                    }
                });
            }
        }
    }
}
