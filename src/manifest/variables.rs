//! Variables: `${name}` stands for a whole value that the Environment document gives.
use std::sync::Arc;

use crate::finding::{Finding, did_you_mean};
use crate::manifest::node::{Content, Entry, Node, Span};
use crate::rules::Rule;

/// The name in `${name}`, if a text is nothing else.
pub fn name_in(text: &str) -> Option<&str> {
    let name = text.strip_prefix("${")?.strip_suffix('}')?;
    let mut letters = name.chars();
    let begins_well = letters.next().is_some_and(|letter| letter.is_ascii_alphabetic() || letter == '_');
    (begins_well && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-'))
        .then_some(name)
}

/// Whether any variable is used.
pub fn are_used(node: &Node) -> bool {
    node.text().is_some_and(|text| name_in(text).is_some())
        || node.items().iter().any(are_used)
        || node.entries().iter().any(|entry| are_used(&entry.value))
}

/// Reports every text that holds `${` and is not a whole variable.
pub fn report_parts(node: &Node, file: &Arc<str>, findings: &mut Vec<Finding>) {
    let mut report = |text: &str, span: Span| {
        if text.contains("${") && name_in(text).is_none() {
            findings.push(
                Finding::error(
                    Rule::InvalidValue,
                    &span.place(file),
                    format!("`{text}` has a variable for a part of it"),
                )
                .hint("a variable stands for a whole value; its name has letters, digits, `_` and `-`"),
            );
        }
    };
    if let Some(text) = node.text() {
        report(text, node.span);
    }
    for entry in node.entries() {
        if entry.key.contains("${") {
            let message = format!("`{}` has a variable in a key", entry.key);
            findings.push(
                Finding::error(Rule::InvalidValue, &entry.span.place(file), message)
                    .hint("variables stand for values; write the key out"),
            );
        }
        report_parts(&entry.value, file, findings);
    }
    node.items().iter().for_each(|item| report_parts(item, file, findings));
}

/// The variables of one environment.
#[derive(Clone, Copy, Debug)]
pub struct Variables<'run> {
    /// The environment's name.
    pub environment: &'run str,
    /// The variables and their values.
    pub values: &'run [Entry],
}

impl Variables<'_> {
    /// Puts the values in, and reports what is not defined; what was put in stands where the variable stood.
    pub fn put_into(self, node: &Node, file: &Arc<str>, findings: &mut Vec<Finding>) -> Node {
        let content = match &node.content {
            Content::Text(text) => match name_in(text) {
                Some(name) => return self.value(name, node, file, findings).unwrap_or_else(|| node.clone()),
                None => Content::Text(text.clone()),
            },
            Content::List(items) => {
                let mut list = Vec::with_capacity(items.len());
                for item in items {
                    let put = self.put_into(item, file, findings);
                    // `- ${name}` spreads a list; a list in a list is written by nobody.
                    if put.variable.is_some()
                        && let Content::List(spread) = put.content
                    {
                        list.extend(spread);
                    } else {
                        list.push(put);
                    }
                }
                Content::List(list)
            }
            Content::Map(entries) => Content::Map(
                entries
                    .iter()
                    .map(|entry| Entry { value: self.put_into(&entry.value, file, findings), ..entry.clone() })
                    .collect(),
            ),
            other @ (Content::Null | Content::Bool(_) | Content::Number(_)) => other.clone(),
        };
        Node { content, span: node.span, variable: node.variable.clone() }
    }

    fn value(self, name: &str, used: &Node, file: &Arc<str>, findings: &mut Vec<Finding>) -> Option<Node> {
        if let Some(entry) = self.values.iter().find(|entry| entry.key == name) {
            return Some(moved(&entry.value, used.span, &Arc::from(name)));
        }
        let message = format!("`${{{name}}}` is not defined in {}", self.environment);
        let finding = Finding::error(Rule::UndefinedVariable, &used.span.place(file), message);
        let known = self.values.iter().map(|entry| entry.key.as_str());
        findings.push(match did_you_mean(name, known) {
            Some(meant) => finding.hint(format!("did you mean `${{{meant}}}`?")),
            None => finding.hint(format!("add `{name}` to `vars` of the Environment document {}", self.environment)),
        });
        None
    }
}

/// Copies a value to where its variable is used.
fn moved(node: &Node, span: Span, variable: &Arc<str>) -> Node {
    let content = match &node.content {
        Content::List(items) => Content::List(items.iter().map(|item| moved(item, span, variable)).collect()),
        Content::Map(entries) => Content::Map(
            entries
                .iter()
                .map(|entry| Entry { key: entry.key.clone(), span, value: moved(&entry.value, span, variable) })
                .collect(),
        ),
        other @ (Content::Null | Content::Bool(_) | Content::Number(_) | Content::Text(_)) => other.clone(),
    };
    Node { content, span, variable: Some(variable.clone()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_the_whole_text() {
        assert_eq!(name_in("${runners}"), Some("runners"));
        assert_eq!(name_in("${run-role_2}"), Some("run-role_2"));
        for text in ["${}", "${2}", "a ${b}", "${a}${b}", "$a", "${a b}"] {
            assert_eq!(name_in(text), None, "{text}");
        }
    }
}
