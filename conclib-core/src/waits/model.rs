//! Crossing asks in thousands of orders.

use shuttle::thread;

use super::*;
use crate::sync::model::check;

/// Each asks the next, and the last the first: exactly one is told, whoever
/// comes last.
fn one_is_told(actors: usize) {
    check(move || {
        let ids: Vec<_> = (0..actors).map(ActorId::next).collect();
        let waits = Arc::new(Waits::default());
        let asks: Vec<_> = (0..actors)
            .map(|at| {
                let waits = waits.clone();
                let (who, whom) = (ids[at], ids[(at + 1) % actors]);
                thread::spawn(move || waits.enter(who, whom))
            })
            .collect();
        let told: Vec<_> = asks.into_iter().map(|ask| ask.join().unwrap()).collect();
        let circles: Vec<_> = told.into_iter().filter_map(Result::err).collect();
        let [circle] = &circles[..] else {
            panic!("{} were told", circles.len());
        };
        assert_eq!(circle.len(), actors + 1);
        assert_eq!(circle.first(), circle.last());
    });
}

#[test]
fn of_crossing_asks_exactly_one_is_told() {
    one_is_told(2);
    one_is_told(3);
    one_is_told(4);
}

/// Who was told leaves the others to go on; who got an answer waits no more.
#[test]
fn whoever_is_through_stands_in_nobodys_way() {
    check(|| {
        let [a, b] = [0, 1].map(ActorId::next);
        let waits = Arc::new(Waits::default());
        let asks = [(a, b), (b, a)].map(|(who, whom)| {
            let waits = waits.clone();
            thread::spawn(move || {
                for _ in 0..3 {
                    if waits.enter(who, whom).is_ok() {
                        assert_eq!(waits.of(who), [whom]);
                        assert_eq!(waits.of(whom), [], "both wait");
                        waits.leave(who, whom);
                    }
                }
            })
        });
        for ask in asks {
            ask.join().unwrap();
        }
        assert!(waits.edges().is_empty());
    });
}
