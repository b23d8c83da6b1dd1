//! Records the spans of this thread, and the events inside them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, SpanRef};

/// Recorded span or event.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Index of its parent among all spans.
    pub parent: Option<usize>,
    pub target: &'static str,
    pub name: &'static str,
    pub fields: BTreeMap<&'static str, String>,
}

impl Seen {
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

#[derive(Default)]
struct All {
    /// Spans, with a flag if they have ended.
    spans: Vec<(Seen, bool)>,
    events: Vec<Seen>,
    entered: usize,
}

/// Recorder of spans. Clones share it.
#[derive(Clone, Default)]
pub struct Spans(Arc<Mutex<All>>);

impl Spans {
    /// Records this thread, and so a single-threaded runtime.
    pub fn watch(most: LevelFilter) -> (Self, DefaultGuard) {
        let spans = Self::default();
        // Asked each time: a cached answer would hold for the threads of the
        // other tests, too.
        let wanted = dynamic_filter_fn(move |metadata, _| *metadata.level() <= most);
        let layer = spans.clone().with_filter(wanted.with_max_level_hint(most));
        let watching = tracing_subscriber::registry().with(layer);
        (spans, crate::subscribe(watching))
    }

    fn all(&self) -> MutexGuard<'_, All> {
        self.0.lock().unwrap()
    }

    pub fn all_spans(&self) -> Vec<Seen> {
        self.all()
            .spans
            .iter()
            .map(|(seen, _)| seen.clone())
            .collect()
    }

    /// Turns of that message, with their indices among all spans.
    pub fn turns(&self, message: &str) -> Vec<(usize, Seen)> {
        let spans = self.all_spans().into_iter().enumerate();
        spans
            .filter(|(_, seen)| seen.name == "turn" && seen.field("message") == message)
            .collect()
    }

    /// Single turn of that message.
    pub fn turn(&self, message: &str) -> (usize, Seen) {
        let mut turns = self.turns(message);
        assert_eq!(turns.len(), 1, "{turns:?}");
        turns.remove(0)
    }

    /// Events with that text, and their spans.
    pub fn events(&self, text: &str) -> Vec<Seen> {
        let all = self.all();
        let found = all
            .events
            .iter()
            .filter(|seen| seen.field("message") == text);
        found.cloned().collect()
    }

    /// Tests if every span has been left and has ended.
    pub fn is_over(&self) -> bool {
        let all = self.all();
        all.entered == 0 && all.spans.iter().all(|(_, ended)| *ended)
    }
}

struct Fields<'a>(&'a mut BTreeMap<&'static str, String>);

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

fn seen(parent: Option<usize>, metadata: &'static Metadata<'static>) -> Seen {
    Seen {
        parent,
        target: metadata.target(),
        name: metadata.name(),
        fields: BTreeMap::new(),
    }
}

/// Index of a span.
struct At(usize);

fn at<S: Subscriber + for<'a> LookupSpan<'a>>(span: &SpanRef<'_, S>) -> Option<usize> {
    span.extensions().get::<At>().map(|at| at.0)
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        let span = ctx.span(id).unwrap();
        let mut seen = seen(span.parent().as_ref().and_then(at), attributes.metadata());
        attributes.record(&mut Fields(&mut seen.fields));
        let mut all = self.all();
        span.extensions_mut().insert(At(all.spans.len()));
        all.spans.push((seen, false));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, ctx: Context<'_, S>) {
        let at = at(&ctx.span(id).unwrap()).unwrap();
        values.record(&mut Fields(&mut self.all().spans[at].0.fields));
    }

    fn on_event(&self, event: &Event<'_>, ctx: Context<'_, S>) {
        let parent = ctx.event_span(event).as_ref().and_then(at);
        let mut seen = seen(parent, event.metadata());
        event.record(&mut Fields(&mut seen.fields));
        self.all().events.push(seen);
    }

    fn on_enter(&self, _: &Id, _: Context<'_, S>) {
        self.all().entered += 1;
    }

    fn on_exit(&self, _: &Id, _: Context<'_, S>) {
        self.all().entered -= 1;
    }

    fn on_close(&self, id: Id, ctx: Context<'_, S>) {
        let at = at(&ctx.span(&id).unwrap()).unwrap();
        self.all().spans[at].1 = true;
    }
}
