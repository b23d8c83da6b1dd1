//! Metrics of builds without the feature `metrics`: none.

/// Metrics of a server, which do not exist.
#[derive(Debug)]
pub(crate) enum ServerMeter {}

impl ServerMeter {
    pub(crate) const fn of(_: &str) -> Option<Self> {
        None
    }

    pub(crate) const fn restarted(&self) {
        match *self {}
    }

    pub(crate) const fn note(&self, _: u64, _: u64, _: u64) {
        match *self {}
    }
}

/// Counter of dead letters, which does not exist.
#[derive(Debug)]
pub(crate) enum DeadMeter {}

impl DeadMeter {
    pub(crate) const fn of(_: &str) -> Option<Self> {
        None
    }

    pub(crate) const fn buried(&self) {
        match *self {}
    }
}
