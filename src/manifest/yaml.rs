//! YAML text in, trees with places out, and back; the one file that knows which YAML library there is.
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::options::DuplicateKeyPolicy;
use serde_yaml::{Location, MessageFormatter, Options, Spanned, UserMessageFormatter};

use crate::manifest::mask::Mask;
use crate::manifest::node::{Content, Entry, Node, Span};
pub use crate::manifest::written::{quoted, to_yaml};

/// What a text holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parsed {
    /// Every document that could be read.
    pub documents: Vec<Node>,
    /// Everything that could not; one broken document does not hide the others.
    pub faults: Vec<Fault>,
}

/// Text that is not the YAML that powergrant takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Where.
    pub span: Span,
    /// What is wrong.
    pub message: String,
    /// The other place that matters, if there is one.
    pub also: Option<Span>,
    /// What to do, if that is known.
    pub hint: Option<&'static str>,
}

/// Reads a text document by document.
pub fn load(text: &str) -> Parsed {
    let mask = Mask::for_text(text);
    let text = mask.as_ref().map_or(Cow::Borrowed(text), |mask| Cow::Owned(mask.put_on(text)));
    let mut parsed = Parsed::default();
    for (first_line, part) in parts(&text) {
        let reader = Reader {
            text: &text[part.clone()],
            first_byte: part.start,
            first_line,
            mask: mask.as_ref(),
            faults: Vec::new(),
        };
        reader.read(&mut parsed);
    }
    parsed
}

/// Cuts a text before each `---`, which at the start of a line can be nothing but the start of a document (YAML 1.2 §9.1.2).
fn parts(text: &str) -> Vec<(usize, Range<usize>)> {
    let mut parts = Vec::new();
    let (mut first_line, mut start, mut at, mut has_content) = (1, 0, 0, false);
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let trimmed = line.trim();
        let begins = line.starts_with("---") && line[3..].chars().next().is_none_or(char::is_whitespace);
        if begins && has_content {
            parts.push((first_line, start..at));
            (first_line, start) = (number, at);
        }
        // Comments and directives before `---` belong to the document that follows.
        has_content = begins || has_content || !(trimmed.is_empty() || trimmed.starts_with(['#', '%']));
        at += line.len();
    }
    parts.push((first_line, start..at));
    parts
}

struct Reader<'text> {
    text: &'text str,
    first_byte: usize,
    first_line: usize,
    mask: Option<&'text Mask>,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn read(mut self, parsed: &mut Parsed) {
        match serde_yaml::from_multiple_with_options::<Raw>(self.text, options()) {
            Ok(documents) => {
                for document in documents {
                    let node = self.node(document);
                    parsed.documents.push(node);
                }
            }
            Err(error) => {
                let error = error.without_snippet();
                let span = error.location().map_or_else(|| self.start(), |location| self.span(location));
                let message = UserMessageFormatter.format_message(error).into_owned();
                let tab = self.tab_at(span);
                self.faults.push(explain(span, &message, tab));
            }
        }
        parsed.faults.append(&mut self.faults);
    }

    /// Finds a tab that indents the line of a fault or the next one.
    fn tab_at(&self, span: Span) -> Option<Span> {
        let mut start = self.first_byte;
        for (number, line) in (self.first_line..).zip(self.text.split_inclusive('\n')) {
            let line_number = u32::try_from(number).unwrap_or(u32::MAX);
            let spaces = line.len() - line.trim_start_matches(' ').len();
            if line_number >= span.line && line_number <= span.line + 1 && line[spaces..].starts_with('\t') {
                let column = u32::try_from(spaces + 1).unwrap_or(u32::MAX);
                return Some(Span {
                    start: start + spaces,
                    end: start + spaces + 1,
                    line: line_number,
                    column,
                    length: 1,
                });
            }
            start += line.len();
        }
        None
    }

    fn node(&mut self, Raw(spanned): Raw) -> Node {
        let span = self.span(spanned.referenced);
        let content = match spanned.value {
            RawContent::Null => Content::Null,
            RawContent::Bool(value) => Content::Bool(value),
            RawContent::Number(number) => Content::Number(number),
            RawContent::Text(text) => Content::Text(self.unmasked(text)),
            RawContent::List(items) => Content::List(items.into_iter().map(|item| self.node(item)).collect()),
            RawContent::Map(entries) => Content::Map(self.entries(entries)),
        };
        Node { content, span, variable: None }
    }

    fn entries(&mut self, raw: Vec<(Spanned<String>, Raw)>) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::with_capacity(raw.len());
        let mut seen = std::collections::HashMap::with_capacity(raw.len());
        for (key, value) in raw {
            let span = self.span(key.referenced);
            let value = self.node(value);
            let key = self.unmasked(key.value);
            let first = *seen.entry(key.clone()).or_insert(span);
            if first == span {
                entries.push(Entry { key, span, value });
            } else {
                self.faults.push(Fault {
                    span,
                    message: format!("`{key}` stands twice in one mapping"),
                    also: Some(first),
                    hint: Some("keep one of the two"),
                });
            }
        }
        entries
    }

    fn unmasked(&self, text: String) -> String {
        match self.mask {
            Some(mask) => mask.take_off(&text),
            None => text,
        }
    }

    fn start(&self) -> Span {
        let line = u32::try_from(self.first_line).unwrap_or(u32::MAX);
        Span { start: self.first_byte, end: self.first_byte, line, column: 1, length: 1 }
    }

    fn span(&self, location: Location) -> Span {
        if location == Location::UNKNOWN {
            return self.start();
        }
        let number = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        let span = location.span();
        let start = number(span.byte_offset().unwrap_or(0)).min(self.text.len());
        let end = (start + number(span.byte_len().unwrap_or(0))).min(self.text.len());
        let first_line = self.text.get(start..end).and_then(|text| text.lines().next()).unwrap_or_default();
        let length = first_line.trim_end().chars().count().max(1);
        Span {
            start: self.first_byte + start,
            end: self.first_byte + end,
            line: u32::try_from(number(location.line()).saturating_add(self.first_line - 1)).unwrap_or(u32::MAX),
            column: u32::try_from(location.column()).unwrap_or(u32::MAX).max(1),
            length: u32::try_from(length).unwrap_or(u32::MAX),
        }
    }
}

