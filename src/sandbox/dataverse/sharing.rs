//! Shares of rows: `GrantAccess`, `ModifyAccess`, `RevokeAccess`.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::Session;
use super::path::{Arguments, reference_of};
use super::request::Request;
use crate::sandbox::access::{Authority, Reach, no_role};
use crate::sandbox::answer::Answer;
use crate::sandbox::fault::Fault;
use crate::sandbox::organization::{id, number};
use crate::sandbox::rights::{Verb, mask_of};
use crate::sandbox::schema::Ownership;
use crate::sandbox::shares;
use crate::sandbox::variants::{ForbiddenSharing, GrantOverExisting, GrantWithoutPrivilege, RevokedShare};

/// What one of the three actions is about.
struct Share {
    table: String,
    object: Uuid,
    kind: String,
    principal: Uuid,
}

impl Session<'_> {
    pub(super) fn grant_access(&mut self, request: &Request<'_>) -> Result<Answer, Fault> {
        let body = request.object()?;
        only(&body, &["Target", "PrincipalAccess"])?;
        let (share, mask) = self.share_with_mask(&body)?;
        self.may_share(&share, mask)?;
        if self.variants.grant_without_privilege == GrantWithoutPrivilege::Refused {
            self.require_privilege(&share)?;
        }
        let mask = match (self.mask(&share), self.variants.grant_over_existing_share) {
            (None | Some(0), _) | (Some(_), GrantOverExisting::Replace) => mask,
            (Some(held), GrantOverExisting::Merge) => held | mask,
            (Some(_), GrantOverExisting::Error) => {
                return Err(Fault::new(400, "0x80040237", "Operation failed due to a SQL integrity violation."));
            }
        };
        self.put(&share, mask);
        Ok(Answer::empty(204))
    }

    /// Replaces the rights of a share (Learn: sharing and assigning).
    pub(super) fn modify_access(&mut self, request: &Request<'_>) -> Result<Answer, Fault> {
        let body = request.object()?;
        only(&body, &["Target", "PrincipalAccess"])?;
        let (share, mask) = self.share_with_mask(&body)?;
        self.may_share(&share, mask)?;
        if self.mask(&share).is_none() {
            // Learn: web service error codes, `InvalidSharee`; that it is this one is inferred.
            return Err(Fault::new(400, "0x8004020c", "Invalid share id."));
        }
        self.put(&share, mask);
        Ok(Answer::empty(204))
    }

    pub(super) fn revoke_access(&mut self, request: &Request<'_>) -> Result<Answer, Fault> {
        let body = request.object()?;
        only(&body, &["Target", "Revokee"])?;
        let (table, object) = self.entity(&body, "Target")?;
        let (kind, principal) = self.entity(&body, "Revokee")?;
        let share = Share { table, object, kind, principal };
        let authority = self.authority()?;
        authority.require_on(self.organization, self.table(&share.table)?, Verb::Share, share.object)?;
        if self.mask(&share).is_some() {
            match self.variants.revoked_share {
                RevokedShare::MaskZero => self.put(&share, 0),
                RevokedShare::Gone => {
                    let joint = self.organization.joint_id("principalobjectaccess", share.object, share.principal);
                    self.organization.remove("principalobjectaccess", joint);
                }
            }
        }
        Ok(Answer::empty(204))
    }

    fn share_with_mask(&self, body: &Map<String, Value>) -> Result<(Share, u32), Fault> {
        let (table, object) = self.entity(body, "Target")?;
        let access = body
            .get("PrincipalAccess")
            .and_then(Value::as_object)
            .ok_or_else(|| Fault::malformed("The parameter 'PrincipalAccess' is missing."))?;
        let (kind, principal) = self.entity(access, "Principal")?;
        let mask = access
            .get("AccessMask")
            .and_then(Value::as_str)
            .and_then(mask_of)
            .filter(|mask| *mask != 0)
            .ok_or_else(|| Fault::malformed("The value of 'AccessMask' is not a list of access rights."))?;
        Ok((Share { table, object, kind, principal }, mask))
    }

    /// Reads a reference to a row that is there: by `@odata.id`, or by `@odata.type` and key, as shipped flows send it.
    fn entity(&self, body: &Map<String, Value>, name: &str) -> Result<(String, Uuid), Fault> {
        let value = body.get(name).ok_or_else(|| Fault::malformed(format!("The parameter '{name}' is missing.")))?;
        let (table, key) = if let Some(reference) = reference_of(value) {
            let (set, arguments) = reference?;
            let table = self.organization.table_of_set(&set).ok_or_else(|| Fault::unknown_segment(&set))?;
            let Arguments::Id(key) = arguments else {
                return Err(Fault::malformed(format!("The parameter '{name}' is not a reference by id.")));
            };
            (table, key)
        } else {
            let kind = value.get("@odata.type").and_then(Value::as_str).unwrap_or_default();
            let logical_name = kind.trim_start_matches('#').strip_prefix("Microsoft.Dynamics.CRM.").unwrap_or_default();
            let table = self.organization.table(logical_name).ok_or_else(|| {
                Fault::malformed(format!("A type named '{kind}' could not be resolved by the model ('{name}')."))
            })?;
            // Users and teams have the key `ownerid` in `$metadata`; both names are taken.
            let written = value.get(table.primary_id.as_ref()).or_else(|| value.get("ownerid"));
            let key = written
                .and_then(Value::as_str)
                .and_then(|text| Uuid::try_parse(text).ok())
                .ok_or_else(|| Fault::malformed(format!("The parameter '{name}' has no '{}'.", table.primary_id)))?;
            (table, key)
        };
        if self.organization.row(&table.logical_name, key).is_none() {
            return Err(Fault::no_such_row(&table.logical_name, key));
        }
        Ok((table.logical_name.to_string(), key))
    }

    fn may_share(&self, share: &Share, mask: u32) -> Result<(), Fault> {
        let authority = self.authority()?;
        let table = self.table(&share.table)?;
        if table.ownership != Ownership::User {
            return Err(Fault::malformed(format!("Rows of '{}' cannot be shared.", share.table)));
        }
        if share.kind != "systemuser" && share.kind != "team" {
            return Err(Fault::malformed(format!("'{}' is not a principal.", share.kind)));
        }
        authority.require_on(self.organization, table, Verb::Share, share.object)?;
        let Some(row) = self.organization.row(&share.table, share.object) else {
            return Err(Fault::no_such_row(&share.table, share.object));
        };
        if id(row, "_ownerid_value") == Some(share.principal) {
            return Err(Fault::new(400, "0x80040214", "An item cannot be shared with the owning user."));
        }
        // Nobody gives what he does not have (Learn: sharing and assigning).
        for verb in Verb::ALL.into_iter().filter(|verb| *verb != Verb::Create && mask & verb.bit() != 0) {
            if !Reach::of(self.organization, &authority, table, verb).covers(share.object, row) {
                authority.require_on(self.organization, table, verb, share.object)?;
            }
        }
        if share.table == "workflow"
            && self.is_sharing_forbidden
            && self.variants.forbidden_sharing == ForbiddenSharing::Refused
        {
            // Learn: limit sharing in Managed Environments; the words are inferred.
            return Err(Fault::new(
                403,
                "0x80060467",
                "Sharing of solution-aware cloud flows is turned off by the governance settings of this managed environment.",
            ));
        }
        Ok(())
    }

    fn require_privilege(&self, share: &Share) -> Result<(), Fault> {
        let table = self.table(&share.table)?;
        let held = if share.kind == "team" {
            Authority::of_team(self.organization, share.principal)
        } else {
            Authority::of(self.organization, share.principal)
        };
        match table.privilege(Verb::Read) {
            Some(name) if !held.holds(self.organization, &name) => {
                Err(no_role(if share.kind == "team" { "team" } else { "user" }, share.principal, Some(&name)))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn mask(&self, share: &Share) -> Option<u32> {
        let joint = self.organization.joint_id("principalobjectaccess", share.object, share.principal);
        let row = self.organization.row("principalobjectaccess", joint)?;
        u32::try_from(number(row, "accessrightsmask")?).ok()
    }

    fn put(&mut self, share: &Share, mask: u32) {
        shares::put(self.organization, (&share.table, share.object), (&share.kind, share.principal), mask);
    }
}

/// Refuses parameters that the action does not have.
pub(super) fn only(body: &Map<String, Value>, known: &[&str]) -> Result<(), Fault> {
    match body.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(Fault::malformed(format!(
            "The parameter '{name}' in the request payload is not a valid parameter for the operation."
        ))),
        None => Ok(()),
    }
}
