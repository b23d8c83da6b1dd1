//! Every message has exactly one fate, whatever happens: it is handled, or
//! its sender has it back, or it is a dead letter. And every ask ends.
//!
//! A few tasks do random things to a few actors on all threads. The seed is
//! printed; `CONCLIB_SEED=… cargo test --test fate` does the same again.
#![allow(clippy::print_stdout, reason = "the seed is told when the test fails")]

use std::env;
use std::sync::atomic::{AtomicU8, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use conclib::Place;
use conclib::prelude::*;
use support::{At, NoGood, poll_once, until};
use tokio::task::{JoinSet, yield_now};

support::on_every_place! {
    multi_thread:
    every_message_has_exactly_one_fate_and_every_ask_ends,
}

const DRIVERS: u64 = 4;
const STEPS: usize = 50_000;
const SLOTS: usize = 6;
/// Number of sends that one driver has under way.
const UNDER_WAY: usize = 24;

/// George Marsaglia's xorshift.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 11) % end
    }
}

/// Recorded facts about one message.
#[derive(Default)]
struct Track {
    began: AtomicU8,
    finished: AtomicU8,
    dropped: AtomicU8,
    said: Mutex<Option<Said>>,
}

/// Result that the sender got.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Said {
    /// The message was queued, and no more is known.
    Queued,
    /// The message was not queued, or taken back.
    NotQueued,
    /// The message was queued, and this answer came.
    Answer(Answer),
    /// This answer came; the message may or may not have been queued.
    Unqueued(Answer),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Answer {
    Handled,
    NotRun,
    CutShort,
    Late,
}

impl Answer {
    fn of(answer: &Result<u64, AskError<NoGood>>, id: u64) -> Self {
        match answer {
            Ok(echo) => {
                assert_eq!(*echo, id, "a reply to another asker");
                Self::Handled
            }
            Err(AskError::Handler(NoGood(text))) => {
                assert_eq!(*text, id.to_string(), "an error for another asker");
                Self::Handled
            }
            Err(AskError::Panicked { .. }) => Self::CutShort,
            Err(AskError::Deadline { delivery, .. }) => match delivery {
                Delivery::NotDelivered => Self::NotRun,
                Delivery::MayHaveRun => Self::Late,
            },
            Err(AskError::Stopped { delivery, .. }) => match delivery {
                Delivery::NotDelivered => Self::NotRun,
                Delivery::MayHaveRun => Self::CutShort,
            },
            Err(AskError::MailboxFull { .. }) => Self::NotRun,
            Err(error) => panic!("{error}"),
        }
    }
}

type Book = Arc<Mutex<Vec<Arc<Track>>>>;

/// Marker inside a message: records the fate of the message.
struct Mark {
    id: u64,
    track: Arc<Track>,
    book: Book,
}

impl Mark {
    fn new(book: &Book) -> Self {
        let mut tracks = book.lock().unwrap();
        let track = Arc::new(Track::default());
        tracks.push(track.clone());
        Self {
            id: u64::try_from(tracks.len()).unwrap(),
            track,
            book: book.clone(),
        }
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        self.track.dropped.fetch_add(1, SeqCst);
    }
}

fn say(track: &Track, said: Said) {
    let before = track.said.lock().unwrap().replace(said);
    assert_eq!(before, None, "its sender was told twice");
}

/// Action of a handler.
#[derive(Clone, Copy)]
enum Deed {
    Quick,
    Yield(u64),
    Fail,
    Panic,
    Stop,
    StopNow,
    TellMyself,
}

#[actor]
struct Subject;

