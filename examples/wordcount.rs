//! Counts the words of files over a pool of processes, with a progress bar:
//! `wordcount FILE…`. A part whose process was killed is counted again, so the
//! total is right all the same.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program")]

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};

use conclib::prelude::*;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

/// Words of a part, with their numbers.
type Words = HashMap<String, u64>;

/// Least length of a part, which ends with its line.
const PART: u64 = 128 << 10;

#[actor]
#[derive(Default, Serialize, Deserialize)]
struct Counter;

#[actor]
impl Counter {
    #[message]
    fn count(&mut self, text: String) -> Words {
        let mut words = Words::new();
        for word in text.split(|letter: char| !letter.is_alphanumeric()) {
            if !word.is_empty() {
                *words.entry(word.to_lowercase()).or_default() += 1;
            }
        }
        words
    }

    #[message]
    fn process(&mut self) -> u32 {
        std::process::id()
    }
}

/// Counts one part. Counting it twice does no harm, so a lost process is no
/// failure: the pool starts it again.
async fn count(pool: Pool<Counter>, text: String) -> Result<(Words, usize), AskError> {
    let mut lost = 0;
    loop {
        match pool.ask(CounterCount { text: text.clone() }).await {
            Err(AskError::Disconnected { .. } | AskError::Stopped { .. }) => lost += 1,
            counted => return Ok((counted?, lost)),
        }
    }
}

/// Reads the next part of a file. `None` at its end.
fn part(file: &mut impl io::BufRead) -> io::Result<Option<(String, u64)>> {
    let mut bytes = Vec::new();
    file.take(PART).read_to_end(&mut bytes)?;
    file.read_until(b'\n', &mut bytes)?;
    let length = bytes.len() as u64;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok((length > 0).then_some((text, length)))
}

/// Shows how much is done, in the same line of a terminal.
struct Progress {
    done: u64,
    total: u64,
    shown: Option<u64>,
}

impl Progress {
    fn add(&mut self, bytes: u64) {
        self.done += bytes;
        let percent = (self.done * 100).checked_div(self.total).unwrap_or(100);
        if self.shown != Some(percent) && io::stderr().is_terminal() {
            self.shown = Some(percent);
            let bar = "#".repeat((percent / 2) as usize);
            eprint!("\r[{bar:<50}] {percent:3} %");
        }
    }

    fn end(&self) {
        if self.shown.is_some() {
            eprintln!();
        }
    }
}

fn size(path: &Path) -> conclib::Result<u64> {
    let size = path.metadata().map(|it| it.len());
    size.map_err(|error| format!("{}: {error}", path.display()).into())
}

#[conclib::main]
async fn main(system: System) -> conclib::Result {
    let files: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if files.is_empty() {
        return Err("usage: wordcount FILE…".into());
    }
    let total = files.iter().map(|path| size(path)).sum::<Result<_, _>>()?;
    let pool = system.pool(Counter::default).in_process().spawn().await?;
    for worker in pool.workers() {
        println!("worker in process {}", worker.process().await?);
    }

    let (mut parts, mut words, mut lost) = (JoinSet::new(), Words::new(), 0);
    let (shown, done) = (None, 0);
    let mut progress = Progress { done, total, shown };
    let mut add = |(part, bytes, again): (Words, u64, usize)| {
        progress.add(bytes);
        lost += again;
        for (word, number) in part {
            *words.entry(word).or_default() += number;
        }
    };
    for path in &files {
        let mut file = BufReader::new(File::open(path)?);
        while let Some((text, bytes)) = part(&mut file)? {
            // Two parts for each process: one is counted while the next one travels.
            while parts.len() >= 2 * pool.len() {
                if let Some(done) = parts.join_next().await {
                    add(done??);
                }
            }
            let pool = pool.clone();
            parts.spawn(async move {
                let (words, lost) = count(pool, text).await?;
                Ok::<_, AskError>((words, bytes, lost))
            });
        }
    }
    while let Some(done) = parts.join_next().await {
        add(done??);
    }
    progress.end();
    let mut most: Vec<_> = words.iter().collect();
    most.sort_unstable_by_key(|(word, number)| (std::cmp::Reverse(**number), *word));
    for (word, number) in most.iter().take(5) {
        println!("{number:9} {word}");
    }
    let total: u64 = words.values().sum();
    println!("{total:9} words, {} different ones", words.len());
    println!("{lost:9} parts lost with a process and counted again");
    io::stdout().flush()?;
    Ok(())
}
