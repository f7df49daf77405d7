//! Creates rows.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Session;
use super::bodies::{Attached, Purpose};
use super::request::Request;
use crate::sandbox::access::Reach;
use crate::sandbox::answer::Answer;
use crate::sandbox::fault::Fault;
use crate::sandbox::odata::Row;
use crate::sandbox::organization::{derived, id, number, row_of, text};
use crate::sandbox::principals;
use crate::sandbox::rights::Verb;
use crate::sandbox::roles::{self, NewRole};
use crate::sandbox::schema::Table;

impl Session<'_> {
    /// Answers `POST set`.
    pub(super) fn create(&mut self, request: &Request<'_>, table: &str) -> Result<Answer, Fault> {
        let mut body = request.object()?;
        let within = self.take_within(request, table, &mut body)?;
        let key = self.insert(request, table, &body)?;
        self.put_within(request, table, key, within)?;
        self.written(request, table, key, true)
    }

    /// Makes one row; returns its key.
    fn insert(&mut self, request: &Request<'_>, table: &str, body: &Map<String, Value>) -> Result<Uuid, Fault> {
        let definition = self.table(table)?.clone();
        if definition.privilege(Verb::Create).is_none() && table != "environmentvariablevalue" {
            // Learn: web service error codes, for messages that a table does not support.
            return Err(Fault::new(
                405,
                "0x80040800",
                format!("The 'Create' method does not support entities of type '{table}'."),
            ));
        }
        let authority = self.authority()?;
        authority.require(self.organization, &definition, Verb::Create)?;
        let columns = self.columns(table, body, Purpose::Create)?;
        let key = match columns.get(definition.primary_id.as_ref()).and_then(Value::as_str) {
            Some(text) => text.parse().unwrap_or_default(),
            None => self.new_id(table),
        };
        if self.organization.row(table, key).is_some() {
            return Err(Fault::new(400, "0x80040237", "Cannot insert duplicate key."));
        }
        let solution = self.named_solution(request)?;
        match table {
            "role" => self.create_role(key, columns, solution),
            "systemuser" => self.create_user(&columns),
            "team" => self.create_team(key, columns),
            "businessunit" => self.create_unit(key, columns),
            _ => self.create_row(table, key, columns, authority.user),
        }
    }

    fn new_id(&self, table: &str) -> Uuid {
        derived(self.organization.id, &format!("{table}:new:{}", self.organization.version))
    }

    fn create_role(&mut self, key: Uuid, columns: Row, solution: Option<Uuid>) -> Result<Uuid, Fault> {
        let name = required(&columns, "name", "0x80041407", "The role name was unexpectedly missing.")?.to_owned();
        let unit = id(&columns, "_businessunitid_value")
            .ok_or_else(|| Fault::new(400, "0x80041406", "The role's business unit ID was unexpectedly missing."))?;
        self.refuse_same_name(&name, unit, key)?;
        let mut columns = columns;
        if let Some(solution) = solution {
            columns.insert("solutionid".into(), json!(solution));
        }
        roles::create(self.organization, NewRole { id: key, unit, columns });
        roles::give_defaults(self.organization, key);
        Ok(key)
    }

    /// Refuses a second role of a name in a business unit; the text carries the existing role's id (public client).
    pub(super) fn refuse_same_name(&self, name: &str, unit: Uuid, key: Uuid) -> Result<(), Fault> {
        let wanted = json!(name);
        let existing = self
            .organization
            .find("role", "name", &wanted)
            .find(|(other, row)| *other != key && id(row, "_businessunitid_value") == Some(unit));
        match existing {
            Some((other, row)) => Err(Fault::new(
                400,
                "0x80041403",
                format!(
                    "Role with name {name} already exists in business unit with Id {unit} and solution with Id {}. Existing role Id: \
                     {other}.",
                    text(row, "solutionid").unwrap_or_default()
                ),
            )),
            None => Ok(()),
        }
    }

    fn create_user(&mut self, columns: &Row) -> Result<Uuid, Fault> {
        let Some(application) = id(columns, "applicationid") else {
            // Third-party notes: a row made this way is of no use to a person.
            return Err(Fault::new(
                400,
                "0x80040265",
                "You cannot create a user record for a person; people are added from Microsoft Entra ID.",
            ));
        };
        let unit = id(columns, "_businessunitid_value")
            .ok_or_else(|| Fault::new(400, "0x80040203", "The business unit of the application user is missing."))?;
        principals::add_application(self.organization, self.directory, application, unit)
    }

    fn create_team(&mut self, key: Uuid, mut columns: Row) -> Result<Uuid, Fault> {
        if let Some(group) = id(&columns, "azureactivedirectoryobjectid") {
            let membership = number(&columns, "membershiptype").unwrap_or(0);
            return principals::add_group_team(self.organization, self.directory, group, membership, columns);
        }
        required(&columns, "name", "0x80040203", "The name of the team is missing.")?;
        let defaults = json!({
            "teamtype": 0, "membershiptype": 0, "isdefault": false, "systemmanaged": false, "ownerid": key,
            "azureactivedirectoryobjectid": null, "organizationid": self.organization.id,
            "_businessunitid_value": self.organization.root_unit(),
        });
        for (name, value) in row_of(defaults) {
            columns.entry(name).or_insert(value);
        }
        self.organization.put("team", key, columns);
        Ok(key)
    }

    fn create_unit(&mut self, key: Uuid, mut columns: Row) -> Result<Uuid, Fault> {
        let name = required(&columns, "name", "0x80040203", "The name of the business unit is missing.")?.to_owned();
        let root = self.organization.root_unit();
        columns.entry("_parentbusinessunitid_value".to_owned()).or_insert(json!(root));
        columns.insert("isdisabled".into(), json!(false));
        columns.insert("_organizationid_value".into(), json!(self.organization.id));
        self.organization.put("businessunit", key, columns);
        roles::copy_into(self.organization, key);
        let team = derived(key, "defaultteam");
        let row = json!({
            "name": name, "teamtype": 0, "isdefault": true, "systemmanaged": true, "membershiptype": 0, "ownerid": team,
            "azureactivedirectoryobjectid": null, "_businessunitid_value": key, "organizationid": self.organization.id,
        });
        self.organization.put("team", team, row_of(row));
        Ok(key)
    }

    fn create_row(&mut self, table: &str, key: Uuid, columns: Row, caller: Uuid) -> Result<Uuid, Fault> {
        let mut row = row_of(json!({
            "_createdby_value": caller, "_modifiedby_value": caller, "ismanaged": false, "componentstate": 0,
            "iscustomizable": roles::managed_property("iscustomizableanddeletable", true),
            "solutionid": derived(self.organization.id, "solution:Active"), "statecode": 0, "statuscode": 1,
        }));
        let definition = self.table(table)?.clone();
        row.retain(|name, _| definition.column(name).is_some());
        if self.is_owned(table) {
            let owner = id(&columns, "_ownerid_value").unwrap_or(caller);
            row.extend(self.owner_columns(owner));
            self.may_create_for(&definition, key, &row)?;
            self.may_attach(&definition, Attached::New, &columns)?;
        }
        row.extend(columns);
        if table == "workflow" {
            self.complete_new_flow(key, &mut row)?;
        }
        self.organization.put(table, key, row);
        Ok(key)
    }
}

impl Session<'_> {
    /// Refuses a new row whose owner the caller's privileges do not reach: Create decides for which owners, and who makes a row
    /// for somebody else gives it away (Learn: security roles and privileges).
    fn may_create_for(&self, table: &Table, key: Uuid, row: &Row) -> Result<(), Fault> {
        let authority = self.authority()?;
        let is_own = id(row, "_ownerid_value") == Some(authority.user);
        for verb in [Verb::Create, Verb::Assign] {
            let is_asked = verb == Verb::Create || !is_own;
            if is_asked && !Reach::of(self.organization, &authority, table, verb).covers(key, row) {
                authority.require(self.organization, table, verb)?;
                return Err(authority.no_access(self.organization, table, verb, key, row));
            }
        }
        Ok(())
    }
}

fn required<'a>(columns: &'a Row, name: &str, code: &str, message: &str) -> Result<&'a str, Fault> {
    text(columns, name).filter(|value| !value.trim().is_empty()).ok_or_else(|| Fault::new(400, code, message))
}
