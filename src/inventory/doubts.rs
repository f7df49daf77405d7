//! What of an inventory is not whole, section by section.
use crate::inventory::Inventory;
use crate::inventory::section::{Reading, Section};
use crate::problem::Problem;

/// What the section of groups' people is called.
pub const GROUP_MEMBERS: &str = "members of groups";

impl Inventory {
    /// The sections that were asked for and could not be read, or may lack rows, each with the reason.
    pub fn doubts(&self) -> Vec<(&'static str, Problem)> {
        // Destructured so that a new section does not compile until it is looked at.
        let Self {
            environment: _,
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
        } = self;
        let all = [
            ("the caller", of_reading(caller)),
            ("settings of the organisation", of_reading(settings)),
            ("sharing limits", of_reading(sharing)),
            ("the security group", of_reading(security_group)),
            ("business units", of_section(units)),
            ("tables", of_section(tables)),
            ("relationships of tables", of_section(relationships)),
            ("privileges", of_section(privileges)),
            ("security roles", of_section(roles)),
            ("role copies", of_section(copies)),
            ("role privileges", of_section(role_privileges)),
            ("role assignments", of_section(holders)),
            ("roles of principals", of_section(principal_roles)),
            ("users", of_section(users)),
            ("teams", of_section(teams)),
            ("the directory", of_section(directory)),
            (GROUP_MEMBERS, of_section(group_members)),
            ("members of teams", of_section(team_members)),
            ("teams of users", of_section(user_teams)),
            ("groups of users", of_section(user_groups)),
            ("groups of groups", of_section(nesting)),
            ("licences of users", of_section(plans)),
            ("Dataverse's own answers", of_section(official)),
            ("flows", of_section(flows)),
            ("definitions of flows", of_section(definitions)),
            ("parents of flows", of_section(parents)),
            ("solutions", of_section(solutions)),
            ("agents", of_section(agents)),
            ("access to agents", of_section(bots)),
            ("environment variables", of_section(variables)),
            ("flows outside Dataverse", of_section(outside_flows)),
            ("connection references", of_section(references)),
            ("shares", of_section(shares)),
            ("environment roles", of_reading(environment_roles)),
        ];
        all.into_iter().filter_map(|(name, problem)| Some((name, problem?))).collect()
    }
}

fn of_section<K: Ord, R>(section: &Section<K, R>) -> Option<Problem> {
    match section {
        Section::NotAsked => None,
        Section::Unreadable(problem) => Some(problem.clone()),
        Section::Read { gap, .. } => gap.clone(),
    }
}

fn of_reading<T>(reading: &Reading<T>) -> Option<Problem> {
    match reading {
        Reading::NotAsked | Reading::Read(_) => None,
        Reading::Unreadable(problem) => Some(problem.clone()),
    }
}
