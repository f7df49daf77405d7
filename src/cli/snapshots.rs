//! Snapshots as commands read them: opened, checked, and with the names that the user knows put back.
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use super::Global;
use super::exit::Exit;
use super::manifests::{self, Loaded};
use super::output::Output;
use crate::compile::desired::{ActAs, AddUsers, DesiredEnvironment, Environment};
use crate::foreign::inert;
use crate::inventory::scope::Scope;
use crate::inventory::section::not_asked;
use crate::inventory::snapshot::{Known, Refusal, Snapshot, Taken, not_in_snapshot};
use crate::inventory::{Inventory, Lookup};
use crate::plan::{LineKind, Plan, plan as plan_of};
use crate::render::Shown;
use crate::review::{Review, review};

/// Opens a snapshot; what is known already is put in the place of its pseudonyms. `Err` after saying what is wrong.
pub(super) fn open(path: &Path, known: Known, output: &mut Output) -> Result<Snapshot<BufReader<File>>, Exit> {
    let file = File::open(path).map_err(|error| {
        output.error(&format!("error: {} cannot be read: {error}\n", path.display()));
        Exit::Error
    })?;
    match Snapshot::open(BufReader::new(file)) {
        Ok(snapshot) => Ok(snapshot.recognising(known)),
        Err(refusal) => Err(refused(path, &refusal, output)),
    }
}

/// Reads a snapshot to its end, one environment at a time: those that `-e` picks, by name or address. `Err` after saying what
/// is wrong.
pub(super) fn each(
    path: &Path,
    known: Known,
    global: &Global,
    output: &mut Output,
    mut take: impl FnMut(Taken, &mut Output),
) -> Result<(), Exit> {
    let mut left: Vec<&str> = global.environments.iter().map(String::as_str).collect();
    let mut names = Vec::new();
    for taken in open(path, known, output)? {
        match taken {
            Ok(taken) => {
                let facts = &taken.inventory.environment;
                let url = facts.url.as_deref().map(|url| url.trim_end_matches('/'));
                let is_this = |asked: &str| {
                    asked == facts.name.as_str()
                        || url.is_some_and(|url| url.eq_ignore_ascii_case(asked.trim_end_matches('/')))
                };
                let is_meant = global.environments.is_empty() || global.environments.iter().any(|asked| is_this(asked));
                left.retain(|asked| !is_this(asked));
                names.push(facts.name.to_string());
                if is_meant {
                    take(taken, output);
                }
            }
            Err(refusal) => return Err(refused(path, &refusal, output)),
        }
    }
    report_missing(&left, &names, path, output)
}

/// Plans that were made of a snapshot.
pub(super) struct Offline {
    /// The plans, in the order of the environments' names.
    pub(super) plans: Vec<Plan>,
    /// What they mean, in the same order.
    reviews: Vec<Review>,
    /// The manifests.
    pub(super) loaded: Loaded,
}

impl Offline {
    /// What there is to show: the plans, and every finding of manifests and plans.
    pub(super) fn shown(&self) -> Shown<'_> {
        let of_plans = self.plans.iter().flat_map(|plan| &plan.findings);
        Shown {
            plans: self.plans.iter().collect(),
            reviews: self.reviews.iter().collect(),
            findings: self.loaded.findings.iter().chain(of_plans).collect(),
            sources: &self.loaded.sources,
            unreachable: &[],
        }
    }

    /// How the reading went: an error when something wanted is wrong, or not in the snapshot.
    pub(super) fn reading(&self, allow_incomplete: bool) -> Exit {
        let wrong = self.plans.iter().any(Plan::has_errors);
        let unread = self.plans.iter().any(Plan::is_incomplete);
        if wrong || (unread && !allow_incomplete) { Exit::Error } else { Exit::Success }
    }
}

