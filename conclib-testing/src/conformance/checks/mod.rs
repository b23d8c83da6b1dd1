//! Checks of the suite, by what they are about.

pub mod answers;
pub mod control;
pub mod deadlines;
pub mod fates;
pub mod hostile;
pub mod limits;
pub mod outages;
pub mod pressure;
pub mod references;
pub mod shutdown;
pub mod streams;
pub mod tells;

use std::future::IntoFuture;
use std::time::{Duration, Instant};

use conclib_core::{AskError, Call, Delivery, Message, Target};
use tokio::task::{JoinHandle, yield_now};

use super::stage::Stage;
use super::subject::{
    Probe, Refusal, SubjectCalls, SubjectCount, SubjectDouble, SubjectHold, SubjectNote, Undeclared,
};

/// Longest real time until a condition holds that has no event.
const PATIENCE: Duration = Duration::from_secs(20);

/// Task that awaits the answer to a call.
type Asking<M> = JoinHandle<Result<<M as Message>::Reply, AskError<<M as Message>::Error>>>;

/// Awaits the answer to a call in a task.
fn ask<T, M>(call: Call<T, M>) -> Asking<M>
where
    T: Target<M>,
    M: Message,
    <Call<T, M> as IntoFuture>::IntoFuture: Send + 'static,
    Call<T, M>: IntoFuture<Output = Result<M::Reply, AskError<M::Error>>>,
    M::Reply: Send,
    M::Error: Send,
{
    tokio::spawn(call.into_future())
}

/// Tests if a request failed that may have been handled.
fn may_have_run<T, E>(answer: &Result<T, AskError<E>>) -> bool {
    matches!(answer, Err(error) if error.delivery() == Delivery::MayHaveRun)
}

/// Tests if a request failed that was not handled.
fn did_not_run<T, E>(answer: &Result<T, AskError<E>>) -> bool {
    matches!(answer, Err(error) if error.delivery() == Delivery::NotDelivered)
}

/// Waits for a condition that has no event, while other tasks run.
async fn until(mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "not so after {PATIENCE:?}");
        yield_now().await;
    }
}
