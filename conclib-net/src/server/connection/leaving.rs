//! End of a connection.

use super::{Connection, Stage};

/// Cleans up when the task of a connection ends in any way, also by an abort:
/// all its requests are cancelled, and their answers are dropped.
pub(in crate::server) struct Leaving<'a>(pub(in crate::server) &'a Connection);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        let (live, _streams) = {
            let mut state = self.0.lock();
            state.out.discard();
            state.reader = None;
            let streams = std::mem::take(&mut state.streams);
            (std::mem::take(&mut state.live), streams)
        };
        for request in live.into_values() {
            if let Stage::Waiting(waiting) = request.stage {
                waiting.cancellation.cancel();
            }
        }
    }
}
