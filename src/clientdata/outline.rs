//! Where each value of a JSON text stands, so that one can be replaced without touching the bytes around it.
use std::borrow::Cow;
use std::ops::Range;

use serde::de::IgnoredAny;

use super::Malformed;

/// How deep a flow's text may nest; actions nest eight deep (Learn: limits of cloud flows), schemas in them a little more.
const DEEPEST: usize = 256;

/// The values of a JSON text in the order of their first bytes.
///
/// One pass without recursion and one flat list, so that a long or hostile text costs neither stack nor many allocations.
pub(super) struct Outline<'text> {
    text: &'text str,
    nodes: Vec<Node>,
}

/// A value's bytes, and the node behind its last descendant.
struct Node {
    start: usize,
    end: usize,
    next: usize,
}

/// One value in the text. Asked for something that it does not have, it answers with nothing: flows hold expressions anywhere.
#[derive(Clone, Copy)]
pub(super) struct Value<'outline> {
    outline: &'outline Outline<'outline>,
    index: usize,
}

impl<'text> Outline<'text> {
    /// Reads a whole text; a byte order mark, as exported files have it, is passed over.
    pub(super) fn read(text: &'text str) -> Result<Self, Malformed> {
        let json = text.strip_prefix('\u{feff}').unwrap_or(text);
        // Settles what is JSON, so that the walk below only has to find where things begin and end.
        serde_json::from_str::<IgnoredAny>(json).map_err(Malformed::NotJson)?;
        let bytes = text.as_bytes();
        let mut nodes: Vec<Node> = Vec::new();
        let mut open = Vec::new();
        let mut at = text.len() - json.len();
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b'{' | b'[' => {
                    if open.len() == DEEPEST {
                        return Err(Malformed::TooDeep { deepest: DEEPEST });
                    }
                    open.push(nodes.len());
                    nodes.push(Node { start: at, end: at, next: 0 });
                    at += 1;
                }
                b'}' | b']' => {
                    at += 1;
                    let index: usize = open.pop().expect("valid JSON closes only what it opened");
                    nodes[index].end = at;
                    nodes[index].next = nodes.len();
                }
                b',' | b':' | b' ' | b'\t' | b'\r' | b'\n' => at += 1,
                _ => {
                    let end = if byte == b'"' { end_of_string(bytes, at) } else { end_of_word(bytes, at) };
                    nodes.push(Node { start: at, end, next: nodes.len() + 1 });
                    at = end;
                }
            }
        }
        Ok(Self { text, nodes })
    }

    /// The outermost value.
    pub(super) fn root(&self) -> Value<'_> {
        Value { outline: self, index: 0 }
    }

    /// The text with each span replaced by what goes there. The spans do not overlap.
    pub(super) fn splice(&self, mut splices: Vec<Splice>) -> String {
        splices.sort_by_key(|splice| splice.span.start);
        let mut result = String::with_capacity(self.text.len() + 64 * splices.len());
        let mut at = 0;
        for Splice { span, with } in &splices {
            result.push_str(&self.text[at..span.start]);
            result.push_str(with);
            at = span.end;
        }
        result.push_str(&self.text[at..]);
        result
    }
}

/// One replacement in a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Splice {
    /// The bytes that go; none when something is put in between.
    pub(super) span: Range<usize>,
    /// What stands there instead.
    pub(super) with: String,
}

impl<'outline> Value<'outline> {
    /// Whether the value is an object.
    pub(super) fn is_object(self) -> bool {
        self.raw().starts_with('{')
    }

    /// Whether the value is the literal `null`.
    pub(super) fn is_null(self) -> bool {
        self.raw() == "null"
    }

    /// An object's members, names and values, in the order of the text and with repetitions.
    pub(super) fn members(self) -> impl Iterator<Item = (Value<'outline>, Value<'outline>)> {
        let Self { outline, index } = self;
        let end = if self.is_object() { outline.nodes[index].next } else { 0 };
        let mut at = index + 1;
        std::iter::from_fn(move || {
            let member = (at < end).then(|| (Self { outline, index: at }, Self { outline, index: at + 1 }))?;
            at = outline.nodes[at + 1].next;
            Some(member)
        })
    }

    /// The member of that name; the last one where it is repeated, as JSON readers take it.
    pub(super) fn get(self, name: &str) -> Option<Self> {
        self.members().filter(|(key, _)| key.is(name)).last().map(|(_, value)| value)
    }

    /// The member of a member, as deep as the names go.
    pub(super) fn path(self, names: &[&str]) -> Option<Self> {
        names.iter().try_fold(self, |value, name| value.get(name))
    }

