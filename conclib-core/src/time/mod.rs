//! Deadlines, timers and tickers.

mod compact_deadline;
mod deadline_timer;
mod paused_clock;
mod ticker;
pub(crate) mod timers;
pub(crate) use compact_deadline::CompactDeadline;

pub(crate) use deadline_timer::DeadlineTimer;
pub(crate) use deadline_timer::{Elapsed, instant_after};
pub use paused_clock::{resume_paused_clock, set_resume};
pub use ticker::{Ticker, TickerHandle};
pub use timers::check;
