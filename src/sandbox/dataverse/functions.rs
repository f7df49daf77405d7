//! Functions and actions: which there are, and those that only ask about roles and users.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::path::Segment;
use super::request::Request;
use super::route::not_allowed;
use super::{Session, complex};
use crate::sandbox::access::{Authority, joined, privileges_of_role, root_of, unit_of};
use crate::sandbox::answer::Answer;
use crate::sandbox::directory::MembershipType;
use crate::sandbox::edm::{self, Call, Operation};
use crate::sandbox::fault::Fault;
use crate::sandbox::organization::{id, number, text};
use crate::sandbox::principals;
use crate::sandbox::rights::{Depth, Verb};
use crate::sandbox::variants::RoleCopyReads;

impl Session<'_> {
    /// Answers a function or action that is bound to nothing.
    pub(super) fn unbound(&mut self, request: &Request<'_>, segment: &Segment) -> Result<Answer, Fault> {
        let name = segment.operation().unwrap_or(&segment.name);
        let operation = edm::find(name, None).ok_or_else(|| Fault::unknown_segment(&segment.name))?;
        let parameters = called(request, operation, segment)?;
        match name {
            "GrantAccess" => self.grant_access(request),
            "ModifyAccess" => self.modify_access(request),
            "RevokeAccess" => self.revoke_access(request),
            "WhoAmI" => Ok(self.who_am_i(request)),
            "RetrieveRolePrivilegesRole" => self.role_privileges(request, guid(&parameters, "RoleId")?),
            "RetrieveSharedPrincipalsAndAccess" => self.shared_principals(request, &parameters),
            "RetrieveAccessOrigin" => self.access_origin(request, &parameters),
            "RetrieveRecordChangeHistory" => self.record_history(request, &parameters),
            "RetrieveAadUserRoles" => self.directory_roles(request, guid(&parameters, "DirectoryObjectId")?),
            "RetrieveAadUserPrivileges" => self.directory_privileges(request, guid(&parameters, "DirectoryObjectId")?),
            _ => Err(Fault::unknown_segment(&segment.name)),
        }
    }

    /// Answers a function or action that is bound to a row.
    pub(super) fn bound(
        &mut self,
        request: &Request<'_>,
        table: &str,
        key: Uuid,
        segment: &Segment,
    ) -> Result<Answer, Fault> {
        if self.organization.row(table, key).is_none() {
            return Err(Fault::no_such_row(table, key));
        }
        let name = segment.operation().unwrap_or_default();
        let operation = edm::find(name, Some(table)).ok_or_else(|| Fault::unknown_segment(&segment.name))?;
        let parameters = called(request, operation, segment)?;
        match (request.method, table, name) {
            ("POST", "role", "AddPrivilegesRole") => self.add_privileges(request, key),
            ("POST", "role", "ReplacePrivilegesRole") => self.replace_privileges(request, key),
            ("POST", "role", "RemovePrivilegeRole") => self.remove_privilege(request, key),
            ("POST", "team", "SyncGroupMembersToTeam") => self.sync_group_members(key),
            ("POST", "team", "AddMembersTeam") => self.add_members(request, key),
            ("POST", "team", "RemoveMembersTeam") => self.remove_members(request, key),
            ("GET", "team", "RetrieveTeamPrivileges") => self.team_privileges(request, key),
            ("GET", "systemuser", "RetrieveUserPrivileges") => self.user_privileges(request, key, None),
            ("GET", "systemuser", "RetrieveUserPrivilegeByPrivilegeName") => {
                self.user_privileges(request, key, parameters.get("PrivilegeName").map(String::as_str))
            }
            ("GET", "systemuser" | "team", "RetrievePrincipalAccess") => {
                self.principal_access(request, table, key, &parameters)
            }
            _ => Err(Fault::unknown_segment(&segment.name)),
        }
    }

    // The caller's own unit, not the root (Learn: WhoAmI). It needs no role.
    fn who_am_i(&self, request: &Request<'_>) -> Answer {
        let user = self.identity.acting_as.unwrap_or(self.identity.user);
        let body = json!({
            "BusinessUnitId": unit_of(self.organization, "systemuser", user),
            "UserId": user,
            "OrganizationId": self.organization.id,
        });
        complex(request, "WhoAmIResponse", body)
    }

    fn role_privileges(&self, request: &Request<'_>, role: Uuid) -> Result<Answer, Fault> {
        let authority = self.authority()?;
        authority.require_on(self.organization, self.table("role")?, Verb::Read, role)?;
        let root = root_of(self.organization, role);
        let unit = self.organization.row("role", root).and_then(|row| id(row, "_businessunitid_value"));
        let held = privileges_of_role(self.organization, role)
            .into_iter()
            .filter(|_| role == root || self.variants.role_copy_reads == RoleCopyReads::OfRoot)
            .map(|(privilege, depth)| (privilege, depth, unit.unwrap_or_default()));
        Ok(self.role_privilege_list(request, "RetrieveRolePrivilegesRoleResponse", held))
    }

    fn team_privileges(&self, request: &Request<'_>, team: Uuid) -> Result<Answer, Fault> {
        let authority = self.authority()?;
        authority.require_on(self.organization, self.table("team")?, Verb::Read, team)?;
        let unit = unit_of(self.organization, "team", team);
        let mut widest: BTreeMap<Uuid, Depth> = BTreeMap::new();
        for role in joined(self.organization, "teamroles", ("teamid", team), "roleid") {
            for (privilege, depth) in privileges_of_role(self.organization, role) {
                let held = widest.entry(privilege).or_insert(depth);
                *held = depth.max(*held);
            }
        }
        let held = widest.into_iter().map(|(privilege, depth)| (privilege, depth, unit));
        Ok(self.role_privilege_list(request, "RetrieveTeamPrivilegesResponse", held))
    }

    fn user_privileges(&self, request: &Request<'_>, user: Uuid, name: Option<&str>) -> Result<Answer, Fault> {
        let caller = self.authority()?;
        // Everybody may ask about himself.
        if user != caller.user {
            caller.require_on(self.organization, self.table("systemuser")?, Verb::Read, user)?;
        }
        let held = widest_of(&Authority::of(self.organization, user));
        let wanted = name.map(|name| self.organization.privilege_id(name));
        let held = held.into_iter().filter(|(privilege, ..)| wanted.is_none_or(|wanted| wanted == *privilege));
        let kind = if name.is_some() {
            "RetrieveUserPrivilegeByPrivilegeNameResponse"
        } else {
            "RetrieveUserPrivilegesResponse"
        };
        Ok(self.role_privilege_list(request, kind, held))
    }

    // Exactly one property and six keys an entry (third-party live tests).
    fn role_privilege_list(
        &self,
        request: &Request<'_>,
        kind: &str,
        held: impl Iterator<Item = (Uuid, Depth, Uuid)>,
    ) -> Answer {
        let list: Vec<Value> = held
            .map(|(privilege, depth, unit)| {
                let name = self.organization.row("privilege", privilege).and_then(|row| text(row, "name"));
                json!({
                    "Depth": depth.to_string(), "PrivilegeId": privilege, "BusinessUnitId": unit, "PrivilegeName": name,
                    "RecordFilterId": Uuid::nil(), "RecordFilterUniqueName": "",
                })
            })
            .collect();
        complex(request, kind, json!({ "RolePrivileges": list }))
    }

    /// Lists the teams that count for a person of the directory, in the organisation or not.
    fn directory_teams(&self, object: Uuid) -> Vec<Uuid> {
        let user = principals::user_of(self.organization, object);
        self.organization
            .all("team")
            .filter(|(key, row)| {
                let by_group = id(row, "azureactivedirectoryobjectid")
                    .zip(number(row, "membershiptype").and_then(MembershipType::of_number))
                    .map(|(group, membership)| self.directory.members_by_type(group, membership).contains(&object));
                by_group.unwrap_or_else(|| {
                    user.is_some_and(|user| {
                        self.organization
                            .row("teammembership", self.organization.joint_id("teammembership", *key, user))
                            .is_some()
                    })
                })
            })
            .map(|(key, _)| key)
            .collect()
    }

    // Learn: group teams with the Web API; the team that a role comes through is in columns of its own.
    fn directory_roles(&self, request: &Request<'_>, object: Uuid) -> Result<Answer, Fault> {
        let authority = self.authority()?;
        authority.require(self.organization, self.table("role")?, Verb::Read)?;
        let query = request.options()?;
        let mut found: Vec<(Uuid, Option<Uuid>)> = Vec::new();
        if let Some(user) = principals::user_of(self.organization, object) {
            let own = joined(self.organization, "systemuserroles", ("systemuserid", user), "roleid");
            found.extend(own.into_iter().map(|role| (role, None)));
        }
        for team in self.directory_teams(object) {
            let through = joined(self.organization, "teamroles", ("teamid", team), "roleid");
            found.extend(through.into_iter().map(|role| (role, Some(team))));
        }
        let sight = self.sight(&authority);
        let table = self.table("role")?;
        let preferences = super::request::Preferences::of(request);
        let view = super::shape::View::of(request, &query, &preferences);
        let value: Vec<Value> = found
            .into_iter()
            .filter_map(|(role, team)| {
                let row = self.organization.row("role", role)?;
                let mut written = super::shape::render(&sight, table, role, row, &view);
                if let Some((team, row)) = team.and_then(|team| Some((team, self.organization.row("team", team)?))) {
                    written.insert("t_x002e_teamid".into(), json!(team));
                    written.insert("t_x002e_name".into(), json!(text(row, "name")));
                    written.insert("t_x002e_membershiptype".into(), json!(number(row, "membershiptype")));
                }
                Some(Value::Object(written))
            })
            .collect();
        let context = format!("{}/$metadata#roles", request.root);
        Ok(Answer::json(200, json!({ "@odata.context": context, "value": value })))
    }

    fn directory_privileges(&self, request: &Request<'_>, object: Uuid) -> Result<Answer, Fault> {
        let authority = self.authority()?;
        authority.require(self.organization, self.table("systemuser")?, Verb::Read)?;
        let mut widest: BTreeMap<Uuid, (Depth, Uuid)> = BTreeMap::new();
        let mut add = |role: Uuid, unit: Uuid| {
            for (privilege, depth) in privileges_of_role(self.organization, role) {
                let held = widest.entry(privilege).or_insert((depth, unit));
                if depth > held.0 {
                    *held = (depth, unit);
                }
            }
        };
        if let Some(user) = principals::user_of(self.organization, object) {
            let unit = unit_of(self.organization, "systemuser", user);
            for role in joined(self.organization, "systemuserroles", ("systemuserid", user), "roleid") {
                add(role, unit);
            }
        }
        for team in self.directory_teams(object) {
            let unit = unit_of(self.organization, "team", team);
            for role in joined(self.organization, "teamroles", ("teamid", team), "roleid") {
                add(role, unit);
            }
        }
        let held = widest.into_iter().map(|(privilege, (depth, unit))| (privilege, depth, unit));
        Ok(self.role_privilege_list(request, "RetrieveAadUserPrivilegesResponse", held))
    }
}

