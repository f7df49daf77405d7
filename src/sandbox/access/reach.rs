//! Which rows of one table an authority reaches with one operation.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::authority::{Authority, Grant, Through};
use super::hierarchy::Reports;
use crate::sandbox::odata::Row;
use crate::sandbox::organization::{Organization, id, number};
use crate::sandbox::rights::{Depth, Verb};
use crate::sandbox::schema::{Ownership, Table};

/// The rows of a table that an operation may touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// All of them.
    Everything,
    /// Those of certain owners and business units, and single ones that are shared.
    Part {
        /// Users and teams whose rows are meant.
        owners: BTreeSet<Uuid>,
        /// Business units whose rows are meant.
        units: BTreeSet<Uuid>,
        /// Rows that are shared with the user or a team of the user's.
        shared: BTreeSet<Uuid>,
        /// The column that holds a row's business unit; the key itself for business units.
        unit_column: Option<&'static str>,
    },
}

impl Reach {
    /// Works out what an authority reaches; a table without that privilege restricts nobody.
    pub fn of(organization: &Organization, authority: &Authority, table: &Table, verb: Verb) -> Self {
        let Some(privilege) = organization.privilege_of(table, verb) else { return Self::Everything };
        let grants = authority.grants.get(&privilege).map(Vec::as_slice).unwrap_or_default();
        if grants.iter().any(|grant| grant.depth == Depth::Global) {
            return Self::Everything;
        }
        let (mut owners, mut units) = (BTreeSet::new(), BTreeSet::new());
        for grant in grants {
            // Rows of a team count as the members' own at any depth (inferred from the service's principal sets).
            match grant.through {
                Through::Own => {
                    owners.insert(authority.user);
                    owners.extend(&authority.teams);
                }
                Through::Inherited(team) => owners.extend([authority.user, team]),
                Through::Team(team) => owners.extend([team]),
            }
            match grant.depth {
                Depth::Basic | Depth::Global => {}
                Depth::Local => units.extend([grant.unit]),
                Depth::Deep => units.extend(organization.subtree(grant.unit)),
            }
        }
        // Whoever may do it with rows of his own may do it with what reaches him through the hierarchy.
        let reports = if grants.iter().any(Grant::is_own) {
            Reports::of(organization, authority, verb)
        } else {
            Reports::default()
        };
        owners.extend(reports.owners());
        // A share gives nothing to who lacks the privilege (Learn: security roles and privileges); User level of a team's role
        // that members do not inherit is for the team's shares alone.
        let mut receivers: BTreeSet<Uuid> = if grants.iter().any(Grant::is_own) {
            authority.teams.iter().copied().chain([authority.user, organization.id]).collect()
        } else {
            grants
                .iter()
                .filter_map(|grant| match grant.through {
                    Through::Team(team) | Through::Inherited(team) => Some(team),
                    Through::Own => None,
                })
                .collect()
        };
        // What is shared with a report or a team of his, with the rights that the share gives.
        receivers.extend(reports.owners());
        let shared = shared_with(organization, &receivers, table, verb);
        let unit_column = match table.ownership {
            Ownership::User => Some("_owningbusinessunit_value"),
            Ownership::Business if table.logical_name == "businessunit" => Some("businessunitid"),
            Ownership::Business => Some("_businessunitid_value"),
            Ownership::Organization | Ownership::None => None,
        };
        Self::Part { owners, units, shared, unit_column }
    }

    /// Says whether a row is among them.
    pub fn covers(&self, key: Uuid, row: &Row) -> bool {
        match self {
            Self::Everything => true,
            Self::Part { owners, units, shared, unit_column } => {
                let is_own = id(row, "_ownerid_value").is_some_and(|owner| owners.contains(&owner));
                let is_near = unit_column.and_then(|column| id(row, column)).is_some_and(|unit| units.contains(&unit));
                is_own || is_near || shared.contains(&key)
            }
        }
    }
}

fn shared_with(organization: &Organization, receivers: &BTreeSet<Uuid>, table: &Table, verb: Verb) -> BTreeSet<Uuid> {
    if receivers.is_empty() {
        return BTreeSet::new();
    }
    organization
        .all("principalobjectaccess")
        .filter(|(_, row)| row.get("objecttypecode").and_then(serde_json::Value::as_str) == Some(&table.logical_name))
        .filter(|(_, row)| number(row, "accessrightsmask").unwrap_or(0) & i64::from(verb.bit()) != 0)
        .filter(|(_, row)| id(row, "principalid").is_some_and(|principal| receivers.contains(&principal)))
        .filter_map(|(_, row)| id(row, "objectid"))
        .collect()
}
