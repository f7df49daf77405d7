//! Who and what a question on the command line is about: names to people, groups, flows, agents and roles, and what to do where
//! a name means nothing or several things.
use uuid::Uuid;

use crate::explain::{Bar, Question, agents};
use crate::finding::did_you_mean;
use crate::foreign::clip;
use crate::inventory::people::DirectoryKind;
use crate::inventory::{Inventory, Lookup};
use crate::names::{BuiltInRole, Flow, FlowName, Membership, Ref, Role, RoleName};
use crate::principal::{Principal, PrincipalName};

/// A person as the command line names one.
pub(super) fn person_name(text: &str) -> PrincipalName {
    match Uuid::try_parse(text) {
        Ok(id) => PrincipalName::User { name: None, id: Some(id) },
        Err(_) => PrincipalName::User { name: Some(text.to_owned()), id: None },
    }
}

/// A group as the command line names one.
pub(super) fn group_name(text: &str) -> PrincipalName {
    let membership = Membership::default();
    match Uuid::try_parse(text) {
        Ok(id) => PrincipalName::Group { name: None, id: Some(id), membership },
        Err(_) => PrincipalName::Group { name: Some(text.to_owned()), id: None, membership },
    }
}

/// A flow as the command line names one.
pub(super) fn flow_name(text: &str) -> FlowName {
    match Uuid::try_parse(text) {
        Ok(id) => FlowName::Id { id, name: None },
        Err(_) => FlowName::Name(text.to_owned()),
    }
}

/// Who and what is asked about, as the command line names them.
pub(super) struct Asked {
    /// The person or the group.
    pub(super) who: PrincipalName,
    /// The flow, or every flow of an agent.
    pub(super) flow: FlowName,
}

/// Finds whoever and whatever is asked about, one question a flow; says what is wrong otherwise.
pub(super) fn questions(
    inventory: &Inventory,
    asked: &Asked,
    agent: Option<&str>,
    bar: Bar,
) -> Result<Vec<Question>, String> {
    let person = principal(inventory, &asked.who)?;
    let agent = agent.map(|name| self::agent(inventory, name)).transpose()?;
    let flows: Vec<Ref<Flow>> = match (&asked.flow, agent) {
        (FlowName::AllOfAgent(_), Some(agent)) => called(inventory, agent),
        (flow, _) => flows(inventory, flow)?,
    };
    if let Some(agent) = agent {
        let calls = called(inventory, agent);
        if let Some(flow) = flows.iter().find(|flow| !calls.iter().any(|called| called.id == flow.id)) {
            let names: Vec<String> = calls.iter().map(|flow| clip(&flow.to_string())).collect();
            let names = if names.is_empty() { "no flow".to_owned() } else { names.join(", ") };
            return Err(format!("the agent does not call flow {}\nhint: it calls {names}", clip(&flow.to_string())));
        }
    }
    if flows.is_empty() {
        return Err(
            "the agent calls no flow\nhint: add the flow to it as a tool in Copilot Studio, or ask with `--flow`"
                .to_owned(),
        );
    }
    let question = |flow| Question { person: person.clone(), flow, agent, bar };
    Ok(flows.into_iter().map(question).collect())
}

/// The flows that an agent calls, by name.
fn called(inventory: &Inventory, agent: Uuid) -> Vec<Ref<Flow>> {
    let flows = inventory.bots.row(&agent).into_iter().flat_map(|agent| &agent.flows);
    let mut flows: Vec<Ref<Flow>> =
        flows.filter_map(|flow| Some(Ref::new(inventory.flows.row(flow)?.name.clone(), *flow))).collect();
    flows.sort();
    flows
}

