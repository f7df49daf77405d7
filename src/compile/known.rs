//! The names and ids that manifests say, by which the pseudonyms of a snapshot are found again.
use crate::compile::desired::{DesiredEnvironment, Environment, FlowName, List, Member, PrincipalName};
use crate::inventory::snapshot::Known;

impl DesiredEnvironment {
    /// Every name and id that manifests say of this environment and that a snapshot hides.
    pub fn known(&self) -> Known {
        let Self { today: _, environment, roles, assignments, environment_roles, flows, policies: _ } = self;
        let mut known = Known::default();
        add_environment(&mut known, environment);
        for role in roles {
            known.names.extend(role.description.iter().map(|text| text.value.clone()));
            known.names.extend(role.solution.clone());
        }
        for assignment in assignments {
            known.names.extend(assignment.business_unit.iter().map(|unit| unit.value.clone()));
            add_list(&mut known, &assignment.members);
        }
        for role in environment_roles {
            add_list(&mut known, &role.members);
        }
        for flow in flows {
            known.add_flow(&flow.flow.value);
            for list in [&flow.run_only_users, &flow.owners, &flow.reference_readers].into_iter().flatten() {
                add_list(&mut known, list);
            }
        }
        known
    }
}

impl Known {
    /// Adds what a flow is called.
    pub fn add_flow(&mut self, flow: &FlowName) {
        match flow {
            FlowName::Name(name) | FlowName::AllOfSolution(name) | FlowName::AllOfAgent(name) => {
                self.names.insert(name.clone());
            }
            FlowName::Id { id: _, name } => self.names.extend(name.clone()),
            FlowName::InSolution { solution, name } => self.names.extend([solution.clone(), name.clone()]),
        }
    }

    /// Adds what a principal is called, and its Entra id.
    pub fn add_principal(&mut self, principal: &PrincipalName) {
        match principal {
            PrincipalName::User { name, id } | PrincipalName::Group { name, id, membership: _ } => {
                self.names.extend(name.clone());
                self.ids.extend(*id);
            }
            PrincipalName::Application { name, id } => {
                self.names.extend(name.clone());
                self.ids.insert(*id);
            }
            PrincipalName::Team { name, id: _, business_unit } => {
                self.names.extend(name.clone());
                self.names.extend(business_unit.clone());
            }
        }
    }
}

fn add_environment(known: &mut Known, environment: &Environment) {
    known.names.extend(environment.group_teams.business_unit.iter().map(|unit| unit.value.clone()));
    for member in environment.rails.required_admins.iter().chain(&environment.rails.protected) {
        add_member(known, member);
    }
}

fn add_list(known: &mut Known, list: &List) {
    for member in &list.members {
        add_member(known, member);
    }
}

fn add_member(known: &mut Known, member: &Member) {
    known.add_principal(&member.principal);
}
