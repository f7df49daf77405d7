//! Random manifests for a random tenant: what is wished of each subject, as documents and as values to judge by.
//!
//! They name every ledger's subjects and principals in every way there is: named and exact lists, absent and expired entries,
//! roles that do not exist, managed and built-in roles, people who are not there, groups by membership type, connections by
//! logical name, key, connector and `*`. They respect what `check` refuses: nothing is said twice about one entry, no mode or
//! run-only user stands on an automated flow, no child is to bring its caller's connections.
use std::collections::BTreeMap;

use powergrant::sandbox::seed::Seed;
use serde_json::{Map, Value, json};

use super::dice::Dice;
use super::town::{
    APPLICATIONS, DEPTHS, FLOWS, GROUPS, MEMBERSHIPS, MISCELLANEOUS, OPERATIONS, PEOPLE, PROD, REFERENCES, ROLES,
    TABLES, TEAMS, TRIAL, UNITS, URL, upn,
};

/// A principal, as the tenant's rows tell it apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    User(String),
    Group(&'static str, &'static str),
    Application(&'static str),
    Team(&'static str),
}

/// What is wished of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Present,
    /// Present, until a day to come.
    Until,
    Absent,
    /// Its day has passed.
    Expired,
}

impl Wish {
    pub(super) fn is_present(self) -> bool {
        match self {
            Self::Present | Self::Until => true,
            Self::Absent | Self::Expired => false,
        }
    }
}

/// Who is wished for in one list.
#[derive(Clone, Debug, Default)]
pub(super) struct List {
    pub(super) exact: bool,
    pub(super) members: BTreeMap<Who, Wish>,
}

/// What is wished of a security role.
#[derive(Clone, Debug, Default)]
pub(super) struct Role {
    pub(super) absent: bool,
    pub(super) exact: bool,
    /// By privilege name; the depth in the words of seeds, or nothing for absent.
    pub(super) privileges: BTreeMap<String, Option<&'static str>>,
    pub(super) reaches_members: Option<bool>,
    pub(super) description: Option<&'static str>,
}

/// What is wished of a flow.
#[derive(Clone, Debug, Default)]
pub(super) struct Flow {
    /// Whether each connection key shall bring its caller's connection.
    pub(super) callers: BTreeMap<String, bool>,
    pub(super) run_only: Option<List>,
    pub(super) owners: Option<List>,
}

/// Everything that is wished.
#[derive(Clone, Debug, Default)]
pub(super) struct Wishes {
    pub(super) roles: BTreeMap<&'static str, Role>,
    /// By role and, if one is named, the business unit.
    pub(super) assignments: BTreeMap<(&'static str, Option<&'static str>), List>,
    pub(super) environment_roles: BTreeMap<&'static str, List>,
    pub(super) flows: BTreeMap<&'static str, Flow>,
    /// By logical name of the connection reference.
    pub(super) readers: BTreeMap<String, BTreeMap<Who, Wish>>,
    /// Groups whose people shall be in their teams.
    pub(super) synchronised: Vec<Who>,
    /// Whether people come in by the admin API.
    pub(super) by_admin_api: bool,
    /// The documents that say all this.
    pub(super) documents: String,
}

/// Random wishes for a tenant.
pub(super) fn wishes(dice: &mut Dice, seed: &Seed) -> Wishes {
    let mut wishes = Wishes { by_admin_api: dice.one_in(3), ..Wishes::default() };
    let mut documents = vec![
        json!({
            "apiVersion": "powergrant.dev/v1alpha1", "kind": "Environment", "metadata": { "name": "contoso-prod" },
            "spec": {
                "url": URL, "environmentId": PROD, "tenant": "11111111-1111-1111-1111-111111111111",
                "addUsers": if wishes.by_admin_api { "bap" } else { "dataverse" },
                "actAs": if dice.one_in(3) { "owner" } else { "caller" },
            },
        }),
        json!({
            "apiVersion": "powergrant.dev/v1alpha1", "kind": "Environment", "metadata": { "name": "contoso-trial" },
            "spec": { "environmentId": TRIAL },
        }),
    ];
    roles(dice, &mut wishes, &mut documents);
    assignments(dice, &mut wishes, &mut documents);
    environment_roles(dice, &mut wishes, &mut documents);
    flows(dice, seed, &mut wishes, &mut documents);
    let documents: Vec<String> =
        documents.iter().map(|document| serde_json::to_string_pretty(document).expect("JSON")).collect();
    wishes.documents = documents.join("\n---\n");
    wishes
}

