//! Who stands behind a row: the people of teams and groups, and the rows through which somebody holds something.
use std::collections::BTreeSet;

use uuid::Uuid;

use crate::inventory::Inventory;
use crate::inventory::people::{PrincipalRow, UserKind};
use crate::inventory::section::{Answer, not_asked};
use crate::kinds::environment::presence::Presence;
use crate::names::{BuiltInRole, EnvironmentRole, Membership, RoleName};
use crate::principal::Principal;
use crate::problem::Problem;

/// People as far as they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct People {
    /// Enabled people, by Entra object id.
    pub known: BTreeSet<Uuid>,
    /// Whoever stands for people that could not be counted, in words.
    pub unknown: BTreeSet<String>,
    /// Whether everyone is meant.
    pub everyone: bool,
}

impl People {
    /// Adds the people behind a row.
    pub fn add(&mut self, inventory: &Inventory, row: PrincipalRow) {
        match row {
            PrincipalRow::User(id) => match inventory.users.row(&id) {
                Some(user) if user.kind == UserKind::Person && !user.disabled => self.known.extend(user.object),
                Some(_) => {}
                None if inventory.users.doubt().is_some() => _ = self.unknown.insert(format!("user {id}")),
                None => {}
            },
            PrincipalRow::Team(id) => self.add_team(inventory, id),
            PrincipalRow::Organization(_) => self.everyone = true,
        }
    }

    fn add_team(&mut self, inventory: &Inventory, id: Uuid) {
        let (principal, _) = inventory.principal_of(PrincipalRow::Team(id));
        let mut is_counted = self.add_group(inventory, &principal);
        if let Answer::Found(members) = inventory.team_members.get(&id) {
            for member in members {
                self.add(inventory, PrincipalRow::User(*member));
            }
            // A group's team has only those who came; the others come at their first access.
            is_counted |= !matches!(principal, Principal::Group { .. });
        }
        if !is_counted {
            self.unknown.insert(principal.to_string());
        }
    }

    /// Adds the people of an Entra group; says whether they are known.
    fn add_group(&mut self, inventory: &Inventory, principal: &Principal) -> bool {
        match (Presence::of(inventory, principal), principal) {
            (Ok(presence), _) => {
                let present = presence.present.iter().filter_map(|row| inventory.users.row(row)?.object);
                self.known.extend(present.chain(presence.missing.iter().copied()));
                true
            }
            (Err(_), Principal::Group { id, membership: Membership::MembersAndGuests | Membership::Members, .. }) => {
                // Who of them is disabled is not known; counting them all errs on the side of more people.
                let people = inventory.group_members.row(id);
                self.known.extend(people.into_iter().flatten());
                people.is_some()
            }
            (
                Err(_),
                Principal::Group { .. }
                | Principal::User { .. }
                | Principal::Application { .. }
                | Principal::Team { .. }
                | Principal::Everyone
                | Principal::Unnamed { .. },
            ) => false,
        }
    }

    /// Adds the people behind a principal that has no row here.
    pub fn add_principal(&mut self, inventory: &Inventory, principal: &Principal) {
        match principal {
            Principal::User { id, .. } => _ = self.known.insert(*id),
            Principal::Everyone => self.everyone = true,
            Principal::Group { .. } => {
                if !self.add_group(inventory, principal) {
                    self.unknown.insert(principal.to_string());
                }
            }
            Principal::Application { .. } | Principal::Team { .. } | Principal::Unnamed { .. } => {
                if let Answer::Found(row) = inventory.row_of(principal) {
                    self.add(inventory, row);
                }
            }
        }
    }
}

/// The identities through which a principal holds something: its own, and those of its teams; and why there may be more.
pub fn routes(inventory: &Inventory, principal: &Principal) -> (BTreeSet<PrincipalRow>, Option<Problem>) {
    let Answer::Found(row) = inventory.row_of(principal) else { return (BTreeSet::new(), None) };
    let mut rows = BTreeSet::from([row]);
    let PrincipalRow::User(user) = row else { return (rows, None) };
    rows.extend(inventory.teams_of(user).map(PrincipalRow::Team));
    let doubt = match inventory.user_teams.get(&user) {
        Answer::Found(_) | Answer::Absent => inventory.user_teams.doubt(),
        Answer::Unreadable(problem) => Some(problem),
        Answer::NotAsked => Some(not_asked()),
    };
    (rows, doubt)
}

/// The System Administrator role of an environment, by the root role's id.
pub fn administrator_role(inventory: &Inventory) -> Option<Uuid> {
    inventory.role(&RoleName::BuiltIn(BuiltInRole::SystemAdministrator)).one().map(|role| role.id)
}

/// The roles of administrators: System Administrator, and System Customizer, who may change every flow and table.
pub fn administrative_roles(inventory: &Inventory) -> BTreeSet<Uuid> {
    let built_in = [BuiltInRole::SystemAdministrator, BuiltInRole::SystemCustomizer];
    let found = built_in.into_iter().filter_map(|role| inventory.role(&RoleName::BuiltIn(role)).one());
    found.map(|role| role.id).collect()
}

/// The enabled people who are administrators of an environment, through whatever.
pub fn administrators(inventory: &Inventory) -> People {
    let mut people = People::default();
    if let Some(role) = administrator_role(inventory) {
        match inventory.holders.get(&role) {
            Answer::Found(holders) => {
                for (row, _) in holders {
                    people.add(inventory, *row);
                }
                if inventory.holders.doubt().is_some() {
                    people.unknown.insert("holders that powergrant may not read".to_owned());
                }
            }
            Answer::Absent => {}
            Answer::Unreadable(_) | Answer::NotAsked => {
                people.unknown.insert("holders that could not be read".to_owned());
            }
        }
    }
    // Where there is Dataverse, its security roles decide and these are not used (Learn: environment role assignments).
    if let (None, Some(roles)) = (&inventory.environment.url, inventory.environment_roles.value()) {
        for principal in roles.get(&EnvironmentRole::Admin).into_iter().flat_map(|holders| holders.keys()) {
            people.add_principal(inventory, principal);
        }
    }
    people
}
