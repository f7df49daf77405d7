//! The law of `document`: resolving what a ledger looks like in manifests gives the entries that a manifest can name.
//!
//! Blind spots: those of the random worlds; environment roles have a test of their own.
use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::date;

use super::prove::read;
use super::{Export, Proof, Selection, Specs, export, prove, yaml};
use crate::compile::desired::{DesiredEnvironment, Placed};
use crate::finding::Severity;
use crate::inventory::Inventory;
use crate::inventory::things::Rights;
use crate::kinds::environment::roles::Subject;
use crate::kinds::{
    EnvironmentRoles, FlowConnections, FlowShares, Goals, Ledgers, Reconcile, ReferenceReaders, RoleAssignments,
    RolePrivileges,
};
use crate::ledger::{Held, Key, Ledger, Level, Reason, Sight, Wanted};
use crate::names::{Depth, EnvironmentRole, Ref, folded};
use crate::plan::resolve::resolve;
use crate::plan::world::{self, Dice};
use crate::principal::Principal;
use crate::rules::Rule;

/// Subjects of every ledger that the law is tried on.
const CASES: usize = 10_000;
/// Worlds whose whole export is proven.
const EXPORTS: u64 = 400;

/// A random environment, with what the planner's worlds leave out.
fn world(seed: u64) -> (DesiredEnvironment, Inventory) {
    let mut dice = Dice::new(seed);
    let mut desired = world::desired(&mut dice);
    let url = "https://contoso.crm4.dynamics.com".to_owned();
    desired.environment.url = Some(Placed { value: url, place: world::place(1) });
    let mut inventory = world::inventory(&mut dice);
    let units = [world::id(2, 0), world::id(2, 1)];
    if let Some(held) = inventory.role_privileges.rows_mut().values_mut().next()
        && let Some(depth) = held.values_mut().next()
    {
        *depth = Depth::RecordFilter;
    }
    for holders in inventory.holders.rows_mut().values_mut() {
        if let (true, Some((row, _))) = (dice.one_in(3), holders.first().copied()) {
            holders.insert((row, dice.pick(&units)));
        }
    }
    // Everybody reads every reference sometimes, or no reader would be a document's.
    if dice.one_in(2) {
        let rows: Vec<_> = inventory.users.rows().skip(1).map(|(id, _)| *id).collect();
        for number in 0..3 {
            let shares = inventory.shares.rows_mut().entry(world::id(11, number)).or_default();
            shares.extend(rows.iter().map(|row| (crate::inventory::people::PrincipalRow::User(*row), Rights::READ)));
        }
    }
    let roles = inventory.roles.rows_mut();
    if let Some(role) = roles.values_mut().next() {
        role.description = "Says: what it is for # \"truly\"".into();
    }
    (desired, inventory)
}

/// Whether a manifest can name an entry, written a second time: by words and not by the ledgers' own code.
fn is_nameable<L: Reconcile>(inventory: &Inventory, subject: &L::Subject, entry: &L::Entry, held: &Held<L>) -> bool {
    if matches!(held.reason, Some(Reason::Platform(_) | Reason::Unread(_))) {
        return false;
    }
    if matches!(L::principal(entry), Some(Principal::Everyone | Principal::Unnamed { .. })) {
        return false;
    }
    let starts_by_hand = || {
        let flow = subject.key().parse().expect("a flow's identity is its id");
        inventory.definitions.row(&flow).is_some_and(|facts| facts.trigger.is_interactive())
    };
    match (<L as Ledger>::NAME, held.level.word().as_str()) {
        ("rolePrivileges", word) => word != "recordFilter",
        ("roleAssignments" | "environmentRoles", _) => true,
        ("flowConnections", word) => word != "mixed" && starts_by_hand(),
        ("flowShares", "runOnly") => starts_by_hand(),
        ("flowShares", word) => word == "coOwner",
        ("connectionReferenceReaders", "read") => reads_a_whole_flow(inventory, &subject.to_string(), &entry.key()),
        (_, _) => false,
    }
}

