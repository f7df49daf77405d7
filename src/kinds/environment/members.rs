//! The ledger of who is in an environment: users, application users and group teams; they are only ever added.
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use crate::inventory::Inventory;
use crate::inventory::audit::Trail;
use crate::inventory::people::{PrincipalRow, Team, TeamKind, User, UserKind};
use crate::inventory::section::{Answer, Section};
use crate::kinds::environment::presence::{self, Presence, is_synchronised};
use crate::kinds::environment::wire;
use crate::kinds::held::Held;
use crate::kinds::{Documents, Lacks, ReadBack, Reconcile, Thing, Write};
use crate::ledger::{self, Change, Claim, Entries, Extent, Key, Ledger, Reason, Sight, Standing};
use crate::names::{self, Ref, Text};
use crate::principal::Principal;
use crate::request::{Call, Request, Service};

/// Who is in an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnvironmentMembers {}

/// What a principal has in an environment before it holds anything there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// The principal.
    pub principal: Principal,
    /// What it has.
    pub aspect: Aspect,
}

/// What a member has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    /// A row: a user, an application user, a group's team.
    Presence,
    /// A group's people in the group's team, now instead of at their first access.
    Synchronised,
}

impl Member {
    /// The row of a principal.
    pub fn present(principal: Principal) -> Self {
        Self { principal, aspect: Aspect::Presence }
    }

    /// The people of a group.
    pub fn synchronised(group: Principal) -> Self {
        Self { principal: group, aspect: Aspect::Synchronised }
    }
}

impl Key for Member {
    fn key(&self) -> String {
        match self.aspect {
            Aspect::Presence => self.principal.identity(),
            Aspect::Synchronised => format!("members:{}", self.principal.identity()),
        }
    }
}

impl fmt::Display for Member {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.aspect {
            Aspect::Presence => self.principal.fmt(formatter),
            Aspect::Synchronised => write!(formatter, "members of {}", self.principal),
        }
    }
}

/// The extent of a ledger that only ever adds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OnlyAdded;

impl fmt::Display for OnlyAdded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        Extent::Named.fmt(formatter)
    }
}

impl Ledger for EnvironmentMembers {
    const NAME: &'static str = "environmentMembers";
    type Subject = Ref<names::Environment>;
    type Entry = Member;
    type Level = Held;
    type Extent = OnlyAdded;

    fn claim(_: &OnlyAdded, member: &Member, held: Option<&Held>, standing: &Standing) -> Claim {
        match (&member.principal, held, standing.named) {
            (_, _, false) => Claim::Named,
            (_, Some(_), true) => Claim::Never(Reason::Refused("members are only ever added".into())),
            (Principal::Team { .. } | Principal::Everyone | Principal::Unnamed { .. }, None, true) => {
                Claim::Never(Reason::Refused("nothing brings it into an environment".into()))
            }
            (Principal::User { .. } | Principal::Group { .. } | Principal::Application { .. }, None, true) => {
                standing.claim(Extent::Named)
            }
        }
    }

    fn is_listed(_: &Member) -> bool {
        false
    }
}

impl Reconcile for EnvironmentMembers {
    // Public client of `addUser`: asks for the row up to thirty times, ten to twenty seconds apart.
    const READ_BACK: ReadBack = ReadBack { settling: Duration::from_secs(540), ways: None };

    fn sight(inventory: &Inventory, _: &Self::Subject) -> Sight<Self> {
        let held = |member| (member, ledger::Held { level: Held, reason: None });
        let users = inventory.users.rows().map(|(row, user)| user.principal(*row));
        let teams = inventory.teams.rows().map(|(row, team)| team.principal(*row));
        let synchronised = inventory
            .team_members
            .rows()
            .filter_map(|(row, _)| Some(inventory.teams.row(row)?.principal(*row)))
            .filter(|group| is_synchronised(inventory, group) == Ok(true));
        let entries =
            users.chain(teams).map(Member::present).chain(synchronised.map(Member::synchronised)).map(held).collect();
        let gap = inventory.users.doubt().or_else(|| inventory.teams.doubt());
        Sight::Found { entries, standing: None, gap }
    }