    /// The string that the value is, its escapes resolved.
    pub(super) fn string(self) -> Option<Cow<'outline, str>> {
        let raw = self.raw().strip_prefix('"')?.strip_suffix('"')?;
        if raw.contains('\\') {
            serde_json::from_str(self.raw()).ok().map(Cow::Owned)
        } else {
            Some(Cow::Borrowed(raw))
        }
    }

    /// Whether the value is this string.
    pub(super) fn is(self, string: &str) -> bool {
        self.string().is_some_and(|own| own == string)
    }

    /// Whether the value is this string in upper or lower case.
    pub(super) fn is_word(self, word: &str) -> bool {
        self.string().is_some_and(|own| own.eq_ignore_ascii_case(word))
    }

    /// How often an object names a member.
    pub(super) fn count(self, name: &str) -> usize {
        self.members().filter(|(key, _)| key.is(name)).count()
    }

    /// A splice that puts other JSON in the value's place.
    pub(super) fn replace(self, json: &str) -> Splice {
        Splice { span: self.span(), with: json.to_owned() }
    }

    /// A splice that adds a member to an object, behind its first one and spaced like it.
    pub(super) fn insert(self, name: &str, json: &str) -> Splice {
        let text = self.outline.text;
        let open = self.span().start + 1;
        match self.members().next() {
            None => Splice { span: open..open, with: format!("\"{name}\":{json}") },
            Some((key, value)) => {
                let lead = &text[open..key.span().start];
                let colon = &text[key.span().end..value.span().start];
                let end = value.span().end;
                Splice { span: end..end, with: format!(",{lead}\"{name}\"{colon}{json}") }
            }
        }
    }

    /// A splice that takes a member, which is named once, out of an object; an object that it empties becomes `{}`.
    pub(super) fn remove(self, name: &str) -> Option<Splice> {
        let members: Vec<_> = self.members().collect();
        let position = members.iter().position(|(key, _)| key.is(name))?;
        let (key, value) = members[position];
        let span = match (position.checked_sub(1), members.get(position + 1)) {
            (None, None) => return Some(self.replace("{}")),
            (_, Some((next, _))) => key.span().start..next.span().start,
            (Some(before), None) => members[before].1.span().end..value.span().end,
        };
        Some(Splice { span, with: String::new() })
    }

    fn span(self) -> Range<usize> {
        let node = &self.outline.nodes[self.index];
        node.start..node.end
    }

    fn raw(self) -> &'outline str {
        &self.outline.text[self.span()]
    }
}

/// The byte behind the closing quote of the string that begins at `start`.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

/// The byte behind the number or literal that begins at `start`.
fn end_of_word(bytes: &[u8], start: usize) -> usize {
    let length =
        bytes[start..].iter().position(|byte| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n'));
    length.map_or(bytes.len(), |length| start + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Applies one splice to an object and gives the text back.
    fn spliced(text: &str, splice: impl Fn(Value<'_>) -> Splice) -> String {
        let outline = Outline::read(text).unwrap();
        outline.splice(vec![splice(outline.root())])
    }

    #[test]
    fn every_value_is_found_behind_odd_spacing_and_escapes() {
        let text = "\u{feff} { \"a\\\"}\" :\r\n[1e3 ,\"]\\\\\",{}], \"\\u006bey\":{\"ö\":-0.10}, \"last\" : null } ";
        let outline = Outline::read(text).unwrap();
        let names: Vec<_> = outline.root().members().map(|(key, _)| key.string().unwrap()).collect();
        assert_eq!(names, ["a\"}", "key", "last"]);
        assert_eq!(outline.root().path(&["key", "ö"]).unwrap().raw(), "-0.10");
        assert_eq!(outline.root().get("a\"}").unwrap().raw(), "[1e3 ,\"]\\\\\",{}]");
        assert!(outline.root().get("last").unwrap().is_null());
    }

    #[test]
    fn what_is_no_object_has_no_members() {
        for text in ["\"{\"", "12", "[1,2]", "{}"] {
            assert_eq!(Outline::read(text).unwrap().root().members().count(), 0, "{text}");
        }
    }

    #[test]
    fn a_member_is_added_in_the_style_of_the_first() {
        assert_eq!(spliced("{ }", |root| root.insert("b", "1")), "{\"b\":1 }");
        assert_eq!(spliced("{\n  \"a\": 0\n}", |root| root.insert("b", "1")), "{\n  \"a\": 0,\n  \"b\": 1\n}");
    }

    #[test]
    fn a_member_goes_with_its_comma() {
        let remove = |text: &str, name: &str| spliced(text, |root| root.remove(name).unwrap());
        assert_eq!(remove("{ \"a\" : 0 }", "a"), "{}");
        assert_eq!(remove("{\"a\":0, \"b\":1 }", "a"), "{\"b\":1 }");
        assert_eq!(remove("{\"a\":0, \"b\":1 }", "b"), "{\"a\":0 }");
    }

    #[test]
    fn deep_nesting_is_refused_and_costs_no_stack() {
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(Outline::read(&deep(DEEPEST)).is_ok());
        assert!(matches!(Outline::read(&deep(1_000_000)), Err(Malformed::TooDeep { .. })));
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in ["", "{", "{\"a\":01}", "{\"a\" 1}", "{\"a\":\"\n\"}", "{} {}", "<html>"] {
            assert!(matches!(Outline::read(text), Err(Malformed::NotJson(_))), "{text}");
        }
    }
}