/// Whether a principal reads every reference of a flow that uses this one.
fn reads_a_whole_flow(inventory: &Inventory, reference: &str, principal: &str) -> bool {
    let reads = |name: &str| {
        let (id, row) = inventory.references.rows().find(|(_, row)| folded(&row.logical_name) == folded(name))?;
        let subject = Ref::new(row.logical_name.clone(), *id);
        match ReferenceReaders::sight(inventory, &subject) {
            Sight::Found { entries, .. } => {
                entries.iter().find(|(entry, _)| entry.key() == principal).map(|(_, held)| held.level.word())
            }
            Sight::Absent | Sight::Unreadable(_) => None,
        }
    };
    inventory.definitions.rows().any(|(_, facts)| {
        let names: BTreeSet<_> = facts.connections.values().filter_map(|one| one.logical_name.as_deref()).collect();
        names.contains(reference) && names.iter().all(|name| reads(name).as_deref() == Some("read"))
    })
}

/// One environment with its documents, read back and resolved.
struct Case<'world> {
    seed: u64,
    inventory: &'world Inventory,
    text: String,
    goals: Ledgers<Goals>,
    export: Export,
}

impl<'world> Case<'world> {
    /// Makes the documents of every subject, whichever ledgers speak of it, and reads them back.
    fn of(seed: u64, desired: &DesiredEnvironment, inventory: &'world Inventory) -> Self {
        let (mut specs, mut export) = (Specs::default(), Export::default());
        for (id, role) in inventory.roles.rows() {
            let role = Ref::new(role.name.clone(), *id);
            specs.add::<RolePrivileges>(inventory, &role, &mut export);
            specs.add::<RoleAssignments>(inventory, &role, &mut export);
        }
        for (id, flow) in inventory.flows.rows() {
            let flow = Ref::new(flow.name.clone(), *id);
            specs.add::<FlowConnections>(inventory, &flow, &mut export);
            specs.add::<FlowShares>(inventory, &flow, &mut export);
        }
        for (id, reference) in inventory.references.rows() {
            specs.add::<ReferenceReaders>(inventory, &Ref::new(reference.logical_name.clone(), *id), &mut export);
        }
        specs.add::<EnvironmentRoles>(inventory, &Subject(EnvironmentRole::Maker), &mut export);
        let text = yaml(&specs.documents(), &desired.environment.name).expect("documents can be written");
        let wanted = read(&desired.environment, &text, date(2026, 1, 1))
            .unwrap_or_else(|findings| panic!("seed {seed}: {findings:#?}\n{text}"));
        let (goals, findings) = resolve(&wanted, &mut inventory.clone());
        let wrong: Vec<_> = findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error || finding.rule == Rule::IncompleteRead)
            .collect();
        assert!(wrong.is_empty(), "seed {seed}: {wrong:#?}\n{text}");
        Self { seed, inventory, text, goals, export }
    }

    /// Tries the law on one subject, and says whether it is there.
    fn holds<L: Reconcile>(&self, subject: &L::Subject, wanted: Option<&Wanted<L>>) -> bool {
        let Self { seed, inventory, text, .. } = self;
        let Sight::Found { entries, .. } = L::sight(inventory, subject) else { return false };
        let name = <L as Ledger>::NAME;
        let named: BTreeMap<String, Option<String>> = wanted
            .into_iter()
            .flat_map(|wanted| &wanted.entries)
            .map(|(entry, want)| (entry.key(), want.level.as_ref().map(Level::word)))
            .collect();
        let nameable: BTreeMap<String, Option<String>> = entries
            .iter()
            .filter(|(entry, held)| is_nameable::<L>(inventory, subject, entry, held))
            .map(|(entry, held)| (entry.key(), Some(held.level.word())))
            .collect();
        assert_eq!(named, nameable, "seed {seed}: resolve after document is what a manifest can name ({name})\n{text}");
        let heading = L::heading(subject);
        let left = self.export.left_out.iter().filter(|(of, _)| *of == heading).map(|(_, left)| left.key.clone());
        let all: BTreeSet<String> = entries.keys().map(Key::key).collect();
        let told: BTreeSet<String> = named.into_keys().chain(left).collect();
        assert_eq!(told, all, "seed {seed}: what is left out is told ({name})");
        true
    }
}

