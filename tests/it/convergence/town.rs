//! A random tenant: people, groups, roles, flows, shares, as somebody might have clicked them together.
//!
//! It has every kind of row that a ledger reads: business units, managed, built-in and team-only roles, group teams of several
//! membership types, owner and default teams, application users, disabled people, people who are not in the environment,
//! flows of every trigger, children, managed and switched-off flows, unbound and doubled connection keys, the Dataverse
//! connector beside others, custom masks, an agent with the team of its editors, and an environment without Dataverse.
//!
//! What it does not have: more than one environment with Dataverse, flows owned by teams, two principals of one name, rows
//! beyond one page, guests, `RecordFilter` depths, and privileges outside of the tables and names below.
use powergrant::sandbox::seed::Seed;
use serde_json::{Value, json};

use super::dice::Dice;

/// The address of the environment with Dataverse.
pub(super) const URL: &str = "https://contoso.crm4.dynamics.com";
/// The admin API's names of the environments.
pub(super) const PROD: &str = "7f3c0a51-5e0f-4c0e-9d0a-2b6c8f1e4d10";
pub(super) const TRIAL: &str = "0c6a2f9e-1b7d-4a3e-8a55-9f0d3f7b6e21";

/// People by their number; 6 and 7 are makers who own flows.
pub(super) const PEOPLE: usize = 8;
pub(super) const MAKERS: [usize; 2] = [6, 7];
pub(super) const GROUPS: [&str; 3] = ["SG-Runners", "SG-Makers", "SG-Audit"];
pub(super) const MEMBERSHIPS: [&str; 4] = ["membersAndGuests", "members", "owners", "guests"];
pub(super) const APPLICATIONS: [(&str, &str); 2] =
    [("robot", "44444444-4444-4444-4444-444444444444"), ("crawler", "55555555-5555-5555-5555-555555555555")];
pub(super) const TEAMS: [&str; 2] = ["Finance", "Sales crew"];
pub(super) const UNITS: [&str; 3] = ["Contoso", "Sales", "Sales North"];
pub(super) const ROLES: [&str; 5] = ["Flow Runner", "Flow Maker", "Auditor", "Vendor Role", "Team Only"];
/// Tables whose privileges are wished for: logical name, display name, and the ending of their privileges' names.
pub(super) const TABLES: [(&str, &str, &str); 4] = [
    ("workflow", "Process", "Workflow"),
    ("connectionreference", "Connection Reference", "connectionreference"),
    ("environmentvariabledefinition", "Environment Variable Definition", "EnvironmentVariableDefinition"),
    ("contoso_expense", "Expense", "contoso_expense"),
];
pub(super) const OPERATIONS: [&str; 4] = ["Read", "Write", "Assign", "Share"];
/// Depths: in documents, in seeds.
pub(super) const DEPTHS: [(&str, &str); 4] =
    [("user", "Basic"), ("businessUnit", "Local"), ("parentChildBusinessUnits", "Deep"), ("organization", "Global")];
pub(super) const MISCELLANEOUS: [&str; 2] = ["prvFlow", "prvActOnBehalfOfAnotherUser"];
pub(super) const FLOWS: [&str; 6] =
    ["Expense intake", "Expense approval", "Archive", "Nightly", "Vendor flow", "App helper"];
/// Connection references: logical name, connector.
pub(super) const REFERENCES: [(&str, &str); 5] = [
    ("contoso_sharepoint", "shared_sharepointonline"),
    ("contoso_dataverse", "shared_commondataserviceforapps"),
    ("contoso_olddata", "shared_commondataservice"),
    ("contoso_outlook", "shared_office365"),
    ("contoso_erp", "shared_erp"),
];
const MASKS: [&str; 6] =
    ["runOnly", "runOnly", "coOwner", "ReadAccess, WriteAccess", "ReadAccess, ShareAccess", "ReadAccess, AppendAccess"];

/// The user principal name of a person.
pub(super) fn upn(person: usize) -> String {
    format!("p{person}@contoso.com")
}

/// A random tenant.
pub(super) fn seed(dice: &mut Dice) -> Seed {
    let seed = json!({
        "tenant": { "id": "11111111-1111-1111-1111-111111111111", "domain": "contoso.com" },
        "caller": { "application": "powergrant" },
        "directory": directory(dice),
        "environments": [prod(dice), trial(dice)],
    });
    serde_json::from_value(seed).expect("the tenant has the form of a seed")
}