/// Checks a call against the model: its method, the names and the types of its parameters. Returns those of a function.
fn called(request: &Request<'_>, operation: &Operation, segment: &Segment) -> Result<BTreeMap<String, String>, Fault> {
    match (operation.call, request.method) {
        (Call::Action, "POST") => {
            if !operation.parameters.is_empty() {
                edm::body(operation, &request.object()?)?;
            }
            Ok(BTreeMap::new())
        }
        (Call::Function, "GET") => {
            let parameters = segment.parameters(&request.options()?.aliases)?;
            edm::arguments(operation, &parameters)?;
            Ok(parameters)
        }
        (Call::Action | Call::Function, _) => Err(not_allowed(request, operation.name)),
    }
}

fn widest_of(authority: &Authority) -> Vec<(Uuid, Depth, Uuid)> {
    authority
        .grants
        .iter()
        .filter_map(|(privilege, grants)| {
            let widest = grants.iter().max_by_key(|grant| grant.depth)?;
            Some((*privilege, widest.depth, widest.unit))
        })
        .collect()
}

/// Returns a parameter that is an id.
pub(super) fn guid(parameters: &BTreeMap<String, String>, name: &str) -> Result<Uuid, Fault> {
    let text = parameters.get(name).ok_or_else(|| Fault::malformed(format!("The parameter '{name}' is missing.")))?;
    let id = Uuid::try_parse(text)
        .map_err(|_| Fault::malformed(format!("Error occurred while parsing Guid value '{text}'.")))?;
    if id.is_nil() {
        // Third-party live tests.
        return Err(Fault::new(400, "0x80040203", "Expected non-empty Guid."));
    }
    Ok(id)
}
