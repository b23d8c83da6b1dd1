use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Op {
    Push(u8),
    Replace(u8),
    Pop,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    // Few priorities, so that lanes are shared, and both ends of their range.
    let priority = || prop_oneof![Just(0), Just(1), Just(7), Just(u8::MAX), any::<u8>()];
    let op = prop_oneof![
        5 => priority().prop_map(Op::Push),
        1 => priority().prop_map(Op::Replace),
        4 => Just(Op::Pop),
    ];
    prop::collection::vec(op, 0..600)
}

/// Reference implementation without lanes: the waiting messages, oldest first,
/// each with its number and its priority.
#[derive(Default)]
struct Model {
    waiting: Vec<(u64, u8)>,
    run: u32,
}

impl Model {
    fn pop(&mut self) -> Option<u64> {
        let urgent = *self.waiting.iter().min_by_key(|item| item.1)?;
        let oldest = self.waiting[0];
        let next = if self.run == MAX_OVERTAKES {
            oldest
        } else {
            urgent
        };
        self.run = if next == oldest { 0 } else { self.run + 1 };
        self.waiting.retain(|item| *item != next);
        Some(next.0)
    }

    fn evict(&mut self) -> Option<u64> {
        let least = self.waiting.iter().map(|item| item.1).max()?;
        let at = self.waiting.iter().position(|item| item.1 == least)?;
        Some(self.waiting.remove(at).0)
    }
}

proptest! {
    #[test]
    fn lanes_are_as_a_list_that_is_searched(ops in ops()) {
        let mut lanes = PriorityQueue::default();
        let mut model = Model::default();
        for (number, op) in (0_u64..).zip(ops) {
            match op {
                Op::Push(priority) => {
                    lanes.push(priority, number);
                    model.waiting.push((number, priority));
                }
                Op::Replace(priority) => {
                    model.waiting.push((number, priority));
                    prop_assert_eq!(lanes.replace(priority, number), model.evict());
                }
                Op::Pop => prop_assert_eq!(lanes.pop(), model.pop()),
            }
            prop_assert_eq!(lanes.len(), model.waiting.len());
        }
        let mut rest = VecDeque::new();
        lanes.take_all(&mut rest);
        let expected: Vec<u64> = std::iter::from_fn(|| model.pop()).collect();
        prop_assert_eq!(Vec::from(rest), expected);
        prop_assert_eq!(lanes.len(), 0);
    }

    /// A message has its turn within the bound, whatever is pushed meanwhile,
    /// at one message for each turn.
    #[test]
    fn no_message_starves(
        before in prop::collection::vec(any::<u8>(), 0..20),
        priority in any::<u8>(),
        flood in prop::collection::vec(0..3_u8, 1..50),
    ) {
        let mut lanes = PriorityQueue::default();
        for other in &before {
            lanes.push(*other, false);
        }
        lanes.push(priority, true);
        let bound = (before.len() + 1) * (MAX_OVERTAKES as usize + 1);
        let mut flood = flood.iter().cycle();
        let turn = (1..=bound).find(|_| {
            if let Some(other) = flood.next() {
                lanes.push(*other, false);
            }
            lanes.pop() == Some(true)
        });
        prop_assert!(turn.is_some(), "not within {} turns", bound);
    }
}

#[test]
fn of_one_priority_the_first_in_is_the_first_out() {
    let mut lanes = PriorityQueue::default();
    for number in 0..1000 {
        lanes.push(9, number);
    }
    for number in 0..1000 {
        assert_eq!(lanes.pop(), Some(number));
    }
    assert_eq!(lanes.pop(), None);
}
