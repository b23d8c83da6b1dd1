//! Turn with a span, a trace or metrics.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::time::Instant;
use tracing::Span;
use tracing::field::Empty;

use super::is_traced;
use super::meter::Meter;
use super::trace::Trace;
use super::trace_context::TraceContext;
use crate::named::Named;

/// Observed state of one turn: its span, trace and times.
pub(crate) struct TurnSpan {
    span: Span,
    trace: Option<Trace>,
    /// Trace that was current before the poll.
    around: Option<Trace>,
    /// Begin of the turn, if the actor is measured.
    began: Option<Instant>,
    meter: Meter,
}

impl TurnSpan {
    /// Begins to observe the turn of this message. `None` if neither a span, a trace nor metrics
    /// are wanted.
    pub(crate) fn of(
        actor: &dyn Named,
        message: &'static str,
        generation: u32,
        note: Option<&TraceContext>,
        meter: &Meter,
    ) -> Option<Box<Self>> {
        let came = note.and_then(TraceContext::trace);
        let span = match is_traced() {
            true => span(actor, message, generation, note),
            false => Span::none(),
        };
        let is_wanted = !span.is_disabled();
        let began = meter.is_on().then(Instant::now);
        if let Some(began) = began {
            meter.begins(began, note.and_then(|note| note.sent));
        }
        (is_wanted || came.is_some() || began.is_some()).then(|| {
            Box::new(Self {
                span,
                trace: came.or_else(|| is_wanted.then(Trace::begin)),
                around: None,
                began,
                meter: meter.clone(),
            })
        })
    }

    /// Records the end of a turn that was not cancelled.
    pub(crate) fn is_done(&self) {
        if let Some(began) = self.began {
            self.meter.ends(began);
        }
    }

    fn enter(&mut self) {
        self.around = Trace::make_current(self.trace);
        self.span.with_subscriber(|(id, to)| to.enter(id));
    }

    fn exit(&mut self) {
        self.span.with_subscriber(|(id, to)| to.exit(id));
        Trace::make_current(self.around.take());
    }
}

fn span(actor: &dyn Named, message: &str, generation: u32, note: Option<&TraceContext>) -> Span {
    let span = tracing::debug_span!(
        target: "conclib",
        parent: note.and_then(TraceContext::span),
        "turn",
        urn = %actor.urn(),
        message,
        generation,
        trace_id = Empty,
        parent_id = Empty,
    );
    if let Some(trace) = note.and_then(TraceContext::trace).filter(|it| it.is_known) {
        span.record("trace_id", trace.id());
        span.record("parent_id", trace.parent());
    }
    span
}

/// Holder of the observed state of an actor's turn, if the turn is observed. Only the actor's own
/// task uses it: each poll of an observed turn enters its span and trace.
///
/// The future of the turn itself is not wrapped, so that each turn that is not observed costs one
/// comparison.
pub(crate) struct ObservedTurn {
    state: AtomicU8,
    observed: Mutex<Option<Box<TurnSpan>>>,
}

const NOTHING: u8 = 0;
const OUTSIDE: u8 = 1;
const INSIDE: u8 = 2;

impl ObservedTurn {
    pub(crate) const fn new() -> Self {
        Self {
            state: AtomicU8::new(NOTHING),
            observed: Mutex::new(None),
        }
    }

    /// Begins an observed turn, within a poll.
    pub(crate) fn begin(&self, observed: Option<Box<TurnSpan>>) {
        if let Some(mut observed) = observed {
            observed.enter();
            *self.observed() = Some(observed);
            self.state.store(INSIDE, Ordering::Relaxed);
        }
    }

    /// Ends a turn that was not cancelled.
    #[inline(always)]
    pub(crate) fn end(&self) {
        if self.is_watching() {
            self.end_observed();
        }
    }

    #[cold]
    fn end_observed(&self) {
        if let Some(observed) = self.take() {
            observed.is_done();
        }
    }

    /// Drops the state of a turn that was cancelled, if there is one.
    #[inline(always)]
    pub(crate) fn clear(&self) {
        if self.is_watching() {
            drop(self.take());
        }
    }

    /// Takes the observed state out, for a handler that goes on outside of the turns.
    pub(crate) fn take(&self) -> Option<Box<TurnSpan>> {
        let was = self.state.swap(NOTHING, Ordering::Relaxed);
        let mut observed = self.observed().take()?;
        if was == INSIDE {
            observed.exit();
        }
        Some(observed)
    }

    /// Begins a poll of the actor, which ends when the guard is dropped.
    #[inline(always)]
    pub(crate) fn poll(&self) -> Inside<'_> {
        if self.is_watching() {
            self.enter();
        }
        Inside(self)
    }

    #[inline(always)]
    fn is_watching(&self) -> bool {
        self.state.load(Ordering::Relaxed) != NOTHING
    }

    #[cold]
    fn enter(&self) {
        if let Some(observed) = &mut *self.observed() {
            observed.enter();
            self.state.store(INSIDE, Ordering::Relaxed);
        }
    }

    #[cold]
    fn exit(&self) {
        if let Some(observed) = &mut *self.observed() {
            observed.exit();
            self.state.store(OUTSIDE, Ordering::Relaxed);
        }
    }

    fn observed(&self) -> MutexGuard<'_, Option<Box<TurnSpan>>> {
        self.observed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Guard of one poll of an actor.
pub(crate) struct Inside<'a>(&'a ObservedTurn);

impl Drop for Inside<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        if self.0.is_watching() {
            self.0.exit();
        }
    }
}

pin_project_lite::pin_project! {
    /// Concurrent handler with the observed state of its turn.
    pub(crate) struct Instrumented<F> {
        #[pin]
        future: F,
        observed: Option<Box<TurnSpan>>,
    }
}

impl<F: Future> Instrumented<F> {
    pub(crate) fn new(future: F, observed: Option<Box<TurnSpan>>) -> Self {
        Self { future, observed }
    }
}

impl<F: Future> Future for Instrumented<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        /// Guard that leaves the span also when the poll unwinds.
        struct Exit<'a>(Option<&'a mut TurnSpan>);
        impl Drop for Exit<'_> {
            fn drop(&mut self) {
                if let Some(observed) = &mut self.0 {
                    observed.exit();
                }
            }
        }
        let this = self.project();
        let mut observed = this.observed.as_deref_mut();
        if let Some(observed) = &mut observed {
            observed.enter();
        }
        let exit = Exit(observed);
        let polled = this.future.poll(cx);
        drop(exit);
        if polled.is_ready()
            && let Some(observed) = this.observed.take()
        {
            observed.is_done();
        }
        polled
    }
}
