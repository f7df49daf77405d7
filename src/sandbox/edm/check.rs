//! Checks the parameters of a call against the model.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::complex::{complexes, enums};
use super::model::EnumKind;
use super::operations::Operation;
use crate::sandbox::fault::Fault;

/// Refuses parameters of a function that it does not have, and values of another type.
pub(in crate::sandbox) fn arguments(operation: &Operation, given: &BTreeMap<String, String>) -> Result<(), Fault> {
    for (name, value) in given {
        let kind = kind_of(operation, name)?;
        if kind == "Edm.Guid" && Uuid::try_parse(value).is_err() {
            return Err(Fault::malformed(format!("Error occurred while parsing Guid value '{value}'.")));
        }
    }
    match operation.parameters.iter().find(|(name, _)| !given.contains_key(*name)) {
        Some((missing, _)) => Err(Fault::malformed(format!("The parameter '{missing}' is missing."))),
        None => Ok(()),
    }
}

/// Refuses parameters of an action that it does not have, values of another type, and members that no enumeration has.
pub(in crate::sandbox) fn body(operation: &Operation, given: &Map<String, Value>) -> Result<(), Fault> {
    given.iter().try_for_each(|(name, value)| check(kind_of(operation, name)?, name, value))
}

fn kind_of(operation: &Operation, name: &str) -> Result<&'static str, Fault> {
    let found = operation.parameters.iter().find(|(known, _)| *known == name);
    found.map(|(_, kind)| *kind).ok_or_else(|| {
        // Text of the OData library; the service answers it with its usual code (inferred for calls).
        Fault::malformed(format!(
            "The parameter '{name}' in the request payload is not a valid parameter for the operation '{}'.",
            operation.name
        ))
    })
}

fn check(kind: &str, name: &str, value: &Value) -> Result<(), Fault> {
    if let Some(inner) = kind.strip_prefix("Collection(").and_then(|rest| rest.strip_suffix(')')) {
        let list = value.as_array().ok_or_else(|| mistyped(name, kind))?;
        return list.iter().try_for_each(|value| check(inner, name, value));
    }
    let is_fine = match kind {
        "Edm.Guid" => value.as_str().is_some_and(|text| Uuid::try_parse(text).is_ok()),
        "Edm.String" => value.is_string(),
        "Edm.Boolean" => value.is_boolean(),
        _ => return check_named(kind, name, value),
    };
    if is_fine || value.is_null() { Ok(()) } else { Err(mistyped(name, kind)) }
}

/// Checks a value of a type of the model; entities are checked by what reads them.
fn check_named(kind: &str, name: &str, value: &Value) -> Result<(), Fault> {
    let short = kind.trim_start_matches("mscrm.");
    if let Some(found) = enums().into_iter().find(|found| found.name == short) {
        let text = value.as_str().ok_or_else(|| mistyped(name, kind))?;
        let parts: Vec<&str> = match found.kind {
            EnumKind::Single => vec![text],
            EnumKind::Flags => text.split(',').map(str::trim).collect(),
        };
        let unknown = parts.iter().find(|part| found.members.iter().all(|(member, _)| member != *part));
        return unknown.map_or(Ok(()), |part| {
            Err(Fault::malformed(format!("The value '{part}' is not a member of 'Microsoft.Dynamics.CRM.{short}'.")))
        });
    }
    let object = value.as_object().ok_or_else(|| mistyped(name, kind))?;
    let Some(structure) = complexes().into_iter().find(|structure| structure.name == short) else { return Ok(()) };
    for (property, value) in object.iter().filter(|(property, _)| !property.contains('@')) {
        let declared =
            structure.properties.iter().find(|known| known.name == *property).map(|known| known.kind.clone());
        let leading =
            || structure.navigations.iter().find(|known| known.name == *property).map(|known| known.kind.clone());
        let kind = declared.or_else(leading).ok_or_else(|| {
            Fault::malformed(format!(
                "The property '{property}' does not exist on type 'Microsoft.Dynamics.CRM.{short}'. Make sure to only use property \
                 names that are defined by the type."
            ))
        })?;
        if !value.is_null() {
            check(&kind, property, value)?;
        }
    }
    Ok(())
}

fn mistyped(name: &str, kind: &str) -> Fault {
    Fault::malformed(format!("The value of '{name}' is not of type '{kind}'."))
}