fn document(kind: &str, name: &str, environment: &str, spec: impl Into<Value>) -> Value {
    let name: String =
        name.chars().map(|letter| if letter == ' ' { '-' } else { letter.to_ascii_lowercase() }).collect();
    json!({
        "apiVersion": "powergrant.dev/v1alpha1", "kind": kind, "metadata": { "name": name },
        "environments": [environment], "spec": spec.into(),
    })
}

fn roles(dice: &mut Dice, wishes: &mut Wishes, documents: &mut Vec<Value>) {
    for name in ROLES.into_iter().chain(["New Role"]) {
        if !dice.one_in(2) {
            continue;
        }
        let mut role = Role { exact: dice.one_in(3), ..Role::default() };
        if name == "Auditor" && dice.one_in(3) {
            role.absent = true;
            let mut absent = document("SecurityRole", name, "contoso-prod", json!({ "role": name }));
            absent["state"] = json!("absent");
            documents.push(absent);
            wishes.roles.insert(name, role);
            continue;
        }
        let mut tables = Map::new();
        for (logical, display, ending) in TABLES {
            let mut operations = Map::new();
            for operation in OPERATIONS {
                if !dice.one_in(3) {
                    continue;
                }
                let (depth, wire) = dice.pick(&DEPTHS);
                let (wished, written) = match dice.roll(5) {
                    0 => (None, json!({ "state": "absent" })),
                    1 => (None, json!({ "depth": depth, "expires": "2026-05-31" })),
                    2 => (Some(*wire), json!({ "depth": depth, "expires": "2030-01-01" })),
                    _ => (Some(*wire), json!(depth)),
                };
                role.privileges.insert(format!("prv{operation}{ending}"), wished);
                operations.insert(operation.to_owned(), written);
            }
            if !operations.is_empty() {
                tables.insert((*dice.pick(&[logical, display])).to_owned(), Value::Object(operations));
            }
        }
        let mut spec =
            json!({ "role": name, "extent": extent(role.exact), "allowEmpty": role.exact, "privileges": tables });
        for name in MISCELLANEOUS {
            if dice.one_in(4) {
                let present = !dice.one_in(3);
                role.privileges.insert(name.to_owned(), present.then_some("Global"));
                spec["miscellaneous"][name] =
                    if present { json!("organization") } else { json!({ "state": "absent" }) };
            }
        }
        if dice.one_in(3) {
            role.description = Some("As the manifest says.");
            spec["description"] = json!(role.description);
        }
        if dice.one_in(3) {
            role.reaches_members = Some(true);
            spec["memberPrivilegeInheritance"] = json!("direct");
        }
        documents.push(document("SecurityRole", name, "contoso-prod", spec));
        wishes.roles.insert(name, role);
    }
}

fn extent(exact: bool) -> &'static str {
    if exact { "exact" } else { "named" }
}

fn assignments(dice: &mut Dice, wishes: &mut Wishes, documents: &mut Vec<Value>) {
    let builtin = [("Basic User", "basicUser"), ("Environment Maker", "environmentMaker"), ("Delegate", "delegate")];
    for name in ROLES.into_iter().chain(["New Role"]) {
        let exists = ROLES.contains(&name) || wishes.roles.contains_key(name);
        let deleted = wishes.roles.get(name).is_some_and(|role| role.absent);
        if deleted {
            // All of its holders go, or it stays because of those who are not named.
            if dice.one_in(2) {
                let spec = json!({ "role": name, "extent": "exact", "allowEmpty": true, "members": [] });
                documents.push(document("RoleAssignment", &format!("{name} holders"), "contoso-prod", spec));
                wishes.assignments.insert((name, None), List { exact: true, ..List::default() });
            }
            continue;
        }
        if exists && dice.one_in(2) {
            let groups = name != "Team Only";
            let unit = (name == "Flow Maker" && dice.one_in(4)).then_some(UNITS[1]);
            let mut list = list(dice, wishes, groups);
            if unit.is_some() {
                list.0.exact = false;
            }
            let mut spec =
                json!({ "role": name, "extent": extent(list.0.exact), "allowEmpty": true, "members": list.1 });
            if let Some(unit) = unit {
                spec["businessUnit"] = json!(unit);
            }
            documents.push(document("RoleAssignment", &format!("{name} holders"), "contoso-prod", spec));
            wishes.assignments.insert((name, unit), list.0);
        }
    }
    for (name, key) in builtin {
        if dice.one_in(3) {
            let mut list = list(dice, wishes, true);
            list.0.exact = false;
            let spec = json!({ "role": { "builtIn": key }, "members": list.1 });
            documents.push(document("RoleAssignment", &format!("{name} holders"), "contoso-prod", spec));
            wishes.assignments.insert((name, None), list.0);
        }
    }
}

