//! Values as JSON: exact for programs, and inert for whoever prints it.
use serde::Serialize;

use super::Shown;
use crate::foreign::inert_json;
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::foreign::is_hidden;

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
