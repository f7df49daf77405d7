//! What to ask whom for: the right answer differs for people and for applications.
use super::identity::Identity;
use super::judge::{Held, Judged};
use super::{Needs, Task, manifest};
use crate::names::Operation;
use crate::problem::Cause;

/// One thing to ask somebody for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Who can do it.
    pub whom: &'static str,
    /// What he does.
    pub what: String,
    /// The exact commands, if there are any.
    pub commands: Vec<String>,
    /// Documents to apply, if that is what he does.
    pub documents: Option<String>,
}

/// Where an application's id is to be written when no token says it.
const UNKNOWN: &str = "APPLICATION-ID";

/// Everything to ask for so that a task can be done.
pub fn asks(identity: &Identity, judged: &[Judged], task: Task) -> Vec<Ask> {
    let lacking: Vec<Needs> = judged
        .iter()
        .filter(|judged| judged.right.task <= task && matches!(judged.held, Held::No(_)))
        .map(|judged| judged.right.needs)
        .collect();
    let mut asks: Vec<Ask> = Vec::new();
    asks.extend(of_dataverse(identity, judged, task));
    if lacking.contains(&Needs::Management) {
        asks.push(of_management(identity));
    }
    asks.extend(of_graph(identity, &lacking));
    asks
}

fn is_person(identity: &Identity) -> bool {
    identity.bearer().is_some_and(super::identity::Bearer::is_person)
}

fn application(identity: &Identity) -> &str {
    identity.bearer().and_then(|bearer| bearer.application.as_deref()).unwrap_or(UNKNOWN)
}

fn of_dataverse(identity: &Identity, judged: &[Judged], task: Task) -> Option<Ask> {
    let documents = manifest::documents(identity, judged, task)?;
    let is_stranger = matches!(&identity.dataverse, Some(Err(problem)) if problem.cause == Cause::Forbidden);
    let into = match (is_stranger, is_person(identity)) {
        (false, _) => "",
        (true, true) => ", which also brings the caller in as a user",
        (true, false) => ", which also brings the caller in as an application user",
    };
    // Whoever may write roles can give himself any, which is a rail.
    let of_roles = manifest::missing(judged, task).remove("Security Role").unwrap_or_default();
    let rail = if of_roles.iter().any(|one| *one != Operation::Read) { " --allow privileged-grant" } else { "" };
    let what = format!(
        "save this beside the Environment document and run `powergrant apply{rail}`, or make the same role by hand and assign it{into}"
    );
    Some(Ask {
        whom: "a System Administrator of the environment",
        what,
        commands: Vec::new(),
        documents: Some(documents),
    })
}

/// Learn: create a service principal application (an application cannot register itself), and service administrator roles.
fn of_management(identity: &Identity) -> Ask {
    if is_person(identity) {
        let what = "give the caller the Entra role Power Platform Administrator, or make it an administrator of the environment";
        let whom = "an administrator of the tenant";
        return Ask { whom, what: what.to_owned(), commands: Vec::new(), documents: None };
    }
    Ask {
        whom: "a Power Platform administrator, who has to be a person",
        what: "register the application as a management application, in PowerShell".to_owned(),
        commands: vec![
            "Add-PowerAppsAccount".to_owned(),
            format!("New-PowerAppManagementApp -ApplicationId {}", application(identity)),
        ],
        documents: None,
    }
}

/// Learn: Graph permissions; people have what their own roles and the application that they sign in through allow.
fn of_graph(identity: &Identity, lacking: &[Needs]) -> Option<Ask> {
    let mut permissions: Vec<(&str, &str)> = lacking
        .iter()
        .filter_map(|needs| match needs {
            Needs::Graph(permission) => Some((*permission, needs.app_role()?)),
            Needs::Table { .. } | Needs::Management => None,
        })
        .collect();
    permissions.sort_unstable();
    permissions.dedup();
    if permissions.is_empty() {
        return None;
    }
    let whom = "an administrator of the tenant";
    if is_person(identity) {
        let names: Vec<&str> = permissions.iter().map(|(name, _)| *name).collect();
        let what = format!(
            "give the caller the Entra role Directory Readers, or consent to the delegated permissions {} of the application that it signs in through ({})",
            names.join(", "),
            application(identity)
        );
        return Some(Ask { whom, what, commands: Vec::new(), documents: None });
    }
    let application = application(identity);
    let roles: Vec<String> = permissions.iter().map(|(_, role)| format!("{role}=Role")).collect();
    let commands = vec![
        format!(
            "az ad app permission add --id {application} --api 00000003-0000-0000-c000-000000000000 --api-permissions {}",
            roles.join(" ")
        ),
        format!("az ad app permission admin-consent --id {application}"),
    ];
    Some(Ask {
        whom,
        what: "give the application permissions of Microsoft Graph".to_owned(),
        commands,
        documents: None,
    })
}
