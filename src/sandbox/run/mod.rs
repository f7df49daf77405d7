//! A person runs a cloud flow: would it start, could the person's connections be linked, might its Dataverse actions run?
//!
//! Nothing of it is written anywhere. It stands for what happens in Power Automate and Copilot Studio, which the sandbox does not
//! imitate otherwise, and it decides with data, because what these services check is not published.

mod actions;
mod facts;
mod requirements;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::fault::Fault;
use super::organization::{Organization, id};
use super::tenant::Tenant;
use facts::Scene;
use requirements::{Choice, Step};

/// What the forum's user saw when the connection was to be linked.
const AT_LINKING: &str = "insufficient permissions";

/// Who runs what.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    /// The host of the organisation, or the display name of its environment.
    organization: String,
    /// The Entra object id of the person.
    user: Uuid,
    /// The `workflowid`.
    flow: Uuid,
    /// The agent that calls the flow for the person: its id or schema name.
    #[serde(default)]
    agent: Option<String>,
    /// What decides; the tenant's variant when it is missing.
    #[serde(default)]
    requirements: Option<Choice>,
}

/// How it ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Run {
    outcome: Outcome,
    /// The step that failed first.
    step: Option<Step>,
    /// The code of the first refusal.
    code: Option<String>,
    /// What the person sees.
    message: Option<String>,
    /// The requirements that do not hold, in the order in which they are asked.
    missing: Vec<String>,
    /// Each refusal with its requirement, the text as the service writes it.
    details: Vec<Detail>,
    /// What the flow does as its caller and nobody can tell from its text.
    undecided: Vec<String>,
}

/// Whether the flow ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum Outcome {
    Started,
    Refused,
}

/// One refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Detail {
    requirement: String,
    code: String,
    text: String,
}

/// Answers whether a person can run a flow; a question about what is not there is refused.
pub(super) fn run(tenant: &Tenant, question: &Question) -> Result<Run, Fault> {
    let organization = organization(tenant, &question.organization)?;
    let flow =
        organization.row("workflow", question.flow).ok_or_else(|| Fault::no_such_row("workflow", question.flow))?;
    if !tenant.directory.users.contains_key(&question.user) {
        return Err(Fault::no_such_row("user", question.user));
    }
    let agent = question.agent.as_deref().map(|name| agent(organization, name, question.flow)).transpose()?;
    let agent = agent.and_then(|key| Some((key, organization.row("bot", key)?)));
    let scene = Scene::of(organization, &tenant.directory, question.user, (question.flow, flow), agent)?;
    let chosen = match &question.requirements {
        Some(choice) => choice.requirements()?,
        None => Choice::Least(tenant.variants.run_requirements).requirements()?,
    };
    let mut missing = Vec::new();
    let mut details = Vec::new();
    let mut first = None;
    for requirement in chosen.into_iter().filter(|requirement| requirement.step != Step::Link || scene.has_link()) {
        let refusals = scene.refusals(requirement);
        let Some(refusal) = refusals.first() else { continue };
        first.get_or_insert_with(|| (requirement.step, refusal.clone()));
        missing.push(requirement.id.clone());
        details.extend(refusals.into_iter().map(|fault| Detail {
            requirement: requirement.id.clone(),
            code: fault.code,
            text: fault.message,
        }));
    }
    let (step, refusal) = first.unzip();
    let message = |fault: &Fault| if step == Some(Step::Link) { AT_LINKING.to_owned() } else { fault.message.clone() };
    Ok(Run {
        outcome: if missing.is_empty() { Outcome::Started } else { Outcome::Refused },
        step,
        code: refusal.as_ref().map(|fault| fault.code.clone()),
        message: refusal.as_ref().map(message),
        missing,
        details,
        undecided: scene.deeds.undecided.iter().cloned().collect(),
    })
}

fn organization<'a>(tenant: &'a Tenant, name: &str) -> Result<&'a Organization, Fault> {
    let by_host = || tenant.organizations.values().find(|organization| organization.host.eq_ignore_ascii_case(name));
    let found = tenant.organizations.get(name).or_else(by_host);
    found.ok_or_else(|| Fault::new(404, "SandboxUnknownOrganization", format!("There is no organisation '{name}'.")))
}

/// Finds an agent that calls the flow.
fn agent(organization: &Organization, name: &str, flow: Uuid) -> Result<Uuid, Fault> {
    let wanted = serde_json::json!(name);
    let by_name = || organization.find("bot", "schemaname", &wanted).map(|(key, _)| key).next();
    let by_id = Uuid::try_parse(name).ok().filter(|key| organization.row("bot", *key).is_some());
    let bot = by_id.or_else(by_name).ok_or_else(|| Fault::no_such_row("bot", name))?;
    let calls = organization.all("botcomponent_workflow").any(|(_, joint)| {
        id(joint, "workflowid") == Some(flow)
            && id(joint, "botcomponentid")
                .and_then(|component| organization.row("botcomponent", component))
                .is_some_and(|component| id(component, "_parentbotid_value") == Some(bot))
    });
    if calls {
        return Ok(bot);
    }
    Err(Fault::new(404, "SandboxBody", format!("The agent '{name}' does not call the flow '{flow}'.")))
}
