use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Number of lines kept, and of bytes in all of them.
const MAX_LINES: usize = 100;
const MAX_BYTES: usize = 64 * 1024;

/// Last lines that a child wrote to its two output streams, in the order in
/// which they were read.
///
/// Returned by [`OwnedChild::tail`](crate::OwnedChild::tail): at most 100
/// lines, and 64 KiB. Its `Display` is the lines with line breaks between them;
/// its `Debug` shows only their number, as a program may print its secrets.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use conclib_process::ChildCommand;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut child = ChildCommand::new("sh").args(["-c", "echo one; echo two"]).spawn()?;
/// child.wait().await?;
/// child.shutdown(Duration::ZERO).await?;                  // returns after everything was read
///
/// let tail = child.tail();
/// assert_eq!(tail.lines().collect::<Vec<_>>(), ["one", "two"]);
/// assert_eq!(tail.to_string(), "one\ntwo");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Tail {
    lines: VecDeque<String>,
    bytes: usize,
}

impl Tail {
    /// Returns the lines, oldest first, without their line breaks.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator {
        self.lines.iter().map(String::as_str)
    }

    /// Returns true if nothing was written yet.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    fn push(&mut self, line: String) {
        self.bytes += line.len();
        self.lines.push_back(line);
        while self.lines.len() > MAX_LINES || self.bytes > MAX_BYTES {
            self.bytes -= self.lines.pop_front().map_or(self.bytes, |line| line.len());
        }
    }
}

impl fmt::Display for Tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, line) in self.lines.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            f.write_str(line)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tail")
            .field("lines", &self.lines.len())
            .field("bytes", &self.bytes)
            .finish()
    }
}

/// Tail that the readers of both streams write and the owner reads.
#[derive(Debug, Clone, Default)]
pub(crate) struct SharedTail(Arc<Mutex<Tail>>);

impl SharedTail {
    pub(crate) fn push(&self, line: String) {
        self.lock().push(line);
    }

    pub(crate) fn snapshot(&self) -> Tail {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Tail> {
        // A panic cannot leave the tail half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_lines_go_first() {
        let mut tail = Tail::default();
        for n in 0..=MAX_LINES {
            tail.push(n.to_string());
        }
        assert_eq!(tail.lines().len(), MAX_LINES);
        assert_eq!(tail.lines().next(), Some("1"));
    }

    #[test]
    fn long_lines_make_it_shorter() {
        let mut tail = Tail::default();
        for _ in 0..MAX_LINES {
            tail.push("x".repeat(MAX_BYTES / 8));
        }
        assert_eq!(tail.lines().len(), 8);
        assert_eq!(tail.bytes, MAX_BYTES);
    }
}
