//! Runners of models, for shuttle and loom.

#[cfg(conclib_loom)]
pub(crate) use ::loom::{future::block_on, thread};
#[cfg(not(conclib_loom))]
pub(crate) use ::shuttle::{future::block_on, thread};

#[cfg(conclib_loom)]
use crate::sync::modelled::atomic::Fenced;

/// Runs a model in all schedules with few preemptions.
#[cfg(conclib_loom)]
pub(crate) fn check(model: impl Fn() + Clone + Send + Sync + 'static) {
    let mut all = ::loom::model::Builder::new();
    // The environment variable `LOOM_MAX_PREEMPTIONS` goes first.
    all.preemption_bound = all.preemption_bound.or(Some(3));
    for fenced in [Fenced::Stores, Fenced::Loads] {
        fenced.set();
        all.check(model.clone());
    }
}

/// Runs a model in some thousand schedules: half of them random, half of them with few preemptions,
/// which finds rare errors.
#[cfg(not(conclib_loom))]
pub(crate) fn check(model: impl Fn() + Clone + Send + Sync + 'static) {
    let runs = std::env::var("MODEL_RUNS").map_or(3_000, |runs| runs.parse().unwrap());
    ::shuttle::check_random(model.clone(), runs);
    ::shuttle::check_pct(model, runs, 3);
}

/// Returns a random number below `count`, by the model's own generator.
#[cfg(not(conclib_loom))]
pub(crate) fn one_of(count: usize) -> usize {
    use ::shuttle::rand::Rng as _;
    ::shuttle::rand::thread_rng().gen_range(0..count)
}

pub(crate) fn join<T>(thread: thread::JoinHandle<T>) -> T {
    thread.join().unwrap()
}
