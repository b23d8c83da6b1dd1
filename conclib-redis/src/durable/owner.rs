//! Task of one mailbox that a system owns.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::Duration;

use conclib_core::wire::Found;
use futures_util::StreamExt as _;
use futures_util::future::OptionFuture;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::boxes::{Boxes, Wake};
use super::commit::{Done, commit};
use super::delivery::{Delivered, deliver};
use super::entry::Entry;
use super::owned::{AGAIN, BATCH, End, Owned, Taken, take, uncount};
use crate::endpoint::Phase;

/// Time after which the ownership of a mailbox is renewed, and messages are looked for.
const RENEW: Duration = Duration::from_secs(5);

/// Turns of one pool that run at once. An actor has one, which keeps the order also if a message
/// comes again.
const POOL: usize = 64;

/// Time without a message after which a mailbox is let go.
const IDLE: Duration = Duration::from_secs(60);

/// Owns a mailbox while it has messages and its name has an actor.
pub(super) async fn run(
    boxes: &Boxes,
    urn: &str,
    wake: Arc<Wake>,
    mut phases: watch::Receiver<Phase>,
) {
    let mut commits = 0;
    let is_served = |phase: Phase| phase == Phase::Serving && boxes.inlet.find(urn).is_some();
    while is_served(*phases.borrow()) {
        let pause = match take(boxes, urn, commits, phases.clone()).await {
            Ok(Taken::Owned(owned)) => {
                let end = serve(&owned, &wake, phases.clone()).await;
                commits = owned.commits();
                match end {
                    End::Fenced => {
                        tracing::warn!(target: "conclib::redis", urn, "the mailbox is not owned any more");
                        continue;
                    }
                    // Without a connection, the ownership ends by itself.
                    End::Left(_)
                        if *phases.borrow() == Phase::Closing
                            && boxes.endpoint.outage().is_some() =>
                    {
                        return;
                    }
                    End::Left(unread) => match owned.release(unread).await {
                        Ok(0) => return,
                        Ok(_) if !is_served(*phases.borrow()) => return boxes.tell(urn).await,
                        Ok(_) | Err(_) => AGAIN,
                    },
                }
            }
            Ok(Taken::Empty) => return,
            Ok(Taken::Held(rest)) => rest.min(RENEW),
            Err(error) => {
                tracing::debug!(target: "conclib::redis", %error, urn, "the mailbox is not owned yet");
                tokio::select! {
                    up = boxes.endpoint.up() => if up.is_none() {
                        return;
                    },
                    _ = phases.changed() => {}
                }
                AGAIN
            }
        };
        tokio::select! {
            () = sleep(pause) => {}
            // The owner has let the mailbox go, or a message has come.
            () = wake.0.notified() => {}
            _ = phases.changed() => {}
        }
    }
}

/// Serves the messages of a mailbox.
async fn serve(owned: &Owned<'_>, wake: &Arc<Wake>, phases: watch::Receiver<Phase>) -> End {
    let listener: Weak<Wake> = Arc::downgrade(wake);
    let channel: Arc<str> = owned.mailbox.wake().into();
    let endpoint = &owned.boxes.endpoint;
    // Without the subscription, messages are found when the lease is renewed.
    if let Err(error) = endpoint.listen(channel.clone(), listener).await {
        tracing::debug!(target: "conclib::redis", %error, urn = owned.urn, "no wake yet");
    }
    let (done, finished) = mpsc::channel(BATCH);
    let handling = Serving {
        owned,
        done,
        unread: VecDeque::new(),
        undelivered: Vec::new(),
    };
    let (committed, end) = tokio::join!(commit(owned, finished), handling.run(wake, phases));
    endpoint.unlisten(&channel).await;
    match committed {
        Ok(()) => end,
        Err(fenced) => fenced,
    }
}

/// Messages of a mailbox on their way to its actor.
struct Serving<'a> {
    owned: &'a Owned<'a>,
    done: mpsc::Sender<Done>,
    /// Messages that were read, in order.
    unread: VecDeque<Entry>,
    /// Messages that did not reach the actor.
    undelivered: Vec<Box<str>>,
}

impl Serving<'_> {
    /// Reads messages and has them handled, in order.
    async fn run(mut self, wake: &Wake, mut phases: watch::Receiver<Phase>) -> End {
        let (owned, inlet) = (self.owned, &self.owned.boxes.inlet);
        let limit = match inlet.find(owned.urn) {
            Some(Found::Pool) => POOL,
            _ => 1,
        };
        let mut renewal = interval(RENEW);
        renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut turns = FuturesUnordered::new();
        let mut after: Box<str> = "0-0".into();
        let (mut reading, mut is_reading) = (OptionFuture::from(None), false);
        let (mut may_have_more, mut last) = (true, Instant::now());
        loop {
            let phase = *phases.borrow();
            let is_left = phase != Phase::Serving
                || !self.undelivered.is_empty()
                || inlet.find(owned.urn).is_none();
            if phase == Phase::Closing || (is_left && turns.is_empty()) {
                // Turns that run still are given up.
                return self.left();
            }
            while !is_left
                && turns.len() < limit
                && let Some(entry) = self.unread.pop_front()
            {
                turns.push(deliver(owned, entry));
            }
            let has_room = !is_left && self.unread.is_empty() && turns.len() < limit;
            if has_room && may_have_more && !std::mem::replace(&mut is_reading, true) {
                let after = after.clone();
                reading = Some(Box::pin(async move { owned.read(&after).await })).into();
            }
            tokio::select! {
                Some(turn) = turns.next() => match turn {
                    Delivered::Done(finished) => {
                        if self.done.send(finished).await.is_err() {
                            return End::Fenced;
                        }
                    }
                    Delivered::Buried => {}
                    Delivered::Unread => return self.left(),
                    Delivered::Fenced => return End::Fenced,
                    Delivered::Undelivered(id) => self.undelivered.push(id),
                },
                Some(read) = &mut reading => {
                    (reading, is_reading) = (None.into(), false);
                    match read {
                        Ok(entries) => {
                            may_have_more = !entries.is_empty();
                            if let Some(newest) = entries.last() {
                                (after, last) = (newest.id.clone(), Instant::now());
                            }
                            self.unread.extend(entries);
                        }
                        Err(End::Left(unread)) => {
                            self.undelivered.extend(unread);
                            return self.left();
                        }
                        Err(End::Fenced) => return End::Fenced,
                    }
                }
                () = wake.0.notified() => may_have_more = true,
                _ = renewal.tick() => {
                    let is_idle = turns.is_empty() && self.unread.is_empty();
                    if is_idle && !may_have_more && last.elapsed() > IDLE {
                        return self.left();
                    }
                    // A wake that was lost costs the time of a renewal.
                    may_have_more = true;
                    if !has_room && let Err(end) = owned.renew().await {
                        return end;
                    }
                }
                _ = phases.changed() => {}
            }
        }
    }

    fn left(self) -> End {
        End::Left(uncount(self.unread).chain(self.undelivered).collect())
    }
}
