//! Functions that say who has access to a row, and why.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::functions::guid;
use super::path::{Arguments, reference_of};
use super::request::Request;
use super::{Session, complex, unknown_table};
use crate::sandbox::access::{Authority, Reach};
use crate::sandbox::answer::Answer;
use crate::sandbox::fault::Fault;
use crate::sandbox::organization::{id, number, text};
use crate::sandbox::rights::{Verb, mask_text};

impl Session<'_> {
    /// Finds the row of a parameter `Target`; an unknown set and an unknown row are answered alike (third-party live tests).
    fn target(&self, parameters: &BTreeMap<String, String>) -> Result<(String, Uuid), Fault> {
        let written = parameters.get("Target").map_or("", String::as_str);
        let value: Value = serde_json::from_str(written)
            .map_err(|_| Fault::malformed("The parameter 'Target' is not a JSON object with an '@odata.id'."))?;
        let (set, arguments) =
            reference_of(&value).ok_or_else(|| Fault::malformed("The parameter 'Target' has no '@odata.id'."))??;
        let Arguments::Id(key) = arguments else {
            return Err(Fault::malformed("The parameter 'Target' is not a reference by id."));
        };
        let table = self.organization.table_of_set(&set).map(|table| table.logical_name.to_string());
        match table {
            Some(table) if self.organization.row(&table, key).is_some() => Ok((table, key)),
            Some(table) => Err(Fault::no_such_row(&table, key)),
            None => Err(Fault::no_such_row(&set, key)),
        }
    }

    /// Lists explicit shares only: no owner, no roles, no names, no pages (recorded on a bot).
    pub(super) fn shared_principals(
        &self,
        request: &Request<'_>,
        parameters: &BTreeMap<String, String>,
    ) -> Result<Answer, Fault> {
        let (table, key) = self.target(parameters)?;
        let authority = self.authority()?;
        authority.require_on(self.organization, self.table(&table)?, Verb::Read, key)?;
        let accesses: Vec<Value> = self
            .organization
            .all("principalobjectaccess")
            .filter(|(_, row)| id(row, "objectid") == Some(key))
            .filter_map(|(_, row)| {
                let mask = u32::try_from(number(row, "accessrightsmask")?).ok().filter(|mask| *mask != 0)?;
                let kind = text(row, "principaltypecode")?;
                let key_name = if kind == "organization" { "organizationid" } else { "ownerid" };
                Some(json!({
                    "AccessMask": mask_text(mask),
                    "Principal": {
                        "@odata.type": format!("#Microsoft.Dynamics.CRM.{kind}"),
                        key_name: id(row, "principalid")?,
                    },
                }))
            })
            .collect();
        Ok(complex(request, "RetrieveSharedPrincipalsAndAccessResponse", json!({ "PrincipalAccesses": accesses })))
    }

    /// Works out what a user or team may do with a row.
    pub(super) fn principal_access(
        &self,
        request: &Request<'_>,
        kind: &str,
        principal: Uuid,
        parameters: &BTreeMap<String, String>,
    ) -> Result<Answer, Fault> {
        let (table, key) = self.target(parameters)?;
        let caller = self.authority()?;
        let definition = self.table(&table)?;
        caller.require_on(self.organization, definition, Verb::Read, key)?;
        let Some(row) = self.organization.row(&table, key) else { return Err(Fault::no_such_row(&table, key)) };
        let held = if kind == "team" {
            Authority::of_team(self.organization, principal)
        } else {
            Authority::of(self.organization, principal)
        };
        let mask = Verb::ALL
            .into_iter()
            .filter(|verb| held.require(self.organization, definition, *verb).is_ok())
            .filter(|verb| Reach::of(self.organization, &held, definition, *verb).covers(key, row))
            .fold(0, |mask, verb| mask | verb.bit());
        Ok(complex(request, "RetrievePrincipalAccessResponse", json!({ "AccessRights": mask_text(mask) })))
    }

    /// Says in words where access comes from; the texts are all that there is (third-party live tests).
    pub(super) fn access_origin(
        &self,
        request: &Request<'_>,
        parameters: &BTreeMap<String, String>,
    ) -> Result<Answer, Fault> {
        let object = guid(parameters, "ObjectId")?;
        let principal = guid(parameters, "PrincipalId")?;
        let name = parameters.get("LogicalName").map_or("", String::as_str);
        if self.organization.table(name).is_none() {
            return Err(unknown_table(name));
        }
        let text = match self.organization.row(name, object) {
            None => format!("Entity '{name}' With Id = {object} Does Not Exist"),
            Some(row) if id(row, "_ownerid_value") == Some(principal) => {
                format!("PrincipalId is object owner ({principal})")
            }
            Some(_) => match self.shared_through(object, principal) {
                Some(team) if team != principal => {
                    format!("PrincipalId is member of team ({team}) who has access to the object in the POA table")
                }
                Some(_) => "PrincipalId has access to the object in the POA table".to_owned(),
                None => "Access origin could not be found. Access does not come from POA table or object ownership."
                    .to_owned(),
            },
        };
        Ok(complex(request, "RetrieveAccessOriginResponse", json!({ "Response": text })))
    }

    fn shared_through(&self, object: Uuid, principal: Uuid) -> Option<Uuid> {
        let teams = Authority::of(self.organization, principal).teams;
        self.organization
            .all("principalobjectaccess")
            .filter(|(_, row)| id(row, "objectid") == Some(object) && number(row, "accessrightsmask") != Some(0))
            .filter_map(|(_, row)| id(row, "principalid"))
            .find(|holder| *holder == principal || teams.contains(holder))
    }
}
