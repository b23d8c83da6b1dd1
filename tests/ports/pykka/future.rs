//! test_future.py

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use conclib::prelude::*;
use tokio::task::yield_now;

use support::oracle::{Oracle, OracleCalls, Promises, oracle};
use support::{NoGood, poll_once};

/// Actor that answers, and the promises that the test keeps or drops.
struct Futures {
    _system: System,
    oracle: ActorRef<Oracle>,
    promises: Promises,
}

fn futures() -> Futures {
    let system = System::new("pykka");
    let (oracle, promises) = oracle(&system);
    Futures {
        _system: system,
        oracle,
        promises,
    }
}

impl Futures {
    async fn set(&self, n: u64) -> Reply<u64, NoGood> {
        self.oracle.echo(n).reply().await.unwrap()
    }

    async fn items(&self, from: u64, to: u64) -> Reply<Vec<u64>> {
        self.oracle.range(from, to).reply().await.unwrap()
    }

    /// Reply that never comes.
    async fn unset(&self) -> Reply<u64, NoGood> {
        self.oracle.promise().reply().await.unwrap()
    }

    async fn three(&self) -> [Reply<u64, NoGood>; 3] {
        [self.set(0).await, self.set(1).await, self.set(2).await]
    }

    async fn two_of_three(&self) -> [Reply<u64, NoGood>; 3] {
        [self.set(0).await, self.set(1).await, self.unset().await]
    }
}

async fn is_late<T: Send + Debug + 'static>(reply: Reply<T, NoGood>) {
    let late = reply.timeout(Duration::ZERO).await;
    assert!(matches!(late, Err(AskError::Deadline { .. })), "{late:?}");
}

/// Checks that every caller gets the result of the first run of the closure.
async fn is_made_once<T, E>(runs: &AtomicUsize, expected: usize, reply: Reply<T, E>, made: T)
where
    T: Clone + Debug + PartialEq + Send + 'static,
    E: Clone + Debug + PartialEq + Send + 'static,
    SharedReply<T, E>: Clone + Future<Output = Result<T, AskError<E>>>,
{
    let shared = reply.shared();
    for _ in 0..3 {
        assert_eq!(shared.clone().await.unwrap(), made);
    }
    assert_eq!(runs.load(Ordering::Relaxed), expected);
}

fn counter() -> (Arc<AtomicUsize>, impl FnMut() + Send + 'static) {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let count = move || {
        counted.fetch_add(1, Ordering::Relaxed);
    };
    (runs, count)
}

#[support::test]
async fn get_all_blocks_until_all_futures_are_available() {
    let mut it = futures();
    let mut all = Reply::join_all(it.two_of_three().await);
    let last = it.promises.next().await;
    yield_now().await;
    assert!(poll_once(&mut all).is_pending());
    last.send(2);
    assert_eq!(all.await, Ok(vec![0, 1, 2]));
}

#[support::test]
async fn get_all_raises_timeout_if_not_all_futures_are_available() {
    let it = futures();
    is_late(Reply::join_all(it.two_of_three().await)).await;
}

#[support::test]
async fn get_all_can_be_called_multiple_times() {
    let it = futures();
    let all = Reply::join_all(it.three().await).shared();
    assert_eq!(all.clone().await, Ok(vec![0, 1, 2]));
    assert_eq!(all.await, Ok(vec![0, 1, 2]));
}

#[support::test]
async fn future_in_future_works() {
    let it = futures();
    let inner = it.oracle.text("foo".into()).reply().await.unwrap();
    let outer = it.set(0).await.map(|_| inner);
    assert_eq!(outer.await.unwrap().await.unwrap(), "foo");
}

/// Difference: the error is the value itself, wherever the reply was moved to.
#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_raises_exception_with_full_traceback() {
    let it = futures();
    let failed = it.oracle.fail("foo".into()).reply().await.unwrap();
    let error = tokio::spawn(failed).await.unwrap().unwrap_err();
    assert_eq!(error, AskError::Handler(NoGood("foo".into())));
    assert_eq!(error.to_string(), "no good: foo");
}

#[support::test]
async fn future_supports_await_syntax() {
    let it = futures();
    assert_eq!(it.set(1).await.await, Ok(1));
}

