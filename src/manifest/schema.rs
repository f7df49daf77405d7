//! One JSON Schema for every document: what editors complete and what `check` checks.
use std::collections::BTreeSet;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::kinds::{environment, flow, policy, role_assignment, security_role};
use crate::manifest::envelope::{ApiVersion, EnvironmentManifest, Kind, Manifest};

/// Where the schema of `${name}` is defined.
pub const VARIABLE: &str = "#/$defs/VariableUse";

/// Makes the JSON Schema (draft 2020-12) of a document.
pub fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut kinds = Map::new();
    add::<Manifest<security_role::spec::Spec>>(Kind::SecurityRole, &mut generator, &mut kinds);
    add::<Manifest<role_assignment::spec::Spec>>(Kind::RoleAssignment, &mut generator, &mut kinds);
    add::<Manifest<flow::spec::Spec>>(Kind::Flow, &mut generator, &mut kinds);
    add::<Manifest<policy::spec::Spec>>(Kind::Policy, &mut generator, &mut kinds);
    // Variables stand in these documents; an Environment document defines them and uses none.
    let with_variables: BTreeSet<String> = generator.definitions().keys().cloned().collect();
    add::<EnvironmentManifest<environment::spec::Spec>>(Kind::Environment, &mut generator, &mut kinds);
    let mut definitions = generator.take_definitions(true);
    for (name, definition) in &mut definitions {
        tidy(definition);
        if with_variables.contains(name) && !ENVELOPE.contains(&name.as_str()) {
            allow_variables(definition);
        }
    }
    for (name, mut definition) in kinds {
        tidy(&mut definition);
        definitions.insert(name, definition);
    }
    definitions.insert(
        "VariableUse".to_owned(),
        json!({
            "description": "A variable of the Environment document, which stands for a whole value.",
            "type": "string",
            "pattern": r"^\$\{[A-Za-z_][A-Za-z0-9_-]*\}$",
        }),
    );
    let kinds: Vec<_> = Kind::ALL.iter().map(|kind| json!({ "$ref": format!("#/$defs/{kind}") })).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "powergrant manifest",
        "description": "A document of a powergrant manifest.",
        "oneOf": kinds,
        "$defs": definitions,
    })
}

/// What stands around a spec, where no variable stands.
const ENVELOPE: &[&str] = &["ApiVersion", "Kind", "Metadata", "Addressees", "Selector", "State"];

fn add<T: JsonSchema>(kind: Kind, generator: &mut SchemaGenerator, kinds: &mut Map<String, Value>) {
    let mut schema = T::json_schema(generator).to_value();
    let meaning = generator.definitions().get(&format!("{kind}Spec")).and_then(|spec| spec.get("description"));
    schema["description"] = meaning.cloned().unwrap_or_default();
    schema["properties"]["apiVersion"] =
        json!({ "description": "The version of the format.", "const": ApiVersion::TEXT });
    schema["properties"]["kind"] = json!({ "description": "What the document is about.", "const": kind.word() });
    kinds.insert(kind.word().to_owned(), schema);
}

/// Takes away what says nothing: null for what may be left out, defaults, titles and number formats.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            object.remove("default");
            if let Some(Value::String(text)) = object.get_mut("description") {
                *text = text.replace('\n', " ");
            }
            object.retain(|key, value| key != "format" || !value.as_str().is_some_and(is_number_format));
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|name| name != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    object.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(alternatives)) = object.get_mut("anyOf") {
                alternatives.retain(|alternative| alternative != &json!({ "type": "null" }));
                if let [Value::Object(only)] = alternatives.as_slice() {
                    let only = only.clone();
                    object.remove("anyOf");
                    for (key, value) in only {
                        object.entry(key).or_insert(value);
                    }
                }
            }
            object.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is_number_format(format: &str) -> bool {
    format.starts_with("uint") || format.starts_with("int") || format == "double"
}

/// Lets `${name}` stand wherever a text of a certain form or a principal may stand; where any text may stand, it may anyway.
fn allow_variables(schema: &mut Value) {
    let Value::Object(object) = schema else { return };
    let is_formed_text = object.get("type") == Some(&json!("string"))
        && (object.contains_key("format") || object.contains_key("enum") || object.contains_key("const"));
    let is_words = object
        .get("oneOf")
        .and_then(Value::as_array)
        .is_some_and(|words| words.iter().all(|word| word.get("const").is_some() || word.get("enum").is_some()));
    if is_formed_text || is_words {
        let description = object.remove("description");
        let formed = Value::Object(std::mem::take(object));
        object.extend(description.map(|text| ("description".to_owned(), text)));
        object.insert("anyOf".to_owned(), json!([formed, { "$ref": VARIABLE }]));
        return;
    }
    if let Some(Value::Array(alternatives)) = object.get_mut("anyOf") {
        let is_principal = alternatives.iter().any(|alternative| alternative.pointer("/properties/group").is_some());
        if is_principal {
            alternatives.push(json!({ "$ref": VARIABLE }));
        }
    }
    for key in ["properties", "$defs"] {
        if let Some(Value::Object(children)) = object.get_mut(key) {
            children.values_mut().for_each(allow_variables);
        }
    }
    for key in ["anyOf", "oneOf"] {
        if let Some(Value::Array(children)) = object.get_mut(key) {
            children.iter_mut().for_each(allow_variables);
        }
    }
    for key in ["items", "additionalProperties"] {
        if let Some(child) = object.get_mut(key) {
            allow_variables(child);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_schema_is_up_to_date() {
        let shipped = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/powergrant.schema.json"));
        let made = format!("{:#}\n", schema());
        assert!(
            shipped.is_ok_and(|shipped| shipped.replace("\r\n", "\n") == made),
            "regenerate it: powergrant schema > schemas/powergrant.schema.json"
        );
    }

    #[test]
    fn the_schema_is_a_schema() {
        jsonschema::validator_for(&schema()).expect("the schema is valid against its metaschema");
    }
}