/// Plans the environments that manifests name on what a snapshot says of them. `Err` when nothing can be planned.
pub(super) fn plan(paths: &[PathBuf], snapshot: &Path, global: &Global, output: &mut Output) -> Result<Offline, Exit> {
    let loaded = manifests::load(paths, global, jiff::Zoned::now().date());
    if loaded.report(output) {
        return Err(Exit::Error);
    }
    let mut known = Known::default();
    for desired in &loaded.desired.environments {
        known.extend(desired.known());
    }
    let (mut plans, mut names) = (Vec::new(), Vec::new());
    let mut is_wrong = false;
    for taken in open(snapshot, known, output)? {
        let Taken { scope, mut inventory } = taken.map_err(|refusal| refused(snapshot, &refusal, output))?;
        names.push(inventory.environment.name.to_string());
        let Some(desired) = loaded.desired.named(&inventory.environment.name) else { continue };
        match document(&mut inventory, &desired.environment) {
            Ok(()) => {
                doubt_what_was_not_asked(&mut inventory, desired, &scope);
                let plan = planned(desired, &inventory);
                let review = review(desired, &plan, &inventory);
                plans.push((plan, review));
            }
            Err(message) => {
                is_wrong = true;
                output.error(&format!("error: {}: {}\n", snapshot.display(), inert(&message)));
            }
        }
    }
    plans.sort_by(|(left, _): &(Plan, Review), (right, _)| left.environment.cmp(&right.environment));
    let (plans, reviews): (Vec<Plan>, Vec<Review>) = plans.into_iter().unzip();
    let wanted = loaded.desired.environments.iter().map(|desired| desired.environment.name.as_str());
    let missing: Vec<&str> = wanted.filter(|wanted| !names.iter().any(|name| name == wanted)).collect();
    is_wrong |= report_missing(&missing, &names, snapshot, output).is_err();
    let found: Vec<_> = plans.iter().flat_map(|plan| plan.findings.clone()).collect();
    output.findings(&found, &loaded.sources);
    if is_wrong { Err(Exit::Error) } else { Ok(Offline { plans, reviews, loaded }) }
}

/// Tells which environments the snapshot lacks; that is an error.
fn report_missing(wanted: &[&str], names: &[String], snapshot: &Path, output: &mut Output) -> Result<(), Exit> {
    for name in wanted {
        output.error(&format!(
            "error: environment `{}` is not in this snapshot ({})\nhint: it has {}\n",
            inert(name),
            snapshot.display(),
            inert(&names.join(", "))
        ));
    }
    if wanted.is_empty() { Ok(()) } else { Err(Exit::Error) }
}

/// Takes over what the Environment document says today; `Err` when it means another environment of the same name.
pub(super) fn document(inventory: &mut Inventory, environment: &Environment) -> Result<(), String> {
    let facts = &mut inventory.environment;
    let url = environment.url.as_ref().map(|url| url.value.as_str());
    if facts.url.as_deref() != url {
        let (taken, named) = (facts.url.as_deref().unwrap_or("none"), url.unwrap_or("none"));
        return Err(format!("environment `{}` has the address {taken} there and {named} in its document", facts.name));
    }
    facts.add_users_by_admin_api = environment.add_users == AddUsers::Bap;
    facts.act_as_owner = environment.act_as == ActAs::Owner;
    facts.group_membership = environment.group_teams.membership;
    let unit = environment.group_teams.business_unit.as_ref();
    let unit = unit.and_then(|unit| inventory.unit(&unit.value).one()).map(|unit| unit.id);
    inventory.environment.group_unit = unit;
    Ok(())
}

/// A principal that nobody asked for when the snapshot was taken, and that is not in it, may be there all the same.
fn doubt_what_was_not_asked(inventory: &mut Inventory, desired: &DesiredEnvironment, taken: &Scope) {
    let wanted = Scope::of(desired).principals;
    if wanted.iter().any(|name| !taken.principals.contains(name) && inventory.principal(name) == Lookup::None) {
        inventory.directory = std::mem::take(&mut inventory.directory).with_gap(Some(not_in_snapshot()));
    }
}

/// The plan of one environment; what the reading did not ask for is what the snapshot does not have.
fn planned(desired: &DesiredEnvironment, inventory: &Inventory) -> Plan {
    let (before, now) = (not_asked(), not_in_snapshot());
    let mut plan = plan_of(desired, inventory);
    for finding in &mut plan.findings {
        finding.message = finding.message.replace(&before.says, &now.says);
        for hint in finding.hints.iter_mut().filter(|hint| **hint == before.next) {
            hint.clone_from(&now.next);
        }
    }
    for line in &mut plan.lines {
        if let LineKind::Unread { problem, .. } = &mut line.kind
            && *problem == before
        {
            problem.clone_from(&now);
        }
    }
    plan
}

fn refused(path: &Path, refusal: &Refusal, output: &mut Output) -> Exit {
    output.error(&format!("error: {}:{refusal}\nhint: {}\n", path.display(), refusal.hint()));
    Exit::Error
}
