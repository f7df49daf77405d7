//! What is said where nothing tells how to sign in: what was looked for, what is set beside it, and what the place that it runs in would need.
use super::{Family, Problem, Reader, Surroundings, Wish, refuse};

/// There is no evidence of any way to sign in.
pub(super) fn found(surroundings: &Surroundings<'_>, wish: Wish<'_>, own: &str) -> Problem {
    let mut says = format!("there is no identity to sign in as: nothing is set of {own}_CLIENT_SECRET and the like");
    let others = wish.prefix.map(|_| others(surroundings, own)).unwrap_or_default();
    if !others.is_empty() {
        let others = others.join(" and ");
        says = format!(
            "{says}; variables of {others} are set, and `credentials: {own}` of the Environment document means its own alone"
        );
    }
    refuse(says, &next(surroundings, own))
}

/// The families that are set and are not the one that the document names.
fn others(surroundings: &Surroundings<'_>, own: &str) -> Vec<String> {
    let readers =
        Family::ALL.map(|family| Reader { surroundings, family, prefix: family.prefix(), document_tenant: None });
    let set = readers.iter().filter(|reader| reader.prefix != own && reader.has_anything());
    set.map(|reader| format!("{}_*", reader.prefix)).collect()
}

/// What a job needs to sign in as itself; everybody else needs a secret, or another way.
fn next(surroundings: &Surroundings<'_>, own: &str) -> String {
    let is_set = |name: &str| (surroundings.variable)(name).is_some_and(|value| !value.is_empty());
    let application = format!("set {own}_TENANT_ID and {own}_CLIENT_ID");
    if is_set("SYSTEM_OIDCREQUESTURI") && !is_set("SYSTEM_ACCESSTOKEN") {
        // Azure Pipelines gives the token to no step that does not map it (Learn: predefined variables, System.AccessToken).
        format!(
            "to sign in as this job of Azure Pipelines, map SYSTEM_ACCESSTOKEN to $(System.AccessToken) in the step's `env:`, and {application}"
        )
    } else if is_set("GITHUB_ACTIONS") && !is_set("ACTIONS_ID_TOKEN_REQUEST_URL") {
        // Without the permission the variables are not there (GitHub: OpenID Connect reference).
        format!("to sign in as this job of GitHub Actions, give it `permissions: id-token: write`, and {application}")
    } else if is_set("ACTIONS_ID_TOKEN_REQUEST_URL") {
        format!("to sign in as this job of GitHub Actions, {application}")
    } else {
        format!("{application} together with {own}_CLIENT_SECRET, choose another way with `--auth`, or use `--sandbox`")
    }
}
