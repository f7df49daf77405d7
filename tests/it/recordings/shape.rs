//! The shape of a JSON text: which keys it has and of which types their values are, whatever they say.
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// The key, or the value, that stands where a recording was cut.
const CUT: &str = "<trimmed>";

/// What stands at one place of a text, over all rows of the lists that lead there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shape {
    kinds: BTreeSet<&'static str>,
    /// Keys with their shapes, and in how many of the objects they are.
    keys: BTreeMap<String, (Shape, usize)>,
    objects: usize,
    items: Option<Box<Shape>>,
}

impl Shape {
    /// Takes the shape of a text.
    pub(super) fn of(value: &Value) -> Self {
        let mut shape = Self::default();
        shape.add(value);
        shape
    }

    fn add(&mut self, value: &Value) {
        self.kinds.insert(match value {
            Value::Null => "null",
            Value::String(text) if text == CUT => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "text",
            Value::Array(_) => "list",
            Value::Object(_) => "object",
        });
        match value {
            Value::Array(values) => {
                let items = self.items.get_or_insert_default();
                for value in values {
                    items.add(value);
                }
            }
            Value::Object(object) => {
                self.objects += 1;
                for (key, value) in object {
                    let (shape, times) = self.keys.entry(key.clone()).or_default();
                    shape.add(value);
                    *times += 1;
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// Lists where an answer differs from a recorded one: keys that are missing or too many, and other types.
    /// A recorded `null` says nothing about the type, and a list without rows nothing about its rows.
    pub(super) fn differences(recorded: &Value, answered: &Value) -> Vec<String> {
        let mut found = Vec::new();
        compare("", &Self::of(recorded), &Self::of(answered), &mut found);
        found
    }
}

fn compare(place: &str, recorded: &Shape, answered: &Shape, found: &mut Vec<String>) {
    let is_open = recorded.kinds.iter().all(|kind| *kind == "null");
    if !is_open && !answered.kinds.is_subset(&recorded.kinds) {
        let words = |kinds: &BTreeSet<&'static str>| kinds.iter().copied().collect::<Vec<_>>().join(" or ");
        found.push(format!("{place} is {} instead of {}", words(&answered.kinds), words(&recorded.kinds)));
    }
    let is_cut = recorded.keys.contains_key(CUT);
    for (key, (shape, times)) in recorded.keys.iter().filter(|(key, _)| *key != CUT) {
        let place = format!("{place}/{key}");
        match answered.keys.get(key) {
            Some((other, _)) => compare(&place, shape, other, found),
            None if *times == recorded.objects && answered.objects > 0 => found.push(format!("{place} is missing")),
            None => {}
        }
    }
    if recorded.objects > 0 && !is_cut {
        let surplus = answered.keys.keys().filter(|key| !recorded.keys.contains_key(*key));
        found.extend(surplus.map(|key| format!("{place}/{key} is too many")));
    }
    if let (Some(recorded), Some(answered)) = (&recorded.items, &answered.items)
        && !recorded.kinds.is_empty()
    {
        compare(&format!("{place}[]"), recorded, answered, found);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_renamed_key_a_missing_one_and_another_type_are_differences() {
        let recorded =
            json!({ "value": [ { "id": "a", "rank": null, "on": true }, { "id": "b", "rank": 1, "on": true } ] });
        let same = json!({ "value": [ { "id": "x", "rank": 2, "on": false } ] });
        assert_eq!(Shape::differences(&recorded, &same), [""; 0]);
        let other = json!({ "value": [ { "ident": "x", "rank": "two", "on": false } ] });
        let expected =
            ["/value[]/id is missing", "/value[]/rank is text instead of null or number", "/value[]/ident is too many"];
        assert_eq!(Shape::differences(&recorded, &other), expected);
    }

    #[test]
    fn what_was_cut_from_a_recording_may_be_anything() {
        let recorded = json!({ "rows": { "<trimmed>": "14 of 118", "first": 1 } });
        assert_eq!(Shape::differences(&recorded, &json!({ "rows": { "first": 2, "second": 3 } })), [""; 0]);
        assert_eq!(Shape::differences(&recorded, &json!({ "rows": { "second": 3 } })), ["/rows/first is missing"]);
        let recorded = json!({ "swagger": "<trimmed>" });
        assert_eq!(Shape::differences(&recorded, &json!({ "swagger": { "paths": {} } })), [""; 0]);
        assert_eq!(Shape::differences(&recorded, &json!({})), ["/swagger is missing"]);
    }

    #[test]
    fn what_was_recorded_as_empty_says_nothing_about_the_type() {
        let recorded = json!({ "rank": null, "rows": [] });
        assert_eq!(Shape::differences(&recorded, &json!({ "rank": 3, "rows": [1] })), [""; 0]);
        assert_eq!(
            Shape::differences(&recorded, &json!({ "rows": {} })),
            ["/rank is missing", "/rows is object instead of list"]
        );
    }
}