fn environment_roles(dice: &mut Dice, wishes: &mut Wishes, documents: &mut Vec<Value>) {
    for (role, word) in [("EnvironmentAdmin", "admin"), ("EnvironmentMaker", "maker")] {
        if dice.one_in(3) {
            continue;
        }
        let mut list = List { exact: dice.one_in(2), ..List::default() };
        let mut written = Vec::new();
        for person in 0..PEOPLE {
            if dice.one_in(4) {
                add(dice, &mut list, &mut written, Who::User(upn(person)), json!({ "user": upn(person) }));
            }
        }
        for group in GROUPS {
            if dice.one_in(4) {
                add(
                    dice,
                    &mut list,
                    &mut written,
                    Who::Group(group, MEMBERSHIPS[0]),
                    json!({ "group": { "name": group } }),
                );
            }
        }
        let spec =
            json!({ "environmentRole": word, "extent": extent(list.exact), "allowEmpty": true, "members": written });
        documents.push(document("RoleAssignment", role, "contoso-trial", spec));
        wishes.environment_roles.insert(role, list);
    }
}

/// A random list of principals, and as a document writes its members.
fn list(dice: &mut Dice, wishes: &mut Wishes, groups: bool) -> (List, Vec<Value>) {
    let mut list = List { exact: dice.one_in(3), ..List::default() };
    let mut written = Vec::new();
    for person in 0..PEOPLE {
        if dice.one_in(4) {
            add(dice, &mut list, &mut written, Who::User(upn(person)), json!({ "user": upn(person) }));
        }
    }
    for (name, id) in APPLICATIONS {
        if dice.one_in(6) {
            add(dice, &mut list, &mut written, Who::Application(name), json!({ "application": { "appId": id } }));
        }
    }
    for team in TEAMS {
        if dice.one_in(5) {
            add(dice, &mut list, &mut written, Who::Team(team), json!({ "team": { "name": team } }));
        }
    }
    for group in GROUPS {
        if !groups || !dice.one_in(3) {
            continue;
        }
        let membership = if dice.one_in(4) { *dice.pick(&MEMBERSHIPS) } else { MEMBERSHIPS[0] };
        let mut member = json!({ "group": { "name": group } });
        if membership != MEMBERSHIPS[0] {
            member["group"]["membership"] = json!(membership);
        }
        let who = Who::Group(group, membership);
        if membership == MEMBERSHIPS[0] && dice.one_in(5) {
            member["group"]["sync"] = json!(true);
            wishes.synchronised.push(who.clone());
        }
        add(dice, &mut list, &mut written, who, member);
    }
    (list, written)
}

fn add(dice: &mut Dice, list: &mut List, written: &mut Vec<Value>, who: Who, mut member: Value) {
    let wish = match dice.roll(8) {
        0 => {
            member["state"] = json!("absent");
            Wish::Absent
        }
        1 => {
            member["expires"] = json!("2026-05-31");
            Wish::Expired
        }
        2 => {
            member["expires"] = json!("2026-06-01");
            Wish::Until
        }
        _ => Wish::Present,
    };
    list.members.insert(who, wish);
    written.push(member);
}

