//! Makes the users and teams of a seed's organisation, with their roles.

use std::borrow::Cow;

use serde_json::json;
use uuid::Uuid;

use super::dataverse::Maker;
use super::directory::unknown;
use super::error::SeedError;
use super::format::{MemberSeed, TeamSeed};
use crate::sandbox::access::unit_of;
use crate::sandbox::directory::{Directory, Person};
use crate::sandbox::fault::Fault;
use crate::sandbox::odata::Row;
use crate::sandbox::organization::{id, row_of};
use crate::sandbox::principals;
use crate::sandbox::roles;

impl Maker<'_> {
    pub(super) fn member(&mut self, seed: &MemberSeed) -> Result<(), SeedError> {
        let unit = self.unit_named("users", seed.unit.as_ref())?;
        let (place, user) = match (&seed.user, &seed.application) {
            (Some(upn), None) => {
                let place = format!("user `{upn}`");
                let object = self.names.user(&place, upn)?;
                let added = principals::add_user(
                    &mut self.organization,
                    &directory_with(&self.names.directory, object),
                    object,
                );
                (place.clone(), refused(&place, added)?)
            }
            (None, Some(name)) => {
                let place = format!("application `{name}`");
                let (_, application) = self.names.application(&place, name)?;
                let added =
                    principals::add_application(&mut self.organization, &self.names.directory, application, unit);
                (place.clone(), refused(&place, added)?)
            }
            (Some(_), Some(_)) | (None, None) => {
                let problem = "a user has either `user` or `application`".to_owned();
                return Err(SeedError::Invalid { place: "users".to_owned(), problem });
            }
        };
        let manager = seed.manager.as_ref().map(|upn| self.present(&place, upn)).transpose()?;
        let columns = [
            ("_parentsystemuserid_value".to_owned(), json!(manager)),
            ("_businessunitid_value".to_owned(), json!(unit)),
            ("isdisabled".to_owned(), json!(seed.disabled || !self.is_enabled(user))),
        ];
        self.organization.change("systemuser", user, columns);
        self.assign(&place, "systemuser", user, &seed.roles)
    }

    fn is_enabled(&self, user: Uuid) -> bool {
        let object = self.organization.row("systemuser", user).and_then(|row| id(row, "azureactivedirectoryobjectid"));
        object.and_then(|object| self.names.directory.users.get(&object)).is_none_or(|person| person.enabled)
    }

    fn assign(&mut self, place: &str, table: &str, principal: Uuid, names: &[String]) -> Result<(), SeedError> {
        let unit = unit_of(&self.organization, table, principal);
        let (intersect, column) =
            if table == "team" { ("teamroles", "teamid") } else { ("systemuserroles", "systemuserid") };
        for name in names {
            let role = roles::root_named(&self.organization, name)
                .and_then(|root| roles::copy_in(&self.organization, root, unit))
                .ok_or_else(|| unknown(place, "role", name))?;
            let joint = self.organization.joint_id(intersect, principal, role);
            self.organization.put(intersect, joint, row_of(json!({ column: principal, "roleid": role })));
        }
        Ok(())
    }

    pub(super) fn team(&mut self, seed: &TeamSeed) -> Result<(), SeedError> {
        let place = format!("team `{}`", seed.name.as_ref().or(seed.group.as_ref()).map_or("", String::as_str));
        let unit = self.unit_named(&place, seed.unit.as_ref())?;
        let mut columns = row_of(json!({ "_businessunitid_value": unit }));
        if let Some(name) = &seed.name {
            columns.insert("name".into(), json!(name));
        }
        let team = if let Some(group) = &seed.group {
            let group = self.names.group(&place, group)?;
            let added = principals::add_group_team(
                &mut self.organization,
                &self.names.directory,
                group,
                seed.membership.number(),
                columns,
            );
            refused(&place, added)?
        } else {
            let name = seed.name.clone().unwrap_or_default();
            let key = self.key("team", &name);
            columns.extend(row_of(json!({
                "teamtype": 0, "membershiptype": 0, "isdefault": false, "systemmanaged": false, "ownerid": key,
                "azureactivedirectoryobjectid": null, "organizationid": self.organization.id,
            })));
            self.organization.put("team", key, columns);
            for upn in &seed.members {
                let user = self.present(&place, upn)?;
                principals::add_member(&mut self.organization, key, user);
            }
            key
        };
        if seed.synced {
            principals::sync_team(&mut self.organization, &self.names.directory, team);
        }
        self.assign(&place, "team", team, &seed.roles)
    }

    pub(super) fn present(&self, place: &str, upn: &str) -> Result<Uuid, SeedError> {
        let object = self.names.user(place, upn)?;
        principals::user_of(&self.organization, object).ok_or_else(|| unknown(place, "user of the environment", upn))
    }

    /// Returns the columns that say who owns a row: a user, or a team by name.
    pub(super) fn owner(&self, place: &str, name: &str) -> Result<Row, SeedError> {
        let (owner, table) = match self.organization.named("team", name) {
            Some(team) => (team, "team"),
            None => (self.present(place, name)?, "systemuser"),
        };
        let is_team = table == "team";
        Ok(row_of(json!({
            "_ownerid_value": owner,
            "_owninguser_value": (!is_team).then_some(owner),
            "_owningteam_value": is_team.then_some(owner),
            "_owningbusinessunit_value": unit_of(&self.organization, table, owner),
            "_createdby_value": (!is_team).then_some(owner),
            "_modifiedby_value": (!is_team).then_some(owner),
        })))
    }
}

// A user who left the company may still have a row, although nobody could add him today.
fn directory_with(directory: &Directory, object: Uuid) -> Cow<'_, Directory> {
    match directory.users.get(&object) {
        Some(person) if !person.enabled => {
            let mut enabled = directory.clone();
            enabled.users.insert(object, Person { enabled: true, ..person.clone() });
            Cow::Owned(enabled)
        }
        Some(_) | None => Cow::Borrowed(directory),
    }
}

fn refused(place: &str, added: Result<Uuid, Fault>) -> Result<Uuid, SeedError> {
    added.map_err(|fault| SeedError::Invalid { place: place.to_owned(), problem: fault.message })
}
