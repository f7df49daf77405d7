//! Associations by `$ref`, above all who holds which role.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::Session;
use super::path::{Arguments, Segment};
use super::request::Request;
use super::route::not_allowed;
use crate::sandbox::access::unit_of;
use crate::sandbox::answer::Answer;
use crate::sandbox::fault::Fault;
use crate::sandbox::organization::{id, is_set, number, row_of};
use crate::sandbox::rights::Verb;
use crate::sandbox::schema::relationships::{ManyToMany, many_to_many, one_to_many};
use crate::sandbox::variants::{AbsentAssociation, DuplicateAssociation};

impl Session<'_> {
    /// Answers `POST` and `DELETE` of `…/navigation/$ref`; the row to be removed stands in the path or in `$id`.
    pub(super) fn reference(
        &mut self,
        request: &Request<'_>,
        table: &str,
        key: Uuid,
        navigation: &Segment,
    ) -> Result<Answer, Fault> {
        let Some(relationship) = many_to_many(table, &navigation.name).filter(|relationship| relationship.is_writable)
        else {
            return self.reference_by_lookup(request, table, key, navigation);
        };
        if self.organization.row(table, key).is_none() {
            return Err(Fault::no_such_row(table, key));
        }
        let far_table = relationship.seen_from(table)[1].0;
        let (is_new, other) = match (request.method, &navigation.arguments) {
            ("POST", None) => (true, self.far_row(&referred_to(request)?, far_table)?),
            ("DELETE", Some(Arguments::Id(other))) => (false, *other),
            ("DELETE", None) => (false, self.row_in_query(request, far_table)?),
            _ => return Err(not_allowed(request, &navigation.name)),
        };
        self.associate(relationship, table, key, other, is_new)
    }

    /// Joins two rows, or parts them.
    pub(super) fn associate(
        &mut self,
        relationship: &ManyToMany,
        table: &str,
        key: Uuid,
        other: Uuid,
        is_new: bool,
    ) -> Result<Answer, Fault> {
        let [(_, near), (_, far)] = relationship.seen_from(table);
        let (left, right) = if relationship.sides[0].1 == near { (key, other) } else { (other, key) };
        self.may_associate(relationship, left, right, is_new)?;
        let joint = self.organization.joint_id(relationship.intersect, left, right);
        let is_there = self.organization.row(relationship.intersect, joint).is_some();
        if is_new {
            if is_there {
                return match self.variants.duplicate_association {
                    DuplicateAssociation::Accepted => Ok(Answer::empty(204)),
                    DuplicateAssociation::Refused => Err(Fault::new(400, "0x80040237", "Cannot insert duplicate key.")),
                };
            }
            let row = json!({ near: key, far: other });
            self.organization.put(relationship.intersect, joint, row_of(row));
        } else if !self.organization.remove(relationship.intersect, joint)
            && self.variants.absent_association == AbsentAssociation::NotFound
        {
            return Err(Fault::no_such_row(relationship.intersect, joint));
        }
        Ok(Answer::empty(204))
    }

    /// Returns the row that `$id` names.
    fn row_in_query(&self, request: &Request<'_>, table: &str) -> Result<Uuid, Fault> {
        let id = url::form_urlencoded::parse(request.query.as_bytes()).find(|(name, _)| name == "$id");
        let (_, text) = id.ok_or_else(|| Fault::malformed("The query option '$id' is missing."))?;
        let (set, arguments) = super::path::reference(&text)?;
        let is_far = self.organization.table_of_set(&set).is_some_and(|found| found.logical_name == table);
        match arguments {
            Arguments::Id(other) if is_far => Ok(other),
            Arguments::Id(_) | Arguments::Empty | Arguments::Named(_) => {
                Err(Fault::malformed(format!("Invalid URI '{text}' in entity reference.")))
            }
        }
    }

    /// Changes a lookup: from its own row with PUT and DELETE, or from the row that it leads to with POST and DELETE
    /// (Learn: associate and disassociate table rows).
    fn reference_by_lookup(
        &mut self,
        request: &Request<'_>,
        table: &str,
        key: Uuid,
        navigation: &Segment,
    ) -> Result<Answer, Fault> {
        let name = navigation.name.as_str();
        if let Some(relationship) = one_to_many(table, name) {
            if self.organization.row(table, key).is_none() {
                return Err(Fault::no_such_row(table, key));
            }
            let many = self.table(relationship.many)?;
            let lookup = many.column(relationship.column).and_then(|column| column.navigation()).unwrap_or_default();
            let lookup = lookup.to_owned();
            let own = format!("{}({key})", self.table(table)?.entity_set);
            return match (request.method, &navigation.arguments) {
                ("POST", None) => {
                    let other = self.far_row(&referred_to(request)?, relationship.many)?;
                    self.bind(request, relationship.many, other, &lookup, &json!(own))
                }
                ("DELETE", Some(Arguments::Id(other))) => {
                    self.bind(request, relationship.many, *other, &lookup, &Value::Null)
                }
                ("DELETE", None) => {
                    let other = self.row_in_query(request, relationship.many)?;
                    self.bind(request, relationship.many, other, &lookup, &Value::Null)
                }
                _ => Err(not_allowed(request, name)),
            };
        }
        if self.table(table)?.lookup(name).is_none() || navigation.arguments.is_some() {
            return Err(Fault::unknown_segment(name));
        }
        match request.method {
            "PUT" => {
                let target = referred_to(request)?;
                self.bind(request, table, key, name, &json!(target))
            }
            "DELETE" => self.bind(request, table, key, name, &Value::Null),
            _ => Err(not_allowed(request, name)),
        }
    }

    /// Changes one lookup of a row that is there; the answer names no row (Learn: the same page).
    pub(super) fn bind(
        &mut self,
        request: &Request<'_>,
        table: &str,
        key: Uuid,
        lookup: &str,
        target: &Value,
    ) -> Result<Answer, Fault> {
        if self.organization.row(table, key).is_none() {
            return Err(Fault::no_such_row(table, key));
        }
        let body = json!({ format!("{lookup}@odata.bind"): target }).to_string();
        let headers = BTreeMap::from([("content-type".to_owned(), "application/json".to_owned())]);
        self.update(&Request { method: "PATCH", query: "", headers: &headers, body: &body, ..*request }, table, key)?;
        Ok(Answer::empty(204))
    }

    // A reference to nothing is answered with the code of unknown segments (public client: `invalid role`).
    fn far_row(&mut self, text: &str, table: &str) -> Result<Uuid, Fault> {
        match self.referred(text) {
            Ok((found, key)) if found == table => Ok(key),
            Ok((found, _)) => Err(Fault::malformed(format!(
                "Invalid entity reference '{text}': expected 'Microsoft.Dynamics.CRM.{table}', found \
                 'Microsoft.Dynamics.CRM.{found}'."
            ))),
            Err(fault) if fault.code == "0x80040217" => Err(Fault::new(404, "0x80060888", fault.message)),
            Err(fault) => Err(fault),
        }
    }

    fn may_associate(&self, relationship: &ManyToMany, left: Uuid, right: Uuid, is_new: bool) -> Result<(), Fault> {
        let authority = self.authority()?;
        let organization = &*self.organization;
        match relationship.intersect {
            "systemuserroles" | "teamroles" => {
                let table = relationship.sides[0].0;
                authority.require_on(organization, self.table("role")?, Verb::Assign, right)?;
                authority.require_on(organization, self.table(table)?, Verb::AppendTo, left)?;
                self.may_hold(table, left, right, is_new)
            }
            "teammembership" => {
                authority.require_on(organization, self.table("team")?, Verb::Write, left)?;
                self.may_change_members(left)
            }
            _ => authority.require_on(organization, self.table(relationship.sides[0].0)?, Verb::Write, left),
        }
    }

    fn may_hold(&self, table: &str, principal: Uuid, role: Uuid, is_new: bool) -> Result<(), Fault> {
        let organization = &*self.organization;
        let (Some(row), Some(role_row)) = (organization.row(table, principal), organization.row("role", role)) else {
            return Err(Fault::no_such_row("role", role));
        };
        if is_set(row, "isdisabled") && !organization.setting("AllowRoleAssignmentOnDisabledUsers") {
            // The setting and its default are recorded; the code is inferred.
            return Err(Fault::new(
                403,
                "0x80040225",
                format!("The specified user(Id = {principal}) is disabled. Roles of disabled users cannot be changed."),
            ));
        }
        if !is_new {
            return Ok(());
        }
        if table == "team" && number(row, "teamtype") == Some(1) {
            return Err(Fault::new(400, "0x80048331", "Cannot assign roles or profiles to an access team."));
        }
        if table == "team" && self.is_group_team(principal) && number(role_row, "isinherited") != Some(1) {
            return Err(Fault::new(
                400,
                "0x80048350",
                "Roles that are not inheritable cannot be assigned to a team of a Microsoft Entra group.",
            ));
        }
        let unit = unit_of(organization, table, principal);
        let role_unit = id(role_row, "_businessunitid_value");
        if role_unit != Some(unit) && !organization.setting("EnableOwnershipAcrossBusinessUnits") {
            // Public tools: assigning the root unit's role to a user of another unit fails; the code is inferred.
            return Err(Fault::new(
                400,
                "0x80041401",
                format!(
                    "Invalid role ID: the role {role} belongs to business unit {}, the principal {principal} to business unit {unit}.",
                    role_unit.unwrap_or_default()
                ),
            ));
        }
        Ok(())
    }
}

/// Returns the address in the body of a `$ref`.
fn referred_to(request: &Request<'_>) -> Result<String, Fault> {
    let body = request.object()?;
    let text = body.get("@odata.id").and_then(Value::as_str);
    text.map(str::to_owned).ok_or_else(|| Fault::malformed("The payload of a '$ref' has no '@odata.id'."))
}
