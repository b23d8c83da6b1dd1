//! Circles that close while an actor is between two turns.
//!
//! An ask that would close a circle is refused before it is sent. An actor that
//! comes to wait afterwards, for its supervisor, a sibling or a child, may close
//! one too: then it refuses what is queued and part of it.

use std::collections::VecDeque;

use super::{Actor, Cell, Messages};
use crate::error::{Delivery, Failure};
use crate::events::DeadLetterCause;
use crate::waits::Wait;

/// Refuses each queued ask whose asker this actor waits for, directly or through
/// others: neither could go on. Senders that wait for a place in its mailbox
/// look for themselves.
pub(super) fn break_circles<A: Actor>(cell: &Cell<A>, batch: &mut VecDeque<A::Inbox>) {
    let wait = |message: &A::Inbox| {
        let head = message.head();
        Some((head.from?, head.wait?))
    };
    let mut waits = Vec::new();
    let mailbox = &cell.mailbox;
    mailbox.each(batch, &mut |message| waits.extend(wait(message)));
    for (who, number) in waits {
        let Some(cycle) = Wait::cycle(who, cell.id) else {
            continue;
        };
        let mut is_it = |message: &A::Inbox| wait(message) == Some((who, number));
        if let Some(message) = mailbox.take_one(batch, &mut is_it) {
            cell.meter.unqueued(1);
            cell.dead_letter(&message, DeadLetterCause::Cycle);
            message.refuse(Failure::Cycle(cycle, Delivery::NotDelivered));
        }
    }
    mailbox.wake_line();
}