fn directory(dice: &mut Dice) -> Value {
    let users: Vec<Value> = (0..PEOPLE)
        .map(|person| {
            let enabled = MAKERS.contains(&person) || !dice.one_in(8);
            json!({ "name": format!("Person {person}"), "upn": upn(person), "enabled": enabled })
        })
        .collect();
    let everyone: Vec<String> = (0..PEOPLE).map(upn).collect();
    let groups: Vec<Value> = GROUPS
        .iter()
        .map(|name| json!({ "name": name, "members": dice.some(&everyone, 2), "owners": dice.some(&everyone, 5) }))
        .collect();
    let mut principals = vec![json!({ "name": "powergrant", "appId": "33333333-3333-3333-3333-333333333333" })];
    principals.extend(APPLICATIONS.iter().map(|(name, id)| json!({ "name": name, "appId": id })));
    json!({ "users": users, "groups": groups, "servicePrincipals": principals })
}

fn trial(dice: &mut Dice) -> Value {
    let mut assignments = Vec::new();
    for role in ["EnvironmentAdmin", "EnvironmentMaker"] {
        for person in 0..4 {
            if dice.one_in(3) {
                assignments.push(json!({ "role": role, "user": upn(person) }));
            }
        }
        if dice.one_in(2) {
            assignments.push(json!({ "role": role, "group": dice.pick(&GROUPS) }));
        }
    }
    json!({ "name": "contoso-trial", "id": TRIAL, "sku": "Sandbox", "roleAssignments": assignments })
}

fn prod(dice: &mut Dice) -> Value {
    let managed = dice.one_in(3);
    let mut users = vec![json!({ "application": "powergrant", "roles": ["System Administrator"] })];
    // Who is in the environment.
    let mut inside = Vec::new();
    for person in 0..PEOPLE {
        let maker = MAKERS.contains(&person);
        if !maker && dice.one_in(4) {
            continue;
        }
        inside.push(person);
        let mut roles: Vec<&str> = dice.some(&ROLES, 4).into_iter().copied().collect();
        if maker || dice.one_in(2) {
            roles.push("Basic User");
        }
        // A flow that acts for its users can be saved only while its owner may act for others.
        if person == MAKERS[0] || (maker && dice.one_in(2)) {
            roles.push("Delegate");
        }
        let disabled = !maker && dice.one_in(8);
        users.push(json!({ "user": upn(person), "roles": roles, "disabled": disabled, "unit": unit(dice) }));
    }
    let robot = dice.one_in(2);
    if robot {
        users.push(json!({ "application": "robot", "roles": dice.some(&ROLES, 4) }));
    }
    let (teams, sharers) = teams(dice, &inside, robot);
    let references: Vec<Value> = REFERENCES
        .iter()
        .map(|(name, connector)| {
            json!({
                "name": name, "connector": connector, "owner": upn(*dice.pick(&MAKERS)),
                "connection": format!("{connector}-1"), "shares": shares(dice, &sharers),
            })
        })
        .collect();
    // Copilot Studio makes a team of the editors, which is a co-owner of the agent's flows and nobody's to touch.
    let editors: Vec<String> = inside.iter().take(2).map(|person| upn(*person)).collect();
    let agent = json!({
        "name": "Expense helper", "schemaName": "contoso_helper", "owner": upn(MAKERS[0]), "editors": editors,
        "flows": dice.some(&FLOWS, 3),
    });
    json!({
        "name": "contoso-prod", "id": PROD, "managed": managed, "flowSharing": !(managed && dice.one_in(4)),
        "dataverse": {
            "url": URL, "rootBusinessUnit": UNITS[0],
            "settings": {
                "EnableOwnershipAcrossBusinessUnits": dice.one_in(2),
                "AllowRoleAssignmentOnDisabledUsers": dice.one_in(2),
            },
            "businessUnits": [{ "name": UNITS[1] }, { "name": UNITS[2], "parent": UNITS[1] }],
            "customTables": [{ "logicalName": "contoso_expense", "displayName": "Expense" }],
            "roles": ROLES.iter().map(|name| role(dice, name)).collect::<Vec<_>>(),
            "users": users, "teams": teams, "connectionReferences": references, "flows": flows(dice, &sharers),
            "agents": [agent],
        },
    })
}

fn unit(dice: &mut Dice) -> &'static str {
    if dice.one_in(3) { dice.pick::<&'static str>(&UNITS) } else { UNITS[0] }
}

