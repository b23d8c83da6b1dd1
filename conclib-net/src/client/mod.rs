//! Client end of a link, from which actors are asked.
//!
//! Floors, lowest first: backoff and dial; the driver; the outlet.

mod backoff;
mod dial;
mod driver;
mod outlet;

pub use outlet::Client;
