//! Explanations of random environments: one person's answer is everybody's answer at his place, and fixes are minimal.
use crate::access::{Ability, Access};
use crate::explain::table::{self, Listed};
use crate::explain::{Bar, Question, Standing, Verdict, explain, fix};
use crate::inventory::Inventory;
use crate::inventory::section::Section;
use crate::names::Ref;
use crate::plan::world::{self, Dice};
use crate::problem::{Cause, Problem};

fn questions(inventory: &Inventory) -> Vec<Question> {
    let access = Access::of(inventory);
    let flows = inventory.flows.rows().map(|(id, flow)| Ref::new(flow.name.clone(), *id));
    flows
        .flat_map(|flow| {
            let ask = move |person: &crate::access::Person| Question {
                person: person.principal.clone(),
                flow: flow.clone(),
                agent: None,
                bar: Bar::Documented,
            };
            access.people().iter().map(ask).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn who_can_is_explain_pair_by_pair() {
    for seed in 0..25 {
        let mut inventory = world::inventory(&mut Dice::new(seed));
        if seed % 3 == 0 {
            let problem = Problem::without_request(Cause::Forbidden, "Dataverse", "no", "");
            inventory.shares = std::mem::take(&mut inventory.shares).with_gap(Some(problem));
        }
        for question in questions(&inventory) {
            let explanation = explain(&inventory, &question).expect("the person is known");
            let expected = match explanation.verdict {
                Verdict::Can => Ability::Can,
                Verdict::Cannot => Ability::Cannot,
                Verdict::CannotTell => Ability::Unknown,
            };
            let rows = table::of_flow(&inventory, &question.flow, question.bar, Listed::Everybody);
            let row = rows.iter().find(|row| row.person == question.person).expect("everybody is listed");
            assert_eq!(row.ability, expected, "seed {seed}: {question:?}");
            let of_person = table::of_person(&inventory, &question.person, question.bar, Listed::Able);
            let is_listed =
                of_person.expect("the person is known").iter().any(|row| row.what == question.flow.name.as_str());
            assert_eq!(is_listed, expected != Ability::Cannot, "seed {seed}: {question:?}");
        }
    }
}

#[test]
fn a_fix_helps_and_nothing_of_it_can_be_left_out() {
    let mut found = 0;
    for seed in 0..25 {
        let inventory = world::inventory(&mut Dice::new(seed));
        for question in questions(&inventory) {
            let before = explain(&inventory, &question).expect("the person is known").verdict;
            let Some(grants) = fix::find(&inventory, &question, &[]) else { continue };
            assert_eq!(grants.is_empty(), before == Verdict::Can, "seed {seed}: {question:?}");
            assert!(fix::helps(&inventory, &question, &grants), "seed {seed}: {grants:?}");
            for at in 0..grants.len() {
                let mut fewer = grants.clone();
                fewer.remove(at);
                assert!(!fix::helps(&inventory, &question, &fewer), "seed {seed}: {grants:?} without {at}");
            }
            found += usize::from(!grants.is_empty());
        }
    }
    assert!(found > 40, "{found} fixes");
}

#[test]
fn what_could_not_be_read_is_neither_a_yes_nor_a_no() {
    let mut told = 0;
    for seed in 0..20 {
        let whole = world::inventory(&mut Dice::new(seed));
        let mut blind = whole.clone();
        blind.shares = Section::NotAsked;
        for question in questions(&whole) {
            let (with, without) = (explain(&whole, &question), explain(&blind, &question));
            let (with, without) = (with.expect("known"), without.expect("known"));
            // What was not read takes no yes and no other no away, and never makes one.
            assert!(without.verdict == with.verdict || without.verdict == Verdict::CannotTell, "seed {seed}");
            told += usize::from(without.lines.iter().any(|line| line.standing == Standing::Unknown));
        }
    }
    assert!(told > 20);
}