fn role(dice: &mut Dice, name: &str) -> Value {
    let mut privileges = serde_json::Map::new();
    for (_, _, ending) in TABLES {
        for operation in OPERATIONS {
            if dice.one_in(4) {
                privileges.insert(format!("prv{operation}{ending}"), json!(dice.pick(&DEPTHS).1));
            }
        }
    }
    for name in MISCELLANEOUS {
        if dice.one_in(5) {
            privileges.insert(name.to_owned(), json!("Global"));
        }
    }
    json!({
        "name": name, "managed": name == "Vendor Role", "customizable": name != "Vendor Role" || dice.one_in(2),
        "inherited": name != "Team Only", "privileges": privileges,
        "description": if dice.one_in(2) { Some("Made by hand.") } else { None },
    })
}

/// The teams, and everybody who can have a share.
fn teams(dice: &mut Dice, inside: &[usize], robot: bool) -> (Vec<Value>, Vec<Value>) {
    let mut sharers: Vec<Value> = inside.iter().map(|person| json!({ "user": upn(*person) })).collect();
    let members: Vec<String> = inside.iter().map(|person| upn(*person)).collect();
    let mut teams = Vec::new();
    for name in TEAMS {
        let (members, roles) = (dice.some(&members, 3), dice.some(&ROLES, 4));
        teams.push(json!({ "name": name, "members": members, "roles": roles, "unit": unit(dice) }));
        sharers.push(json!({ "team": name }));
    }
    for group in GROUPS {
        for membership in MEMBERSHIPS {
            if !dice.one_in(if membership == MEMBERSHIPS[0] { 2 } else { 6 }) {
                continue;
            }
            // Group teams hold only roles that reach members.
            let roles = dice.some(&ROLES[..4], 4);
            teams.push(json!({ "name": format!("{group} {membership}"), "group": group, "membership": membership, "roles": roles, "synced": dice.one_in(2), "unit": unit(dice) }));
            if membership == MEMBERSHIPS[0] {
                sharers.push(json!({ "group": group }));
            }
        }
    }
    if robot {
        sharers.push(json!({ "application": "robot" }));
    }
    (teams, sharers)
}

fn shares(dice: &mut Dice, sharers: &[Value]) -> Vec<Value> {
    let mut shares = Vec::new();
    for sharer in sharers {
        if dice.one_in(4) {
            let mut share = sharer.clone();
            share["rights"] = json!(dice.pick(&MASKS));
            shares.push(share);
        }
    }
    shares
}

fn flows(dice: &mut Dice, sharers: &[Value]) -> Vec<Value> {
    FLOWS
        .iter()
        .map(|name| {
            let trigger = match *name {
                "Nightly" => "Recurrence",
                "App helper" => dice.pick(&["PowerApp", "PowerAppV2"]),
                _ => dice.pick(&["Skills", "Button", "ApiConnection"]),
            };
            let owner = *dice.pick(&MAKERS);
            let child = *name == "Archive";
            let mut connections = serde_json::Map::new();
            for (reference, connector) in dice.some(&REFERENCES, 2) {
                let modes: &[&str] = match *connector {
                    // The service saves no child flow with connections of its caller, and no parent of one.
                    _ if child => &["embedded"],
                    "shared_commondataserviceforapps" if owner == MAKERS[0] => {
                        &["embedded", "embeddedEmpty", "impersonated"]
                    }
                    "shared_commondataserviceforapps" => &["embedded", "embeddedEmpty"],
                    _ => &["embedded", "invoker"],
                };
                let keys = if dice.one_in(4) { 2 } else { 1 };
                for number in 0..keys {
                    let key = if number == 0 { (*connector).to_owned() } else { format!("{connector}_{number}") };
                    connections.insert(key, json!({ "reference": reference, "mode": dice.pick(modes) }));
                }
            }
            if dice.one_in(4) {
                connections
                    .insert("shared_teams".to_owned(), json!({ "connector": "shared_teams", "mode": "embedded" }));
            }
            let mut flow = json!({
                "name": name, "owner": upn(owner), "trigger": trigger, "connections": connections,
                "state": dice.pick(&["on", "on", "on", "off"]), "managed": *name == "Vendor flow",
                "shares": shares(dice, sharers),
            });
            if *name == "Expense approval" && dice.one_in(2) {
                flow["childFlows"] = json!(["Archive"]);
            }
            flow
        })
        .collect()
}
