//! What a pasted error message means: which requirement of running a flow it speaks of.
//!
//! Codes and phrases of recorded answers (issues of the Center of Excellence kit, Learn's Web service error codes).
use crate::explain::requirements::{Needs, Requirement, all};
use crate::names::folded;

/// What a message means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// What is wrong, in plain words.
    pub says: String,
    /// The requirement that it speaks of, if it is one of running a flow.
    pub requirement: Option<&'static Requirement>,
}

/// A word of a message, what it means, and the requirement that it speaks of.
const KNOWN: [(&str, &str, Option<&str>); 27] = [
    (
        "childflowunsupportedforinvokerconnections",
        "a flow that is called as a child asks its caller for connections",
        Some("start.child-embedded"),
    ),
    (
        "invokerconnectionnotallowed",
        "an operation does not work with the caller's connection",
        Some("act.same-environment"),
    ),
    // A flow is a connection of this kind to whoever calls it (tests of a public client that asks for a flow of others).
    ("'shared_logicflows'", "the person may not use the flow: it is not shared", Some("start.flow-shared")),
    (
        "connectionauthorizationfailed",
        "whoever saves or turns on the flow may not use one of its connections; its owner has to share it (Can use)",
        None,
    ),
    ("workflowtriggerisnotenabled", "the flow is not on", Some("start.flow-on")),
    ("invalidopenapiflow", "a connection of the flow is not there", Some("start.connections-bound")),
    ("flownotfound", "the flow is not there for this person: it is not shared", Some("start.flow-shared")),
    (
        "not permitted to make flows",
        "the person may not make flows in this environment; running one needs no such right",
        None,
    ),
    ("environmentaccessdenied", "the person may not use the environment", Some("environment.member")),
    ("0x80072560", "the person is no user of the environment", Some("environment.member")),
    ("not a member of the organization", "the person is no user of the environment", Some("environment.member")),
    ("0x80040225", "the account is disabled", Some("environment.enabled")),
    (
        "0x80048350",
        "a group's team cannot hold a role whose privileges do not reach its members",
        Some("environment.role"),
    ),
    ("0x8007232", "too many requests: it works again later", None),
    ("has not been assigned any roles", "no security role counts for the person", Some("environment.role")),
    ("0x80042f0", "no security role counts for the person", Some("environment.role")),
    ("not found in the metadatacache", "a table that is named is not in this environment", Some("act.actions")),
    ("0x80041102", "a table that is named is not in this environment", Some("act.actions")),
    ("request_resourcenotfound", "the directory knows no such person, group or application", None),
    ("environmentnotfound", "the environment is not there, or not visible to this identity yet", None),
    ("0x80040217", "a row that is asked for is not there, or is not shown to whoever asks", None),
    ("0x80060888", "what the address names is not in this environment", None),
    ("skip clause is not supported", "Dataverse does not take such a query", None),
    ("0x80040203", "an id that the request needs is empty", None),
    ("0x80071151", "another solution operation is running: it works again when that has ended", None),
    ("www-authenticate", "the sign-in is missing or has run out: sign in again", None),
    (
        "insufficient permissions",
        "the person's connection cannot be linked to the flow's connection reference",
        Some("link.reference-read"),
    ),
];

/// Finds what a message means; `None` when it is not known here.
pub fn meaning(message: &str) -> Option<Meaning> {
    let text = folded(message);
    if let Some(privilege) = missing_privilege(message) {
        let asks = |requirement: &&Requirement| match &requirement.needs {
            Needs::Privilege { privilege: own, .. } => folded(own) == folded(privilege),
            Needs::Fact { .. } => false,
        };
        let requirement = all().iter().find(asks).or_else(|| named("act.actions"));
        return Some(Meaning { says: format!("the privilege {privilege} is missing"), requirement });
    }
    if text.contains("0x80048306") || text.contains("access right(s) for record") {
        let (what, id) = if text.contains("connection reference") {
            ("a connection reference", "link.reference-read")
        } else if text.contains("of entity process") || text.contains("of entity workflow") {
            ("the flow", "start.flow-shared")
        } else {
            ("a row that the flow touches", "act.actions")
        };
        return Some(Meaning { says: format!("the person may not read {what}"), requirement: named(id) });
    }
    let (_, says, id) = KNOWN.iter().find(|(word, _, _)| text.contains(word))?;
    Some(Meaning { says: (*says).to_owned(), requirement: id.and_then(named) })
}

/// The privilege of `… is missing prvReadWorkflow privilege (Id=…)`.
fn missing_privilege(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("is missing prv")?;
    let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_')?;
    let start = message.len() - rest.len() - "prv".len();
    message.get(start..start + "prv".len() + end)
}

fn named(id: &str) -> Option<&'static Requirement> {
    all().iter().find(|requirement| requirement.id.as_str() == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requirement(message: &str) -> Option<String> {
        Some(meaning(message)?.requirement?.id.to_string())
    }

    #[test]
    fn every_known_word_speaks_of_a_requirement_that_there_is() {
        for (word, _, id) in KNOWN {
            assert_eq!(requirement(word).as_deref(), id, "{word}");
        }
    }

    #[test]
    fn a_missing_privilege_is_found_in_whatever_is_pasted() {
        let pasted = r#"{"error":{"code":"0x80040220","message":"Principal user (Id=1, type=8), is missing prvReadconnectionreference privilege (Id=2) on OTC=10091"}}"#;
        assert_eq!(requirement(pasted).as_deref(), Some("link.reference-privilege"));
        let table = "Principal user is missing prvCreatecontoso_expense privilege (Id=2)";
        assert_eq!(requirement(table).as_deref(), Some("act.actions"));
        assert_eq!(
            meaning(table).map(|meaning| meaning.says).as_deref(),
            Some("the privilege prvCreatecontoso_expense is missing")
        );
        assert_eq!(meaning("the printer is on fire"), None);
    }
}
