//! Why a set may lack rows that are there: Dataverse leaves out what the caller may not read instead of refusing.
use std::collections::BTreeMap;

use crate::names::{Depth, Text};
use crate::problem::{Cause, Problem};
use crate::request::Service;

/// A table whose rows powergrant reads and whose Read the caller must therefore hold at Organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Watched {
    /// Business units.
    BusinessUnit,
    /// Security roles.
    SecurityRole,
    /// Users.
    User,
    /// Teams.
    Team,
    /// Cloud flows.
    Process,
    /// Connection references.
    ConnectionReference,
    /// Solutions.
    Solution,
    /// Agents.
    Agent,
    /// Components of agents.
    AgentComponent,
    /// Environment variables.
    EnvironmentVariable,
}

impl Watched {
    /// The table's display name.
    fn name(self) -> &'static str {
        match self {
            Self::BusinessUnit => "Business Unit",
            Self::SecurityRole => "Security Role",
            Self::User => "User",
            Self::Team => "Team",
            Self::Process => "Process",
            Self::ConnectionReference => "Connection Reference",
            Self::Solution => "Solution",
            Self::Agent => "Copilot",
            Self::AgentComponent => "Copilot component",
            Self::EnvironmentVariable => "Environment Variable Definition",
        }
    }

    /// The privilege that shows its rows. Recorded table metadata; the two of agents follow Learn's naming rule.
    fn privilege(self) -> &'static str {
        match self {
            Self::BusinessUnit => "prvReadBusinessUnit",
            Self::SecurityRole => "prvReadRole",
            Self::User => "prvReadUser",
            Self::Team => "prvReadTeam",
            Self::Process => "prvReadWorkflow",
            Self::ConnectionReference => "prvReadconnectionreference",
            Self::Solution => "prvReadSolution",
            Self::Agent => "prvReadbot",
            Self::AgentComponent => "prvReadbotcomponent",
            Self::EnvironmentVariable => "prvReadEnvironmentVariableDefinition",
        }
    }
}

/// What joins a set of rows without privileges of its own: the set is as whole as the least of these.
pub(super) mod joins {
    use super::Watched::{self, Agent, ConnectionReference, Process, SecurityRole, Team, User};

    /// Who holds which role.
    pub(in crate::collect) const HOLDERS: &[Watched] = &[SecurityRole, User, Team];
    /// With whom flows are shared.
    pub(in crate::collect) const FLOW_SHARES: &[Watched] = &[Process, User, Team];
    /// With whom connection references are shared.
    pub(in crate::collect) const REFERENCE_SHARES: &[Watched] = &[ConnectionReference, User, Team];
    /// With whom agents are shared.
    pub(in crate::collect) const AGENT_SHARES: &[Watched] = &[Agent, User, Team];
    /// Who is in which team.
    pub(in crate::collect) const MEMBERS: &[Watched] = &[Team, User];
}

/// How far the caller's own privileges reach.
#[derive(Clone, Debug)]
pub(super) struct Sight<'a> {
    privileges: Result<&'a BTreeMap<Text, Depth>, Problem>,
}

impl<'a> Sight<'a> {
    /// The sight of a caller with these privileges, by lower-cased name; of one whose privileges nobody knows otherwise.
    pub(super) fn of(privileges: Result<&'a BTreeMap<Text, Depth>, Problem>) -> Self {
        Self { privileges }
    }

    /// Why a set that joins these tables may lack rows; none when the caller sees every row of all of them.
    pub(super) fn gap(&self, tables: &[Watched]) -> Option<Problem> {
        let privileges = match &self.privileges {
            Ok(privileges) => privileges,
            Err(problem) => {
                return Some(trimmed(
                    format!("how much this identity may read is not known: {}", problem.says),
                    "give this identity a role whose own privileges it may read".to_owned(),
                ));
            }
        };
        let mut lacking = tables.iter().filter_map(|table| {
            let held = privileges.get(&Text::from(table.privilege().to_lowercase())).copied();
            (held != Some(Depth::Organization)).then_some((*table, held))
        });
        let (first, held) = lacking.next()?;
        let mut needs = vec![need(first)];
        needs.extend(lacking.map(|(table, _)| need(table)));
        let says = match held {
            Some(depth) => {
                format!("this identity reads {} at {depth} depth, so other rows are left out", first.name())
            }
            None => format!("this identity holds no Read on {}, so its rows are left out", first.name()),
        };
        Some(trimmed(says, format!("give this identity {} at Organization depth", needs.join(", "))))
    }
}

fn need(table: Watched) -> String {
    format!("Read on {} ({})", table.name(), table.privilege())
}

fn trimmed(says: String, next: String) -> Problem {
    Problem::without_request(Cause::Trimmed, Service::Dataverse.name(), says, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn privileges(process: Depth) -> BTreeMap<Text, Depth> {
        let all = ["prvreaduser", "prvreadteam"].map(|name| (name.into(), Depth::Organization));
        BTreeMap::from(all).into_iter().chain([("prvreadworkflow".into(), process)]).collect()
    }

    #[test]
    fn a_set_is_whole_only_when_every_table_that_it_joins_is_read_at_organization_depth() {
        let whole = privileges(Depth::Organization);
        assert_eq!(Sight::of(Ok(&whole)).gap(joins::FLOW_SHARES), None);
        for depth in [Depth::User, Depth::BusinessUnit, Depth::ParentChildBusinessUnits, Depth::RecordFilter] {
            let part = privileges(depth);
            assert_eq!(Sight::of(Ok(&part)).gap(joins::FLOW_SHARES).unwrap().cause, Cause::Trimmed);
        }
    }

    #[test]
    fn a_gap_names_what_the_identity_needs() {
        let part = privileges(Depth::User);
        let gap = Sight::of(Ok(&part)).gap(&[Watched::Process, Watched::SecurityRole]).unwrap();
        assert_eq!(gap.says, "this identity reads Process at User depth, so other rows are left out");
        assert_eq!(
            gap.next,
            "give this identity Read on Process (prvReadWorkflow), Read on Security Role (prvReadRole) at Organization depth"
        );
    }

    #[test]
    fn of_a_caller_whose_privileges_nobody_knows_every_set_has_a_gap() {
        let unknown = Problem::without_request(Cause::Forbidden, "Dataverse", "no", "");
        assert!(Sight::of(Err(unknown)).gap(&[Watched::BusinessUnit]).is_some());
    }
}
