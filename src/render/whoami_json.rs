//! Who the caller is and what it may do, for programs.
use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::names::Depth;
use crate::problem::Problem;
use crate::rights::advice::{Ask, asks};
use crate::rights::identity::{Bearer, Identity, Member, Row};
use crate::rights::judge::{Ability, Held, Judged, ability, judge};
use crate::rights::{Part, Task, Weight};

/// Who the caller is in each environment.
pub fn text(identities: &[Identity], task: Task) -> String {
    let environments: Vec<Value> = identities.iter().map(|identity| environment(identity, task)).collect();
    format!("{:#}\n", json!({ "environments": environments }))
}

fn environment(identity: &Identity, task: Task) -> Value {
    let judged = judge(identity);
    let services: BTreeMap<&str, Value> = identity
        .bearers
        .iter()
        .map(|(service, answer)| {
            let value = match answer {
                Ok(Bearer { object, application, user, tenant }) => {
                    json!({ "objectId": object, "applicationId": application, "user": user, "tenant": tenant })
                }
                Err(problem) => json!({ "problem": problem }),
            };
            (service.name(), value)
        })
        .collect();
    let dataverse = identity.dataverse.as_ref().map(|answer| match answer {
        Ok(Member { caller, doubt, name, unit, roles, teams }) => json!({
            "user": { "id": caller.user, "name": name },
            "businessUnit": { "id": caller.unit, "name": unit },
            "organization": caller.organization,
            "roles": listed(roles, row),
            "teams": listed(teams, |team| {
                let roles: Vec<Value> = team.roles.iter().map(row).collect();
                json!({ "id": team.row.id, "name": team.row.name, "roles": roles })
            }),
            "problem": doubt,
        }),
        Err(problem) => json!({ "problem": problem }),
    });
    let abilities: BTreeMap<&str, Value> = Part::ALL
        .into_iter()
        .map(|part| {
            let [plan, apply] = Task::ALL.map(|task| word(ability(&judged, part, task)));
            (part.name(), json!({ "plan": plan, "apply": apply }))
        })
        .collect();
    let rights: Vec<Value> = judged.iter().map(right).collect();
    json!({
        "environment": identity.environment,
        "url": identity.url,
        "signsInBy": identity.way,
        "is": identity.bearer().map(|bearer| if bearer.is_person() { "user" } else { "application" }),
        "services": services,
        "dataverse": dataverse,
        "abilities": abilities,
        "rights": rights,
        "asks": asks(identity, &judged, task).iter().map(ask).collect::<Vec<_>>(),
    })
}

/// A list that was read, or why it was not.
fn listed<T>(list: &Result<Vec<T>, Problem>, one: impl Fn(&T) -> Value) -> Value {
    match list {
        Ok(list) => list.iter().map(one).collect(),
        Err(problem) => json!({ "problem": problem }),
    }
}

fn row(row: &Row) -> Value {
    json!({ "id": row.id, "name": row.name })
}

fn ask(Ask { whom, what, commands, documents }: &Ask) -> Value {
    json!({ "whom": whom, "what": what, "commands": commands, "documents": documents })
}

fn right(Judged { right, held }: &Judged) -> Value {
    let (state, depth) = match held {
        Held::Yes => ("yes", None),
        Held::No(depth) => ("no", depth.map(Depth::key)),
        Held::Unknown(_) => ("unknown", None),
        Held::NotApplicable => ("notApplicable", None),
    };
    json!({
        "for": right.part.name(),
        "command": right.task.word(),
        "right": right.needs.words(),
        "held": state,
        "heldAt": depth,
        "optional": right.weight == Weight::Optional,
        "purpose": right.purpose,
    })
}

fn word(ability: Ability) -> &'static str {
    match ability {
        Ability::Whole => "whole",
        Ability::Part => "part",
        Ability::None => "none",
        Ability::Unknown => "unknown",
        Ability::NotApplicable => "notApplicable",
    }
}
