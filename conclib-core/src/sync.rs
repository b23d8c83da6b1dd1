//! The locks and atomics of what is model-checked: std's, or under
//! `--cfg shuttle` those that let a model decide who goes next.
//!
//! A model knows one order of all steps: whether an ordering is too weak it
//! cannot tell.

#[cfg(not(shuttle))]
pub(crate) use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, atomic};

#[cfg(shuttle)]
pub(crate) use self::modelled::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, atomic};

#[cfg(shuttle)]
mod modelled {
    pub(crate) use std::sync::{Arc, PoisonError};

    pub(crate) use shuttle::sync::{Mutex, MutexGuard, atomic};

    /// Std's: each use of it is a step at which another may go first.
    pub(crate) struct OnceLock<T> {
        value: std::sync::OnceLock<T>,
        step: atomic::AtomicBool,
    }

    impl<T> OnceLock<T> {
        pub(crate) fn new() -> Self {
            Self {
                value: std::sync::OnceLock::new(),
                step: atomic::AtomicBool::new(false),
            }
        }

        pub(crate) fn get(&self) -> Option<&T> {
            self.step.load(atomic::Ordering::SeqCst);
            self.value.get()
        }

        pub(crate) fn set(&self, value: T) -> Result<(), T> {
            self.step.store(true, atomic::Ordering::SeqCst);
            self.value.set(value)
        }
    }
}

/// How models are run.
#[cfg(all(test, shuttle))]
pub(crate) mod model {
    use std::env;

    /// Runs a model in some thousand orders: half of them at random, half of
    /// them with few changes of who runs, which finds what is rare.
    pub(crate) fn check(model: impl Fn() + Clone + Send + Sync + 'static) {
        let runs = env::var("MODEL_RUNS").map_or(3_000, |runs| runs.parse().unwrap());
        shuttle::check_random(model.clone(), runs);
        shuttle::check_pct(model, runs, 3);
    }

    /// One of so many, as the model's own chance has it.
    pub(crate) fn one_of(count: usize) -> usize {
        use shuttle::rand::Rng as _;
        shuttle::rand::thread_rng().gen_range(0..count)
    }
}
