//! What documents about one environment say against each other, as far as names tell.
use std::collections::BTreeMap;

use crate::compile::desired::{
    Assignment, ConnectionTarget, DesiredEnvironment, EnvironmentRoles, Extent, Flow, FlowName, List, Member, Placed,
    PrincipalName, Role, RoleName, State,
};
use crate::finding::Finding;
use crate::names::{Depth, folded};
use crate::place::Place;
use crate::rules::Rule;

/// Reports every contradiction that names can show; `resolve` compares again by id.
pub(super) fn report(wanted: &DesiredEnvironment, findings: &mut Vec<Finding>) {
    let DesiredEnvironment { today: _, environment: _, roles, assignments, environment_roles, flows, policies: _ } =
        wanted;
    let mut claims = Claims { said: BTreeMap::new(), findings };
    for role in roles {
        claims.role(role);
    }
    for assignment in assignments {
        claims.assignment(assignment);
    }
    for roles in environment_roles {
        claims.environment_roles(roles);
    }
    for flow in flows {
        claims.flow(flow);
    }
}

/// Everything that was said, by what it is said of.
struct Claims<'run> {
    said: BTreeMap<(String, String), (String, Place)>,
    findings: &'run mut Vec<Finding>,
}

impl Claims<'_> {
    /// Notes that `subject`'s `entry` is said to be `level`; another level said before is a contradiction.
    fn say(&mut self, subject: &str, entry: &str, level: &str, place: &Place) {
        let key = (folded(subject), folded(entry));
        match self.said.get(&key) {
            Some((before, first)) if before != level => {
                let message = format!("{subject}, {entry}: {level} here and {before} elsewhere");
                self.findings.push(
                    Finding::error(Rule::Contradiction, place, message)
                        .also(first, format!("{before} here"))
                        .hint("keep one of the two"),
                );
            }
            Some(_) => {}
            None => {
                self.said.insert(key, (level.to_owned(), place.clone()));
            }
        }
    }

    fn role(&mut self, role: &Role) {
        let subject = format!("security role {}", role_words(&role.role.value));
        let state = match role.state {
            State::Present => "present",
            State::Absent => "absent",
        };
        self.say(&subject, "the role", state, &role.role.place);
        if let Some(description) = &role.description {
            self.say(&subject, "description", &format!("`{}`", description.value), &description.place);
        }
        if let Some(inheritance) = &role.member_inheritance {
            let level = if inheritance.value { "direct" } else { "teamOnly" };
            self.say(&subject, "member's privilege inheritance", level, &inheritance.place);
        }
        if let Some(solution) = &role.solution {
            self.say(&subject, "solution", &format!("`{solution}`"), &role.role.place);
        }
        self.extent(&subject, "privileges", role.extent.as_ref());
        for privilege in &role.privileges {
            let entry = format!("{} on {}", privilege.operation, privilege.table.value);
            self.say(&subject, &entry, depth_words(privilege.depth), &privilege.place);
        }
        for privilege in &role.miscellaneous {
            self.say(&subject, &privilege.name.value, depth_words(privilege.depth), &privilege.place);
        }
    }

    fn assignment(&mut self, assignment: &Assignment) {
        let role = role_words(&assignment.role.value);
        let list = format!("assignment of {role}");
        // The extent speaks for every holder, in whatever business unit.
        self.extent(&list, "holders", assignment.members.extent.as_ref());
        let subject = match &assignment.business_unit {
            Some(unit) => format!("{list} in {}", unit.value),
            None => list,
        };
        self.members(&subject, "held", &assignment.members.members);
    }

    fn environment_roles(&mut self, roles: &EnvironmentRoles) {
        let subject = format!("environment role {}", roles.role.value);
        self.extent(&subject, "holders", roles.members.extent.as_ref());
        self.members(&subject, "held", &roles.members.members);
    }

    fn flow(&mut self, flow: &Flow) {
        let subject = flow_words(&flow.flow.value);
        for connection in &flow.connections {
            let entry = match &connection.target {
                ConnectionTarget::All => "every other connection".to_owned(),
                ConnectionTarget::Connector(name) => format!("connections of connector {name}"),
                ConnectionTarget::LogicalName(name) => format!("connection {name}"),
                ConnectionTarget::Key(name) => format!("connection with key {name}"),
            };
            self.say(&subject, &entry, connection.mode.words(), &connection.place);
        }
        let lists = [("run-only users", &flow.run_only_users), ("owners", &flow.owners)];
        for (name, list) in lists {
            if let Some(List { extent, members, .. }) = list {
                self.extent(&subject, name, extent.as_ref());
                // One row holds both, so that a principal is the one or the other. Who is a run-only user and absent
                // from the owners is lowered.
                if name == "owners" {
                    self.members(&format!("owners of {subject}"), "co-owner", members);
                    let present = members.iter().filter(|member| member.state == State::Present);
                    self.members(&subject, "co-owner", present);
                } else {
                    self.members(&subject, "run-only user", members);
                }
            }
        }
        if let Some(readers) = &flow.reference_readers {
            self.members(&format!("readers of the connections of {subject}"), "reader", &readers.members);
        }
    }

    fn extent(&mut self, subject: &str, list: &str, extent: Option<&Placed<Extent>>) {
        if let Some(extent) = extent {
            let level = match extent.value {
                Extent::Named => "named",
                Extent::Exact => "exact",
            };
            self.say(subject, &format!("extent of {list}"), level, &extent.place);
        }
    }

    fn members<'list>(&mut self, subject: &str, held: &str, members: impl IntoIterator<Item = &'list Member>) {
        for member in members {
            let level = match member.state {
                State::Present => held,
                State::Absent => "absent",
            };
            if let Some(entry) = principal_words(&member.principal) {
                self.say(subject, &entry, level, &member.place);
            }
        }
    }
}

fn depth_words(depth: Option<Depth>) -> &'static str {
    depth.map_or("absent", Depth::key)
}

fn role_words(role: &RoleName) -> String {
    match role {
        RoleName::Name(name) => name.clone(),
        RoleName::BuiltIn(role) => role.names()[0].to_owned(),
        RoleName::Id { id, name: _ } => id.to_string(),
    }
}

fn flow_words(flow: &FlowName) -> String {
    match flow {
        FlowName::Name(name) => format!("flow {name}"),
        FlowName::Id { id, name: _ } => format!("flow {id}"),
        FlowName::InSolution { solution, name } => format!("flow {name} of solution {solution}"),
        FlowName::AllOfSolution(solution) => format!("flows of solution {solution}"),
        FlowName::AllOfAgent(agent) => format!("flows of agent {agent}"),
    }
}

/// What a principal is known by: its id, or its name where there is no id.
fn principal_words(principal: &PrincipalName) -> Option<String> {
    let named = |word: &str, id: Option<&uuid::Uuid>, name: Option<&String>| {
        id.map(ToString::to_string).or_else(|| name.cloned()).map(|text| format!("{word} {text}"))
    };
    match principal {
        PrincipalName::User { name, id } => named("user", id.as_ref(), name.as_ref()),
        PrincipalName::Group { name, id, membership } => {
            named("group", id.as_ref(), name.as_ref()).map(|text| format!("{text} ({})", membership.key()))
        }
        PrincipalName::Application { name: _, id } => named("application", Some(id), None),
        PrincipalName::Team { name, id, business_unit } => {
            let text = named("team", id.as_ref(), name.as_ref())?;
            Some(match business_unit {
                Some(unit) if id.is_none() => format!("{text} in {unit}"),
                Some(_) | None => text,
            })
        }
    }
}