/// The person or the group that a name means.
pub(super) fn principal(inventory: &Inventory, name: &PrincipalName) -> Result<Principal, String> {
    let found = inventory.principal(name);
    let (written, is_group) = match name {
        PrincipalName::User { name, id } => (written(name.as_deref(), *id), false),
        PrincipalName::Group { name, id, membership: _ } => (written(name.as_deref(), *id), true),
        PrincipalName::Application { name, id } => (written(name.as_deref(), Some(*id)), false),
        PrincipalName::Team { name, id, business_unit: _ } => (written(name.as_deref(), *id), false),
    };
    let mut known = Vec::new();
    if is_group {
        known.extend(inventory.teams.rows().filter(|(_, team)| team.group.is_some()).map(|(_, team)| same(&team.name)));
    } else {
        for (_, user) in inventory.users.rows().filter(|(_, user)| !user.upn.is_empty()) {
            let upn = user.upn.as_str();
            let local = upn.split('@').next().unwrap_or_default();
            known.extend([upn, local, user.full_name.as_str(), user.mail.as_str()].map(|alias| (alias, upn)));
        }
    }
    let kind = if is_group { DirectoryKind::Group } else { DirectoryKind::User };
    let listed = inventory.directory.rows().filter(|(_, entry)| entry.kind == kind);
    known.extend(listed.map(|(_, entry)| same(&entry.name)));
    let (what, otherwise) = match (is_group, inventory.environment.pseudonymous) {
        (true, false) => ("group", "give its name as Entra has it, or its object id"),
        (false, false) => ("person", "give the address that they sign in with, or their Entra object id"),
        (true, true) => {
            ("group", "the snapshot has pseudonyms, so give the whole name as Entra has it, or the object id")
        }
        (false, true) => (
            "person",
            "the snapshot has pseudonyms, so give the whole address that they sign in with, or their object id",
        ),
    };
    one(found, &Sought { what, written: &written, otherwise }, &known)
}

/// The flows that a name means.
pub(super) fn flows(inventory: &Inventory, name: &FlowName) -> Result<Vec<Ref<Flow>>, String> {
    let found = inventory.flow(name);
    let flows = || inventory.flows.rows().map(|(_, flow)| same(&flow.name)).collect();
    let (what, written, otherwise, known) = match name {
        FlowName::Id { id, name: _ } => ("flow", id.to_string(), "`powergrant who-can` lists the flows", Vec::new()),
        FlowName::Name(name) | FlowName::InSolution { name, solution: _ } => {
            let otherwise = if inventory.environment.pseudonymous {
                "the snapshot has pseudonyms, so give the flow's whole name, or its id"
            } else {
                "`powergrant who-can` lists the flows"
            };
            ("flow", name.clone(), otherwise, flows())
        }
        FlowName::AllOfSolution(solution) => {
            let known = inventory.solutions.rows().map(|(name, _)| same(name)).collect();
            ("flow of a solution", solution.clone(), "give the solution's unique name", known)
        }
        FlowName::AllOfAgent(agent) => {
            let known = inventory.bots.rows().map(|(_, agent)| same(&agent.name)).collect();
            ("flow of an agent", agent.clone(), "give the agent's name or schema name", known)
        }
    };
    one(found, &Sought { what, written: &written, otherwise }, &known)
}

/// The agent that a name means.
fn agent(inventory: &Inventory, name: &str) -> Result<Uuid, String> {
    let known: Vec<_> =
        inventory.bots.rows().flat_map(|(_, agent)| [same(&agent.name), same(&agent.schema_name)]).collect();
    let sought = Sought { what: "agent", written: name, otherwise: "give its name, its schema name or its id" };
    one(agents::named(inventory, name), &sought, &known)
}

/// The security role that a name means: one of Microsoft's by its name in the portal, or any other.
pub(super) fn role(inventory: &Inventory, name: &str) -> Result<Ref<Role>, String> {
    let meant = match Uuid::try_parse(name) {
        Ok(id) => RoleName::Id { id, name: None },
        Err(_) => BuiltInRole::named(name).map_or_else(|| RoleName::Name(name.to_owned()), RoleName::BuiltIn),
    };
    let known: Vec<_> = inventory.roles.rows().map(|(_, role)| same(&role.name)).collect();
    let sought =
        Sought { what: "security role", written: name, otherwise: "give its name as the portal shows it, or its id" };
    one(inventory.role(&meant), &sought, &known)
}

/// The nearest name of a privilege that there is, as a hint.
pub(super) fn privilege_hint(inventory: &Inventory, name: &str) -> String {
    let of_tables = inventory.tables.rows().flat_map(|(_, table)| table.privileges.iter().flatten());
    let known = of_tables.map(|(_, privilege)| same(&privilege.name));
    let known =
        known.chain(inventory.privileges.rows().map(|(_, privilege)| same(&privilege.name))).collect::<Vec<_>>();
    meant(name, &known).unwrap_or_else(|| "privileges have names such as `prvReadWorkflow`".to_owned())
}

/// A thing that a name is to mean.
struct Sought<'a> {
    what: &'static str,
    written: &'a str,
    otherwise: &'static str,
}

fn written(name: Option<&str>, id: Option<Uuid>) -> String {
    name.map(str::to_owned).or_else(|| id.map(|id| id.to_string())).unwrap_or_default()
}