/// YAML 1.2 words only, no unknown tags, and limits that a manifest never reaches but a bomb does.
fn options() -> Options {
    serde_yaml::options! {
        strict_booleans: true,
        reject_unsupported_tags: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        with_snippet: false,
        // Passed on, so that every duplicate of a document is reported, with both places.
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        budget: serde_yaml::budget! { max_events: 5_000_000, max_nodes: 2_000_000, max_aliases: 1_000 },
        alias_limits: serde_yaml::alias_limits! { max_total_replayed_events: 100_000 },
    }
}

/// Puts what the library says into what a reader can act on.
fn explain(span: Span, message: &str, tab: Option<Span>) -> Fault {
    let (message, hint) = match message {
        _ if tab.is_some() => ("a tab indents this line".to_owned(), Some("indent with spaces")),
        said if said.contains("total_replayed_events") || said.contains("max_aliases") || said.contains("alias") => {
            ("aliases that stand for too much".to_owned(), Some("write out what they stand for"))
        }
        said if said.contains("recursion limit") || said.contains("depth") => {
            ("nested too deeply: more than 64 levels".to_owned(), None)
        }
        said if said.starts_with("unsupported tag") => {
            (said.to_owned(), Some("manifests hold plain values; remove the tag"))
        }
        said if said.contains("reference to unknown value") => {
            ("an alias of an anchor that is not in this document".to_owned(), None)
        }
        said if said.contains("ecursive reference") => ("an alias within its own anchor".to_owned(), None),
        said if said.contains("null is not allowed") => ("a key that is empty".to_owned(), None),
        said if said.contains("expected string scalar") => ("a key that is no text".to_owned(), None),
        said => (format!("this is not YAML: {said}"), None),
    };
    Fault { span: tab.unwrap_or(span), message, also: None, hint }
}

/// A value as the library hands it over.
struct Raw(Spanned<RawContent>);

enum RawContent {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(String),
    List(Vec<Raw>),
    Map(Vec<(Spanned<String>, Raw)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::deserialize(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for RawContent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = RawContent;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<RawContent, E> {
        Ok(RawContent::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<RawContent, E> {
        Ok(RawContent::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<RawContent, E> {
        Ok(RawContent::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<RawContent, E> {
        Ok(RawContent::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<RawContent, E> {
        serde_json::Number::from_f64(value).map(RawContent::Number).ok_or_else(|| E::custom("not a number"))
    }

    fn visit_i128<E: serde::de::Error>(self, _: i128) -> Result<RawContent, E> {
        Err(E::custom("number is too large"))
    }

    fn visit_u128<E: serde::de::Error>(self, _: u128) -> Result<RawContent, E> {
        Err(E::custom("number is too large"))
    }

    fn visit_str<E>(self, value: &str) -> Result<RawContent, E> {
        Ok(RawContent::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<RawContent, E> {
        Ok(RawContent::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<RawContent, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(RawContent::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<RawContent, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(RawContent::Map(map))
    }
}

#[cfg(test)]
mod tests;
