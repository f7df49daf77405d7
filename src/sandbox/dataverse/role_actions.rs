//! Actions on the privileges of a role.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use uuid::Uuid;

use super::Session;
use super::request::Request;
use super::sharing::only;
use crate::sandbox::access::privileges_of_role;
use crate::sandbox::answer::Answer;
use crate::sandbox::builtin::{SYSTEM_ADMINISTRATOR, THAT_COME_BACK};
use crate::sandbox::fault::Fault;
use crate::sandbox::organization::{id, is_set, text};
use crate::sandbox::rights::{Depth, Verb};
use crate::sandbox::roles::{depth_of, remove_privilege, set_privilege};
use crate::sandbox::variants::{AddOverExisting, RemovePrivilegeAction, SharePointPrivileges};

impl Session<'_> {
    pub(super) fn add_privileges(&mut self, request: &Request<'_>, role: Uuid) -> Result<Answer, Fault> {
        self.may_edit_role(role)?;
        self.named_solution(request)?;
        for (privilege, depth) in self.privilege_list(request)? {
            let held = depth_of(self.organization, role, privilege);
            let wins = match (held, self.variants.add_over_existing_privilege) {
                (None, _) | (Some(_), AddOverExisting::Changes) => true,
                (Some(held), AddOverExisting::Raises) => depth > held,
                (Some(_), AddOverExisting::Noop) => false,
                (Some(_), AddOverExisting::Refused) => return Err(duplicated(privilege)),
            };
            if wins {
                set_privilege(self.organization, role, privilege, depth);
            }
        }
        for name in self.that_come_back() {
            let privilege = self.organization.privilege_id(name);
            if depth_of(self.organization, role, privilege).is_none() {
                set_privilege(self.organization, role, privilege, Depth::Global);
            }
        }
        Ok(Answer::empty(204))
    }

    pub(super) fn replace_privileges(&mut self, request: &Request<'_>, role: Uuid) -> Result<Answer, Fault> {
        self.may_edit_role(role)?;
        let wanted = self.privilege_list(request)?;
        let staying: BTreeSet<Uuid> =
            self.that_come_back().iter().map(|name| self.organization.privilege_id(name)).collect();
        for (privilege, _) in privileges_of_role(self.organization, role) {
            if !wanted.contains_key(&privilege) && !staying.contains(&privilege) {
                remove_privilege(self.organization, role, privilege);
            }
        }
        for (privilege, depth) in wanted {
            set_privilege(self.organization, role, privilege, depth);
        }
        Ok(Answer::empty(204))
    }

    /// Takes one privilege away; the parameter is an entity, not an id (recorded: `$metadata`).
    pub(super) fn remove_privilege(&mut self, request: &Request<'_>, role: Uuid) -> Result<Answer, Fault> {
        if self.variants.remove_privilege_action == RemovePrivilegeAction::Missing {
            return Err(Fault::unknown_segment("Microsoft.Dynamics.CRM.RemovePrivilegeRole"));
        }
        self.may_edit_role(role)?;
        let body = request.object()?;
        only(&body, &["Privilege"])?;
        let privilege = body
            .get("Privilege")
            .and_then(|value| value.get("privilegeid"))
            .and_then(Value::as_str)
            .and_then(|text| Uuid::try_parse(text).ok())
            .ok_or_else(|| Fault::malformed("The parameter 'Privilege' has no 'privilegeid'."))?;
        self.known_privilege(privilege)?;
        remove_privilege(self.organization, role, privilege);
        Ok(Answer::empty(204))
    }

    /// Names the privileges that are put back, whatever is asked for.
    fn that_come_back(&self) -> &'static [&'static str] {
        match self.variants.share_point_privileges {
            SharePointPrivileges::ComeBack => THAT_COME_BACK,
            SharePointPrivileges::StayAway => &[],
        }
    }

    fn privilege_list(&self, request: &Request<'_>) -> Result<BTreeMap<Uuid, Depth>, Fault> {
        let body = request.object()?;
        only(&body, &["Privileges"])?;
        let list = body
            .get("Privileges")
            .and_then(Value::as_array)
            .ok_or_else(|| Fault::malformed("The parameter 'Privileges' is missing."))?;
        let mut found = BTreeMap::new();
        for entry in list {
            let privilege = entry
                .get("PrivilegeId")
                .and_then(Value::as_str)
                .and_then(|text| Uuid::try_parse(text).ok())
                .ok_or_else(|| Fault::malformed("An entry of 'Privileges' has no 'PrivilegeId'."))?;
            let depth = entry.get("Depth").and_then(Value::as_str).and_then(Depth::of_name).ok_or_else(|| {
                Fault::malformed(format!(
                    "The value '{}' is not a member of 'Microsoft.Dynamics.CRM.PrivilegeDepth'.",
                    entry.get("Depth").unwrap_or(&Value::Null)
                ))
            })?;
            self.known_privilege(privilege)?;
            self.allowed_depth(privilege, depth)?;
            if found.insert(privilege, depth).is_some() {
                return Err(duplicated(privilege));
            }
        }
        Ok(found)
    }

    fn known_privilege(&self, privilege: Uuid) -> Result<(), Fault> {
        let found = self.organization.row("privilege", privilege);
        found.map(|_| ()).ok_or_else(|| Fault::no_such_row("privilege", privilege))
    }

    fn allowed_depth(&self, privilege: Uuid, depth: Depth) -> Result<(), Fault> {
        if self.organization.row("privilege", privilege).is_some_and(|row| is_set(row, depth.column())) {
            return Ok(());
        }
        Err(Fault::new(
            400,
            "0x8004140b",
            format!("Invalid privilege depth: {privilege} cannot be granted at {depth}."),
        ))
    }

    /// Refuses edits of copies, of what is not customizable, and by those who may not write roles.
    pub(super) fn may_edit_role(&self, role: Uuid) -> Result<(), Fault> {
        let authority = self.authority()?;
        authority.require_on(self.organization, self.table("role")?, Verb::Write, role)?;
        let Some(row) = self.organization.row("role", role) else { return Err(Fault::no_such_row("role", role)) };
        if id(row, "_parentrootroleid_value") != Some(role) {
            return Err(Fault::new(400, "0x80044152", "Inherited roles cannot be modified."));
        }
        let is_administrator = text(row, "name") == Some(SYSTEM_ADMINISTRATOR)
            && row.get("_roletemplateid_value").is_some_and(|template| !template.is_null());
        if is_administrator || !is_customizable(row) {
            return Err(managed(text(row, "name").unwrap_or_default(), role, "Update"));
        }
        Ok(())
    }

    /// Refuses the name of a solution that is not there (Learn: optional parameters).
    pub(super) fn named_solution(&self, request: &Request<'_>) -> Result<Option<Uuid>, Fault> {
        let Some(name) = request.header("mscrm.solutionuniquename") else { return Ok(None) };
        let wanted = serde_json::json!(name);
        let found = self.organization.find("solution", "uniquename", &wanted).map(|(key, _)| key).next();
        found.map(Some).ok_or_else(|| {
            Fault::new(400, "0x80048033", format!("The solution with unique name '{name}' was not found."))
        })
    }
}

/// Says whether a managed property allows edits.
pub(super) fn is_customizable(row: &crate::sandbox::odata::Row) -> bool {
    row.get("iscustomizable").and_then(|property| property.get("Value")).and_then(Value::as_bool).unwrap_or(true)
}

/// Refuses to change a managed component (Learn: web service error codes, `GenericManagedPropertyFailure`).
pub(super) fn managed(name: &str, key: Uuid, operation: &str) -> Fault {
    Fault::new(
        400,
        "0x8004f026",
        format!(
            "The evaluation of the current component(name={name}, id={key}) in the current operation ({operation}) failed during \
             managed property evaluation of condition: Managed Property Name: iscustomizableanddeletable; Attribute Name: \
             iscustomizable; Attribute Value: False;"
        ),
    )
}

fn duplicated(privilege: Uuid) -> Fault {
    Fault::new(400, "0x8004140f", format!("Privilege {privilege} is duplicated."))
}
