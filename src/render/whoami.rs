//! Who the caller is and what it may do, for people.
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::names::Text;
use crate::problem::Problem;
use crate::request::Service;
use crate::rights::identity::{Bearer, Identity, Member};
use crate::rights::judge::{Ability, Held, Judged, ability, judge};
use crate::rights::manifest::{missing, security_role};
use crate::rights::{Needs, Part, Task, Weight};

/// Who the caller is in each environment, in plain words.
pub fn text(identities: &[Identity]) -> String {
    identities.iter().map(environment).collect::<Vec<_>>().join("\n")
}

fn environment(identity: &Identity) -> String {
    let judged = judge(identity);
    let mut text = format!("{}\n\n", identity.environment);
    let bearer = identity.bearers.iter().find_map(|(_, bearer)| bearer.as_ref().ok());
    let id = |id: Option<uuid::Uuid>| id.map_or_else(|| "not in the token".to_owned(), |id| id.to_string());
    line(&mut text, "signs in by", &identity.way);
    if let Some(bearer) = bearer {
        line(&mut text, "identity", &who(bearer));
        line(&mut text, "object id", &id(bearer.object));
        line(&mut text, "tenant", &id(bearer.tenant));
    }
    text.push('\n');
    for (service, answer) in &identity.bearers {
        match answer {
            Ok(_) => line(&mut text, service.name(), &let_in(identity, *service)),
            Err(problem) => line(&mut text, service.name(), &format!("no token: {problem}\n    {}", problem.next)),
        }
    }
    match &identity.dataverse {
        Some(Ok(member)) => in_dataverse(&mut text, member),
        Some(Err(problem)) => _ = writeln!(text, "\n  ? not known in Dataverse: {problem}\n    {}", problem.next),
        None => {}
    }
    let width = Part::ALL.iter().map(|part| part.name().len()).max().unwrap_or_default();
    let _ = writeln!(text, "\n  {:<width$}  plan    apply", "may");
    for part in Part::ALL.into_iter().filter(|part| *part != Part::Environment) {
        let [plan, apply] = Task::ALL.map(|task| word(ability(&judged, part, task)));
        let _ = writeln!(text, "  {:<width$}  {plan:<6}  {apply}", part.name());
    }
    lacking(&mut text, identity, &judged);
    text
}

/// What a service says besides giving a token.
fn let_in(identity: &Identity, service: Service) -> String {
    let answer = match service {
        Service::Admin => identity.admin.as_ref(),
        Service::Flow => identity.flow.as_ref(),
        // Who the caller is there, and what he may read, stands below.
        Service::Dataverse | Service::Graph => return "signed in".to_owned(),
    };
    match answer {
        None => "signed in; not asked, for no `environmentId:` is named".to_owned(),
        Some(Ok(())) => "signed in; lets the caller read this environment".to_owned(),
        Some(Err(problem)) => format!("signed in; refuses this environment: {problem}\n    {}", problem.next),
    }
}

fn line(text: &mut String, name: &str, value: &str) {
    let _ = writeln!(text, "  {name:<28}  {value}");
}

fn in_dataverse(text: &mut String, member: &Member) {
    let names = |names: &Result<Vec<Text>, Problem>| match names {
        Ok(names) if names.is_empty() => "none".to_owned(),
        Ok(names) => names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        Err(problem) => format!("not read: {problem}"),
    };
    let or_id = |name: &Option<Text>, id: uuid::Uuid| name.as_ref().map_or_else(|| id.to_string(), ToString::to_string);
    text.push('\n');
    line(text, "user in Dataverse", &or_id(&member.name, member.caller.user));
    line(text, "business unit", &or_id(&member.unit, member.caller.unit));
    line(text, "roles of its own", &names(&member.roles));
    line(text, "teams", &names(&member.teams));
    if let Some(problem) = &member.doubt {
        let _ = writeln!(text, "  ? its privileges were not read: {problem}\n    {}", problem.next);
    }
}

/// A right that is not held, with everything that it is for.
struct Lack<'a> {
    task: Task,
    weight: Weight,
    parts: BTreeSet<&'static str>,
    purposes: BTreeSet<&'static str>,
    held: &'a Held,
}

