//! Where words go: results to standard output, everything else to standard error.
use std::io::{self, Write};

/// The two streams. A reader who closes the pipe has seen enough; nothing fails for that.
pub struct Output {
    quiet: bool,
}

impl Output {
    /// Makes an output that may leave out remarks.
    pub fn new(quiet: bool) -> Self {
        Self { quiet }
    }

    /// Prints a result.
    pub fn result(&mut self, text: &str) {
        write_all(&mut io::stdout().lock(), text);
    }

    /// Prints an error or a finding.
    pub fn error(&mut self, text: &str) {
        write_all(&mut io::stderr().lock(), text);
    }

    /// Prints a remark, unless the user asked for quiet.
    pub fn remark(&mut self, text: &str) {
        if !self.quiet {
            write_all(&mut io::stderr().lock(), text);
        }
    }
}

fn write_all(stream: &mut impl Write, text: &str) {
    let newline = if text.ends_with('\n') || text.is_empty() { "" } else { "\n" };
    // A closed pipe is the reader's wish; a full disk has nobody left to tell.
    let _ = write!(stream, "{text}{newline}").and_then(|()| stream.flush());
}
