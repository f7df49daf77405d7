//! Actions on the members of a team.

use serde_json::Value;
use uuid::Uuid;

use super::Session;
use super::request::Request;
use super::sharing::only;
use crate::sandbox::answer::Answer;
use crate::sandbox::fault::Fault;
use crate::sandbox::organization::is_set;
use crate::sandbox::principals;
use crate::sandbox::rights::Verb;

impl Session<'_> {
    /// Makes the members of a group team those of its group who are in the environment (Microsoft's CAT blog).
    pub(super) fn sync_group_members(&mut self, team: Uuid) -> Result<Answer, Fault> {
        self.may_edit_team(team)?;
        if !self.is_group_team(team) {
            return Err(Fault::malformed("Only members of a team of a Microsoft Entra group can be synchronized."));
        }
        principals::sync_team(self.organization, self.directory, team);
        Ok(Answer::empty(204))
    }

    pub(super) fn add_members(&mut self, request: &Request<'_>, team: Uuid) -> Result<Answer, Fault> {
        for user in self.members(request, team)? {
            principals::add_member(self.organization, team, user);
        }
        Ok(Answer::empty(204))
    }

    pub(super) fn remove_members(&mut self, request: &Request<'_>, team: Uuid) -> Result<Answer, Fault> {
        for user in self.members(request, team)? {
            let joint = self.organization.joint_id("teammembership", team, user);
            self.organization.remove("teammembership", joint);
        }
        Ok(Answer::empty(204))
    }

    fn members(&self, request: &Request<'_>, team: Uuid) -> Result<Vec<Uuid>, Fault> {
        self.may_edit_team(team)?;
        self.may_change_members(team)?;
        let body = request.object()?;
        only(&body, &["Members"])?;
        let list = body
            .get("Members")
            .and_then(Value::as_array)
            .ok_or_else(|| Fault::malformed("The parameter 'Members' is missing."))?;
        list.iter()
            .map(|member| {
                let user = member
                    .get("systemuserid")
                    .or_else(|| member.get("ownerid"))
                    .and_then(Value::as_str)
                    .and_then(|text| Uuid::try_parse(text).ok())
                    .ok_or_else(|| Fault::malformed("A member has no 'systemuserid'."))?;
                let found = self.organization.row("systemuser", user);
                found.map(|_| user).ok_or_else(|| Fault::no_such_row("systemuser", user))
            })
            .collect()
    }

    fn may_edit_team(&self, team: Uuid) -> Result<(), Fault> {
        let authority = self.authority()?;
        authority.require_on(self.organization, self.table("team")?, Verb::Write, team)
    }

    /// Refuses members of teams that follow a group or a business unit (Learn: web service error codes).
    pub(super) fn may_change_members(&self, team: Uuid) -> Result<(), Fault> {
        if self.is_group_team(team) {
            return Err(Fault::malformed("Members of a team of a Microsoft Entra group are managed by the group."));
        }
        if self.organization.row("team", team).is_some_and(|row| is_set(row, "isdefault")) {
            return Err(Fault::new(400, "0x8004830b", "Can't add members to the default business unit team."));
        }
        Ok(())
    }
}
