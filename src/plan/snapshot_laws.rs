//! What holds for every snapshot: it comes back as it was taken, its pseudonyms hide every name, and known names plan alike.
//!
//! Blind spots: those of the random worlds, and one environment a file.
use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::line::LineKind;
use super::plan;
use super::world::{self, Dice};
use crate::clientdata::{ConnectorOperation, Part, Said};
use crate::inventory::Inventory;
use crate::inventory::scope::{Scope, Subjects};
use crate::inventory::section::{Reading, Section};
use crate::inventory::snapshot::{self, Header, Known, Names, Pseudonyms, Snapshot, Taken, Version};
use crate::names::{Depth, EnvironmentRole, FlowName, Membership, Text};
use crate::principal::{Principal, PrincipalName};
use crate::problem::{Cause, Problem};

/// How many random environments are written and read back.
const CASES: u64 = 900;

fn header(names: Names) -> Header {
    Header {
        powergrant_snapshot: Version::CURRENT,
        tool: "0.1.0".into(),
        cloud: "public".into(),
        tenant: None,
        taken: jiff::Timestamp::UNIX_EPOCH,
        caller: None,
        names,
    }
}

fn problem(dice: &mut Dice) -> Problem {
    let mut problem = Problem::without_request(Cause::Forbidden, "Dataverse", "no, \"never\"\u{2028}", "ask");
    if dice.one_in(2) {
        problem.method = "GET".into();
        problem.path = "systemusers?$filter=domainname eq 'user1@contoso.example'".into();
        problem.says = "user1@contoso.example is missing prvReadUser".into();
        problem.status = Some(403);
        problem.code = Some("0x80040220".into());
    }
    problem
}

/// Makes of a section that was read whole any of the states that a section can be in.
fn disturb<K: Ord + Clone, R: Clone>(dice: &mut Dice, section: &mut Section<K, R>) {
    let taken = std::mem::take(section);
    *section = match dice.roll(8) {
        0 => Section::NotAsked,
        1 => Section::Unreadable(problem(dice)),
        2 => taken.with_gap(Some(problem(dice))),
        3 => {
            let rows: BTreeMap<K, R> = taken.rows().map(|(key, row)| (key.clone(), row.clone())).collect();
            Section::only(rows.keys().cloned().collect(), rows)
        }
        _ => taken,
    };
}

/// A random environment in any state of being read, with everything that the planner's worlds leave out.
fn taken(seed: u64) -> Taken {
    let mut dice = Dice::new(seed);
    let dice = &mut dice;
    let mut inventory = world::inventory(dice);
    filled(dice, &mut inventory);
    disturb(dice, &mut inventory.units);
    disturb(dice, &mut inventory.tables);
    disturb(dice, &mut inventory.roles);
    disturb(dice, &mut inventory.role_privileges);
    disturb(dice, &mut inventory.holders);
    disturb(dice, &mut inventory.principal_roles);
    disturb(dice, &mut inventory.users);
    disturb(dice, &mut inventory.teams);
    disturb(dice, &mut inventory.directory);
    disturb(dice, &mut inventory.group_members);
    disturb(dice, &mut inventory.flows);
    disturb(dice, &mut inventory.definitions);
    disturb(dice, &mut inventory.solutions);
    disturb(dice, &mut inventory.shares);
    if dice.one_in(4) {
        inventory.caller = Reading::Unreadable(problem(dice));
    }
    let mut scope = Scope::everything();
    if dice.one_in(2) {
        scope.definitions = Subjects::Named(BTreeSet::from([
            FlowName::Name("Flow 1".into()),
            FlowName::Id { id: world::id(10, 1), name: None },
            FlowName::InSolution { solution: "Travel plans".into(), name: "Flow 2".into() },
        ]));
        scope.principals.insert(PrincipalName::User { name: Some("user1@contoso.example".into()), id: None });
        scope.groups.insert(PrincipalName::Group {
            name: None,
            id: Some(world::id(5, 0)),
            membership: Membership::Owners,
        });
    }
    Taken { scope, inventory }
}

