//! What has to be read for what manifests want.
use crate::compile::desired::{Assignment, DesiredEnvironment, EnvironmentRoles, Flow, List, Rails, Role};
use crate::explain::requirements;
use crate::inventory::scope::Scope;
use crate::names::{BuiltInRole, ConnectionMode, FlowName, RoleName};
use crate::principal::PrincipalName;

/// The privilege that lets a flow's owner act for its run-only users on a Dataverse connection
/// (Learn: impersonate another user; Dataverse connector, run-only users).
pub(super) const ACT_ON_BEHALF: &str = "prvActOnBehalfOfAnotherUser";

impl Scope {
    /// What has to be read to explain whether a person can run a flow, or the people of a group.
    pub fn of_question(person: &PrincipalName, flow: &FlowName) -> Self {
        let mut scope = match person {
            PrincipalName::User { .. } | PrincipalName::Application { .. } | PrincipalName::Team { .. } => {
                let mut scope = Self { sharing_limits: true, ..Self::default() };
                scope.principal_roles.insert(person.clone());
                scope.memberships.insert(person.clone());
                scope
            }
            // Of many people it is fewer requests to read who holds what than to ask for each of them.
            PrincipalName::Group { .. } => {
                let mut scope = Self::everything();
                scope.groups.insert(person.clone());
                scope.team_groups = true;
                scope
            }
        };
        for subjects in
            [&mut scope.definitions, &mut scope.delegates, &mut scope.shares, &mut scope.readers, &mut scope.uses]
        {
            subjects.add(flow.clone());
        }
        scope.principals.insert(person.clone());
        // What a fix may assign has to be known: the role that everybody starts from, and the one that lets owners act.
        for role in [BuiltInRole::BasicUser, BuiltInRole::Delegate] {
            scope.role_privileges.add(RoleName::BuiltIn(role));
        }
        // Those whose privileges requirements name, so that each is told by its table's name.
        let tables = [
            "workflow",
            "connectionreference",
            "environmentvariabledefinition",
            "bot",
            "processsession",
            "asyncoperation",
            "systemuser",
        ];
        scope.tables.extend(tables.map(str::to_owned));
        scope.privileges.extend(requirements::privileges().map(str::to_owned));
        scope
    }

    /// What has to be read for what manifests want of one environment, and no more.
    pub fn of(desired: &DesiredEnvironment) -> Self {
        let DesiredEnvironment { today: _, environment, roles, assignments, environment_roles, flows, policies: _ } =
            desired;
        let mut scope = Self::default();
        for role in roles {
            scope.add_role(role);
        }
        for assignment in assignments {
            scope.add_assignment(assignment);
        }
        for role in environment_roles {
            scope.add_environment_role(role);
        }
        for flow in flows {
            scope.add_flow(flow);
        }
        // Whoever is protected or must stay an administrator has to be told apart from everybody else.
        let Rails { required_admins, protected, privileged_grant, .. } = &environment.rails;
        for member in required_admins.iter().chain(protected).chain(privileged_grant) {
            scope.principals.insert(member.principal.clone());
        }
        // What is taken from a team is taken from its members, so their teams are part of the question.
        scope.principal_roles.extend(protected.iter().map(|member| member.principal.clone()));
        scope
    }

    fn add_role(&mut self, role: &Role) {
        self.role_privileges.add(role.role.value.clone());
        // A role is deleted after its assignments, which are therefore part of the question.
        self.holders.add(role.role.value.clone());
        self.tables.extend(role.privileges.iter().map(|privilege| privilege.table.value.clone()));
        self.privileges.extend(role.miscellaneous.iter().map(|privilege| privilege.name.value.clone()));
    }

    fn add_assignment(&mut self, assignment: &Assignment) {
        self.holders.add(assignment.role.value.clone());
        // Whether a group's members get anything of a role depends on its privileges (Learn: manage group teams).
        self.role_privileges.add(assignment.role.value.clone());
        self.add_members(&assignment.members);
    }

    fn add_environment_role(&mut self, role: &EnvironmentRoles) {
        self.environment_roles = true;
        self.principals.extend(role.members.members.iter().map(|member| member.principal.clone()));
    }

    fn add_flow(&mut self, flow: &Flow) {
        let name = &flow.flow.value;
        // Shares of a flow that no person starts are refused while planning, so its trigger is always needed.
        self.definitions.add(name.clone());
        if flow.connections.iter().any(|line| line.mode == ConnectionMode::ProvidedByRunOnlyUser) {
            self.parents.add(name.clone());
            self.delegates.add(name.clone());
            self.privileges.insert(ACT_ON_BEHALF.to_owned());
        }
        for list in [&flow.run_only_users, &flow.owners].into_iter().flatten() {
            self.shares.add(name.clone());
            self.sharing_limits = true;
            self.add_sharers(list);
        }
        if let Some(list) = &flow.reference_readers {
            self.readers.add(name.clone());
            self.add_sharers(list);
        }
    }

