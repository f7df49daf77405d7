//! The order of a plan: lines as people read them, and steps with what each waits for.
use std::collections::{BTreeMap, BTreeSet};

mod waits;

use super::line::{Goal, LevelText, Line, LineKind};
use crate::inventory::Inventory;
use crate::kinds::{EnvironmentMembers, Lacks, Ledgers, Reconcile, Seen, Thing, Verdicts, Visit};
use crate::ledger::{Change, Key, Ledger, Left, Level, Phase, Verdict, Why};
use crate::principal::Principal;
use crate::request::Call;

/// One write of a plan: one wire object, one outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The lines that it brings about, by their index in the plan.
    pub lines: Vec<usize>,
    /// What is sent, or what it lacks.
    pub call: Result<Call, Lacks>,
    /// When it runs.
    pub phase: Phase,
    /// The rank of its ledger in grant order.
    pub rank: usize,
    /// What it touches.
    pub touches: BTreeSet<Thing>,
    /// What it makes that other steps may need.
    pub makes: Option<Thing>,
    /// The principal that it is about, if one.
    pub principal: Option<Principal>,
    /// The steps that must hold before it is sent, by their index in the plan.
    pub waits: Vec<usize>,
}

/// Which changes become steps: goal, what is held and what shall be, as words.
pub type Keep<'keep> = &'keep dyn Fn(&Goal, &str, &str) -> bool;

/// The word of a level that is not held.
pub const NOTHING: &str = "nothing";

/// Puts verdicts in order; changes that are not kept get a line and no step.
pub fn order(inventory: &Inventory, verdicts: &Ledgers<Verdicts>, keep: Keep<'_>) -> (Vec<Line>, Vec<Step>) {
    let mut flatten = Flatten { inventory, keep, rank: 0, lines: Vec::new(), steps: Vec::new(), unkept: Vec::new() };
    verdicts.walk::<Seen>(&mut flatten);
    let Flatten { mut lines, steps, unkept, .. } = flatten;
    let mut steps = carried(steps);
    hold_back_strangers(&lines, &mut steps);
    hold_back_dependants(inventory, &lines, &mut steps, unkept);
    // Grants in ledger order, revocations in reverse.
    steps.sort_by_key(|step| {
        let rank = if step.phase == Phase::Revoke { usize::MAX - step.rank } else { step.rank };
        (step.phase, rank, step.lines.first().copied())
    });
    let index = waits::Index::of(&steps);
    let waits: Vec<Vec<usize>> = (0..steps.len()).map(|at| index.waits(inventory, &steps, at)).collect();
    for (step, waits) in steps.iter_mut().zip(waits) {
        step.waits = waits;
    }
    for step in &steps {
        for at in &step.lines {
            let mut words: Vec<String> =
                step.waits.iter().filter_map(|other| after_words(&lines, &lines[*at], &steps[*other])).collect();
            // What somebody lacks is said by the step that it waits for, where there is one.
            if let (Err(lacks), true) = (&step.call, step.waits.is_empty()) {
                words.push(lacks.to_string());
            }
            words.dedup();
            if words.len() > AFTER {
                let more = words.len() - AFTER;
                words.truncate(AFTER);
                words.push(format!("{more} more"));
            }
            lines[*at].after = words;
        }
    }
    (lines, steps)
}

/// How many of the things that a line waits for are named.
const AFTER: usize = 3;

/// What a step does, in the words of `after …` of a line; nothing where that goes without saying: a new role comes before
/// its privileges.
fn after_words(lines: &[Line], of: &Line, step: &Step) -> Option<String> {
    let line = &lines[*step.lines.first()?];
    let name = if line.name == of.name { "it" } else { &line.name };
    Some(match step.phase {
        Phase::Restrict => format!("{name} is restricted"),
        Phase::Grant if step.makes.is_some() => {
            if line.entry != "role" {
                format!("{name} is in the environment")
            } else if line.ledger == of.ledger && line.subject == of.subject {
                return None;
            } else {
                format!("{} exists", line.heading)
            }
        }
        Phase::Grant => format!("{} has {name}", line.heading),
        Phase::Revoke => format!("{} lost {name}", line.heading),
        Phase::Lend => format!("{name} is lent"),
    })
}

