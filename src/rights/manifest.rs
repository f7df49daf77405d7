//! Rights as a manifest: the security role that has exactly them.
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::identity::{Bearer, Identity};
use super::judge::{Held, Judged};
use super::{Needs, RIGHTS, Task};
use crate::names::Operation;

/// Privileges on tables, by the table's name.
pub type Privileges = BTreeMap<&'static str, BTreeSet<Operation>>;

/// What a role for a task holds; one for `apply` holds what one for `plan` does.
pub fn of_task(task: Task) -> Privileges {
    collected(RIGHTS.iter().filter(|right| right.task <= task).map(|right| right.needs))
}

/// What is missing for a task.
pub fn missing(judged: &[Judged], task: Task) -> Privileges {
    let lacking = judged.iter().filter(|judged| matches!(judged.held, Held::No(_)) && judged.right.task <= task);
    collected(lacking.map(|judged| judged.right.needs))
}

/// The documents of a role with what is missing for a task, and of its assignment to the caller, who comes into the environment with it.
pub fn documents(identity: &Identity, judged: &[Judged], task: Task) -> Option<String> {
    let privileges = missing(judged, task);
    if privileges.is_empty() {
        return None;
    }
    let word = task.word();
    let (name, role) = (format!("powergrant-missing-for-{word}"), format!("powergrant missing for {word}"));
    let environments = format!("[{}]", identity.environment);
    let mut text = security_role(&name, &role, &environments, &privileges);
    if let Some(member) = identity.bearer().and_then(member) {
        let _ = write!(
            text,
            "---\napiVersion: powergrant.dev/v1alpha1\nkind: RoleAssignment\nmetadata: {{ name: {name} }}\nenvironments: {environments}\nspec:\n  role: {role}\n  members:\n    - {member}\n"
        );
    }
    Some(text)
}

/// The line of a member.
fn member(bearer: &Bearer) -> Option<String> {
    // Quoted as JSON, which is YAML too: it comes out of a token.
    match (&bearer.user, &bearer.application) {
        (Some(user), _) => Some(format!("user: {}", serde_json::Value::from(user.as_str()))),
        (None, Some(application)) => {
            Some(format!("application: {{ appId: {} }}", serde_json::Value::from(application.as_str())))
        }
        (None, None) => None,
    }
}

fn collected(needs: impl Iterator<Item = Needs>) -> Privileges {
    let mut privileges = Privileges::new();
    for needs in needs {
        match needs {
            Needs::Table { table, operation, .. } => _ = privileges.entry(table).or_default().insert(operation),
            Needs::Graph(_) | Needs::Management => {}
        }
    }
    privileges
}

/// The document of a role with these privileges; `environments` is written as it is.
pub fn security_role(document: &str, role: &str, environments: &str, privileges: &Privileges) -> String {
    let mut text = format!(
        "apiVersion: powergrant.dev/v1alpha1\nkind: SecurityRole\nmetadata: {{ name: {document} }}\nenvironments: {environments}\nspec:\n  role: {role}\n  privileges:\n"
    );
    for (table, operations) in privileges {
        let operations: Vec<_> =
            operations.iter().map(|operation| format!("{}: organization", operation.word())).collect();
        let _ = writeln!(text, "    {table}: {{ {} }}", operations.join(", "));
    }
    text
}
