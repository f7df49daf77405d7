//! Who the caller is and what it may do, for people.
mod missing;
mod verdict;

use std::fmt::Write as _;

use uuid::Uuid;

use crate::foreign::inert;
use crate::names::{Depth, Operation, Text};
use crate::problem::{Cause, Problem};
use crate::request::Service;
use crate::rights::identity::{Bearer, Identity, Member, Row};
use crate::rights::judge::{Ability, ability, judge};
use crate::rights::{Needs, Part, RIGHTS, Task};

/// How wide the column of names is.
const WIDTH: usize = 28;

/// Who the caller is in each environment, in plain words, with what is missing for a task.
pub fn text(identities: &[Identity], task: Task) -> String {
    identities.iter().map(|identity| environment(identity, task)).collect::<Vec<_>>().join("\n")
}

fn environment(identity: &Identity, task: Task) -> String {
    let judged = judge(identity);
    let url = identity.url.as_ref().map(|url| format!(" ({})", inert(url))).unwrap_or_default();
    let mut text = format!("{}{url}\n\n", inert(&identity.environment));
    line(&mut text, "signs in by", &identity.way);
    if identity.bearer().is_none() {
        nobody(&mut text, identity);
        return text;
    }
    caller(&mut text, identity);
    verdict::write(&mut text, &judged, task);
    text.push('\n');
    for (service, answer) in &identity.bearers {
        match answer {
            Ok(bearer) => line(&mut text, service.name(), &let_in(identity, *service, bearer)),
            Err(problem) => troubled(&mut text, service.name(), "no token: ", problem),
        }
    }
    match &identity.dataverse {
        Some(Ok(member)) => in_dataverse(&mut text, member),
        Some(Err(problem)) => {
            text.push('\n');
            let what = if problem.cause == Cause::Forbidden { "refused: " } else { "not known: " };
            troubled(&mut text, "in Dataverse", what, problem);
        }
        None => {}
    }
    let _ = writeln!(text, "\n  {:<WIDTH$}  plan    apply", "may");
    for part in Part::ALL.into_iter().filter(|part| *part != Part::Environment) {
        let [plan, apply] = Task::ALL.map(|task| word(ability(&judged, part, task)));
        let note = if part == Part::EnvironmentRoles && plan == word(Ability::NotApplicable) {
            "       only where there is no Dataverse, and with `environmentId:`"
        } else {
            ""
        };
        let _ = writeln!(text, "  {:<WIDTH$}  {plan:<6}  {apply}{note}", part.name());
    }
    missing::write(&mut text, identity, &judged, task);
    text
}

/// Why there is no token at all: each reason once, for it is mostly the same for every service.
fn nobody(text: &mut String, identity: &Identity) {
    let mut told: Vec<&Problem> = Vec::new();
    for problem in identity.bearers.iter().filter_map(|(_, bearer)| bearer.as_ref().err()) {
        // The same refusal has another id for each service's token.
        let is_same =
            |known: &&Problem| (&known.says, &known.code, &known.next) == (&problem.says, &problem.code, &problem.next);
        if !told.iter().any(is_same) {
            troubled(text, if told.is_empty() { "not signed in" } else { "" }, "", problem);
            told.push(problem);
        }
    }
    text.push_str("\n  What the caller may do can be told once it is signed in.\n");
}

/// Whom the tokens are of: once, where all say the same.
fn caller(text: &mut String, identity: &Identity) {
    let Some(bearer) = identity.bearer() else { return };
    let id = |id: Option<Uuid>| id.map_or_else(|| "not in the token".to_owned(), |id| id.to_string());
    line(text, "identity", &who(bearer));
    line(text, "object id", &id(bearer.object));
    line(text, "tenant", &id(bearer.tenant));
}

fn who(bearer: &Bearer) -> String {
    match (&bearer.user, &bearer.application) {
        (Some(user), Some(application)) => {
            format!("user {}, signed in through application {}", inert(user), inert(application))
        }
        (Some(user), None) => format!("user {}", inert(user)),
        (None, Some(application)) => format!("application {}", inert(application)),
        (None, None) => "not in the token".to_owned(),
    }
}

