//! Result that comes later.

use std::fmt;
use std::future::Future;

use conclib_core::{Context, Deferred, Fault};
use conclib_macros::actor;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::element::Element;
use crate::waits::Waits;

/// Work that goes on beside the turns of the actor that holds it, and its result.
///
/// The work ends with the object, at its next await.
///
/// ```
/// use conclib::held::*;
/// use conclib::prelude::*;
///
/// #[actor]
/// struct Press;
///
/// #[actor]
/// impl Press {
///     /// Returns before the work is done.
///     #[message]
///     fn print(&mut self, pages: u32, ctx: &mut Context<Self>) -> Held<Background<u32>> {
///         ctx.hold(Background::run(async move {
///             tokio::task::yield_now().await;
///             pages * 2
///         }))
///     }
/// }
///
/// # #[conclib::main]
/// # async fn main() -> conclib::Result {
/// # let system = System::new("docs");
/// let job = system.spawn(Press)?.print(4).await?;
/// job.wait().await?;
/// assert!(job.is_ready().await?);
/// assert_eq!(job.get().await?, 8);
/// # Ok(())
/// # }
/// ```
#[actor(crate = conclib_core)]
pub struct Background<T> {
    result: watch::Receiver<Option<Result<T, Fault>>>,
    work: AbortHandle,
    waits: Waits,
}

impl<T: Send + Sync + 'static> Background<T> {
    /// Starts work as a task of the runtime.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn run(work: impl Future<Output = T> + Send + 'static) -> Self {
        let (done, result) = watch::channel(None);
        let work = tokio::spawn(work);
        let handle = work.abort_handle();
        tokio::spawn(async move {
            let result = work.await.map_err(|error| match error.try_into_panic() {
                Ok(panic) => Fault::panic(&*panic),
                Err(error) => Fault::of(&error),
            });
            // Fails if the object has ended.
            let _ = done.send(Some(result));
        });
        Self {
            result,
            work: handle,
            waits: Waits::default(),
        }
    }
}

impl<T> Drop for Background<T> {
    fn drop(&mut self) {
        self.work.abort();
    }
}

impl<T> fmt::Debug for Background<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Background")
            .field("is_ready", &self.result.borrow().is_some())
            .finish_non_exhaustive()
    }
}

#[actor(crate = conclib_core)]
impl<T: Element + Sync> Background<T> {
    /// Tells whether the work is over.
    #[message]
    fn is_ready(&mut self) -> bool {
        self.result.borrow().is_some()
    }

    /// Waits for the end of the work.
    #[message]
    async fn wait(&mut self, ctx: &mut Context<Self>) -> Deferred<()> {
        let mut result = self.result.clone();
        let wait = async move {
            // The sender is dropped after it has sent.
            let _ = result.wait_for(Option::is_some).await;
        };
        self.waits.answer(ctx, wait, drop).await
    }

    /// Waits for the result; the error is the panic of the work.
    #[message]
    async fn get(&mut self, ctx: &mut Context<Self>) -> Deferred<T, Fault> {
        let mut result = self.result.clone();
        let wait = async move {
            match result.wait_for(Option::is_some).await.as_deref() {
                Ok(Some(result)) => result.clone(),
                _ => Err(Fault::foreign("the work was given up".to_owned())),
            }
        };
        self.waits.resolve(ctx, wait).await
    }
}