/// Difference: polled, where Python yields.
#[support::test]
async fn future_supports_yield_from_syntax() {
    let mut it = futures();
    let mut reply = it.unset().await;
    let promise = it.promises.next().await;
    assert!(poll_once(&mut reply).is_pending());
    promise.send(1);
    assert_eq!(poll_once(&mut reply), Poll::Ready(Ok(1)));
}

#[support::test]
async fn get_hook_is_only_called_once_even_if_result_is_none() {
    let it = futures();
    let (runs, mut count) = counter();
    let nothing = it.set(0).await.map(move |_| count());
    is_made_once(&runs, 1, nothing, ()).await;
}

#[support::test]
async fn filter_excludes_items_not_matching_predicate() {
    let it = futures();
    let large = it.items(1, 16).await.filter(|n| *n > 10);
    assert_eq!(large.await.unwrap(), [11, 12, 13, 14, 15]);
}

#[support::test]
async fn filter_preserves_the_timeout_kwarg() {
    let it = futures();
    let unset = it.unset().await.map(|n| vec![n]);
    is_late(unset.filter(|n| *n > 10)).await;
}

#[support::test]
async fn filter_reuses_result_if_called_multiple_times() {
    let it = futures();
    let (runs, mut count) = counter();
    let second = it.items(1, 3).await.filter(move |n| {
        count();
        *n == 2
    });
    is_made_once(&runs, 2, second, vec![2]).await;
}

#[support::test]
async fn join_combines_multiple_futures_into_one() {
    let it = futures();
    let [a, b, c] = it.three().await;
    assert_eq!(a.zip(b).zip(c).await, Ok(((0, 1), 2)));
}

#[support::test]
async fn join_preserves_timeout_kwarg() {
    let it = futures();
    let [a, b, unset] = it.two_of_three().await;
    is_late(a.zip(b).zip(unset)).await;
}

#[support::test]
async fn map_returns_future_which_passes_result_through_func() {
    let it = futures();
    assert_eq!(it.set(30).await.map(|n| n + 10).await, Ok(40));
}

#[support::test]
async fn map_works_on_dict() {
    let it = futures();
    let set = it.set(0).await;
    let dict = set.map(|_| HashMap::from([("foo", "bar")]));
    assert_eq!(dict.map(|dict| dict["foo"]).await, Ok("bar"));
}

/// Difference: the type of the closure decides.
#[support::test]
async fn map_does_not_map_each_value_in_futures_iterable_result() {
    let it = futures();
    let items = it.items(1, 4).await;
    let mapped = items.map(|whole: Vec<u64>| whole.len());
    assert_eq!(mapped.await.unwrap(), 3);
}

#[support::test]
async fn map_preserves_timeout_kwarg() {
    let it = futures();
    is_late(it.unset().await.map(|n| n + 10)).await;
}

#[support::test]
async fn map_reuses_result_if_called_multiple_times() {
    let it = futures();
    let (runs, mut count) = counter();
    let mapped = it.set(30).await.map(move |_| {
        count();
        10
    });
    is_made_once(&runs, 1, mapped, 10).await;
}

#[support::test]
async fn reduce_applies_function_cumulatively_from_the_left() {
    let it = futures();
    let items = it.items(1, 5).await;
    let digits = items.reduce(0, |digits, n| digits * 10 + n);
    assert_eq!(digits.await.unwrap(), 1234);
}

#[support::test]
async fn reduce_accepts_an_initial_value() {
    let it = futures();
    let sum = it.items(1, 5).await.reduce(5, |sum, n| sum + n);
    assert_eq!(sum.await.unwrap(), 15);
}

#[support::test]
async fn reduce_preserves_the_timeout_kwarg() {
    let it = futures();
    let unset = it.unset().await.map(|n| vec![n]);
    is_late(unset.reduce(0, |sum, n| sum + n)).await;
}

#[support::test]
async fn reduce_reuses_result_if_called_multiple_times() {
    let it = futures();
    let (runs, mut count) = counter();
    let sum = it.items(1, 4).await.reduce(0, move |sum, n| {
        count();
        sum + n
    });
    is_made_once(&runs, 3, sum, 6).await;
}