#[actor]
impl Subject {
    #[message(local)]
    async fn act(
        &mut self,
        mark: Mark,
        deed: Deed,
        ctx: &mut Context<Self>,
    ) -> Result<u64, NoGood> {
        mark.track.began.fetch_add(1, SeqCst);
        match deed {
            Deed::Quick | Deed::Fail => {}
            Deed::Yield(times) => {
                for _ in 0..times {
                    yield_now().await;
                }
            }
            Deed::Panic => panic!("as it was told"),
            Deed::Stop => ctx.stop(),
            Deed::StopNow => ctx.stop_now(),
            Deed::TellMyself => {
                let own = Mark::new(&mark.book);
                let track = own.track.clone();
                let told = ctx.me().act(own, Deed::Yield(1)).try_tell();
                say(&track, told.map_or(Said::NotQueued, |()| Said::Queued));
            }
        }
        mark.track.finished.fetch_add(1, SeqCst);
        match deed {
            Deed::Fail => Err(NoGood(mark.id.to_string())),
            _ => Ok(mark.id),
        }
    }
}

struct Driver {
    random: Random,
    system: System,
    slots: Arc<Vec<Mutex<Option<ActorRef<Subject>>>>>,
    book: Book,
    place: Place,
}

impl Driver {
    async fn drive(mut self) {
        let mut under_way = JoinSet::new();
        // Fewer steps, as starting a thread for each actor takes time.
        let steps = match self.place {
            Place::Thread => STEPS / 10,
            _ => STEPS,
        };
        for _ in 0..steps {
            let at = usize::try_from(self.random.below(SLOTS as u64)).unwrap();
            let subject = self.subject(at);
            match self.random.below(40) {
                0 => drop(subject.stop().await),
                1 => drop(subject.stop_now().await),
                2 => drop(subject.kill().await),
                3 => drop(subject.stop()),
                4 => drop(subject.kill()),
                5 => drop(self.slots[at].lock().unwrap().take()),
                6 => yield_now().await,
                _ => {
                    under_way.spawn(self.send(subject));
                }
            }
            while under_way.len() >= UNDER_WAY {
                under_way.join_next().await.unwrap().unwrap();
            }
        }
        under_way.join_all().await;
    }

    /// The actor in a slot; a new one if there is none, or it has ended.
    fn subject(&mut self, at: usize) -> ActorRef<Subject> {
        let mut slot = self.slots[at].lock().unwrap();
        if let Some(subject) = &*slot
            && subject.state() != Some(State::Stopped)
        {
            return subject.clone();
        }
        let overflow = [
            Overflow::Wait,
            Overflow::Wait,
            Overflow::Reject,
            Overflow::DropOldest,
            Overflow::DropNewest,
        ];
        let overflow = overflow[usize::try_from(self.random.below(5)).unwrap()];
        let capacity = usize::try_from(1 + self.random.below(6)).unwrap();
        let subject = self.system.actor(Subject).mailbox(capacity);
        let subject = subject.overflow(overflow).at(self.place).unwrap();
        slot.insert(subject).clone()
    }

    /// Sends a message in a random way, and notes the result.
    fn send(&mut self, subject: ActorRef<Subject>) -> impl Future<Output = ()> + Send + use<> {
        let deed = match self.random.below(40) {
            0 => Deed::Panic,
            1 => Deed::Stop,
            2 => Deed::StopNow,
            3..6 => Deed::Fail,
            6..10 => Deed::TellMyself,
            10..25 => Deed::Yield(1 + self.random.below(4)),
            _ => Deed::Quick,
        };
        let mark = Mark::new(&self.book);
        let how = self.random.below(8);
        async move {
            let (id, track) = (mark.id, mark.track.clone());
            let queued = |is_queued| match is_queued {
                true => Said::Queued,
                false => Said::NotQueued,
            };
            let call = subject.act(mark, deed);
            let said = match how {
                0 => queued(call.try_tell().map_err(|error| mine(error, id)).is_ok()),
                1 | 2 => queued(call.tell().await.map_err(|error| mine(error, id)).is_ok()),
                // Gives up at once if it has to wait.
                3 => match poll_once(&mut call.tell()) {
                    Poll::Ready(told) => queued(told.map_err(|error| mine(error, id)).is_ok()),
                    Poll::Pending => Said::NotQueued,
                },
                4 => match call.reply().await {
                    Ok(reply) => Said::Answer(Answer::of(&reply.await, id)),
                    Err(error) => {
                        mine(error, id);
                        Said::NotQueued
                    }
                },
                // Drops the reply.
                5 => queued(call.reply().await.map_err(|error| mine(error, id)).is_ok()),
                6 => Said::Unqueued(Answer::of(&call.await, id)),
                _ => {
                    let soon = Duration::from_micros(200);
                    Said::Unqueued(Answer::of(&call.timeout(soon).await, id))
                }
            };
            say(&track, said);
        }
    }
}

