//! The law over thousands of tenants, without a server: line by line, so that it holds for every set of requirements.
mod fixes;

use std::collections::{BTreeMap, BTreeSet};

use powergrant::access::{Ability, Access, Moment};
use powergrant::explain::{Judge, requirements};
use powergrant::inventory::Inventory;
use powergrant::inventory::section::Section;
use powergrant::problem::{Cause, Problem};
use powergrant::sandbox::alternatives::Alternative;
use powergrant::sandbox::odata::Row;
use powergrant::sandbox::seed::Seed;
use powergrant::sandbox::tenant::Tenant;
use powergrant::sandbox::variants::Variants;
use serde_json::{Value, json};
use uuid::Uuid;

use super::town::{Dice, seed};
use super::{BARS, ENVIRONMENT, leave_out_what_follows, object, started, state};
use fixes::{fixes, opened};

/// How many tenants are judged, at some 80 ms of one core each in a test build; thousands with `POWERGRANT_TENANTS=3000`.
const TENANTS: u64 = 400;

/// What was counted, so that a law that is never tried is noticed.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    refused: usize,
    started: usize,
    fixes: usize,
    grants: usize,
    group_fixes: usize,
}

/// A random tenant, which gives another answer to one of the open questions. When the members of a group's team follow the
/// group is none of these: what is told of the next access is what is documented (Learn: manage group teams).
fn tenant(dice: &mut Dice, number: u64) -> Tenant {
    let text = seed(dice);
    let mut seed = Seed::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let questions = Variants::questions().into_iter().filter(|question| question.name != "group_members");
    let answers: Vec<Alternative> = questions.flat_map(|question| question.answers).collect();
    let at = number % (answers.len() as u64 + 1);
    if let Some(answer) = answers.get(usize::try_from(at).expect("a small number")) {
        answer.give(&mut seed.variants);
    }
    let mut tenant = Tenant::of(&seed).unwrap_or_else(|error| panic!("{error}\n{text}"));
    // Roles that nobody here holds would only be read over and over.
    let organization = tenant.organization_mut(ENVIRONMENT).expect("the environment");
    let held = ["R0", "R1", "R2", "Basic User", "Environment Maker", "Delegate"];
    let held: Vec<Value> = held.iter().filter_map(|name| organization.role(name)).map(|role| json!(role)).collect();
    let is_idle = |row: &Row| row.get("roleid").is_none_or(|role| !held.contains(role));
    let idle: Vec<Uuid> =
        organization.all("roleprivileges").filter(|(_, row)| is_idle(row)).map(|(id, _)| id).collect();
    for id in idle {
        organization.remove("roleprivileges", id);
    }
    tenant
}

/// What the tenant decides; requirements are a set's name or names of their own.
fn decided(tenant: &Tenant, user: Uuid, flow: Uuid, agent: Option<Uuid>, requirements: &str) -> Value {
    let agent = agent.map(|agent| agent.to_string());
    let question = json!({
        "organization": ENVIRONMENT, "user": user, "flow": flow, "agent": agent, "requirements": requirements
    });
    tenant.run(&question).unwrap_or_else(|message| panic!("{message}: {question}"))
}

fn missing(run: &Value) -> BTreeSet<String> {
    let list = run["missing"].as_array().expect("a list");
    list.iter().map(|id| id.as_str().expect("a name").to_owned()).collect()
}

/// A flow alone, and through an agent that calls it.
fn ways(inventory: &Inventory, flow: Uuid) -> Vec<Option<Uuid>> {
    let mut agents = inventory.bots.rows().filter(|(_, agent)| agent.flows.contains(&flow));
    std::iter::once(None).chain(agents.next().map(|(id, _)| Some(*id))).collect()
}

/// What the tenant found missing, by person and flow.
type Decisions = BTreeMap<(Uuid, Uuid), BTreeSet<String>>;

/// Every line for every person and flow is what the tenant decides: then it is so for every set of lines.
fn line_by_line(tenant: &Tenant, inventory: &Inventory, moment: Moment, number: u64, counts: &mut Counts) -> Decisions {
    let mut decisions = Decisions::new();
    let access = Access::at(inventory, moment);
    let judge = Judge::new(&access, moment);
    for (flow, row) in inventory.flows.rows() {
        // What an agent changes, it changes at either moment.
        let ways = if moment == Moment::Now { ways(inventory, *flow) } else { vec![None] };
        for agent in ways {
            let judged = judge.judge_by(*flow, agent);
            for (position, person) in access.people().iter().enumerate() {
                let Some(user) = object(&person.principal) else { continue };
                let run = decided(tenant, user, *flow, agent, "assumed");
                if agent.is_none() {
                    decisions.insert((user, *flow), missing(&run));
                }
                let told: BTreeSet<String> = judged
                    .iter()
                    .filter(|judged| judged.holds.ability(position) == Ability::Cannot)
                    .map(|judged| judged.requirement.id.to_string())
                    .collect();
                let unknown: Vec<_> = judged
                    .iter()
                    .filter(|judged| judged.holds.ability(position) == Ability::Unknown)
                    .map(|judged| judged.requirement.id.to_string())
                    .collect();
                // A guest's name does not always tell that he is one; nothing else stays open.
                assert_eq!(unknown, Vec::<String>::new(), "tenant {number}: {} of {}", person.principal, row.name);
                let who = &person.principal;
                let mut expected = missing(&run);
                let mut told = told;
                if moment == Moment::NextAccess {
                    // Everybody has come in here, owners too, whose next access is not the caller's to know.
                    told.remove("act.owner-actions");
                    expected.remove("act.owner-actions");
                }
                if moment == Moment::NextAccess && leave_out_what_follows(&mut told, &mut expected) {
                    assert!(!started(&run), "tenant {number}: {who}");
                }
                assert_eq!(told, expected, "tenant {number}, {moment:?}: {who} of {}, {agent:?}\n{run:#}", row.name);
                if started(&run) {
                    counts.started += 1;
                } else {
                    counts.refused += 1;
                }
            }
        }
    }
    decisions
}

