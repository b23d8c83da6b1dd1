use std::{sync::Arc, time::Duration};

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
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Fields that all events of one child have.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) program: String,
    pub(crate) pid: u32,
}

/// Output of one child: a reader for each stream, and the last lines.
#[derive(Debug)]
pub(crate) struct Output {
    tail: SharedTail,
    readers: Vec<JoinHandle<()>>,
    /// Dropped to tell the readers that the owner is gone; nothing is ever
    /// sent.
    owner: watch::Sender<()>,
    origin: Arc<Origin>,
}

impl Output {
    pub(crate) fn new(origin: Origin) -> Self {
        Self {
            tail: SharedTail::default(),
            readers: Vec::new(),
            owner: watch::Sender::new(()),
            origin: Arc::new(origin),
        }
    }

    /// Starts to read a stream to its end.
    pub(crate) fn read(
        &mut self,
        name: &'static str,
        stream: Option<impl AsyncRead + Send + Unpin + 'static>,
    ) {
        let Some(stream) = stream else { return };
        let (tail, origin) = (self.tail.clone(), Arc::clone(&self.origin));
        let mut owner = self.owner.subscribe();
        self.readers.push(tokio::spawn(async move {
            let owner_gone = async {
                let _ = owner.changed().await;
                sleep(LAST_WORDS).await;
            };
            tokio::select! {
                () = drain(name, stream, &tail, &origin) => {}
                () = owner_gone => {}
            }
        }));
    }

    /// Waits until both streams are read to their end, or until it is clear
    /// that another process keeps them open.
    pub(crate) async fn settle(&mut self) {
        let deadline = Instant::now() + LAST_WORDS;
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
    origin: &Origin,
) {
    let emit = |line: String| {
        let Origin { program, pid } = origin;
        tracing::info!(target: "conclib::process", program, pid, stream = name, "{line}");
        tail.push(line);
    };
    let mut lines = Lines::default();
    let mut bytes = vec![0; 16 * 1024];
    // An error is the same as the end: nothing more comes from this pipe.
    while let Ok(read @ 1..) = stream.read(&mut bytes).await {
        lines.feed(&bytes[..read], emit);
    }
    lines.finish(emit);
}
