//! Lines of the log that generic code writes. Each is compiled once here, and would be compiled
//! for each type of actor or message where it is written.

use std::fmt::Display;

use conclib_wire::{Fault, StopReason, Urn};

use crate::named::Named;

#[cold]
pub(crate) fn failed(actor: &dyn Named, reason: &StopReason) {
    tracing::error!(target: "conclib", urn = %actor.urn(), %reason, "actor failed");
}

#[cold]
pub(crate) fn stop_failed(actor: &dyn Named, error: &dyn Display) {
    tracing::error!(target: "conclib", urn = %actor.urn(), %error, "`#[on(stop)]` failed");
}

#[cold]
pub(crate) fn stop_panicked(actor: &dyn Named, fault: &Fault) {
    tracing::error!(target: "conclib", urn = %actor.urn(), %fault, "`#[on(stop)]` panicked");
}

#[cold]
pub(crate) fn drop_panicked(actor: &dyn Named, fault: &Fault) {
    tracing::error!(target: "conclib", urn = %actor.urn(), %fault, "the state panicked as it was dropped");
}

/// An error that a handler returned to an asker is expected, and logged at the level `INFO`.
pub(crate) fn answered_with_an_error(actor: &dyn Named, request: &str) {
    tracing::info!(target: "conclib", urn = %actor.urn(), request, "a handler answered with an error");
}

#[cold]
pub(crate) fn nobody_was_asking(actor: &dyn Named, error: &dyn Display) {
    tracing::error!(target: "conclib", urn = %actor.urn(), %error, "nobody was asking");
}

#[cold]
pub(crate) fn unexpected_message(actor: &dyn Named, request: &str, so_far: u64) {
    tracing::warn!(
        target: "conclib",
        urn = %actor.urn(),
        request,
        so_far,
        "unexpected message received"
    );
}

#[cold]
pub(crate) fn dropped_with_its_inbox(inbox: &dyn Named, request: &str) {
    tracing::debug!(target: "conclib", urn = %inbox.urn(), request, "dropped with its inbox");
}

#[cold]
pub(crate) fn not_queued_elsewhere(request: &str, error: &dyn Display) {
    tracing::warn!(target: "conclib", request, %error, "a told message was not queued by the other process");
}

#[cold]
pub(crate) fn worker_replaced(urn: &Urn, reason: &StopReason) {
    tracing::warn!(target: "conclib", %urn, %reason, "a worker was replaced");
}

#[cold]
pub(crate) fn worker_not_replaced(urn: &Urn, error: &dyn Display) {
    tracing::error!(target: "conclib", %urn, %error, "a worker was not replaced");
}