/// The returned message is the one that was sent.
fn mine(error: TellError<SubjectAct>, id: u64) {
    assert_eq!(error.into_message().mark.id, id);
}

/// Checks one message. Returns if it has to be a dead letter, and if it may be
/// one.
fn check(id: usize, track: &Track) -> (bool, bool) {
    let began = track.began.load(SeqCst) == 1;
    let finished = track.finished.load(SeqCst) == 1;
    let said = track
        .said
        .lock()
        .unwrap()
        .expect("its sender was told nothing");
    let what = format!("message {id}: {said:?}, began {began}, finished {finished}");
    assert_eq!(track.dropped.load(SeqCst), 1, "{what}: still somewhere");
    assert!(track.began.load(SeqCst) <= 1, "{what}: handled twice");
    assert!(began || !finished, "{what}");
    match said {
        Said::Queued | Said::Answer(Answer::Late) => (!finished, !finished),
        Said::NotQueued => {
            assert!(!began, "{what}");
            (false, false)
        }
        Said::Answer(answer) | Said::Unqueued(answer) => {
            let fits = match answer {
                Answer::Handled => finished,
                Answer::NotRun => !began,
                Answer::CutShort => began && !finished,
                Answer::Late => true,
            };
            assert!(fits, "{what}");
            let is_dead = !finished && answer != Answer::Handled;
            let is_sure = answer != Answer::NotRun || matches!(said, Said::Answer(_));
            (is_dead && is_sure, is_dead)
        }
    }
}

fn seed() -> u64 {
    if let Ok(seed) = env::var("CONCLIB_SEED") {
        return seed.parse().expect("CONCLIB_SEED is a number");
    }
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    u64::try_from(now.unwrap().as_nanos() & u128::from(u64::MAX)).unwrap() | 1
}

async fn every_message_has_exactly_one_fate_and_every_ask_ends(place: Place) {
    let base = support::alive();
    let seed = seed();
    println!("CONCLIB_SEED={seed}");
    let system = System::new("fate");
    let book = Book::default();
    let slots: Arc<Vec<_>> = Arc::new((0..SLOTS).map(|_| Mutex::default()).collect());
    let mut drivers = JoinSet::new();
    for driver in 0..DRIVERS {
        let driver = Driver {
            random: Random(seed.wrapping_add(driver.wrapping_mul(0x9E37_79B9_7F4A_7C15)) | 1),
            system: system.clone(),
            slots: slots.clone(),
            book: book.clone(),
            place,
        };
        drivers.spawn(driver.drive());
    }
    drivers.join_all().await;
    drop(slots);
    let report = system.shutdown().await;
    assert!(report.is_clean(), "{report}");
    until(|| support::alive() == base).await;

    let tracks = book.lock().unwrap();
    let (mut sure, mut possible) = (0, 0);
    for (id, track) in tracks.iter().enumerate() {
        let (is_dead, may_be_dead) = check(id + 1, track);
        sure += u64::from(is_dead);
        possible += u64::from(may_be_dead);
    }
    let told = system.snapshot().dead_letters;
    println!(
        "{} messages; {told} dead letters, {sure} to {possible} expected",
        tracks.len()
    );
    assert!((sure..=possible).contains(&told));
    // The run was meaningful: many messages had either fate.
    assert!(told > 100 && u64::try_from(tracks.len()).unwrap() > 2 * told);
}
