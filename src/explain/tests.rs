//! Explanations of random environments: one person's answer is everybody's answer at his place, and fixes are minimal.
use crate::access::tests::peopled;
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

/// The tables speak of everybody at once, a person's own list of one alone, and an explanation of one pair.
#[test]
fn who_can_is_explain_pair_by_pair() {
    let mut told = [0; 3];
    for seed in 0..40 {
        let dice = &mut Dice::new(seed);
        let mut inventory = if seed % 2 == 0 { peopled(dice) } else { world::inventory(dice) };
        let refused = || Some(Problem::without_request(Cause::Forbidden, "Dataverse", "no", ""));
        match seed % 5 {
            0 => inventory.shares = std::mem::take(&mut inventory.shares).with_gap(refused()),
            1 => inventory.team_members = Section::NotAsked,
            2 => inventory.group_members = std::mem::take(&mut inventory.group_members).with_gap(refused()),
            _ => {}
        }
        let bar = Bar::Documented;
        let matrix = table::matrix(&inventory, bar);
        let flows: Vec<_> = matrix.flows().cloned().collect();
        let columns: Vec<_> =
            flows.iter().map(|flow| table::of_flow(&inventory, flow, bar, Listed::Everybody)).collect();
        for (at, person) in matrix.people().iter().enumerate() {
            let own = table::of_person(&inventory, person, bar, Listed::Everybody).expect("the person is known");
            let answers: Vec<Ability> = matrix.of_person(at).collect();
            for (number, flow) in flows.iter().enumerate() {
                let question = Question { person: person.clone(), flow: flow.clone(), agent: None, bar };
                let expected = match explain(&inventory, &question).expect("the person is known").verdict {
                    Verdict::Can => Ability::Can,
                    Verdict::Cannot => Ability::Cannot,
                    Verdict::CannotTell => Ability::Unknown,
                };
                assert_eq!(columns[number][at].ability, expected, "seed {seed}: {question:?}");
                assert_eq!(columns[number][at], own[number], "seed {seed}: {question:?}");
                assert_eq!(answers[number], expected, "seed {seed}: {question:?}");
                assert_eq!(matrix.of_flow(number).nth(at), Some(expected), "seed {seed}: {question:?}");
                told[expected as usize] += 1;
            }
        }
    }
    assert!(told.iter().all(|count| *count > 20), "{told:?}");
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
