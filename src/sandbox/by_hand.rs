//! What people do in the portals behind powergrant's back, for tests and for looking at the outcome.

use serde_json::{Value, json};
use uuid::Uuid;

use super::access::unit_of;
use super::organization::{Organization, number, row_of};
use super::principals;
use super::rights::Depth;
use super::roles::{self, NewRole};
use super::run;
use super::seed::{self, Seed, SeedError};
use super::shares;
use super::tenant::Tenant;

impl Tenant {
    /// Makes the tenant of a seed, without a server.
    pub fn of(seed: &Seed) -> Result<Self, SeedError> {
        seed::make(seed)
    }

    /// Lets a person run a flow, as `POST /_sandbox/run` does; `Err` says what is wrong with the question.
    pub fn run(&self, question: &Value) -> Result<Value, String> {
        let question = serde_json::from_value(question.clone()).map_err(|error| error.to_string())?;
        run::run(self, &question).map(|run| json!(run)).map_err(|fault| fault.message)
    }

    /// Lets a person open an environment: comes in, if that is possible, and into the teams of his groups.
    pub fn open(&mut self, environment: &str, object: Uuid) {
        let Some(organization) = self.organizations.get_mut(environment) else { return };
        // Who may not come in does not.
        let _ = principals::add_user(organization, &self.directory, object);
        principals::access(organization, &self.directory, object);
    }

    /// Returns the row of a user in an environment, by user principal name.
    pub fn user(&self, environment: &str, upn: &str) -> Option<Uuid> {
        let (object, _) = self.directory.user_by_upn(upn)?;
        principals::user_of(self.organization(environment)?, object)
    }

    /// Returns the team of an Entra group in an environment, by the group's name and the number of the membership type.
    pub fn group_team(&self, environment: &str, group: &str, membership: i64) -> Option<Uuid> {
        let (object, _) = self.directory.groups.iter().find(|(_, known)| known.display_name == group)?;
        principals::group_team(self.organization(environment)?, *object, membership)
    }
}

impl Organization {
    /// Finds a flow by name.
    pub fn flow(&self, name: &str) -> Option<Uuid> {
        self.named("workflow", name)
    }

    /// Finds the root of a role by name.
    pub fn role(&self, name: &str) -> Option<Uuid> {
        roles::root_named(self, name)
    }

    /// Returns the rights of a share, if there is one.
    pub fn share(&self, object: Uuid, principal: Uuid) -> Option<u32> {
        let row = self.row("principalobjectaccess", self.joint_id("principalobjectaccess", object, principal))?;
        u32::try_from(number(row, "accessrightsmask")?).ok()
    }

    /// Shares a row of a table with a user or team; with mask 0 the share goes.
    pub fn set_share(&mut self, table: &str, object: Uuid, principal: Uuid, mask: u32) {
        if mask == 0 {
            let joint = self.joint_id("principalobjectaccess", object, principal);
            self.remove("principalobjectaccess", joint);
            return;
        }
        let kind = if self.row("team", principal).is_some() { "team" } else { "systemuser" };
        shares::put(self, (table, object), (kind, principal), mask);
    }

    /// Says whether a user or team holds a role; the copy counts, not its root.
    pub fn holds_role(&self, principal: Uuid, role: Uuid) -> bool {
        let (table, _) = self.role_table(principal);
        self.row(table, self.joint_id(table, principal, role)).is_some()
    }

    /// Makes a role of the root business unit whose privileges reach the members of a team.
    pub fn make_role(&mut self, id: Uuid, name: &str) {
        let unit = self.root_unit();
        roles::create(self, NewRole { id, unit, columns: row_of(json!({ "name": name })) });
    }

    /// Gives a role a privilege.
    pub fn set_privilege(&mut self, root: Uuid, privilege: Uuid, depth: Depth) {
        roles::set_privilege(self, root, privilege, depth);
    }

    /// Finds the copy of a role that a user or team can hold.
    pub fn copy_for(&self, principal: Uuid, root: Uuid) -> Option<Uuid> {
        let table = if self.row("team", principal).is_some() { "team" } else { "systemuser" };
        roles::copy_in(self, root, unit_of(self, table, principal))
    }

    /// Gives a user or team a role.
    pub fn give_role(&mut self, principal: Uuid, role: Uuid) {
        let (table, column) = self.role_table(principal);
        let joint = self.joint_id(table, principal, role);
        self.put(table, joint, row_of(json!({ column: principal, "roleid": role })));
    }

    /// Takes a role from a user or team; says whether it was held.
    pub fn take_role(&mut self, principal: Uuid, role: Uuid) -> bool {
        let (table, _) = self.role_table(principal);
        let joint = self.joint_id(table, principal, role);
        self.remove(table, joint)
    }

    fn role_table(&self, principal: Uuid) -> (&'static str, &'static str) {
        if self.row("team", principal).is_some() {
            ("teamroles", "teamid")
        } else {
            ("systemuserroles", "systemuserid")
        }
    }

    /// Returns the text of a flow.
    pub fn flow_text(&self, flow: Uuid) -> Option<&str> {
        self.row("workflow", flow)?.get("clientdata")?.as_str()
    }

    /// Writes the text of a flow as it is, without the checks of the service.
    pub fn set_flow_text(&mut self, flow: Uuid, text: &str) -> bool {
        self.change("workflow", flow, [("clientdata".to_owned(), json!(text))])
    }
}

#[cfg(test)]
mod tests {
    use crate::sandbox::rights::EVERY_RIGHT;
    use crate::sandbox::seed::{Seed, default_seed, make};

    #[test]
    fn shares_and_roles_come_and_go() {
        let mut tenant = make(&Seed::parse(default_seed()).unwrap()).unwrap();
        let ada = tenant.user("contoso-prod", "Ada@contoso.com").unwrap();
        let organization = tenant.organization_mut("contoso-prod").unwrap();
        let flow = organization.flow("Expense intake").unwrap();
        organization.set_share("workflow", flow, ada, EVERY_RIGHT);
        assert_eq!(organization.share(flow, ada), Some(EVERY_RIGHT));
        organization.set_share("workflow", flow, ada, 0);
        assert_eq!(organization.share(flow, ada), None);
        let role = organization.role("basic user").unwrap();
        assert!(organization.holds_role(ada, role) && organization.take_role(ada, role));
        organization.give_role(ada, role);
        assert!(organization.holds_role(ada, role));
    }
}