/// Keeps grants from bringing in somebody whose coming is in the plan and was not kept: a user's first assignment would.
fn hold_back_strangers(lines: &[Line], steps: &mut [Step]) {
    let with_step: BTreeSet<usize> = steps.iter().flat_map(|step| step.lines.iter().copied()).collect();
    let strangers: BTreeSet<&str> = lines
        .iter()
        .enumerate()
        .filter(|(at, line)| {
            let comes =
                matches!(line.kind, LineKind::Change { .. } | LineKind::Blocked { .. } | LineKind::Unread { .. });
            line.ledger == EnvironmentMembers::NAME && comes && !with_step.contains(at)
        })
        .map(|(_, line)| line.entry.as_str())
        .collect();
    for step in steps.iter_mut().filter(|step| step.phase == Phase::Grant) {
        if let Some(principal) = &step.principal
            && step.call.is_ok()
            && strangers.contains(principal.identity().as_str())
        {
            step.call = Err(Lacks::Row(principal.clone()));
        }
    }
}

/// Keeps back what would have to wait for a change that is not kept, and so never happens in this run: a share of a flow
/// one of whose connections turned up unrestricted after the plan was approved, or a connection that would be lent to
/// somebody who turned up. A grant that is not kept harms nobody by being missing, and is not waited for.
fn hold_back_dependants(inventory: &Inventory, lines: &[Line], steps: &mut Vec<Step>, unkept: Vec<Step>) {
    let kept = steps.len();
    steps.extend(unkept.into_iter().filter(|step| step.phase != Phase::Grant));
    if steps.len() == kept {
        return;
    }
    let index = waits::Index::of(steps);
    let waits_for = |at: usize| index.waits(inventory, steps, at).into_iter().find(|other| *other >= kept);
    let dependants: Vec<(usize, usize)> = (0..kept).filter_map(|at| Some((at, waits_for(at)?))).collect();
    for (at, other) in dependants {
        let of = steps[at].lines.first().map(|line| &lines[*line]);
        let what = of.and_then(|of| after_words(lines, of, &steps[other]));
        if steps[at].call.is_ok() {
            let what = what.unwrap_or_else(|| "what comes before it is done".to_owned());
            steps[at].call = Err(Lacks::Approval(what));
        }
    }
    steps.truncate(kept);
}

/// Merges a member who comes with his first role assignment into that assignment's step.
fn carried(steps: Vec<Step>) -> Vec<Step> {
    let (carried, mut steps): (Vec<_>, Vec<_>) =
        steps.into_iter().partition(|step| matches!(step.call, Err(Lacks::Assignment(_))));
    let mut grants: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, step) in steps.iter().enumerate().filter(|(_, step)| step.phase == Phase::Grant && step.call.is_ok()) {
        if let Some(principal) = &step.principal {
            grants.entry(principal.identity()).or_default().push(at);
        }
    }
    for member in carried {
        let own = member.principal.as_ref().and_then(|principal| grants.get(&principal.identity()));
        match own.and_then(|own| own.iter().find(|at| steps[**at].rank > member.rank)) {
            Some(at) => {
                let step = &mut steps[*at];
                step.lines.splice(0..0, member.lines);
                step.makes = member.makes;
            }
            None => steps.push(member),
        }
    }
    steps
}

struct Flatten<'inventory> {
    inventory: &'inventory Inventory,
    keep: Keep<'inventory>,
    rank: usize,
    lines: Vec<Line>,
    steps: Vec<Step>,
    /// What would be sent, had the rest been kept as well.
    unkept: Vec<Step>,
}

impl Visit<Verdicts, Seen> for Flatten<'_> {
    fn visit<L: Reconcile>(&mut self, verdicts: &BTreeMap<L::Subject, Verdict<L>>) {
        for (subject, verdict) in verdicts {
            match verdict {
                Verdict::Unknown(problem) => {
                    let kind = LineKind::Unread { wanted: None, problem: problem.clone() };
                    self.lines.push(self.line::<L>(subject, false, String::new(), String::new(), kind));
                }
                Verdict::Compared { new, changes, left, gap: _ } => {
                    let first = self.lines.len();
                    for change in changes {
                        let line = self.change_line::<L>(subject, *new, change);
                        self.lines.push(line);
                    }
                    for left in left {
                        let line = self.left_line::<L>(subject, *new, left);
                        self.lines.push(line);
                    }
                    self.step::<L>(subject, changes, first);
                }
            }
        }
        self.rank += 1;
    }
}

