//! Values as JSON: exact for programs, and inert for whoever prints it.
use serde::Serialize;

use super::Shown;
use crate::foreign::{begins_command, is_hidden};
use crate::plan::saved::Saved;

/// The plans of a run as one document, in Terraform's shape.
pub fn plans(shown: &Shown<'_>) -> String {
    pretty(&Saved::of(&shown.plans, &shown.reviews, &shown.findings))
}

/// Writes a value on several lines.
pub fn pretty(value: &impl Serialize) -> String {
    inert_json(&serde_json::to_string_pretty(value).expect("a value of texts and numbers can be written")) + "\n"
}

/// Writes a value on one line.
pub fn line(value: &impl Serialize) -> String {
    inert_json(&serde_json::to_string(value).expect("a value of texts and numbers can be written")) + "\n"
}

/// Escapes, as JSON has it, what a terminal, a page or a pipeline would act on; the value stays the same.
///
/// `<`, `>` and `&` are escaped as Go's encoder, and so Terraform's, does it.
fn inert_json(text: &str) -> String {
    let mut json = String::with_capacity(text.len());
    let mut last = None;
    for letter in text.chars() {
        // Line breaks between values; those within texts are escaped already.
        let active = (is_hidden(letter) && letter != '\n') || matches!(letter, '<' | '>' | '&');
        if active || begins_command(last, letter) {
            let mut units = [0; 2];
            json.extend(letter.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
            last = None;
        } else {
            json.push(letter);
            last = Some(letter);
        }
    }
    json
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn json_is_inert_and_says_the_same(text in "\\PC*|[#:<&\u{1b}\u{7f}\u{9b}\u{202e}\u{200b}\u{e0041}a\"\\\\\n]{0,20}") {
            let json = line(&text);
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
            let bad = |letter: char| (is_hidden(letter) && letter != '\n') || "<>&".contains(letter);
            prop_assert!(!json.contains("##") && !json.contains("::") && !json.chars().any(bad), "{}", json);
        }
    }
}