    fn add_sharers(&mut self, list: &List) {
        self.add_members(list);
        self.principal_roles.extend(list.members.iter().map(|member| member.principal.clone()));
    }

    fn add_members(&mut self, list: &List) {
        for member in &list.members {
            self.principals.insert(member.principal.clone());
            if matches!(member.principal, PrincipalName::Group { .. }) {
                self.groups.insert(member.principal.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::compile::desired::{
        ActAs, AddUsers, Cloud, Connection, ConnectionTarget, Environment, GroupTeams, Member, Placed, State,
    };
    use crate::inventory::scope::Subjects;
    use crate::names::Membership;
    use crate::place::Place;

    fn place() -> Place {
        Place { file: Arc::from("a.yaml"), line: 1, column: 1, length: 1 }
    }

    fn placed<T>(value: T) -> Placed<T> {
        Placed { value, place: place() }
    }

    fn environment() -> Environment {
        Environment {
            name: "contoso-prod".into(),
            place: place(),
            labels: BTreeMap::new(),
            url: None,
            environment_id: None,
            tenant: None,
            cloud: Cloud::Public,
            credentials: None,
            add_users: AddUsers::Dataverse,
            act_as: ActAs::Caller,
            group_teams: GroupTeams::default(),
            rails: Rails::default(),
        }
    }

    fn group(name: &str) -> PrincipalName {
        PrincipalName::Group { name: Some(name.into()), id: None, membership: Membership::default() }
    }

    fn list(principal: PrincipalName) -> List {
        let member = Member { principal, place: place(), state: State::Present, expires: None, sync: false };
        List { place: place(), extent: None, allow_empty: false, members: vec![member] }
    }

    fn desired() -> DesiredEnvironment {
        DesiredEnvironment::nothing_of(environment(), jiff::civil::date(2026, 6, 1))
    }

    fn flow(connections: Vec<Connection>, run_only_users: Option<List>) -> Flow {
        Flow {
            place: place(),
            flow: placed(FlowName::Name("Expense intake".into())),
            allow_unmanaged_layer: false,
            connections,
            run_only_users,
            owners: None,
            reference_readers: None,
            read_references: Vec::new(),
        }
    }

    #[test]
    fn nothing_wanted_is_nothing_read() {
        assert_eq!(Scope::of(&desired()), Scope::default());
    }

    #[test]
    fn a_flow_that_is_only_shared_needs_neither_parents_nor_its_owners_roles() {
        let mut wanted = desired();
        wanted.flows.push(flow(Vec::new(), Some(list(group("SG-Expense")))));
        let scope = Scope::of(&wanted);
        let name = FlowName::Name("Expense intake".into());
        assert_eq!(scope.shares, Subjects::Named([name.clone()].into()));
        assert_eq!(scope.definitions, Subjects::Named([name].into()));
        assert!(scope.parents.is_empty() && scope.delegates.is_empty() && scope.readers.is_empty());
        assert!(scope.sharing_limits);
        assert_eq!(scope.groups, [group("SG-Expense")].into());
        assert_eq!(scope.principal_roles, scope.groups);
    }

    #[test]
    fn a_connection_that_the_run_only_user_provides_needs_the_flows_parents() {
        let line = |mode| Connection { target: ConnectionTarget::All, mode, place: place() };
        let mut wanted = desired();
        wanted.flows.push(flow(vec![line(ConnectionMode::UseThisConnection)], None));
        assert!(Scope::of(&wanted).parents.is_empty());
        wanted.flows.push(flow(vec![line(ConnectionMode::ProvidedByRunOnlyUser)], None));
        let scope = Scope::of(&wanted);
        assert!(!scope.parents.is_empty() && !scope.delegates.is_empty());
        assert!(scope.privileges.contains(ACT_ON_BEHALF));
    }

    #[test]
    fn an_assignment_needs_the_roles_holders_and_privileges() {
        let mut wanted = desired();
        let role = RoleName::Name("Flow Runner".into());
        let members = list(group("SG-Expense"));
        wanted.assignments.push(Assignment {
            place: place(),
            role: placed(role.clone()),
            business_unit: None,
            members,
        });
        let scope = Scope::of(&wanted);
        assert_eq!(scope.holders, Subjects::Named([role].into()));
        assert_eq!(scope.role_privileges, scope.holders);
        assert!(scope.shares.is_empty() && !scope.sharing_limits);
    }

    #[test]
    fn whoever_is_protected_is_looked_up() {
        let mut wanted = desired();
        let member = list(group("SG-Break-Glass")).members.remove(0);
        wanted.environment.rails.protected.push(member);
        let scope = Scope::of(&wanted);
        assert_eq!(scope.principals, [group("SG-Break-Glass")].into());
        assert_eq!(scope.principal_roles, scope.principals);
    }
}
