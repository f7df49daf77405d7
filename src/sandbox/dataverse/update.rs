//! Changes rows, and creates those that a PATCH without `If-Match` does not find.

use serde_json::{Value, json};
use uuid::Uuid;

use super::Session;
use super::bodies::{Attached, Purpose};
use super::request::Request;
use super::role_actions::{is_customizable, managed};
use crate::sandbox::answer::Answer;
use crate::sandbox::fault::Fault;
use crate::sandbox::odata::Row;
use crate::sandbox::organization::{id, text};
use crate::sandbox::rights::Verb;
use crate::sandbox::roles;

impl Session<'_> {
    /// Answers `PATCH set(id)`.
    pub(super) fn update(&mut self, request: &Request<'_>, table: &str, key: Uuid) -> Result<Answer, Fault> {
        let body = request.object()?;
        if self.organization.row(table, key).is_none() {
            // Learn: conditional operations; without the header a missing row is made.
            if request.header("if-match").is_some() {
                return Err(Fault::no_such_row(table, key));
            }
            let mut body = body;
            body.insert(self.table(table)?.primary_id.to_string(), json!(key));
            let text = Value::Object(body).to_string();
            return self.create(&Request { body: &text, ..*request }, table);
        }
        if request.header("if-none-match") == Some("*") {
            return Err(Fault::new(412, "0x80060892", "A record with matching key values already exists."));
        }
        let definition = self.table(table)?.clone();
        let authority = self.authority()?;
        authority.require_on(self.organization, &definition, Verb::Write, key)?;
        self.require_version(request, table, key)?;
        if definition.privilege(Verb::Write).is_none() && table != "environmentvariablevalue" {
            let text = format!("The 'Update' method does not support entities of type '{table}'.");
            return Err(Fault::new(405, "0x80040800", text));
        }
        let mut columns = self.columns(table, &body, Purpose::Update)?;
        self.may_attach(&definition, Attached::Old(key), &columns)?;
        if let Some(owner) = id(&columns, "_ownerid_value") {
            // Third-party notes: the role's privilege is needed, the right on the row is not enough.
            authority.require_on(self.organization, &definition, Verb::Assign, key)?;
            columns.extend(self.owner_columns(owner));
        }
        if definition.column("_modifiedby_value").is_some() {
            columns.insert("_modifiedby_value".into(), json!(authority.user));
        }
        match table {
            "role" => self.update_role(key, &columns)?,
            "workflow" => self.update_flow(key, columns, &authority)?,
            "systemuser" => self.update_user(key, columns),
            _ => {
                self.organization.change(table, key, columns);
            }
        }
        self.written(request, table, key, false)
    }

    /// Compares `If-Match` with the row's version (recorded code; `*` only asks that the row is there).
    pub(super) fn require_version(&self, request: &Request<'_>, table: &str, key: Uuid) -> Result<(), Fault> {
        let Some(wanted) = request.header("if-match").filter(|wanted| *wanted != "*") else { return Ok(()) };
        let version = self.organization.row(table, key).and_then(|row| row.get("versionnumber")).cloned();
        let current = format!("W/\"{}\"", version.unwrap_or_default());
        // One of several will do (RFC 9110, 13.1.1).
        if wanted.split(',').any(|wanted| wanted.trim() == current) {
            return Ok(());
        }
        Err(Fault::new(
            412,
            "0x80060882",
            "The version of the existing record doesn't match the RowVersion property provided.",
        ))
    }

    fn update_role(&mut self, key: Uuid, columns: &Row) -> Result<(), Fault> {
        self.may_edit_role(key)?;
        if let Some(name) = text(columns, "name") {
            let unit = self.organization.row("role", key).and_then(|row| id(row, "_businessunitid_value"));
            self.refuse_same_name(name, unit.unwrap_or_default(), key)?;
        }
        for copy in roles::family(self.organization, key) {
            self.organization.change("role", copy, columns.clone());
        }
        Ok(())
    }

    // Moving a user to another unit takes his roles away where units own their rows (Learn: security concepts).
    fn update_user(&mut self, key: Uuid, columns: Row) {
        let before = self.organization.row("systemuser", key).and_then(|row| id(row, "_businessunitid_value"));
        let after = id(&columns, "_businessunitid_value").or(before);
        self.organization.change("systemuser", key, columns);
        if after != before && !self.organization.setting("EnableOwnershipAcrossBusinessUnits") {
            let held: Vec<Uuid> = self
                .organization
                .all("systemuserroles")
                .filter(|(_, row)| id(row, "systemuserid") == Some(key))
                .map(|(joint, _)| joint)
                .collect();
            for joint in held {
                self.organization.remove("systemuserroles", joint);
            }
        }
    }

    /// Refuses to change a row that a managed solution brought and that may not be customized.
    pub(super) fn may_customize(&self, table: &str, key: Uuid) -> Result<(), Fault> {
        match self.organization.row(table, key) {
            Some(row) if !is_customizable(row) => Err(managed(text(row, "name").unwrap_or_default(), key, "Update")),
            Some(_) | None => Ok(()),
        }
    }
}
