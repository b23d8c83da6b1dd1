use std::{sync::Arc, time::Duration};

use tracing::Level;

use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep, timeout_at},
};

use crate::{
    lines::Lines,
    tail::{SharedTail, Tail},
};

/// Time for which a stream is still read after its child is gone, in case an
/// escaped process holds the other end.
const DRAIN_LIMIT: Duration = Duration::from_secs(1);

/// Function that logs a line, given the process id, the name of the stream and the line.
pub(crate) type LogLine = fn(u32, &str, &str);

/// Emitter of an event for each line that one child prints.
#[derive(Debug)]
pub(crate) struct LineEvents {
    pub(crate) program: String,
    pub(crate) pid: u32,
    /// First line of the standard output, if it says nothing.
    pub(crate) banner: &'static str,
    /// Replaces the event of each line.
    pub(crate) instead: Option<LogLine>,
    /// Returns the level of the event of a line, and its text, given the name of the stream.
    pub(crate) level: for<'a> fn(&str, &'a str) -> (Level, &'a str),
}

impl LineEvents {
    /// Emits the event of a line.
    fn emit(&self, stream: &str, line: &str) {
        let Self { program, pid, .. } = self;
        if let Some(log) = self.instead {
            return log(*pid, stream, line);
        }
        let (level, text) = (self.level)(stream, line);
        macro_rules! emit {
            ($($level:ident)*) => {
                match level {
                    $(Level::$level => tracing::event!(
                        target: "conclib::process", Level::$level, program, pid, stream, "{text}"
                    ),)*
                }
            };
        }
        emit!(ERROR WARN INFO DEBUG TRACE);
    }
}

/// Output of one child: a reader for each stream, and the last lines.
#[derive(Debug)]
pub(crate) struct Output {
    tail: SharedTail,
    readers: Vec<JoinHandle<()>>,
    /// Dropped to tell the readers that the owner is gone; nothing is ever
    /// sent.
    owner: watch::Sender<()>,
    events: Arc<LineEvents>,
}

impl Output {
    pub(crate) fn new(events: LineEvents) -> Self {
        Self {
            tail: SharedTail::default(),
            readers: Vec::new(),
            owner: watch::Sender::new(()),
            events: Arc::new(events),
        }
    }

    /// Starts to read a stream to its end.
    pub(crate) fn read(
        &mut self,
        name: &'static str,
        stream: Option<impl AsyncRead + Send + Unpin + 'static>,
    ) {
        let Some(stream) = stream else { return };
        let (tail, events) = (self.tail.clone(), Arc::clone(&self.events));
        let mut owner = self.owner.subscribe();
        self.readers.push(tokio::spawn(async move {
            let owner_gone = async {
                let _ = owner.changed().await;
                sleep(DRAIN_LIMIT).await;
            };
            tokio::select! {
                () = drain(name, stream, &tail, &events) => {}
                () = owner_gone => {}
            }
        }));
    }

    /// Waits until both streams are read to their end, or until it is clear
    /// that another process keeps them open.
    pub(crate) async fn finish(&mut self) {
        let deadline = Instant::now() + DRAIN_LIMIT;
        while let Some(reader) = self.readers.last_mut() {
            if timeout_at(deadline, reader).await.is_err() {
                return;
            }
            self.readers.pop();
        }
    }

    pub(crate) fn tail(&self) -> Tail {
        self.tail.snapshot()
    }
}

async fn drain(
    name: &'static str,
    mut stream: impl AsyncRead + Unpin,
    tail: &SharedTail,
    events: &LineEvents,
) {
    let mut is_begun = name != "stdout" || events.banner.is_empty();
    let mut emit = |line: String| {
        if !is_begun && (line.is_empty() || line == events.banner) {
            is_begun = !line.is_empty();
            return;
        }
        is_begun = true;
        events.emit(name, &line);
        tail.push(line);
    };
    let mut lines = Lines::default();
    let mut bytes = vec![0; 16 * 1024];
    // An error is the same as the end: nothing more comes from this pipe.
    while let Ok(read @ 1..) = stream.read(&mut bytes).await {
        lines.feed(&bytes[..read], &mut emit);
    }
    lines.finish(emit);
}
