//! test_threading_actor.py

use conclib::prelude::*;
use support::processes::threads;

macro_rules! threaded {
    ($($name:ident),*) => {$(
        #[actor]
        struct $name;

        #[actor]
        impl $name {}
    )*};
}

threaded! { Regular, Owned }

#[cfg(target_os = "linux")]
#[support::test]
async fn actor_thread_is_named_after_pykka_actor_class() {
    let system = System::new("pykka");
    let regular = system.actor(Regular).on_thread().spawn().unwrap();
    regular.started().await.unwrap();
    assert_eq!(threads("Regular"), 1);
}

/// Difference: a thread belongs to the system of its actor, and ends with it.
#[cfg(target_os = "linux")]
#[support::test]
async fn actor_thread_is_not_daemonic_by_default() {
    let system = System::new("pykka");
    let owned = system.actor(Owned).on_thread().spawn().unwrap();
    owned.started().await.unwrap();
    assert_eq!(threads("Owned"), 1);
    assert!(system.shutdown().await.is_clean());
    assert_eq!(threads("Owned"), 0);
}
