//! Bytes that leave over the connection of a session.

use std::{fmt, task};

use conclib_core::wire::{
    Codec, CodecError, Exported, Frame, FrameError, Keys, MAX_BODY, RefError,
};

use super::inner::SessionInner;
use super::outbox::{ByteSource, Lane, Position};
use super::shares::Target;
use super::state::State;
use crate::sync::atomic::Ordering;

impl State {
    /// Queues a frame with a body in that codec, after an export of the
    /// references in it: the peer refers to their actors from then on.
    pub(super) fn push_body(
        &mut self,
        frame: &Frame<'_>,
        codec: Codec,
        target: Option<Target>,
        exported: &mut Vec<Exported>,
    ) -> Result<Position, CodecError> {
        let limit = self.limits.references;
        let unencodable = |error: &dyn fmt::Display| CodecError::Unencodable {
            codec,
            detail: error.to_string(),
        };
        if !self.references.has_room(exported, limit) {
            return Err(unencodable(&RefError::TooMany { limit }));
        }
        let keys = exported.iter().map(Exported::key).filter(|key| *key != 0);
        let keys: Vec<u8> = keys.flat_map(u64::to_be_bytes).collect();
        // No keys are no export, and more than fit do not come from one body.
        let keys = Keys::new(&keys).ok();
        let export = frame.id().zip(keys);
        let export = export.map(|(id, keys)| Frame::Export { id, keys });
        let pushed = self.out.push_pair(export.as_ref(), frame, target);
        let position = pushed.map_err(|error| match error {
            FrameError::TooLarge { .. } => CodecError::TooLarge { limit: MAX_BODY },
            error => unencodable(&error),
        })?;
        self.references.keep(exported);
        Ok(position)
    }
}

impl ByteSource for SessionInner {
    fn poll_take(&self, empty: &mut Vec<u8>) -> task::Poll<Option<Lane>> {
        if !self.wants_writer.load(Ordering::Acquire) {
            return task::Poll::Pending;
        }
        let (taken, streams) = self.update(|state| {
            let taken = state.out.poll_take(empty);
            (taken, state.served.streams.has_room(state.out.waiting()))
        });
        if streams {
            self.ready_set.wake();
        }
        taken
    }

    fn wrote(&self, lane: Lane, bytes: usize) {
        self.written[lane as usize].fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

impl SessionInner {
    /// Tests if there are frames to write while several requests are under way, which others may
    /// follow at once.
    pub(super) fn may_write_more(&self) -> bool {
        self.wants_writer.load(Ordering::Acquire) && {
            let state = self.lock();
            state.pending.len() + state.served.len() > 1
        }
    }

    /// Number of bytes of both lanes that were handed to the operating system.
    pub(super) fn written(&self) -> u64 {
        let lanes = self.written.iter();
        lanes.map(|lane| lane.load(Ordering::Relaxed)).sum()
    }
}
