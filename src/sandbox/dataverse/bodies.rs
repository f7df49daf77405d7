//! Reads the body of a create or an update into columns.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Session;
use crate::sandbox::access::unit_of;
use crate::sandbox::fault::Fault;
use crate::sandbox::odata::Row;
use crate::sandbox::organization::{id, row_of};
use crate::sandbox::rights::Verb;
use crate::sandbox::schema::{Column, Kind, Ownership, Table};

/// What a body is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A new row.
    Create,
    /// A row that is there.
    Update,
}

/// The row that lookups attach to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attached {
    /// One that is being made.
    New,
    /// One that is there.
    Old(Uuid),
}

impl Session<'_> {
    /// Refuses lookups without `Append` on the row and `AppendTo` on what it is attached to (Learn: security roles and
    /// privileges). Owner and business unit have rules of their own.
    pub(super) fn may_attach(&self, table: &Table, attached: Attached, columns: &Row) -> Result<(), Fault> {
        if table.ownership != Ownership::User {
            return Ok(());
        }
        let authority = self.authority()?;
        for column in &table.columns {
            let Kind::Lookup { navigation, targets } = &column.kind else { continue };
            let Some(found) = id(columns, &column.name) else { continue };
            if matches!(navigation.as_ref(), "ownerid" | "businessunitid" | "owningbusinessunit") {
                continue;
            }
            match attached {
                Attached::New => authority.require(self.organization, table, Verb::Append)?,
                Attached::Old(key) => authority.require_on(self.organization, table, Verb::Append, key)?,
            }
            for target in targets.iter().filter(|target| self.organization.row(target, found).is_some()) {
                let target = self.table(target)?;
                // Without a privilege of that kind the table takes everything.
                if target.privilege(Verb::AppendTo).is_some() {
                    authority.require_on(self.organization, target, Verb::AppendTo, found)?;
                }
            }
        }
        Ok(())
    }

    /// Reads columns: unknown, read-only and ill-typed ones are refused, references are looked up.
    pub(super) fn columns(&mut self, table: &str, body: &Map<String, Value>, purpose: Purpose) -> Result<Row, Fault> {
        let definition = self.table(table)?.clone();
        let mut row = Row::new();
        for (name, value) in body {
            if name.starts_with("@odata.") {
                continue;
            }
            // Nothing may be written under the plain name too (Learn: disassociate on update).
            let cleared = Some(name.as_str()).filter(|name| value.is_null() && definition.lookup(name).is_some());
            if let Some(navigation) = name.strip_suffix("@odata.bind").or(cleared) {
                let column = definition.lookup(navigation).ok_or_else(|| undeclared(navigation, table))?;
                writable(column, table, purpose)?;
                let found = self.bound_row(column, navigation, value)?;
                row.insert(column.name.to_string(), json!(found));
                continue;
            }
            if *name == definition.primary_id {
                if purpose == Purpose::Update || value.as_str().is_none_or(|text| Uuid::try_parse(text).is_err()) {
                    return Err(invalid(name, table));
                }
                row.insert(name.clone(), value.clone());
                continue;
            }
            let column = definition.column(name).ok_or_else(|| undeclared(name, table))?;
            if column.navigation().is_some() {
                // Recorded text of the service for lookups written as ids.
                return Err(Fault::new(
                    400,
                    "0x80048d19",
                    "CRM do not support direct update of Entity Reference properties, Use Navigation properties instead.",
                ));
            }
            writable(column, table, purpose)?;
            if !column.accepts(value) {
                return Err(invalid(name, table));
            }
            row.insert(name.clone(), value.clone());
        }
        Ok(row)
    }

    fn bound_row(&mut self, column: &Column, navigation: &str, value: &Value) -> Result<Option<Uuid>, Fault> {
        let Kind::Lookup { targets, .. } = &column.kind else { return Ok(None) };
        let Some(text) = value.as_str() else {
            return if value.is_null() { Ok(None) } else { Err(invalid(navigation, &column.name)) };
        };
        let (table, key) = self.referred(text)?;
        if !targets.iter().any(|target| *target == table) {
            return Err(Fault::malformed(format!(
                "A node of this type is not expected: '{text}' cannot be bound to '{navigation}'."
            )));
        }
        Ok(Some(key))
    }

    /// Returns the columns that say who owns a row.
    pub(super) fn owner_columns(&self, owner: Uuid) -> Row {
        let is_team = self.organization.row("team", owner).is_some();
        let table = if is_team { "team" } else { "systemuser" };
        row_of(json!({
            "_ownerid_value": owner,
            "_owninguser_value": (!is_team).then_some(owner),
            "_owningteam_value": is_team.then_some(owner),
            "_owningbusinessunit_value": unit_of(self.organization, table, owner),
        }))
    }

    /// Says whether rows of a table have a user or team as owner.
    pub(super) fn is_owned(&self, table: &str) -> bool {
        self.organization.table(table).is_some_and(|table| table.ownership == Ownership::User)
    }
}

fn writable(column: &Column, table: &str, purpose: Purpose) -> Result<(), Fault> {
    let is_valid = match purpose {
        Purpose::Create => column.valid.on_create(),
        Purpose::Update => column.valid.on_update(),
    };
    if is_valid {
        return Ok(());
    }
    let word = match purpose {
        Purpose::Create => "created",
        Purpose::Update => "updated",
    };
    Err(Fault::malformed(format!(
        "The property '{}' on type 'Microsoft.Dynamics.CRM.{table}' is read-only and cannot be {word}.",
        column.logical_name()
    )))
}

fn undeclared(name: &str, table: &str) -> Fault {
    // Recorded text of the OData library that the service uses.
    Fault::malformed(format!(
        "An error occurred while validating input parameters: Microsoft.OData.ODataException: The property '{name}' does not exist \
         on type 'Microsoft.Dynamics.CRM.{table}'. Make sure to only use property names that are defined by the type."
    ))
}

fn invalid(name: &str, table: &str) -> Fault {
    Fault::malformed(format!(
        "An error occurred while validating input parameters: the value of '{name}' is not valid for type \
         'Microsoft.Dynamics.CRM.{table}'."
    ))
}
