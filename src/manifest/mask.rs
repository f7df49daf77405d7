//! Variables in flow style: other brackets while the text is parsed.

/// Variables in other brackets while the text is parsed: in `[ ${x} ]` a brace would end the scalar (YAML 1.2 §7.3.3).
pub(super) struct Mask {
    open: char,
    close: char,
}

impl Mask {
    /// Picks brackets of the same length that stand behind no `$` in the text, so that taking the mask off is exact.
    pub(super) fn for_text(text: &str) -> Option<Self> {
        if !text.contains("${") {
            return None;
        }
        let pairs = [('(', ')'), ('<', '>'), ('/', '/'), ('+', '+'), ('=', '='), ('^', '^')];
        pairs
            .into_iter()
            .find(|(open, _)| !text.contains(&format!("${open}")))
            .map(|(open, close)| Self { open, close })
    }

    pub(super) fn put_on(&self, text: &str) -> String {
        rebracket(text, ('{', '}'), (self.open, self.close))
    }

    pub(super) fn take_off(&self, text: &str) -> String {
        rebracket(text, (self.open, self.close), ('{', '}'))
    }
}

/// Writes `$` and a bracketed name with other brackets, and leaves everything else.
fn rebracket(text: &str, from: (char, char), to: (char, char)) -> String {
    let opening = format!("${}", from.0);
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(&opening) {
        let (before, after) = (&rest[..at], &rest[at + opening.len()..]);
        let name_ends = after.find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_' || letter == '-'));
        written.push_str(before);
        if let Some(end) = name_ends.filter(|end| *end > 0 && after[*end..].starts_with(from.1)) {
            written.extend(['$', to.0]);
            written.push_str(&after[..end]);
            written.push(to.1);
            rest = &after[end + from.1.len_utf8()..];
        } else {
            written.push_str(&opening);
            rest = after;
        }
    }
    written.push_str(rest);
    written
}
