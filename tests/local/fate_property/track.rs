//! Recorded facts about a message, and the check that they are one fate.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering::SeqCst};

use conclib::AskError;
use conclib::error::Delivery;

use support::NoGood;

/// Recorded facts about one message.
#[derive(Default)]
pub(super) struct Track {
    pub(super) began: AtomicU8,
    pub(super) finished: AtomicU8,
    pub(super) dropped: AtomicU8,
    pub(super) queued: AtomicBool,
    pub(super) said: Mutex<Option<Said>>,
}

/// Result that the sender got.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Said {
    NotQueued,
    Queued,
    /// The message was queued, and this answer came.
    Answer(Answer),
    /// This answer came; the message may or may not have been queued.
    Ask(Answer),
    /// No result: the sender gave up, after the message was queued or before.
    GaveUp {
        was_queued: bool,
    },
    /// No result: the sender gave up, and cannot know if the message was
    /// queued.
    GaveUpAsking,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Answer {
    Handled,
    NotRun,
    CutShort,
    Late,
}

impl Answer {
    pub(super) fn of(answer: &Result<u64, AskError<NoGood>>, id: u64) -> Self {
        let error = match answer {
            Ok(echo) => {
                assert_eq!(*echo, id, "a reply to another asker");
                return Self::Handled;
            }
            Err(AskError::Handler(NoGood(text))) => {
                assert_eq!(*text, id.to_string(), "an error for another asker");
                return Self::Handled;
            }
            Err(error) => error,
        };
        match (error, error.delivery()) {
            (
                AskError::Stopped { .. }
                | AskError::Deadline { .. }
                | AskError::MailboxFull { .. }
                | AskError::Cycle { .. },
                Delivery::NotDelivered,
            ) => Self::NotRun,
            (AskError::Panicked { .. } | AskError::Stopped { .. }, _) => Self::CutShort,
            (AskError::Deadline { .. } | AskError::Cycle { .. }, _) => Self::Late,
            _ => panic!("{error}"),
        }
    }
}

/// Checks one message. Returns if it has to be a dead letter, and if it may be
/// one.
pub(super) fn fate(id: usize, track: &Track) -> (bool, bool) {
    let began = track.began.load(SeqCst) == 1;
    let finished = track.finished.load(SeqCst) == 1;
    let said = track.said.lock().unwrap().expect("its sender hangs");
    let what = format!("message {id}: {said:?}, began {began}, finished {finished}");
    assert_eq!(track.dropped.load(SeqCst), 1, "{what}: still somewhere");
    assert!(track.began.load(SeqCst) <= 1, "{what}: handled twice");
    assert!(began || !finished, "{what}");
    match said {
        Said::Queued | Said::Answer(Answer::Late) | Said::GaveUp { was_queued: true } => {
            (!finished, !finished)
        }
        Said::NotQueued | Said::GaveUp { was_queued: false } => {
            assert!(!began, "{what}");
            (false, false)
        }
        // A message whose turn began was queued.
        Said::GaveUpAsking => (began && !finished, !finished),
        Said::Answer(answer) | Said::Ask(answer) => {
            let fits = match answer {
                Answer::Handled => finished,
                Answer::NotRun => !began,
                Answer::CutShort => began && !finished,
                Answer::Late => true,
            };
            assert!(fits, "{what}");
            let is_sure = answer != Answer::NotRun || matches!(said, Said::Answer(_));
            (!finished && is_sure, !finished)
        }
    }
}
