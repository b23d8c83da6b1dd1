//! Deadlines of the requests in both directions.

use std::sync::atomic::Ordering;
use std::task::Poll;

use conclib_core::__private::Failure;
use conclib_core::wire::Frame;
use tokio::time::Instant;

use super::answer;
use super::clock::Deadlines;
use super::inner::SessionInner;
use super::liveness::{Health, probe};

impl Deadlines for SessionInner {
    fn next_tick(&self) -> Option<Instant> {
        self.lock().next_tick
    }

    /// Ends the requests of this end whose deadline has passed, and gives up
    /// those of the peer. A peer has its own timer, and usually cancels first;
    /// but no request keeps its slot longer than its timeout.
    fn tick(&self) {
        let now = Instant::now();
        let reads = self.reads.load(Ordering::Relaxed);
        let (late, abandoned, health) = self.update(|state| {
            let heard = std::mem::replace(&mut state.reads, reads) != reads;
            let late = state.pending.remove_late(now);
            for (id, _) in &late {
                state.send_short(&Frame::Cancel(*id));
            }
            let health = state.pending.liveness.update(now, late.len(), heard);
            if health == Health::Probe {
                let id = self.ids.next();
                state.send_short(&probe(id));
                state.pending.probed(id);
            }
            let abandoned = state.served.abandon_late(now);
            for (id, waiting) in &abandoned {
                state.send_failure(*id, waiting.codec, Failure::Deadline(waiting.timeout));
            }
            let earliest = [state.pending.earliest(), state.served.earliest()];
            state.next_tick = earliest.into_iter().flatten().min();
            (late, abandoned, health)
        });
        if health == Health::Dead {
            self.is_dead.store(true, Ordering::Release);
        }
        for (_, waiting) in abandoned {
            waiting.cancellation.cancel();
        }
        for (_, request) in late {
            answer(request.answerer, Err(Failure::Deadline(request.timeout)));
        }
    }

    fn poll_earlier(&self) -> Poll<()> {
        let is_earlier = self.is_earlier.load(Ordering::Acquire);
        match is_earlier && self.is_earlier.swap(false, Ordering::AcqRel) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}
