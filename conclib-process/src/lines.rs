/// Number of bytes kept of one line; the rest is counted and dropped.
const MAX_LINE: usize = 8 * 1024;

/// Cuts a stream of bytes into lines of bounded length.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    line: Vec<u8>,
    cut: usize,
}

impl Lines {
    /// Takes the next bytes and emits every line that they complete.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut emit: impl FnMut(String)) {
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            match piece.split_last() {
                Some((b'\n', rest)) => {
                    self.extend(rest);
                    emit(self.take());
                }
                _ => self.extend(piece),
            }
        }
    }

    /// Emits the text after the last line break.
    pub(crate) fn finish(mut self, emit: impl FnOnce(String)) {
        if !self.line.is_empty() {
            emit(self.take());
        }
    }

    fn extend(&mut self, bytes: &[u8]) {
        let kept = bytes.len().min(MAX_LINE - self.line.len());
        self.line.extend_from_slice(&bytes[..kept]);
        self.cut += bytes.len() - kept;
    }

    fn take(&mut self) -> String {
        if self.line.last() == Some(&b'\r') {
            self.line.pop();
        }
        let mut text = String::from_utf8_lossy(&self.line).into_owned();
        if self.cut > 0 {
            text.push_str(&format!(" [{} more bytes]", self.cut));
        }
        self.line.clear();
        self.cut = 0;
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<String> {
        let mut lines = Lines::default();
        let mut seen = Vec::new();
        for piece in pieces {
            lines.feed(piece, |line| seen.push(line));
        }
        lines.finish(|line| seen.push(line));
        seen
    }

    #[test]
    fn lines_are_found_wherever_the_reads_are_cut() {
        assert_eq!(
            lines(&[b"one\ntw", b"o\r\n", b"\nlast"]),
            ["one", "two", "", "last"]
        );
        assert!(lines(&[]).is_empty());
    }

    #[test]
    fn bytes_that_are_not_utf8_are_replaced() {
        assert_eq!(lines(&[b"a\xffb\n"]), ["a\u{fffd}b"]);
    }

    #[test]
    fn a_long_line_is_cut_and_says_how_much_is_missing() {
        let long = vec![b'x'; MAX_LINE];
        assert_eq!(
            lines(&[&long, b"yz\nnext\n"]),
            [
                format!("{} [2 more bytes]", "x".repeat(MAX_LINE)),
                "next".into()
            ]
        );
        assert_eq!(lines(&[&long, b"\n"]), ["x".repeat(MAX_LINE)]);
    }

    #[test]
    fn a_stream_without_line_breaks_stays_small() {
        let mut lines = Lines::default();
        for _ in 0..10_000 {
            lines.feed(&[b'x'; 1024], |_| panic!("there is no line break"));
        }
        assert!(lines.line.capacity() <= 2 * MAX_LINE);
    }
}