fn filled(dice: &mut Dice, inventory: &mut Inventory) {
    let person = world::id(4, dice.roll(5));
    inventory.group_members = Section::whole(BTreeMap::from([(world::id(5, 0), BTreeSet::from([person]))]));
    inventory.solutions = Section::whole(BTreeMap::from([("travel plans".into(), BTreeSet::from([world::id(10, 0)]))]));
    inventory.agents = Section::whole(BTreeMap::from([("assistant".into(), BTreeSet::from([world::id(10, 1)]))]));
    inventory.outside_flows = Section::whole(BTreeMap::from([("my own flow".into(), Text::from("My own flow"))]));
    let holders = BTreeMap::from([
        (Principal::User { name: "user1@contoso.example".into(), id: person }, Text::from("assignment")),
        (Principal::Everyone, Text::default()),
    ]);
    inventory.environment_roles = Reading::Read(BTreeMap::from([(EnvironmentRole::Maker, holders)]));
    if let Some(held) = inventory.role_privileges.rows_mut().values_mut().next() {
        held.insert(world::id(9, 99), Depth::RecordFilter);
    }
    if let Some(facts) = inventory.definitions.rows_mut().values_mut().next() {
        facts.operations.insert(ConnectorOperation {
            connector: "shared_sharepointonline".into(),
            name: "GetItems".into(),
            part: Part::Action,
            connection: Some("shared_0".into()),
            table: Some(Said::Expression),
            site: Some(Said::Literal("https://contoso.sharepoint.com/sites/secret-project".into())),
            mailbox: Some(Said::Literal("secret-mailbox@contoso.example".into())),
            action: None,
            target: None,
            relationship: None,
            lookups: BTreeMap::from([("contoso_Center".into(), Said::Variable("contoso_Center".into()))]),
            expands: BTreeSet::new(),
            links: BTreeSet::from([Said::Literal("contact".into())]),
            computes_row: dice.one_in(2),
        });
    }
}

/// Writes an environment into a file and reads it back with what is known.
fn through_a_file(taken: Taken, names: Names, known: Known) -> (String, Taken) {
    let header = header(names);
    let text = [snapshot::begin(&header), snapshot::environment(&header, taken), snapshot::end(1)].concat();
    let snapshot = Snapshot::open(text.as_bytes()).expect("what was written is a snapshot").recognising(known);
    let mut read: Vec<Taken> = snapshot.collect::<Result<_, _>>().expect("what was written can be read");
    (text, read.remove(0))
}

#[test]
fn every_inventory_comes_back_as_it_was_written() {
    for seed in 0..CASES {
        let taken = taken(seed);
        let (_, read) = through_a_file(taken.clone(), Names::Plain, Known::default());
        assert_eq!(read, taken, "seed {seed}");
    }
}

#[test]
fn a_pseudonymised_inventory_comes_back_as_it_was_hidden() {
    for seed in 0..CASES / 3 {
        let (taken, salt) = (taken(seed), Uuid::from_u128(seed.into()));
        let hidden = Pseudonyms::new(salt).hide(taken.clone());
        let (_, read) = through_a_file(taken, Names::Pseudonyms { salt }, Known::default());
        assert_eq!(read, hidden, "seed {seed}");
    }
}

#[test]
fn no_name_of_a_person_a_group_or_a_flow_is_in_a_pseudonymised_file() {
    let names = ["user0", "user1", "User 1", "Group 0", "Flow 0", "Flow 1", "Sales", "Reference 1", "secret-project"];
    let others = ["travel plans", "Travel plans", "assistant", "own flow", "missing prv"];
    let ids = [world::id(4, 0), world::id(4, 1), world::id(5, 0)].map(|id| id.to_string());
    let mut written = 0;
    for seed in 0..CASES / 3 {
        let salt = Uuid::from_u128(1 + u128::from(seed));
        let (plain, _) = through_a_file(taken(seed), Names::Plain, Known::default());
        let (hidden, _) = through_a_file(taken(seed), Names::Pseudonyms { salt }, Known::default());
        for word in names.iter().chain(&others).copied().chain(ids.iter().map(String::as_str)) {
            assert!(!hidden.contains(word), "seed {seed}: {word}");
            written += usize::from(plain.contains(word));
        }
    }
    assert!(written > 1_500, "the names are in files with names: {written}");
}

#[test]
fn known_names_are_found_again_and_plan_as_they_do_without_pseudonyms() {
    let salt = Uuid::from_u128(77);
    let mut changes = 0;
    for seed in 0..CASES {
        let mut dice = Dice::new(seed);
        let (desired, inventory) = (world::desired(&mut dice), world::inventory(&mut dice));
        let known = desired.known();
        let taken = Taken { scope: Scope::everything(), inventory: inventory.clone() };
        let (_, read) = through_a_file(taken, Names::Pseudonyms { salt }, known);
        let shape = |inventory: &Inventory| {
            let plan = plan(&desired, inventory);
            let mut lines: Vec<String> = plan
                .lines
                .iter()
                .map(|line| {
                    let (kind, subject) = match line.kind {
                        LineKind::Change { .. } => ("change", line.subject.as_str()),
                        LineKind::Blocked { .. } => ("blocked", ""),
                        LineKind::Unread { .. } => ("unread", ""),
                        LineKind::Unmanaged { .. } => ("unmanaged", ""),
                        LineKind::Kept { .. } => ("kept", ""),
                    };
                    format!("{} {kind} {subject}", line.ledger)
                })
                .collect();
            lines.sort();
            (lines, plan.changes().count())
        };
        let (plain, hidden) = (shape(&inventory), shape(&read.inventory));
        assert_eq!(plain.0, hidden.0, "seed {seed}");
        changes += plain.1;
    }
    assert!(changes > 4_000, "the worlds have something to plan: {changes}");
}
