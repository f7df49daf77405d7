//! One walk over everything that has a name in an inventory, for hiding names and for finding them again.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use uuid::Uuid;

use super::Taken;
use crate::clientdata::{ConnectorOperation, Facts, Said};
use crate::inventory::agents::{Agent, Tool};
use crate::inventory::people::{BusinessUnit, DirectoryEntry, Team, User};
use crate::inventory::scope::{Scope, Subjects};
use crate::inventory::section::{Asked, Reading, Section};
use crate::inventory::things::{ConnectionReference, Flow, Role};
use crate::inventory::{EnvironmentFacts, Inventory};
use crate::names::{FlowName, Text, folded};
use crate::principal::{Principal, PrincipalName};
use crate::problem::{Cause, Problem};

/// What becomes of names.
pub(super) trait Renaming {
    /// Another name for a name.
    fn name(&self, name: &Text) -> Text;
    /// Another id for an Entra id.
    fn id(&self, id: Uuid) -> Uuid;
    /// Whether what services said is left out, because names stand in it.
    fn hides_answers(&self) -> bool;
}

/// Everything under other names.
pub(super) fn renamed(taken: Taken, by: &impl Renaming) -> Taken {
    let walk = Walk(by);
    Taken { scope: walk.scope(taken.scope), inventory: walk.inventory(taken.inventory) }
}

/// A principal under another name.
pub(super) fn renamed_principal(principal: Principal, by: &impl Renaming) -> Principal {
    Walk(by).principal(principal)
}

struct Walk<'by, B>(&'by B);