fn flows(dice: &mut Dice, seed: &Seed, wishes: &mut Wishes, documents: &mut Vec<Value>) {
    let seeds = &seed.environments[0].dataverse.as_ref().expect("the first environment has Dataverse").flows;
    // A reference serves many flows: what is wished of a reader is wished by all of them.
    let readers = list(dice, wishes, true);
    for name in FLOWS {
        let Some(made) = seeds.iter().find(|flow| flow.name == name).filter(|_| dice.one_in(2)) else { continue };
        let automated = made.trigger == "Recurrence";
        let mut flow = Flow::default();
        let mut spec = json!({ "flow": if dice.one_in(4) { name.to_uppercase() } else { name.to_owned() } });
        if !automated && !made.connections.is_empty() && !dice.one_in(4) {
            let lines = lines(dice, made, &mut flow, name == "Archive");
            spec["connections"] = Value::Object(lines);
        }
        let both = list(dice, wishes, true);
        let (mut runners, mut owners) = ((List::default(), Vec::new()), (List::default(), Vec::new()));
        for ((who, wish), member) in both.0.members.into_iter().zip(sorted(both.1)) {
            let side = if automated || dice.one_in(3) { &mut owners } else { &mut runners };
            side.0.members.insert(who, wish);
            side.1.push(member);
        }
        (runners.0.exact, owners.0.exact) = (dice.one_in(3), dice.one_in(3));
        if !automated && !dice.one_in(4) {
            spec["runOnlyUsers"] =
                json!({ "extent": extent(runners.0.exact), "allowEmpty": true, "members": runners.1 });
            flow.run_only = Some(runners.0);
        }
        if !dice.one_in(3) {
            spec["owners"] = json!({ "extent": extent(owners.0.exact), "allowEmpty": true, "members": owners.1 });
            flow.owners = Some(owners.0);
        }
        if dice.one_in(2) {
            spec["referenceReaders"] = json!({ "members": readers.1 });
            for connection in made.connections.values() {
                if let Some(reference) = &connection.reference {
                    wishes.readers.insert(reference.clone(), readers.0.members.clone());
                }
            }
        }
        documents.push(document("Flow", name, "contoso-prod", spec));
        wishes.flows.insert(name, flow);
    }
}

/// Members in the order of [`Who`], in which a list keeps them.
fn sorted(mut members: Vec<Value>) -> Vec<Value> {
    members.sort_by_key(|member| {
        let group = &member["group"];
        if let Some(user) = member["user"].as_str() {
            return (0, user.to_owned(), String::new());
        }
        if let Some(name) = group["name"].as_str() {
            return (1, name.to_owned(), group["membership"].as_str().unwrap_or(MEMBERSHIPS[0]).to_owned());
        }
        let application = APPLICATIONS.iter().find(|(_, id)| member["application"]["appId"] == **id);
        if let Some((name, _)) = application {
            return (2, (*name).to_owned(), String::new());
        }
        (3, member["team"]["name"].as_str().unwrap_or_default().to_owned(), String::new())
    });
    members
}

/// Random `connections:` lines of a flow, and what they mean for each of its keys.
fn lines(
    dice: &mut Dice,
    made: &powergrant::sandbox::seed::FlowSeed,
    flow: &mut Flow,
    only_lent: bool,
) -> Map<String, Value> {
    let mut lines = Map::new();
    let mut meaning: BTreeMap<&str, (u8, bool)> = BTreeMap::new();
    let connector_of = |reference: &Option<String>, own: &Option<String>| {
        own.clone().or_else(|| {
            let found = REFERENCES.iter().find(|(name, _)| Some(*name) == reference.as_deref());
            found.map(|(_, connector)| (*connector).to_owned())
        })
    };
    let mut candidates: Vec<(u8, String)> = vec![(0, "*".to_owned())];
    for (key, connection) in &made.connections {
        let connector = connector_of(&connection.reference, &connection.connector).unwrap_or_default();
        candidates.push((1, format!("connector:{connector}")));
        match &connection.reference {
            Some(reference) => candidates.push((2, reference.clone())),
            None => candidates.push((3, format!("key:{key}"))),
        }
    }
    candidates.sort();
    candidates.dedup();
    for (rank, target) in candidates {
        if !dice.one_in(2) {
            continue;
        }
        let callers = !only_lent && !dice.one_in(3);
        lines.insert(target.clone(), json!(if callers { "providedByRunOnlyUser" } else { "useThisConnection" }));
        for (key, connection) in &made.connections {
            let connector = connector_of(&connection.reference, &connection.connector).unwrap_or_default();
            let reached = match rank {
                0 => true,
                1 => target == format!("connector:{connector}"),
                2 => connection.reference.as_deref() == Some(&target),
                _ => target == format!("key:{key}"),
            };
            if reached && meaning.get(key.as_str()).is_none_or(|(before, _)| *before <= rank) {
                meaning.insert(key, (rank, callers));
            }
        }
    }
    flow.callers = meaning.into_iter().map(|(key, (_, callers))| (key.to_owned(), callers)).collect();
    lines
}
