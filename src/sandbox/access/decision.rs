//! Whether an authority may do something at all, to a table, to a row.

use uuid::Uuid;

use super::authority::Authority;
use super::reach::Reach;
use super::refusals::{missing_privilege, no_role};
use crate::sandbox::fault::Fault;
use crate::sandbox::organization::{Organization, is_set};
use crate::sandbox::rights::Verb;
use crate::sandbox::schema::Table;

impl Authority {
    /// Refuses users who may do nothing: disabled, or without any role.
    pub fn admit(&self, organization: &Organization) -> Result<(), Fault> {
        let user = self.user;
        if organization.row("systemuser", user).is_some_and(|row| is_set(row, "isdisabled")) {
            return Err(Self::disabled(user));
        }
        if self.roles == 0 {
            return Err(no_role("user", user, None));
        }
        Ok(())
    }

    /// Refuses when the user lacks the privilege for an operation on a table.
    pub fn require(&self, organization: &Organization, table: &Table, verb: Verb) -> Result<(), Fault> {
        self.admit(organization)?;
        let Some(name) = table.privilege(verb) else { return Ok(()) };
        if self.holds(organization, &name) {
            return Ok(());
        }
        Err(missing_privilege(organization, self, &name))
    }

    /// Refuses when the user may not do that to that row.
    pub fn require_on(&self, organization: &Organization, table: &Table, verb: Verb, key: Uuid) -> Result<(), Fault> {
        self.require(organization, table, verb)?;
        let Some(row) = organization.row(&table.logical_name, key) else {
            return Err(Fault::no_such_row(&table.logical_name, key));
        };
        if Reach::of(organization, self, table, verb).covers(key, row) {
            return Ok(());
        }
        Err(self.no_access(organization, table, verb, key, row))
    }
}