fn lacks(judged: &[Judged]) -> BTreeMap<Needs, Lack<'_>> {
    let mut lacks: BTreeMap<Needs, Lack<'_>> = BTreeMap::new();
    for Judged { right, held } in judged.iter().filter(|judged| matches!(judged.held, Held::No(_) | Held::Unknown(_))) {
        let lack = lacks.entry(right.needs).or_insert_with(|| Lack {
            task: right.task,
            weight: right.weight,
            parts: BTreeSet::new(),
            purposes: BTreeSet::new(),
            held,
        });
        lack.task = lack.task.min(right.task);
        lack.weight = lack.weight.min(right.weight);
        lack.parts.insert(right.part.name());
        lack.purposes.insert(right.purpose);
    }
    lacks
}

/// What is missing, whom to ask for it, and the missing privileges as a role.
fn lacking(text: &mut String, identity: &Identity, judged: &[Judged]) {
    let lacks = lacks(judged);
    if lacks.is_empty() {
        text.push_str("\n  Nothing is missing.\n");
        return;
    }
    for (weight, heading) in
        [(Weight::Required, "missing"), (Weight::Optional, "missing, and needed only for what stands beside it")]
    {
        let of_weight: Vec<_> = lacks.iter().filter(|(_, lack)| lack.weight == weight).collect();
        if !of_weight.is_empty() {
            let _ = writeln!(text, "\n  {heading}");
        }
        for (needs, lack) in of_weight {
            let what = if weight == Weight::Required { &lack.parts } else { &lack.purposes };
            let what = what.iter().copied().collect::<Vec<_>>().join(", ");
            let (sign, more) = match lack.held {
                // Why is said above, once.
                Held::Unknown(_) if matches!(needs, Needs::Table { .. } | Needs::Miscellaneous(_)) => {
                    ('?', "; not known".to_owned())
                }
                Held::No(Some(depth)) => ('-', format!("; held at {depth}")),
                Held::Unknown(problem) => ('?', format!("; not known: {problem}")),
                Held::No(None) | Held::Yes | Held::NotApplicable => ('-', String::new()),
            };
            let _ = writeln!(text, "    {sign} {:<46} {:<5} {what}{more}", needs.words(), lack.task.word());
        }
    }
    let is_missing =
        |is: fn(&Needs) -> bool| lacks.iter().any(|(needs, lack)| is(needs) && matches!(lack.held, Held::No(_)));
    let bearer = identity.bearers.iter().find_map(|(_, bearer)| bearer.as_ref().ok());
    let application = bearer.and_then(|bearer| bearer.application.as_deref()).unwrap_or("APPLICATION-ID");
    if is_missing(|needs| matches!(needs, Needs::Management)) {
        let _ = writeln!(
            text,
            "\n  Ask a Power Platform administrator for: New-PowerAppManagementApp -ApplicationId {application}"
        );
    }
    if is_missing(|needs| matches!(needs, Needs::Graph(_))) {
        let roles: Vec<String> = lacks
            .iter()
            .filter(|(_, lack)| matches!(lack.held, Held::No(_)))
            .filter_map(|(needs, _)| needs.app_role().map(|id| format!("{id}=Role")))
            .collect();
        let _ = writeln!(
            text,
            "\n  Ask an administrator of the tenant for:\n    az ad app permission add --id {application} --api 00000003-0000-0000-c000-000000000000 --api-permissions {}\n    az ad app permission admin-consent --id {application}",
            roles.join(" ")
        );
    }
    let privileges = missing(judged);
    if !privileges.is_empty() {
        text.push_str("\n  Ask a System Administrator to make and assign this role; leave out what `apply` alone needs if this identity only plans:\n\n");
        let environments = format!("[{}]", identity.environment);
        text.push_str(&security_role("powergrant-missing", "powergrant missing", &environments, &privileges));
    }
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

fn who(bearer: &Bearer) -> String {
    match (&bearer.user, &bearer.application) {
        (Some(user), _) => format!("user {user}"),
        (None, Some(application)) => format!("application {application}"),
        (None, None) => "not in the token".to_owned(),
    }
}
