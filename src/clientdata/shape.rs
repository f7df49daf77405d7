//! How a connection's mode stands in an entry of `connectionReferences`.
use super::Conflict;
use super::outline::{Splice, Value};
use crate::names::ConnectionMode;

/// The current Dataverse connector, whose entries stay `embedded` and say `impersonation` instead
/// (counted in public solutions: 97 entries of it are impersonated, none has `runtimeSource: invoker`).
const DATAVERSE: &str = "shared_commondataserviceforapps";

/// The mode that an entry has. What an entry does not say is the flow's own connection: `{}` equals a missing `impersonation`.
pub(super) fn mode(connector: &str, entry: Value<'_>) -> ConnectionMode {
    if is_invoker(entry) || (is_dataverse(connector) && is_impersonated(entry)) {
        ConnectionMode::ProvidedByRunOnlyUser
    } else {
        ConnectionMode::UseThisConnection
    }
}

/// The splices that give an entry the mode; none where the entry says so already.
pub(super) fn encode(
    connector: &str,
    key: &str,
    entry: Value<'_>,
    by_run_only_user: bool,
) -> Result<Vec<Splice>, Conflict> {
    let mut splices = Vec::new();
    let impersonated = is_dataverse(connector) && by_run_only_user;
    // Dataverse as `invoker` is read as what it means, and written in the one shape that the designer writes.
    let invoker = by_run_only_user && !impersonated;
    if is_invoker(entry) != invoker {
        splices.push(write_source(entry, invoker));
    }
    if is_dataverse(connector) && is_impersonated(entry) != impersonated {
        splices.push(write_impersonation(key, entry, impersonated)?);
    }
    Ok(splices)
}

fn is_dataverse(connector: &str) -> bool {
    connector.eq_ignore_ascii_case(DATAVERSE)
}

/// Whether an entry is embedded or the invoker's: `runtimeSource` in Dataverse, `source` in a package export
/// (`Embedded`, `Invoker`).
fn is_invoker(entry: Value<'_>) -> bool {
    let source = entry.get("runtimeSource").or_else(|| entry.get("source"));
    source.is_some_and(|source| source.is_word("invoker"))
}

/// Whether an entry's `impersonation.source` is the invoker (public client: the Logic Apps designer's `Impersonation`).
fn is_impersonated(entry: Value<'_>) -> bool {
    entry.path(&["impersonation", "source"]).is_some_and(|source| source.is_word("invoker"))
}

/// Writes the member that decides, in its own spelling.
fn write_source(entry: Value<'_>, invoker: bool) -> Splice {
    let runtime = if invoker { "\"invoker\"" } else { "\"embedded\"" };
    match (entry.get("runtimeSource"), entry.get("source")) {
        (Some(member), _) => member.replace(runtime),
        (None, Some(member)) => member.replace(if invoker { "\"Invoker\"" } else { "\"Embedded\"" }),
        (None, None) => entry.insert("runtimeSource", runtime),
    }
}

/// Writes or takes away `impersonation.source` and leaves its neighbours, such as `objectId`.
fn write_impersonation(key: &str, entry: Value<'_>, impersonated: bool) -> Result<Splice, Conflict> {
    let odd = || Conflict::OddShape { key: key.to_owned(), member: "impersonation" };
    let Some(impersonation) = entry.get("impersonation") else {
        return Ok(entry.insert("impersonation", r#"{"source":"invoker"}"#));
    };
    if impersonation.is_null() {
        return Ok(impersonation.replace(r#"{"source":"invoker"}"#));
    }
    if !impersonation.is_object() {
        return Err(odd());
    }
    match (impersonation.get("source"), impersonated) {
        (Some(source), true) => Ok(source.replace("\"invoker\"")),
        (None, true) => Ok(impersonation.insert("source", "\"invoker\"")),
        (_, false) => impersonation.remove("source").ok_or_else(odd),
    }
}