impl<B: Renaming> Walk<'_, B> {
    fn inventory(&self, inventory: Inventory) -> Inventory {
        // Destructured so that a new section does not compile until it is known what of it is a name.
        let Inventory {
            environment,
            caller,
            settings,
            sharing,
            security_group,
            units,
            tables,
            relationships,
            privileges,
            roles,
            copies,
            role_privileges,
            holders,
            principal_roles,
            users,
            teams,
            directory,
            group_members,
            team_members,
            user_teams,
            user_groups,
            nesting,
            plans,
            official,
            flows,
            definitions,
            parents,
            solutions,
            agents,
            bots,
            variables,
            outside_flows,
            references,
            shares,
            environment_roles,
        } = inventory;
        Inventory {
            environment: self.environment(environment),
            caller: self.reading(caller, |caller| caller),
            settings: self.reading(settings, |settings| settings),
            sharing: self.reading(sharing, |limits| limits),
            security_group: self.reading(security_group, |group| group.map(|id| self.id(id))),
            units: self.rows(units, |unit| BusinessUnit { name: self.text(&unit.name), ..unit }),
            tables: self.rows(tables, |table| table),
            relationships: self.rows(relationships, |relationships| relationships),
            privileges: self.rows(privileges, |privilege| privilege),
            roles: self.rows(roles, |role| Role { description: self.text(&role.description), ..role }),
            copies: self.rows(copies, |copies| copies),
            role_privileges: self.rows(role_privileges, |held| held),
            holders: self.rows(holders, |holders| holders),
            principal_roles: self.rows(principal_roles, |roles| roles),
            users: self.rows(users, |user| self.user(&user)),
            teams: self.rows(teams, |team| self.team(&team)),
            directory: self.keyed(directory, |id| self.id(*id), |entry| self.entry(&entry)),
            group_members: self.keyed(
                group_members,
                |id| self.id(*id),
                |people| people.into_iter().map(|person| self.id(person)).collect::<BTreeSet<Uuid>>(),
            ),
            team_members: self.rows(team_members, |members| members),
            user_teams: self.rows(user_teams, |teams| teams),
            user_groups: self.keyed(
                user_groups,
                |person| self.id(*person),
                |groups| groups.into_iter().map(|group| self.id(group)).collect::<BTreeSet<Uuid>>(),
            ),
            nesting: self.keyed(
                nesting,
                |member| self.id(*member),
                |groups| {
                    let named = groups.into_iter().map(|(group, name)| (self.id(group), self.text(&name)));
                    named.collect::<BTreeMap<Uuid, Text>>()
                },
            ),
            plans: self.keyed(plans, |person| self.id(*person), |plans| plans),
            official: self.keyed(official, |person| self.id(*person), |answers| answers),
            flows: self.rows(flows, |flow| Flow { name: self.text(&flow.name), ..flow }),
            definitions: self.rows(definitions, |facts| self.facts(facts)),
            parents: self.rows(parents, |parents| parents),
            solutions: self.keyed(solutions, |name| self.folded(name), |flows| flows),
            agents: self.keyed(agents, |name| self.folded(name), |flows| flows),
            bots: self.rows(bots, |agent| self.agent(agent)),
            variables: self.rows(variables, |value| value.map(|value| self.text(&value))),
            outside_flows: self.keyed(outside_flows, |name| self.folded(name), |name| self.text(&name)),
            references: self.rows(references, |reference| ConnectionReference {
                display_name: self.text(&reference.display_name),
                ..reference
            }),
            shares: self.rows(shares, |shares| shares),
            environment_roles: self.reading(environment_roles, |roles| {
                roles
                    .into_iter()
                    .map(|(role, holders)| {
                        let holders = holders.into_iter().map(|(who, id)| (self.principal(who), self.text(&id)));
                        (role, holders.collect())
                    })
                    .collect()
            }),
        }
    }

    fn environment(&self, facts: EnvironmentFacts) -> EnvironmentFacts {
        let solutions = facts.role_solutions.iter().map(|(role, name)| (*role, self.text(name))).collect();
        EnvironmentFacts { role_solutions: solutions, ..facts }
    }

    fn user(&self, user: &User) -> User {
        User {
            full_name: self.text(&user.full_name),
            upn: self.text(&user.upn),
            mail: self.text(&user.mail),
            object: user.object.map(|id| self.id(id)),
            application: user.application.map(|id| self.id(id)),
            ..*user
        }
    }

    fn team(&self, team: &Team) -> Team {
        Team { name: self.text(&team.name), group: team.group.map(|id| self.id(id)), ..*team }
    }

    fn entry(&self, entry: &DirectoryEntry) -> DirectoryEntry {
        DirectoryEntry {
            name: self.text(&entry.name),
            mail: self.text(&entry.mail),
            application: entry.application.map(|id| self.id(id)),
            ..*entry
        }
    }

    fn agent(&self, agent: Agent) -> Agent {
        let tools = agent.tools.into_iter().map(|tool| Tool { name: self.text(&tool.name), ..tool });
        Agent {
            name: self.text(&agent.name),
            groups: agent.groups.into_iter().map(|group| self.id(group)).collect(),
            tools: tools.collect(),
            ..agent
        }
    }

    /// Of a flow's facts only sites, what lies in them, and mailboxes are names; tables, operations and logical names are not.
    fn facts(&self, facts: Facts) -> Facts {
        let operations = facts.operations.into_iter().map(|operation| {
            let renamed = |said: Said| match said {
                Said::Literal(name) => Said::Literal(self.text(&name)),
                Said::Variable(_) | Said::Expression => said,
            };
            let is_list = operation.site.is_some();
            ConnectorOperation {
                site: operation.site.map(renamed),
                mailbox: operation.mailbox.map(renamed),
                table: operation.table.map(|table| if is_list { renamed(table) } else { table }),
                ..operation
            }
        });
        Facts { operations: operations.collect(), ..facts }
    }

    fn principal(&self, principal: Principal) -> Principal {
        match principal {
            Principal::User { name, id } => Principal::User { name: self.text(&name), id: self.id(id) },
            Principal::Group { name, id, membership } => {
                Principal::Group { name: self.text(&name), id: self.id(id), membership }
            }
            Principal::Application { name, id } => Principal::Application { name: self.text(&name), id: self.id(id) },
            Principal::Team { name, id } => Principal::Team { name: self.text(&name), id },
            Principal::Everyone => Principal::Everyone,
            // Without Dataverse this is an id of the directory.
            Principal::Unnamed { name, row } => Principal::Unnamed { name: self.text(&name), row: self.id(row) },
        }
    }

    fn scope(&self, scope: Scope) -> Scope {
        let Scope {
            role_privileges,
            holders,
            tables,
            privileges,
            definitions,
            parents,
            delegates,
            shares,
            readers,
            principals,
            principal_roles,
            memberships,
            uses,
            groups,
            team_groups,
            environment_roles,
            sharing_limits,
        } = scope;
        let named = |names: BTreeSet<PrincipalName>| names.into_iter().map(|name| self.principal_name(name)).collect();
        Scope {
            role_privileges,
            holders,
            tables,
            privileges,
            definitions: self.subjects(definitions),
            parents: self.subjects(parents),
            delegates: self.subjects(delegates),
            shares: self.subjects(shares),
            readers: self.subjects(readers),
            principals: named(principals),
            principal_roles: named(principal_roles),
            memberships: named(memberships),
            uses: self.subjects(uses),
            groups: named(groups),
            team_groups,
            environment_roles,
            sharing_limits,
        }
    }

    fn subjects(&self, subjects: Subjects<FlowName>) -> Subjects<FlowName> {
        match subjects {
            Subjects::All => Subjects::All,
            Subjects::Named(names) => Subjects::Named(names.into_iter().map(|name| self.flow_name(name)).collect()),
        }
    }

    fn flow_name(&self, flow: FlowName) -> FlowName {
        match flow {
            FlowName::Name(name) => FlowName::Name(self.string(&name)),
            FlowName::Id { id, name } => FlowName::Id { id, name: name.map(|name| self.string(&name)) },
            FlowName::InSolution { solution, name } => {
                FlowName::InSolution { solution: self.string(&solution), name: self.string(&name) }
            }
            FlowName::AllOfSolution(name) => FlowName::AllOfSolution(self.string(&name)),
            FlowName::AllOfAgent(name) => FlowName::AllOfAgent(self.string(&name)),
        }
    }

    fn principal_name(&self, principal: PrincipalName) -> PrincipalName {
        let renamed = |name: Option<String>| name.map(|name| self.string(&name));
        match principal {
            PrincipalName::User { name, id } => {
                PrincipalName::User { name: renamed(name), id: id.map(|id| self.id(id)) }
            }
            PrincipalName::Group { name, id, membership } => {
                PrincipalName::Group { name: renamed(name), id: id.map(|id| self.id(id)), membership }
            }
            PrincipalName::Application { name, id } => {
                PrincipalName::Application { name: renamed(name), id: self.id(id) }
            }
            PrincipalName::Team { name, id, business_unit } => {
                PrincipalName::Team { name: renamed(name), id, business_unit: renamed(business_unit) }
            }
        }
    }

    /// A section whose keys are no names.
    fn rows<K: Ord + Clone, R: Clone>(&self, section: Section<K, R>, row: impl Fn(R) -> R) -> Section<K, R> {
        self.keyed(section, K::clone, row)
    }

    fn keyed<K: Ord + Clone, R: Clone>(
        &self,
        section: Section<K, R>,
        key: impl Fn(&K) -> K,
        row: impl Fn(R) -> R,
    ) -> Section<K, R> {
        match section {
            Section::NotAsked => Section::NotAsked,
            Section::Unreadable(problem) => Section::Unreadable(self.problem(problem)),
            Section::Read { asked, gap, rows } => {
                let rows = Arc::unwrap_or_clone(rows).into_iter().map(|(own, value)| (key(&own), row(value)));
                Section::Read {
                    asked: match asked {
                        Asked::All => Asked::All,
                        Asked::Only(keys) => Asked::Only(keys.iter().map(&key).collect()),
                    },
                    gap: gap.map(|problem| self.problem(problem)),
                    rows: Arc::new(rows.collect::<BTreeMap<K, R>>()),
                }
            }
        }
    }

    fn reading<T>(&self, reading: Reading<T>, value: impl FnOnce(T) -> T) -> Reading<T> {
        match reading {
            Reading::NotAsked => Reading::NotAsked,
            Reading::Unreadable(problem) => Reading::Unreadable(self.problem(problem)),
            Reading::Read(read) => Reading::Read(value(read)),
        }
    }

    /// A problem without what a service said and without what was asked for by name.
    fn problem(&self, problem: Problem) -> Problem {
        if !self.0.hides_answers() {
            return problem;
        }
        let is_ours = problem.method.is_empty() && matches!(problem.cause, Cause::Trimmed | Cause::NotAsked);
        let says = if is_ours {
            problem.says.split(": ").next().unwrap_or_default().to_owned()
        } else {
            "what the service said is not in this snapshot".to_owned()
        };
        let path = problem.path.split(['?', '(', '/']).next().unwrap_or_default().to_owned();
        Problem { path, says, ..problem }
    }

    fn text(&self, name: &Text) -> Text {
        self.0.name(name)
    }

    fn string(&self, name: &str) -> String {
        self.0.name(&Text::from(name)).to_string()
    }

    /// Keys by name are kept in lower case.
    fn folded(&self, name: &Text) -> Text {
        folded(&self.0.name(name)).into()
    }

    fn id(&self, id: Uuid) -> Uuid {
        self.0.id(id)
    }
}
