//! Panics of hooks and handlers as values.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use conclib_wire::Fault;

pin_project_lite::pin_project! {
    /// A future that turns a panic into a value.
    pub(crate) struct Caught<F> {
        #[pin]
        future: F,
    }
}

/// Runs a hook, and makes a panic of it a fault.
pub(crate) fn caught<F: Future>(future: F) -> Caught<F> {
    Caught { future }
}

impl<F: Future> Future for Caught<F> {
    type Output = Result<F::Output, Box<Fault>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        catch_poll(self.project().future, cx).map_err(|panic| Box::new(Fault::panic(&*panic)))
    }
}

/// The state that a handler leaves behind when it panics is only used to run
/// `#[on(stop)]` and is dropped then, which is why this is unwind safe enough.
pub(crate) fn catch_poll<F: Future>(
    mut future: Pin<&mut F>,
    cx: &mut Context<'_>,
) -> Poll<Result<F::Output, Box<dyn Any + Send>>> {
    let mut polled = Poll::Pending;
    match catch(&mut || polled = future.as_mut().poll(cx)) {
        Ok(()) => polled.map(Ok),
        Err(panic) => Poll::Ready(Err(panic)),
    }
}

/// Runs a closure, and returns its panic. Not generic: each instance of `catch_unwind` is four
/// functions.
#[inline]
pub(crate) fn catch(run: &mut dyn FnMut()) -> Result<(), Box<dyn Any + Send>> {
    catch_unwind(AssertUnwindSafe(run))
}
