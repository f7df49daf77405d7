//! The journal's undo, applied, brings back the state before: of random tenants and random manifests, judged by the tenant's rows.
//!
//! What cannot be undone has to be said, one line for each: by the undo, or by the plan of its manifest, for what the tenant does not
//! take any more. A role that was deleted comes back with all that it had, under an id of its own. What is neither said nor brought back is wrong. Masks are compared as
//! far as plans speak of them: a co-owner gets all eight rights back, whichever of them he had.
use std::collections::{BTreeMap, BTreeSet};

use powergrant::journal::history::Run;
use powergrant::journal::undo::undo;
use powergrant::journal::{Became, Begun, Ended, FORMAT, Target};
use powergrant::plan::LineKind;
use powergrant::report::Report;
use serde_json::{Value, json};
use uuid::Uuid;

use super::cells::{Cell, Cells, cells};
use super::dice::Dice;
use super::{town, wishes};
use crate::pipe::{Pipe, Planned, compiled, desired};

/// The journal's record of a run.
fn run(planned: &[Planned], reports: &[Report]) -> Run {
    let at = jiff::Timestamp::UNIX_EPOCH;
    let targets = planned.iter().map(|one| Target::of(&one.desired.environment, &one.plan, &one.inventory));
    let begun = Begun {
        format: FORMAT.to_owned(),
        run: Uuid::nil(),
        at,
        version: "0".to_owned(),
        who: None,
        commit: None,
        pipeline: None,
        digest: String::new(),
        lifted: BTreeSet::new(),
        manifests: BTreeMap::new(),
        environments: targets.collect(),
    };
    let ended = Ended { run: Uuid::nil(), at, outcomes: Became::all(reports) };
    Run { begun, answers: Vec::new(), ended: Some(ended) }
}

/// What plans speak of: levels instead of masks.
fn level(cell: &Cell, value: &Value) -> Value {
    let passes_on = 65_536 | 262_144 | 524_288;
    match (cell, value.as_u64()) {
        (Cell::Share(table, ..), Some(mask)) if table == "workflow" && mask & 2 != 0 => json!("co-owner"),
        (Cell::Share(table, ..), Some(mask)) if table == "workflow" && mask & 1 != 0 && mask & passes_on == 0 => {
            json!("run-only")
        }
        // A role that is made again has ids of its own, and so have its copies.
        (Cell::Role(_) | Cell::Copy(..), _) => {
            let mut value = value.clone();
            for id in ["roleid", "roleidunique", "_parentroleid_value", "_parentrootroleid_value"] {
                value.as_object_mut().map(|row| row.remove(id));
            }
            value
        }
        _ => value.clone(),
    }
}

/// The beginning of the headings of the lines that are about a cell; none for what is never undone.
fn heading(cell: &Cell) -> Option<String> {
    Some(match cell {
        Cell::Role(role) | Cell::Copy(role, _) | Cell::Privilege(role, _) => format!("security role {role}"),
        Cell::Holder(role, ..) => format!("role assignment {role}"),
        Cell::Share(table, name, _) if table == "workflow" => format!("flow {name}, shares"),
        Cell::Share(_, name, _) => format!("connection reference {name}, readers"),
        Cell::Connection(flow, _) => format!("flow {flow}, connections"),
        Cell::Flow(flow) => format!("flow {flow}"),
        Cell::EnvironmentRole(..) => "environment role".to_owned(),
        // Nobody is taken out of an environment, and whoever came in is in the teams of his groups.
        Cell::Present(_) | Cell::TeamMember(..) => return None,
        Cell::Other(table, _) => table.clone(),
    })
}

/// What is not as it was, and more of it than is said not to be undone.
fn unexplained(before: &Cells, after: &Cells, cannot: &[String]) -> Vec<String> {
    let every: BTreeSet<&Cell> = before.keys().chain(after.keys()).collect();
    let mut wrong: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for cell in every {
        let (from, to) = (before.get(cell), after.get(cell));
        let differs = from.map(|value| level(cell, value)) != to.map(|value| level(cell, value));
        if let Some(heading) = heading(cell).filter(|_| differs) {
            wrong.entry(heading).or_default().push(format!("{cell:?}: {from:?} → {to:?}"));
        }
    }
    let mut left = Vec::new();
    for (heading, cells) in wrong {
        let said: Vec<&String> = cannot.iter().filter(|line| line.contains(&heading)).collect();
        // A description stands in the root and in every copy.
        let copies = usize::from(heading.starts_with("security role")) * 4 + 1;
        if cells.len() > said.len() * copies {
            left.extend(cells);
        }
    }
    left
}

#[derive(Default)]
struct Tally {
    undone: usize,
    cells: usize,
    cannot: usize,
}

async fn case(number: u64, tally: &mut Tally) -> Result<(), String> {
    let dice = &mut Dice::new(number);
    let seed = town::seed(dice);
    let wishes = wishes::wishes(dice, &seed);
    let pipe = Pipe::start(seed).await;
    let before = pipe.with(|tenant| cells(tenant));
    let (mut planned, mut reports) = (Vec::new(), Vec::new());
    for environment in &desired(&wishes.documents) {
        let one = pipe.plan(environment).await;
        if one.plan.has_errors() {
            return Ok(());
        }
        reports.push(pipe.apply(&one).await);
        planned.push(one);
    }
    let changed = pipe.with(|tenant| cells(tenant));
    let undo = undo(&run(&planned, &reports)).map_err(|why| format!("case {number}: {why}"))?;
    let (back, findings) = compiled(&undo.manifest);
    if powergrant::compile::has_errors(&findings) {
        return Err(format!("case {number}: {findings:#?}"));
    }
    let mut said = undo.cannot.clone();
    for environment in &back {
        let one = pipe.plan(environment).await;
        if one.plan.has_errors() {
            return Err(format!("case {number}: {:#?}", one.plan.findings));
        }
        pipe.apply(&one).await;
        let open = pipe.plan(environment).await;
        let name = &environment.environment.name;
        said.extend(open.plan.lines.iter().filter_map(|line| match &line.kind {
            LineKind::Change { .. } | LineKind::Blocked { .. } | LineKind::Unread { .. } => {
                Some(format!("{name}, {}, {}: {:?}", line.heading, line.name, line.kind))
            }
            LineKind::Unmanaged { .. } | LineKind::Kept { .. } => None,
        }));
    }
    let after = pipe.with(|tenant| cells(tenant));
    tally.undone += 1;
    tally.cells += unexplained(&before, &changed, &[]).len();
    tally.cannot += unexplained(&before, &after, &[]).len();
    match unexplained(&before, &after, &said) {
        left if left.is_empty() => Ok(()),
        left => Err(format!("case {number}: {left:#?}\n{said:#?}")),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn undo_applied_brings_back_the_state_before() {
    let (mut tally, mut wrong) = (Tally::default(), Vec::new());
    for number in 9_000..9_020 {
        if let Err(what) = case(number, &mut tally).await {
            wrong.push(what);
        }
    }
    assert!(wrong.is_empty(), "{} went wrong:\n{}", wrong.len(), wrong.join("\n\n"));
    assert!(tally.undone > 15 && tally.cells > 15 * tally.undone, "{} of {}", tally.cells, tally.undone);
    assert!(tally.cannot * 4 < tally.cells, "{} of {} are not undone", tally.cannot, tally.cells);
}
