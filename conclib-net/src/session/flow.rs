//! Credit: a receiver says how many items its sender may send ahead.

use conclib_core::wire::FIRST_CREDIT;

/// Credit of a sender.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SendCredit(u32);

impl SendCredit {
    pub(crate) fn new() -> Self {
        Self(FIRST_CREDIT)
    }

    /// Adds credit from the receiver. The sum saturates: other limits bound the
    /// memory, whatever credit a peer gives.
    pub(crate) fn grant(&mut self, items: u32) {
        self.0 = self.0.saturating_add(items);
    }

    /// Takes the credit for one item.
    pub(crate) fn spend(&mut self) {
        self.0 = self.0.saturating_sub(1);
    }

    pub(crate) fn is_spent(self) -> bool {
        self.0 == 0
    }
}

/// Credit that a receiver has given to its sender.
#[derive(Debug)]
pub(crate) struct ReceiveCredit {
    /// Number of further items that the sender may send.
    allowed: u32,
    /// Number of items read since the last grant.
    read: u32,
}

impl ReceiveCredit {
    pub(crate) fn new() -> Self {
        Self {
            allowed: FIRST_CREDIT,
            read: 0,
        }
    }

    /// Counts an item that came. False if the sender had no credit for it.
    #[must_use]
    pub(crate) fn receive(&mut self) -> bool {
        match self.allowed.checked_sub(1) {
            Some(left) => {
                self.allowed = left;
                true
            }
            None => false,
        }
    }

    /// Counts an item that was read, and returns the credit to grant now, if
    /// any: half of the window at once, since a frame for each item would
    /// double the frames.
    pub(crate) fn read(&mut self) -> Option<u32> {
        self.read += 1;
        if self.read < FIRST_CREDIT / 2 {
            return None;
        }
        let items = std::mem::take(&mut self.read);
        self.allowed += items;
        Some(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_that_keeps_to_its_credit_is_never_over_it() {
        let (mut sender, mut receiver) = (SendCredit::new(), ReceiveCredit::new());
        let mut queued = 0_u32;
        let mut sent = 0;
        while sent < 1000 {
            while !sender.is_spent() {
                sender.spend();
                assert!(receiver.receive());
                queued += 1;
                sent += 1;
            }
            assert_eq!(queued, FIRST_CREDIT);
            while let Some(left) = queued.checked_sub(1) {
                queued = left;
                if let Some(items) = receiver.read() {
                    sender.grant(items);
                    break;
                }
            }
        }
    }

    #[test]
    fn one_item_more_than_the_credit_is_noticed() {
        let mut receiver = ReceiveCredit::new();
        assert!((0..FIRST_CREDIT).all(|_| receiver.receive()));
        assert!(!receiver.receive());
    }
}