/// What a service says besides giving a token.
fn let_in(identity: &Identity, service: Service, bearer: &Bearer) -> String {
    // A command may give tokens of different people.
    let other = if identity.bearer() == Some(bearer) {
        String::new()
    } else {
        let object = bearer.object.map(|id| format!(", object id {id}")).unwrap_or_default();
        format!(" as {}{object}", who(bearer))
    };
    let answer = match service {
        Service::Admin => identity.admin.as_ref(),
        Service::Flow => identity.flow.as_ref(),
        // Who the caller is there, and what he may read, stands below.
        Service::Dataverse | Service::Graph => return format!("signed in{other}"),
    };
    match answer {
        None => format!("signed in{other}; not asked about this environment, whose document has no `environmentId:`"),
        Some(Ok(())) => format!("signed in{other}; lets the caller read this environment"),
        Some(Err(problem)) => {
            let next = inert(&problem.next);
            format!(
                "signed in{other}; refuses this environment: {}\n  {:<WIDTH$}  {next}",
                inert(&problem.to_string()),
                ""
            )
        }
    }
}

fn line(text: &mut String, name: &str, value: &str) {
    let _ = writeln!(text, "  {name:<WIDTH$}  {value}");
}

/// Something that is not known, with what to do about it below.
fn troubled(text: &mut String, name: &str, what: &str, problem: &Problem) {
    line(text, name, &format!("{what}{}", inert(&problem.to_string())));
    line(text, "", &inert(&problem.next));
}

fn in_dataverse(text: &mut String, member: &Member) {
    let row = |name: &Option<Text>, id: Uuid| match name {
        Some(name) => format!("{} ({id})", inert(name)),
        None => id.to_string(),
    };
    text.push('\n');
    line(text, "user in Dataverse", &row(&member.name, member.caller.user));
    line(text, "business unit", &row(&member.unit, member.caller.unit));
    match &member.roles {
        Ok(roles) => listed(text, "security roles", roles, ""),
        Err(problem) => troubled(text, "security roles", "not read: ", problem),
    }
    match &member.teams {
        Ok(teams) if teams.is_empty() => line(text, "teams", "none"),
        Ok(teams) => {
            for (number, team) in teams.iter().enumerate() {
                line(text, if number == 0 { "teams" } else { "" }, &named(&team.row));
                for role in &team.roles {
                    line(text, "", &format!("  gives security role {}", named(role)));
                }
            }
        }
        Err(problem) => troubled(text, "teams", "not read: ", problem),
    }
    match &member.doubt {
        Some(problem) => troubled(text, "privileges", "not read: ", problem),
        None => privileges(text, member),
    }
}

fn named(row: &Row) -> String {
    format!("{} ({})", inert(&row.name), row.id)
}

fn listed(text: &mut String, name: &str, rows: &[Row], more: &str) {
    if rows.is_empty() {
        line(text, name, "none");
    }
    for (number, row) in rows.iter().enumerate() {
        line(text, if number == 0 { name } else { "" }, &format!("{}{more}", named(row)));
    }
}

/// What the caller may do with the tables that powergrant reads and writes, at which depth.
fn privileges(text: &mut String, member: &Member) {
    let mut tables: Vec<&str> = Vec::new();
    for right in RIGHTS {
        if let Needs::Table { table, .. } = right.needs
            && !tables.contains(&table)
        {
            tables.push(table);
        }
    }
    let _ = writeln!(
        text,
        "\n  {:<WIDTH$}  what it holds, in all of the organisation where no depth stands beside it",
        "privileges on"
    );
    for table in tables {
        let held: Vec<String> =
            Operation::ALL.iter().filter_map(|operation| of_table(member, table, *operation)).collect();
        line(text, table, &if held.is_empty() { "none that powergrant uses".to_owned() } else { held.join(", ") });
    }
}

/// How far one operation reaches, where powergrant has a use for it.
fn of_table(member: &Member, table: &str, operation: Operation) -> Option<String> {
    let privilege = RIGHTS.iter().find_map(|right| match right.needs {
        Needs::Table { table: of, operation: known, privilege } if of == table && known == operation => Some(privilege),
        Needs::Table { .. } | Needs::Miscellaneous(_) | Needs::Graph(_) | Needs::Management => None,
    })?;
    let depth = member.caller.privileges.get(&Text::from(privilege.to_lowercase()))?;
    let is_whole = *depth == Depth::Organization;
    Some(if is_whole { operation.to_string() } else { format!("{operation} ({depth})") })
}

fn word(ability: Ability) -> &'static str {
    match ability {
        Ability::Whole => "yes",
        Ability::Part => "mostly",
        Ability::None => "no",
        Ability::Unknown => "?",
        Ability::NotApplicable => "–",
    }
}