/// A name that is to be written as it stands.
fn same(name: &str) -> (&str, &str) {
    (name, name)
}

/// Which name was probably meant; each candidate is what people write, and the name that finds it.
fn meant(name: &str, known: &[(&str, &str)]) -> Option<String> {
    let named = known.iter().map(|(alias, _)| *alias).filter(|alias| !alias.is_empty());
    let alias = did_you_mean(name, named)?;
    let (_, meant) = known.iter().find(|(own, _)| *own == alias)?;
    Some(format!("did you mean `{}`?", clip(meant)))
}

/// The one thing that a name means, or what is wrong with it.
fn one<T>(found: Lookup<T>, sought: &Sought<'_>, known: &[(&str, &str)]) -> Result<T, String> {
    let Sought { what, written, otherwise } = *sought;
    let shown = clip(written);
    match found {
        Lookup::One(thing) => Ok(thing),
        Lookup::None => {
            let hint = meant(written, known).unwrap_or_else(|| otherwise.to_owned());
            Err(format!("there is no {what} `{shown}`\nhint: {hint}"))
        }
        Lookup::Many(candidates) => {
            let list: Vec<String> = candidates.iter().map(|(name, id)| format!("{} ({id})", clip(name))).collect();
            Err(format!("`{shown}` means more than one {what}\nhint: give the id of one of: {}", list.join(", ")))
        }
        Lookup::Unreadable(problem) => Err(format!(
            "{what} `{shown}` could not be read: {}\nhint: {}",
            clip(&problem.to_string()),
            clip(&problem.next)
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::inventory::EnvironmentFacts;
    use crate::inventory::people::{PrincipalRow, User, UserKind};
    use crate::inventory::section::Section;
    use crate::inventory::things::{Flow as Row, FlowState};

    fn inventory() -> Inventory {
        let mut inventory = Inventory::empty(EnvironmentFacts::default());
        let user = |number: u128, name: &str, upn: &str| User {
            full_name: name.into(),
            upn: upn.into(),
            mail: "".into(),
            object: Some(Uuid::from_u128(number)),
            application: None,
            kind: UserKind::Person,
            disabled: false,
            unit: Uuid::nil(),
        };
        inventory.users = Section::whole(BTreeMap::from([
            (Uuid::from_u128(11), user(1, "Ada Lovelace", "ada@contoso.com")),
            (Uuid::from_u128(12), user(2, "Bob \u{1b}[31mMarsh", "bob@contoso.com")),
        ]));
        inventory.directory = Section::whole(BTreeMap::new());
        let flow = |name: &str| Row {
            name: name.into(),
            state: FlowState::Activated,
            managed: false,
            customizable: true,
            owner: PrincipalRow::User(Uuid::from_u128(11)),
        };
        let rows = [(21, "Expense intake"), (22, "Twice"), (23, "twice")];
        inventory.flows =
            Section::whole(rows.into_iter().map(|(id, name)| (Uuid::from_u128(id), flow(name))).collect());
        inventory
    }

    #[test]
    fn a_name_that_is_nearly_right_is_answered_with_the_right_one() {
        let inventory = inventory();
        let said = |text: &str| principal(&inventory, &person_name(text)).unwrap_err();
        for nearly in ["ada", "Ada Lovelace", "ada@contoso.co", "ad@contoso.com"] {
            assert!(said(nearly).ends_with("hint: did you mean `ada@contoso.com`?"), "{}", said(nearly));
        }
        let stranger = said("zoe@fabrikam.com");
        assert!(stranger.starts_with("there is no person `zoe@fabrikam.com`\nhint: give the address"), "{stranger}");
        let flow = flows(&inventory, &flow_name("Expence intake")).unwrap_err();
        assert_eq!(flow, "there is no flow `Expence intake`\nhint: did you mean `Expense intake`?");
        assert!(!said("Bob \u{1b}[31mMarsh!").contains('\u{1b}'));
    }

    #[test]
    fn a_name_that_several_have_is_answered_with_their_ids() {
        let several = flows(&inventory(), &flow_name("Twice")).unwrap_err();
        assert!(several.starts_with("`Twice` means more than one flow\nhint: give the id of one of: "), "{several}");
        for id in [22, 23] {
            assert!(several.contains(&Uuid::from_u128(id).to_string()), "{several}");
        }
        assert_eq!(flows(&inventory(), &flow_name(&Uuid::from_u128(22).to_string())).unwrap().len(), 1);
    }
}