impl Flatten<'_> {
    fn line<L: Reconcile>(&self, subject: &L::Subject, new: bool, entry: String, name: String, kind: LineKind) -> Line {
        Line {
            ledger: <L as Ledger>::NAME,
            rank: self.rank,
            subject: subject.key(),
            heading: L::heading(subject),
            new,
            entry,
            name,
            kind,
            place: None,
            note: None,
            after: Vec::new(),
            expires: None,
        }
    }

    fn change_line<L: Reconcile>(&self, subject: &L::Subject, new: bool, change: &Change<L>) -> Line {
        let kind = LineKind::Change {
            from: change.from.as_ref().map(text),
            to: change.to.as_ref().map(text),
            effect: change.effect(),
            phase: L::phase(change),
        };
        let mut line = self.line::<L>(subject, new, change.entry.key(), change.entry.to_string(), kind);
        line.place = Some(change.place.clone());
        line.note = L::note(self.inventory, subject, change);
        line
    }

    fn left_line<L: Reconcile>(&self, subject: &L::Subject, new: bool, left: &Left<L>) -> Line {
        let (held, wanted) = (left.held.as_ref().map(text), left.wanted.as_ref().map(text));
        let kind = match &left.why {
            Why::Unmanaged => LineKind::Unmanaged { held },
            Why::Platform(reason) | Why::Met(reason) => LineKind::Kept { held, reason: reason.to_string() },
            Why::Blocked(reason) => LineKind::Blocked { held, wanted, reason: reason.to_string() },
            Why::Unread(problem) => LineKind::Unread { wanted, problem: problem.clone() },
        };
        let mut line = self.line::<L>(subject, new, left.entry.key(), left.entry.to_string(), kind);
        line.place.clone_from(&left.place);
        line
    }

    fn step<L: Reconcile>(&mut self, subject: &L::Subject, changes: &[Change<L>], first: usize) {
        let index: BTreeMap<&L::Entry, usize> =
            changes.iter().enumerate().map(|(at, change)| (&change.entry, first + at)).collect();
        let word = |level: Option<&L::Level>| level.map_or_else(|| NOTHING.to_owned(), Level::word);
        let (kept, unkept): (Vec<_>, Vec<_>) = changes.iter().cloned().partition(|change| {
            let goal = Goal { ledger: <L as Ledger>::NAME, subject: subject.key(), entry: change.entry.key() };
            (self.keep)(&goal, &word(change.from.as_ref()), &word(change.to.as_ref()))
        });
        for (changes, is_kept) in [(kept, true), (unkept, false)] {
            for write in L::steps(self.inventory, subject, changes) {
                let Some(change) = write.changes.first() else { continue };
                let step = Step {
                    lines: write.changes.iter().map(|change| index[&change.entry]).collect(),
                    phase: L::phase(change),
                    rank: self.rank,
                    touches: write.changes.iter().flat_map(|change| L::touches(subject, &change.entry)).collect(),
                    makes: write.changes.iter().find_map(|change| L::makes(subject, change)),
                    principal: L::principal(&change.entry).cloned(),
                    call: write.call,
                    waits: Vec::new(),
                };
                if is_kept { self.steps.push(step) } else { self.unkept.push(step) }
            }
        }
    }
}

fn text(level: &impl Level) -> LevelText {
    LevelText { word: level.word(), text: level.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::world::{self, Dice};
    use crate::plan::{plan, plan_within};

    #[test]
    fn nothing_is_sent_that_would_wait_for_what_was_not_kept() {
        let mut held_back = 0;
        for seed in 0..3_000 {
            let mut dice = Dice::new(seed);
            let (desired, inventory) = (world::desired(&mut dice), world::inventory(&mut dice));
            let whole = plan(&desired, &inventory);
            let is_restriction = |step: &Step| step.phase == Phase::Restrict;
            // As if every restriction had turned up after the plan was approved.
            let restricted: BTreeSet<Goal> =
                whole.steps.iter().filter(|step| is_restriction(step)).fold(BTreeSet::new(), |mut goals, step| {
                    goals.extend(step.lines.iter().map(|line| whole.lines[*line].goal()));
                    goals
                });
            let within = plan_within(&desired, &inventory, &|goal, _, _| !restricted.contains(goal));
            for step in &whole.steps {
                let same = within.steps.iter().find(|other| other.lines == step.lines);
                let waits = step.waits.iter().any(|other| is_restriction(&whole.steps[*other]));
                match same {
                    Some(same) if waits => {
                        held_back += 1;
                        assert!(same.call.is_err(), "seed {seed}: {same:#?}");
                    }
                    Some(same) => assert_eq!(same.call, step.call, "seed {seed}: it waits for none of them"),
                    None => assert!(is_restriction(step), "seed {seed}: {step:#?} is gone"),
                }
            }
        }
        assert!(held_back > 100, "the generator makes too few such steps: {held_back}");
    }
}
