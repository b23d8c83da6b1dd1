//! Scripts that change a mailbox in the server.

use crate::redis::Script;

macro_rules! owner {
    ($name:literal) => {
        Script::new(concat!(
            include_str!("scripts/after.lua"),
            include_str!("scripts/fence.lua"),
            include_str!(concat!("scripts/", $name))
        ))
    };
}

/// Scripts of senders and of owners. A script of an owner does nothing once another one owns the
/// mailbox.
pub(crate) struct Scripts {
    pub(crate) send: Script,
    pub(crate) answers: Script,
    pub(crate) forget: Script,
    pub(crate) look: Script,
    pub(crate) take: Script,
    pub(crate) serve: Script,
    pub(crate) renew: Script,
    pub(crate) again: Script,
    pub(crate) bury: Script,
    pub(crate) release: Script,
    pub(crate) dead: Script,
}

impl Scripts {
    pub(crate) fn new() -> Self {
        Self {
            send: Script::new(include_str!("scripts/send.lua")),
            answers: Script::new(include_str!("scripts/answers.lua")),
            forget: Script::new(include_str!("scripts/forget.lua")),
            look: Script::new(include_str!("scripts/look.lua")),
            take: Script::new(concat!(
                include_str!("scripts/after.lua"),
                include_str!("scripts/take.lua")
            )),
            serve: owner!("serve.lua"),
            renew: owner!("renew.lua"),
            again: owner!("again.lua"),
            bury: owner!("bury.lua"),
            release: owner!("release.lua"),
            dead: Script::new(include_str!("scripts/dead.lua")),
        }
    }
}