#[test]
fn resolve_after_document_is_the_entries_that_a_manifest_can_name() {
    let mut tried: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut seed = 0;
    while tried.values().sum::<usize>() < CASES {
        let (desired, inventory) = world(seed);
        let case = Case::of(seed, &desired, &inventory);
        let mut count = |name: &'static str, was_there: bool| {
            *tried.entry(name).or_default() += usize::from(was_there);
        };
        for (id, role) in inventory.roles.rows() {
            let role = Ref::new(role.name.clone(), *id);
            count("privileges", case.holds(&role, case.goals.role_privileges.get(&role)));
            count("assignments", case.holds(&role, case.goals.assignments.get(&role)));
        }
        for (id, flow) in inventory.flows.rows() {
            let flow = Ref::new(flow.name.clone(), *id);
            count("connections", case.holds(&flow, case.goals.connections.get(&flow)));
            count("shares", case.holds(&flow, case.goals.shares.get(&flow)));
        }
        for (id, reference) in inventory.references.rows() {
            let reference = Ref::new(reference.logical_name.clone(), *id);
            count("readers", case.holds(&reference, case.goals.readers.get(&reference)));
        }
        seed += 1;
    }
    assert!(tried.values().all(|count| *count > CASES / 10), "{tried:?}");
}

#[test]
fn the_holders_of_environment_roles_are_named_too() {
    use crate::inventory::section::{Reading, Section};
    use crate::names::Text;
    let (desired, mut inventory) = world(1);
    inventory.environment.url = None;
    let ada = Principal::User { name: world_user(&inventory), id: world::id(4, 1) };
    let holders = BTreeMap::from([(ada, Text::from("1")), (Principal::Everyone, Text::from("2"))]);
    inventory.environment_roles = Reading::Read(BTreeMap::from([(EnvironmentRole::Maker, holders)]));
    inventory.roles = Section::NotAsked;
    inventory.flows = Section::NotAsked;
    inventory.references = Section::NotAsked;
    let maker = Subject(EnvironmentRole::Maker);
    let case = Case::of(1, &desired, &inventory);
    assert!(case.holds(&maker, case.goals.environment_roles.get(&maker)));
    assert_eq!(case.goals.environment_roles.len(), 1);
}

fn world_user(inventory: &Inventory) -> crate::names::Text {
    inventory.directory.row(&world::id(4, 1)).expect("the world has five people").name.clone()
}

#[test]
fn planning_an_export_changes_nothing() {
    let mut documents = 0;
    for seed in 0..EXPORTS {
        let (desired, inventory) = world(seed);
        let exported = export(&inventory, &Selection::default());
        documents += exported.documents.len();
        let text = yaml(&exported.documents, &desired.environment.name).expect("documents can be written");
        assert_eq!(
            prove(&desired.environment, &text, &inventory, date(2026, 1, 1)),
            Proof::Holds,
            "seed {seed}\n{text}"
        );
        assert_eq!(exported.unread, [], "seed {seed}");
    }
    assert!(documents > 2_000, "{documents}");
}

#[test]
fn an_export_that_says_something_else_is_no_proof() {
    let mut failed = 0;
    for seed in 0..40 {
        let (desired, inventory) = world(seed);
        let exported = export(&inventory, &Selection::default());
        let text = yaml(&exported.documents, &desired.environment.name).expect("documents can be written");
        let other = text.replacen(": organization", ": user", 1);
        if other != text {
            let proof = prove(&desired.environment, &other, &inventory, date(2026, 1, 1));
            failed += usize::from(matches!(proof, Proof::Fails(lines) if !lines.is_empty()));
        }
    }
    assert!(failed > 20, "{failed}");
}
