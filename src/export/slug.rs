//! Names of documents: short, of plain letters, and each only once.
use std::collections::BTreeSet;

use crate::manifest::envelope::Kind;

/// The names that are taken.
#[derive(Default)]
pub(super) struct Names(BTreeSet<(Kind, String)>);

impl Names {
    /// A name for a document about a thing of this name.
    pub(super) fn of(&mut self, kind: Kind, name: &str) -> String {
        let mut plain = String::new();
        for letter in name.chars() {
            if letter.is_alphanumeric() {
                plain.extend(letter.to_lowercase());
            } else if !plain.is_empty() && !plain.ends_with('-') {
                plain.push('-');
            }
        }
        let plain = plain.trim_end_matches('-');
        let plain = if plain.is_empty() { kind.word().to_lowercase() } else { plain.to_owned() };
        let mut candidate = plain.clone();
        let mut number = 2;
        while !self.0.insert((kind, candidate.clone())) {
            candidate = format!("{plain}-{number}");
            number += 1;
        }
        candidate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_things_of_one_name_are_two_documents() {
        let mut names = Names::default();
        let mut name = |text: &str| names.of(Kind::Flow, text);
        assert_eq!(
            ["Expense intake (v2)", "expense INTAKE v2", "Überweisung", "…"].map(&mut name),
            ["expense-intake-v2", "expense-intake-v2-2", "überweisung", "flow"]
        );
    }
}
