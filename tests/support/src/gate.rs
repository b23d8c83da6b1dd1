//! Gate at which a test holds a turn.

use std::pin::pin;
use std::task::{Context as Poller, Poll, Waker};
use std::thread;

use tokio::sync::oneshot;

/// Gate that a turn passes when the test opens it.
pub struct Gate {
    entered: oneshot::Sender<()>,
    opened: oneshot::Receiver<()>,
}

/// Handle of the test for a gate. Dropping it opens the gate too.
pub struct Keeper {
    entered: Option<oneshot::Receiver<()>>,
    open: oneshot::Sender<()>,
}

pub fn gate() -> (Gate, Keeper) {
    let (enter, entered) = oneshot::channel();
    let (open, opened) = oneshot::channel();
    let gate = Gate {
        entered: enter,
        opened,
    };
    let keeper = Keeper {
        entered: Some(entered),
        open,
    };
    (gate, keeper)
}

impl Gate {
    pub async fn pass(self) {
        let _ = self.entered.send(());
        let _ = self.opened.await;
    }

    /// Does the same as `pass`, for a turn that never awaits.
    pub fn pass_blocking(self) {
        let _ = self.entered.send(());
        let waker = Waker::noop();
        let mut opened = self.opened;
        while pin!(&mut opened).poll(&mut Poller::from_waker(waker)) == Poll::Pending {
            thread::yield_now();
        }
    }
}

impl Keeper {
    /// Waits until a turn is at the gate.
    pub async fn entered(&mut self) {
        if let Some(entered) = self.entered.take() {
            entered.await.expect("nobody came to the gate");
        }
    }

    pub fn open(self) {
        let _ = self.open.send(());
    }
}
