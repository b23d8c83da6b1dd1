//! Random steps of a run.

use conclib::Overflow;
use proptest::prelude::{Just, Strategy, any, prop, prop_oneof};

use super::SLOTS;

/// Next step.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Spawn(usize, Spawn),
    Send(usize, How, Deed),
    Stop(usize),
    StopNow(usize),
    Kill(usize),
    /// Drops the reference in the slot.
    Drop(usize),
    /// Drops the future of the nth last send, at any stage.
    GiveUp(usize),
    Yield,
    Wait(u32),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Spawn {
    pub(super) capacity: usize,
    pub(super) overflow: Overflow,
    pub(super) is_named: bool,
    /// Pause before a restart; `None` for no restarts.
    pub(super) restart: Option<u32>,
}

/// Way of sending a message.
#[derive(Debug, Clone, Copy)]
pub(super) enum How {
    TryTell,
    Tell,
    Reply,
    Ask,
    AskFor(u32),
    /// Takes a `Reply`, and drops it.
    Forget,
}

/// Action of a handler.
#[derive(Debug, Clone, Copy)]
pub(super) enum Deed {
    Nothing,
    Yield(u64),
    Sleep(u32),
    Fail,
    Panic,
    Stop,
    StopNow,
    TellMyself,
    /// Asks the actor in that slot, and waits.
    AskOther(usize),
}

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let spawn = (1..4_usize, 0..4, any::<bool>(), prop::option::of(0..5_u32));
    let spawn = spawn.prop_map(|(capacity, overflow, is_named, restart)| Spawn {
        capacity,
        overflow: match overflow {
            0 => Overflow::Wait,
            1 => Overflow::Reject,
            2 => Overflow::DropOldest,
            _ => Overflow::DropNewest,
        },
        is_named,
        restart,
    });
    let how = prop_oneof![
        Just(How::TryTell),
        Just(How::Tell),
        Just(How::Reply),
        Just(How::Ask),
        (0..4_u32).prop_map(How::AskFor),
        Just(How::Forget),
    ];
    let deed = prop_oneof![
        6 => Just(Deed::Nothing),
        4 => (1..4_u64).prop_map(Deed::Yield),
        4 => (1..4_u32).prop_map(Deed::Sleep),
        2 => Just(Deed::Fail),
        2 => Just(Deed::Panic),
        1 => Just(Deed::Stop),
        1 => Just(Deed::StopNow),
        2 => Just(Deed::TellMyself),
        4 => (0..SLOTS).prop_map(Deed::AskOther),
    ];
    let step = prop_oneof![
        3 => (0..SLOTS, spawn).prop_map(|(at, spawn)| Step::Spawn(at, spawn)),
        30 => (0..SLOTS, how, deed).prop_map(|(at, how, deed)| Step::Send(at, how, deed)),
        1 => (0..SLOTS).prop_map(Step::Stop),
        1 => (0..SLOTS).prop_map(Step::StopNow),
        1 => (0..SLOTS).prop_map(Step::Kill),
        1 => (0..SLOTS).prop_map(Step::Drop),
        4 => (0..8_usize).prop_map(Step::GiveUp),
        6 => Just(Step::Yield),
        3 => (0..4_u32).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 1..80)
}