/// What was not read is never decided wrongly: with any part unreadable, each answer is the tenant's or that nobody knows.
fn with_gaps(decisions: &Decisions, inventory: &Inventory, dice: &mut Dice, number: u64) {
    let mut partial = inventory.clone();
    let problem = || Problem::without_request(Cause::Forbidden, "Dataverse", "no", "");
    let hide = |what: u64, partial: &mut Inventory| match what {
        0 => partial.shares = Section::Unreadable(problem()),
        1 => {
            partial.holders = Section::Unreadable(problem());
            // Who holds what is read from the same rows.
            partial.principal_roles = Section::Unreadable(problem());
        }
        2 => partial.role_privileges = Section::Unreadable(problem()),
        3 => partial.team_members = Section::Unreadable(problem()),
        4 => partial.definitions = Section::Unreadable(problem()),
        5 => partial.tables = Section::Unreadable(problem()),
        6 => partial.references = Section::Unreadable(problem()),
        7 => partial.bots = Section::Unreadable(problem()),
        8 => partial.relationships = Section::Unreadable(problem()),
        9 => partial.users = std::mem::take(&mut partial.users).with_gap(Some(problem())),
        10 => partial.shares = std::mem::take(&mut partial.shares).with_gap(Some(problem())),
        _ => partial.teams = std::mem::take(&mut partial.teams).with_gap(Some(problem())),
    };
    let what = dice.roll(12);
    hide(what, &mut partial);
    let access = Access::at(&partial, Moment::Now);
    let judge = Judge::new(&access, Moment::Now);
    for (flow, row) in partial.flows.rows() {
        for (bar, word) in BARS {
            let blocking: BTreeSet<&str> = requirements::all()
                .iter()
                .filter(|requirement| bar.blocks(requirement))
                .map(|requirement| requirement.id.as_str())
                .collect();
            let runners = judge.runners(*flow, bar);
            for (position, person) in access.people().iter().enumerate() {
                let Some(user) = object(&person.principal) else { continue };
                let missing = &decisions[&(user, *flow)];
                let is_started = !missing.iter().any(|id| blocking.contains(id.as_str()));
                let expected = if is_started { Ability::Can } else { Ability::Cannot };
                let own = runners.ability(position);
                let who = &person.principal;
                assert!(
                    own == Ability::Unknown || own == expected || (own == Ability::Can && what == 8),
                    "tenant {number} without {what}: {who} of {}, {word}: {own:?}",
                    row.name
                );
            }
        }
    }
}

fn judged(numbers: impl Iterator<Item = u64>) -> Counts {
    let mut counts = Counts::default();
    for number in numbers {
        let mut dice = Dice(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x51ed_270b);
        let before = tenant(&mut dice, number);
        let inventory = state::inventory(&before);
        let decisions = line_by_line(&before, &inventory, Moment::Now, number, &mut counts);
        with_gaps(&decisions, &inventory, &mut dice, number);
        let everybody: Vec<Uuid> = before.directory.users.keys().copied().collect();
        let after = opened(&before, &inventory, &[], &everybody);
        line_by_line(&after, &inventory, Moment::NextAccess, number, &mut counts);
        fixes(&before, &inventory, &mut dice, number, &mut counts);
    }
    counts
}

#[test]
fn every_line_of_explain_is_the_tenants_over_thousands_of_tenants_and_fixes_are_what_is_needed() {
    let tenants = std::env::var("POWERGRANT_TENANTS").ok().and_then(|text| text.parse().ok()).unwrap_or(TENANTS);
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get().min(8) as u64);
    let parts: Vec<Counts> = std::thread::scope(|scope| {
        let step = usize::try_from(threads).expect("a small number");
        let parts: Vec<_> = (0..threads).map(|at| scope.spawn(move || judged((at..tenants).step_by(step)))).collect();
        parts.into_iter().map(|part| part.join().expect("a part does not panic")).collect()
    });
    let sum = |of: fn(&Counts) -> usize| parts.iter().map(of).sum::<usize>();
    let (refused, started) = (sum(|counts| counts.refused), sum(|counts| counts.started));
    let (fixes, grants) = (sum(|counts| counts.fixes), sum(|counts| counts.grants));
    let group_fixes = sum(|counts| counts.group_fixes);
    let told = format!(
        "{tenants} tenants: {refused} refused and {started} started as told, {fixes} fixes of {grants} grants, {group_fixes} for a group\n"
    );
    let _ = std::io::Write::write_all(&mut std::io::stderr(), told.as_bytes());
    assert!(refused > 100 && started > 20 && fixes > 5 && group_fixes > 1, "{told}");
}