    fn enact(inventory: &mut Inventory, _: &Self::Subject, change: &Change<Self>) {
        match (change.to, change.entry.aspect) {
            (None, _) => {}
            (Some(Held), Aspect::Presence) => {
                bring_in(inventory, &change.entry.principal);
            }
            (Some(Held), Aspect::Synchronised) => synchronise(inventory, &change.entry.principal),
        }
    }

    fn steps(inventory: &Inventory, _: &Self::Subject, changes: Vec<Change<Self>>) -> Vec<Write<Self>> {
        let coming: Vec<Principal> = changes
            .iter()
            .filter(|change| change.entry.aspect == Aspect::Presence)
            .map(|change| change.entry.principal.clone())
            .collect();
        let write = |change: Change<Self>| {
            let principal = &change.entry.principal;
            let call = match change.entry.aspect {
                Aspect::Presence => addition(inventory, principal).map(Call::Send),
                Aspect::Synchronised => synchronisation(inventory, principal, &coming).map(Call::InOrder),
            };
            Write { changes: vec![change], call }
        };
        changes.into_iter().map(write).collect()
    }

    /// Nothing: members are implied by what they hold.
    fn document(_: &Inventory, _: &Self::Subject, _: &Entries<Self>) -> Documents {
        Documents::default()
    }

    fn touches(_: &Self::Subject, member: &Member) -> BTreeSet<Thing> {
        BTreeSet::from([Thing::Principal(member.principal.identity())])
    }

    // Nobody is taken out of an environment, so nobody is asked about.
    fn trail(_: &Inventory, _: &Self::Subject, _: &Self::Entry) -> Option<Trail> {
        None
    }

    fn heading(_: &Self::Subject) -> String {
        "environment members".to_owned()
    }

    fn makes(_: &Self::Subject, change: &Change<Self>) -> Option<Thing> {
        match change.entry.aspect {
            Aspect::Presence => change.to.is_some().then(|| Thing::Principal(change.entry.principal.identity())),
            Aspect::Synchronised => None,
        }
    }

    fn principal(member: &Member) -> Option<&Principal> {
        Some(&member.principal)
    }

    fn note(inventory: &Inventory, _: &Self::Subject, change: &Change<Self>) -> Option<String> {
        let principal = &change.entry.principal;
        match (change.entry.aspect, inventory.environment.add_users_by_admin_api) {
            (Aspect::Synchronised, true) => {
                Presence::of(inventory, principal).ok().map(|presence| presence.words("with this"))
            }
            (Aspect::Synchronised, false) | (Aspect::Presence, _) => presence::note(inventory, principal),
        }
    }
}

/// The request that brings a principal in.
fn addition(inventory: &Inventory, principal: &Principal) -> Result<Request, Lacks> {
    match principal {
        Principal::User { id, .. } if inventory.environment.add_users_by_admin_api => add_user(inventory, *id),
        Principal::User { .. } => Err(Lacks::Assignment(principal.clone())),
        Principal::Group { id, membership, .. } => {
            // The documented minimum; the service derives name and type (Learn: use Microsoft Entra ID group teams with
            // the Web API).
            let mut body = json!({
                "azureactivedirectoryobjectid": id,
                "membershiptype": wire::membership_type(*membership),
            });
            let root = inventory.root_unit().map(|unit| unit.id);
            if let Some(unit) = inventory.environment.group_unit.filter(|unit| Some(*unit) != root) {
                body["businessunitid@odata.bind"] = json!(format!("/businessunits({unit})"));
            }
            Ok(Request::post(Service::Dataverse, "teams", body))
        }
        Principal::Application { id, .. } => {
            let unit =
                inventory.root_unit().ok_or_else(|| Lacks::Fact("the root business unit could be read".to_owned()))?;
            // Not by the admin API, whose way of adding an application makes it System Administrator (public client).
            let body = json!({
                "applicationid": id,
                "businessunitid@odata.bind": format!("/businessunits({})", unit.id),
            });
            Ok(Request::post(Service::Dataverse, "systemusers", body))
        }
        Principal::Team { .. } | Principal::Everyone | Principal::Unnamed { .. } => Err(Lacks::Row(principal.clone())),
    }
}

