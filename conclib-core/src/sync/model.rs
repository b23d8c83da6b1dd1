//! How models are run.

#[cfg(conclib_loom)]
pub(crate) use ::loom::{future::block_on, thread};
#[cfg(not(conclib_loom))]
pub(crate) use ::shuttle::{future::block_on, thread};

#[cfg(conclib_loom)]
use crate::sync::modelled::atomic::Fenced;

/// Runs a model in all the orders that there are with few changes of who runs.
#[cfg(conclib_loom)]
pub(crate) fn check(model: impl Fn() + Clone + Send + Sync + 'static) {
    let mut all = ::loom::model::Builder::new();
    // As `LOOM_MAX_PREEMPTIONS` says.
    all.preemption_bound = all.preemption_bound.or(Some(3));
    for fenced in [Fenced::Stores, Fenced::Loads] {
        fenced.set();
        all.check(model.clone());
    }
}

/// Runs a model in some thousand orders: half of them at random, half of them
/// with few changes of who runs, which finds what is rare.
#[cfg(not(conclib_loom))]
pub(crate) fn check(model: impl Fn() + Clone + Send + Sync + 'static) {
    let runs = std::env::var("MODEL_RUNS").map_or(3_000, |runs| runs.parse().unwrap());
    ::shuttle::check_random(model.clone(), runs);
    ::shuttle::check_pct(model, runs, 3);
}

/// One of so many, as the model's own chance has it.
#[cfg(not(conclib_loom))]
pub(crate) fn one_of(count: usize) -> usize {
    use ::shuttle::rand::Rng as _;
    ::shuttle::rand::thread_rng().gen_range(0..count)
}

pub(crate) fn join<T>(thread: thread::JoinHandle<T>) -> T {
    thread.join().unwrap()
}
