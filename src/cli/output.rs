//! Where words go: results to standard output, everything else to standard error.
use std::io::{self, Write};

use super::ci::Pipeline;
use crate::finding::Finding;
use crate::foreign::visible;
use crate::manifest::Sources;
use crate::render::findings;

/// The two streams. A reader who closes the pipe has seen enough; nothing fails for that.
pub struct Output {
    quiet: bool,
    pipeline: Option<Pipeline>,
}

impl Output {
    /// Makes an output that may leave out remarks, and that speaks to a pipeline if there is one.
    pub fn new(quiet: bool, pipeline: Option<Pipeline>) -> Self {
        Self { quiet, pipeline }
    }

    /// The pipeline that is spoken to, if one.
    pub fn pipeline(&self) -> Option<Pipeline> {
        self.pipeline
    }

    /// Prints a result.
    pub fn result(&mut self, text: &str) {
        write_all(&mut io::stdout().lock(), text);
    }

    /// Prints a long result piece by piece, and no more of it when the reader has seen enough.
    pub fn pieces(&mut self, pieces: impl Iterator<Item = String>) {
        let mut stream = io::BufWriter::new(io::stdout().lock());
        for piece in pieces {
            if stream.write_all(piece.as_bytes()).is_err() {
                return;
            }
        }
        let _ = stream.flush();
    }

    /// Prints an error or a finding. Whatever got into it, no terminal is steered by it.
    pub fn error(&mut self, text: &str) {
        write_all(&mut io::stderr().lock(), &visible(text));
    }

    /// Prints findings, and annotates their lines where a pipeline shows that.
    pub fn findings(&mut self, found: &[Finding], sources: &Sources) {
        if found.is_empty() {
            return;
        }
        self.error(&findings::text(found, sources));
        if let Some(pipeline) = self.pipeline {
            self.error(&pipeline.annotations(&found.iter().collect::<Vec<_>>()));
        }
    }

    /// Prints a remark, unless the user asked for quiet.
    pub fn remark(&mut self, text: &str) {
        if !self.quiet {
            write_all(&mut io::stderr().lock(), &visible(text));
        }
    }
}

fn write_all(stream: &mut impl Write, text: &str) {
    let newline = if text.ends_with('\n') || text.is_empty() { "" } else { "\n" };
    // A closed pipe is the reader's wish; a full disk has nobody left to tell.
    let _ = write!(stream, "{text}{newline}").and_then(|()| stream.flush());
}
