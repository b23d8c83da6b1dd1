//! Runner of models, for shuttle.

pub(crate) use ::shuttle::{future::block_on, thread};

/// Runs a model in some thousand schedules: half of them random, half of them with few preemptions,
/// which finds rare errors.
pub(crate) fn check(model: impl Fn() + Clone + Send + Sync + 'static) {
    let runs = std::env::var("MODEL_RUNS").map_or(3_000, |runs| runs.parse().unwrap());
    ::shuttle::check_random(model.clone(), runs);
    ::shuttle::check_pct(model, runs, 3);
}

/// Returns a random number below `count`, by the model's own generator.
pub(crate) fn one_of(count: usize) -> usize {
    use ::shuttle::rand::Rng as _;
    ::shuttle::rand::thread_rng().gen_range(0..count)
}

pub(crate) fn join<T>(thread: thread::JoinHandle<T>) -> T {
    thread.join().unwrap()
}