/// The requests that put a group's people into its team: those who are not there are brought in first.
///
/// A team that is synchronised before somebody of the group comes in lacks him afterwards, so it waits for those who are
/// coming by themselves.
fn synchronisation(inventory: &Inventory, group: &Principal, coming: &[Principal]) -> Result<Vec<Request>, Lacks> {
    let Answer::Found(PrincipalRow::Team(team)) = inventory.row_of(group) else {
        return Err(Lacks::Row(group.clone()));
    };
    let mut requests = Vec::new();
    if inventory.environment.add_users_by_admin_api {
        let presence = Presence::of(inventory, group)
            .map_err(|problem| Lacks::Fact(format!("the members of {group} could be read ({})", problem.says)))?;
        for person in presence.missing {
            requests.push(add_user(inventory, person)?);
        }
    } else if let Ok(Presence { missing, .. }) = Presence::of(inventory, group)
        && let Some(comer) =
            coming.iter().find(|comer| matches!(comer, Principal::User { id, .. } if missing.contains(id)))
    {
        return Err(Lacks::Row(comer.clone()));
    }
    // Microsoft's Power CAT on flows that fail for members of a group: synchronise each member, then the team.
    let path = format!("teams({team})/Microsoft.Dynamics.CRM.SyncGroupMembersToTeam");
    requests.push(Request::post(Service::Dataverse, path, json!({})));
    Ok(requests)
}

/// The request that brings a user in by the admin API; calling it for somebody who is there does no harm (public client).
fn add_user(inventory: &Inventory, object: Uuid) -> Result<Request, Lacks> {
    let path = format!("{}/addUser?api-version=2023-06-01", wire::admin_path(&inventory.environment)?);
    Ok(Request::post(Service::Admin, path, json!({ "objectId": object })))
}

/// Gives a principal a row in the inventory, if it has none: the row that it has then. None for what nothing brings in.
pub(crate) fn bring_in(inventory: &mut Inventory, principal: &Principal) -> Option<PrincipalRow> {
    if let Answer::Found(row) = inventory.row_of(principal) {
        return Some(row);
    }
    let root = inventory.root_unit().map(|unit| unit.id).unwrap_or_default();
    let id = inventory.derived_row_id(principal);
    let row = match principal {
        Principal::User { name, id: object } => {
            let user = User { upn: name.clone(), object: Some(*object), ..new_user(UserKind::Person, name, root) };
            inventory.users.rows_mut().insert(id, user);
            PrincipalRow::User(id)
        }
        Principal::Application { name, id: application } => {
            let user = User { application: Some(*application), ..new_user(UserKind::Application, name, root) };
            inventory.users.rows_mut().insert(id, user);
            PrincipalRow::User(id)
        }
        Principal::Group { name, id: group, membership } => {
            let team = Team {
                name: name.clone(),
                kind: TeamKind::SecurityGroup,
                membership: *membership,
                group: Some(*group),
                unit: inventory.environment.group_unit.unwrap_or(root),
                is_default: false,
            };
            inventory.teams.rows_mut().insert(id, team);
            PrincipalRow::Team(id)
        }
        Principal::Team { .. } | Principal::Everyone | Principal::Unnamed { .. } => return None,
    };
    // A new row holds no role of its own, whatever is not known of others.
    if inventory.principal_roles == Section::NotAsked {
        inventory.principal_roles = Section::only(BTreeSet::new(), BTreeMap::new());
    }
    inventory.principal_roles.rows_mut().insert(row, BTreeSet::new());
    Some(row)
}

fn new_user(kind: UserKind, name: &Text, unit: Uuid) -> User {
    User {
        full_name: name.clone(),
        upn: Text::default(),
        mail: Text::default(),
        object: None,
        application: None,
        kind,
        disabled: false,
        unit,
    }
}

/// Puts a group's people into its team in the inventory, and into the environment where powergrant brings users in.
fn synchronise(inventory: &mut Inventory, group: &Principal) {
    let (Ok(presence), Some(PrincipalRow::Team(team))) = (Presence::of(inventory, group), bring_in(inventory, group))
    else {
        return;
    };
    let mut rows = presence.present;
    if inventory.environment.add_users_by_admin_api {
        for person in presence.missing {
            let name =
                inventory.directory.row(&person).map_or_else(|| person.to_string().into(), |entry| entry.name.clone());
            rows.extend(bring_in(inventory, &Principal::User { name, id: person }).map(PrincipalRow::id));
        }
    }
    inventory.team_members.rows_mut().entry(team).or_default().extend(rows);
}

#[cfg(test)]
mod tests;
