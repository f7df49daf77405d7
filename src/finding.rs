//! What is wrong with something that somebody wrote, and what to do about it.
use serde::Serialize;
use similar::{Algorithm, capture_diff_slices, diff_ratio};

use crate::place::Place;
use crate::rules::Rule;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing is written while it stands.
    Error,
    /// Worth reading before the plan is applied.
    Warning,
    /// Good to know.
    Note,
}

impl Severity {
    /// The word that findings begin with.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// The least share of letters in common at which one word may be meant by another: two thirds, a little less for rounding.
const ALIKE: f32 = 0.66;

/// One thing to mend in a manifest, or to know about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The place it concerns; none when no file is to blame (an empty folder, a command line).
    pub at: Option<Place>,
    /// How much it matters.
    pub severity: Severity,
    /// The rule that was broken.
    pub rule: Rule,
    /// One lower-case clause with the thing in backticks.
    pub message: String,
    /// Other places that matter, each with what it shows.
    pub also: Vec<(Place, String)>,
    /// What to do next.
    pub hints: Vec<String>,
}

impl Finding {
    /// Makes an error at a place.
    pub fn error(rule: Rule, at: &Place, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, rule, Some(at.clone()), message)
    }

    /// Makes a warning at a place.
    pub fn warning(rule: Rule, at: &Place, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, rule, Some(at.clone()), message)
    }

    /// Makes a note at a place.
    pub fn note(rule: Rule, at: &Place, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, rule, Some(at.clone()), message)
    }

    /// Makes a finding; `at` may be missing when no file is to blame.
    pub fn new(severity: Severity, rule: Rule, at: Option<Place>, message: impl Into<String>) -> Self {
        Self { at, severity, rule, message: message.into(), also: Vec::new(), hints: Vec::new() }
    }

    /// Adds another place that matters.
    #[must_use]
    pub fn also(mut self, at: &Place, label: impl Into<String>) -> Self {
        self.also.push((at.clone(), label.into()));
        self
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

/// Says which of `known` was probably meant by `written`: the most alike, of which two thirds of the letters are the same.
pub fn did_you_mean<'known>(written: &str, known: impl IntoIterator<Item = &'known str>) -> Option<&'known str> {
    let letters = |word: &str| word.to_lowercase().chars().collect::<Vec<char>>();
    let written = letters(written);
    let alike = |candidate: &str| {
        let candidate = letters(candidate);
        let moves = capture_diff_slices(Algorithm::Myers, &written, &candidate);
        diff_ratio(&moves, written.len(), candidate.len())
    };
    known
        .into_iter()
        .map(|candidate| (alike(candidate), candidate))
        .filter(|(alike, _)| *alike >= ALIKE)
        // Of two that are as much alike, the first in the alphabet: the answer does not depend on the order of what is known.
        .max_by(|(one, first), (other, second)| one.total_cmp(other).then_with(|| second.cmp(first)))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_finds_its_word_and_another_word_does_not() {
        let known = ["Process", "Connection Reference", "Account"];
        assert_eq!(did_you_mean("Procces", known), Some("Process"));
        assert_eq!(did_you_mean("connection referense", known), Some("Connection Reference"));
        assert_eq!(did_you_mean("Porcess", known), Some("Process"));
        assert_eq!(did_you_mean("Invoice", known), None);
        assert_eq!(did_you_mean("", known), None);
        assert_eq!(did_you_mean("bane", ["lane", "cane"]), did_you_mean("bane", ["cane", "lane"]));
    }
}
