//! Who holds one privilege, sorted by how far and through what.
use std::collections::BTreeMap;

use uuid::Uuid;

use crate::access::assigned::{Assigned, Holding};
use crate::access::set::{Crowd, Set};
use crate::access::{Access, Belonging, Grant, Through};
use crate::inventory::section::Answer;
use crate::names::{Depth, Operation, folded};

/// Everybody who holds one privilege.
#[derive(Clone, Debug, Default)]
pub struct Holders {
    /// At whatever depth and through whatever.
    pub any: Crowd,
    /// For every row of the organisation.
    pub organization: Crowd,
    /// For rows of one's own: through a role of one's own, or a team's that reaches its members.
    pub own_rows: Crowd,
    /// For rows that are shared with oneself or any team of one's own: not by User level of a team's role that does not reach
    /// members, which is for what is shared with the team alone.
    pub shared_rows: Crowd,
    /// Through a role of one's own, which counts for rows of one's teams as well.
    pub own_role: Crowd,
    /// Through a role of this team, which counts for the team's rows.
    pub of_team: BTreeMap<Uuid, Crowd>,
    /// For the rows of this business unit.
    pub units: BTreeMap<Uuid, Crowd>,
    /// For the rows of this business unit and those below it.
    pub trees: BTreeMap<Uuid, Crowd>,
}

impl Holders {
    /// Whoever holds the privilege for rows of his own at this depth or further, wherever it is measured from. User level
    /// of a team's role that does not reach members is for rows of the team alone (Learn: security roles and privileges).
    pub fn at_least(&self, depth: Depth) -> Crowd {
        let of =
            |crowds: &BTreeMap<Uuid, Crowd>| crowds.values().fold(Crowd::nobody(), Crowd::or).or(&self.organization);
        match depth {
            Depth::User => of(&self.units).or(&of(&self.trees)).or(&self.own_rows),
            Depth::BusinessUnit => of(&self.units).or(&of(&self.trees)),
            Depth::ParentChildBusinessUnits => of(&self.trees),
            Depth::Organization => self.organization.clone(),
            // What a record filter selects is not read, so nobody is known to hold that much.
            Depth::RecordFilter => Crowd::perhaps(self.any.possible().clone()),
        }
    }

    /// Adds people of whom nobody knows how much they hold.
    fn add_unsure(&mut self, people: &Set) {
        let perhaps = Crowd::perhaps(people.clone());
        let Self { any, organization, own_rows, shared_rows, own_role, of_team: _, units: _, trees: _ } = self;
        for crowd in [any, organization, own_rows, shared_rows, own_role] {
            crowd.extend(&perhaps);
        }
    }

    fn add(&mut self, grant: &Grant, people: &Crowd) {
        let Grant { depth, through, unit, reaches_members, role: _ } = *grant;
        self.any.extend(people);
        match through {
            Through::Own => {
                self.own_role.extend(people);
                self.own_rows.extend(people);
                self.shared_rows.extend(people);
            }
            Through::Team { team, belonging: _ } => {
                self.of_team.entry(team).or_default().extend(people);
                if reaches_members {
                    self.own_rows.extend(people);
                }
                match (reaches_members, depth) {
                    (true, _)
                    | (false, Depth::BusinessUnit | Depth::ParentChildBusinessUnits | Depth::Organization) => {
                        self.shared_rows.extend(people);
                    }
                    (false, Depth::RecordFilter) => self.shared_rows.extend_perhaps(people),
                    (false, Depth::User) => {}
                }
            }
        }
        match (depth, unit) {
            (Depth::User, _) => {}
            (Depth::BusinessUnit, Some(unit)) => self.units.entry(unit).or_default().extend(people),
            (Depth::ParentChildBusinessUnits, Some(unit)) => self.trees.entry(unit).or_default().extend(people),
            (Depth::Organization, _) => self.organization.extend(people),
            // A filter selects rows of which nobody here knows; a unit that was not read is somewhere.
            (Depth::RecordFilter, _) | (Depth::BusinessUnit | Depth::ParentChildBusinessUnits, None) => {
                self.organization.extend_perhaps(people);
            }
        }
    }
}

impl Access<'_> {
    /// The id of a privilege by its own name (`prvFlow`), or by its table and operation.
    pub fn privilege_id(&self, name: &str) -> Option<Uuid> {
        let wanted = folded(name);
        let named = self.inventory.privileges.row(&wanted.as_str().into()).map(|privilege| privilege.id);
        named.or_else(|| {
            let privileges = self.inventory.tables.rows().filter_map(|(_, table)| table.privileges.as_ref());
            privileges.flat_map(BTreeMap::values).find(|own| folded(&own.name) == wanted).map(|privilege| privilege.id)
        })
    }

    /// Whoever holds a privilege; everybody perhaps, when the privilege's id was not read.
    pub fn holders(&self, privilege: Option<Uuid>) -> Holders {
        let mut holders = Holders::default();
        let Some(privilege) = privilege else {
            holders.add_unsure(&self.everybody());
            return holders;
        };
        holders.add_unsure(&self.unsure);
        for ((holding, assigned), people) in &self.alike {
            self.add_class(&mut holders, *holding, *assigned, privilege, people);
        }
        holders
    }

    /// Adds those who hold one role in the same way.
    fn add_class(&self, holders: &mut Holders, holding: Holding, assigned: Assigned, privilege: Uuid, people: &Crowd) {
        let through = match holding {
            Holding::Own => Through::Own,
            // How each of them belongs to the team makes no difference to what it gives.
            Holding::Team(team) => Through::Team { team, belonging: Belonging::Now },
        };
        match self.inventory.role_privileges.get(&assigned.role) {
            Answer::Found(held) => {
                if let Some(depth) = held.get(&privilege) {
                    holders.add(&self.grant(assigned, through, *depth), people);
                }
            }
            Answer::Absent => {}
            Answer::Unreadable(_) | Answer::NotAsked => holders.add_unsure(people.possible()),
        }
    }

    /// Whoever holds an operation on a table.
    pub fn table_holders(&self, table: &str, operation: Operation) -> Holders {
        self.holders(self.inventory.privilege(table, operation).map(|privilege| privilege.id))
    }
}
