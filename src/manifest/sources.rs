//! The text of every file that was read, for excerpts.
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::place::Place;

/// The text of every file that was read, by its path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources(BTreeMap<Arc<str>, Source>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Source {
    text: String,
    /// Where each line begins.
    lines: Vec<usize>,
}

impl Sources {
    /// Keeps a file's text.
    pub fn add(&mut self, file: Arc<str>, text: String) {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        self.0.insert(file, Source { text, lines });
    }

    /// A file's text.
    pub fn text(&self, file: &str) -> Option<&str> {
        self.0.get(file).map(|source| source.text.as_str())
    }

    /// The line that a place is in, without its end.
    pub fn line(&self, place: &Place) -> Option<&str> {
        let source = self.0.get(&place.file)?;
        let number = usize::try_from(place.line).ok()?.checked_sub(1)?;
        let begin = *source.lines.get(number)?;
        let end = source.lines.get(number + 1).map_or(source.text.len(), |next| next - 1);
        Some(source.text[begin..end].trim_end_matches('\r'))
    }

    /// Every file with its text, in the order of their paths.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(file, source)| (&**file, source.text.as_str()))
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_finds_its_line_whatever_ends_the_lines() {
        let mut sources = Sources::default();
        sources.add("a.yaml".into(), "one\r\ntwo\nthree".to_owned());
        let line = |line| {
            let place = Place { line, ..Place::start_of("a.yaml") };
            sources.line(&place).map(str::to_owned)
        };
        assert_eq!(line(1).as_deref(), Some("one"));
        assert_eq!(line(2).as_deref(), Some("two"));
        assert_eq!(line(3).as_deref(), Some("three"));
        assert_eq!(line(4), None);
    }
}
