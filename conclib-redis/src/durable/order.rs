//! Order in which the messages of a mailbox leave it.

use std::collections::VecDeque;
use std::sync::Arc;

/// Messages that an owner has read, oldest first, up to the newest one that is still in the mailbox.
#[derive(Default)]
pub(super) struct Order(VecDeque<(Arc<str>, bool)>);

/// Messages that leave a mailbox together.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Leaving {
    /// First id that is kept, if messages before it leave.
    pub(super) kept: Option<String>,
    /// Ids of messages that leave before older ones do.
    pub(super) single: Vec<Arc<str>>,
}

impl Order {
    /// Notes a message that was read.
    pub(super) fn read(&mut self, id: Arc<str>) {
        self.0.push_back((id, false));
    }

    /// Notes that a message is not in the mailbox any more.
    pub(super) fn gone(&mut self, id: &str) {
        let found = self.0.iter_mut().find(|(known, _)| **known == *id);
        if let Some((_, is_gone)) = found {
            *is_gone = true;
        }
    }

    /// Takes messages that leave. Those before all others leave by one id.
    pub(super) fn leave(&mut self, ids: Vec<Arc<str>>) -> Leaving {
        ids.iter().for_each(|id| self.gone(id));
        let mut last = None;
        while let Some((id, _)) = self.0.pop_front_if(|(_, is_gone)| *is_gone) {
            last = Some(id);
        }
        let stays = |id: &str| self.0.iter().any(|(known, _)| **known == *id);
        let single = match self.0.iter().any(|(_, is_gone)| *is_gone) {
            true => ids.into_iter().filter(|id| stays(id)).collect(),
            false => Vec::new(),
        };
        Leaving {
            kept: last.and_then(|id| next(&id)),
            single,
        }
    }

    /// Returns the messages that are in the mailbox.
    pub(super) fn rest(self) -> impl Iterator<Item = Arc<str>> {
        let rest = self.0.into_iter().filter(|(_, is_gone)| !is_gone);
        rest.map(|(id, _)| id)
    }
}

/// Returns the id after another one.
fn next(id: &str) -> Option<String> {
    let (time, number) = id.split_once('-')?;
    let (time, number): (u64, u64) = (time.parse().ok()?, number.parse().ok()?);
    Some(match number.checked_add(1) {
        Some(number) => format!("{time}-{number}"),
        None => format!("{}-0", time.checked_add(1)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(ids: &[&str]) -> Vec<Arc<str>> {
        ids.iter().copied().map(Into::into).collect()
    }

    fn read(list: &[&str]) -> Order {
        let mut order = Order::default();
        ids(list).into_iter().for_each(|id| order.read(id));
        order
    }

    #[test]
    fn messages_in_order_leave_by_one_id() {
        let mut order = read(&["1-0", "1-1", "2-0"]);
        let leaving = order.leave(ids(&["1-0", "1-1"]));
        assert_eq!(leaving.kept.as_deref(), Some("1-2"));
        assert!(leaving.single.is_empty());
        assert_eq!(order.rest().collect::<Vec<_>>(), ids(&["2-0"]));
    }

    #[test]
    fn a_message_behind_one_that_stays_leaves_alone() {
        let mut order = read(&["1-0", "1-1", "2-0", "3-0"]);
        let leaving = order.leave(ids(&["2-0", "1-0"]));
        assert_eq!(leaving.kept.as_deref(), Some("1-1"));
        assert_eq!(leaving.single, ids(&["2-0"]));
        let leaving = order.leave(ids(&["1-1"]));
        assert_eq!(leaving.kept.as_deref(), Some("2-1"));
        assert!(leaving.single.is_empty());
    }

    #[test]
    fn a_message_that_is_gone_holds_nothing_back() {
        let mut order = read(&["1-0", "1-18446744073709551615", "3-0"]);
        order.gone("1-0");
        let leaving = order.leave(ids(&["1-18446744073709551615"]));
        assert_eq!(leaving.kept.as_deref(), Some("2-0"));
        assert!(leaving.single.is_empty());
    }
}
