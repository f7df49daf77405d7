//! Who can do what, as tables: people of a flow, flows of a person, holders of a privilege, and all against all.
use uuid::Uuid;

use crate::access::{Ability, Access, Crowd, Moment};
use crate::explain::ALONE;
use crate::explain::judge::{Bar, Judge, Judged};
use crate::inventory::Inventory;
use crate::inventory::people::UserKind;
use crate::names::{Depth, Flow, Ref};
use crate::principal::Principal;

/// One line of a table: somebody and something, the answer, and through what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Who.
    pub person: Principal,
    /// What is run or held.
    pub what: String,
    /// Whether.
    pub ability: Ability,
    /// Through what; of whoever cannot, the requirements that are missing.
    pub through: Vec<String>,
}

/// Which answers are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// Whoever can, and of whom nobody knows.
    Able,
    /// Everybody.
    Everybody,
}

impl Listed {
    fn is_meant(self, ability: Ability) -> bool {
        match (self, ability) {
            (Self::Everybody, _) | (Self::Able, Ability::Can | Ability::Unknown) => true,
            (Self::Able, Ability::Cannot) => false,
        }
    }
}

/// Everybody who can run a flow.
pub fn of_flow(inventory: &Inventory, flow: &Ref<Flow>, bar: Bar, listed: Listed) -> Vec<Row> {
    let access = Access::of(inventory);
    let judge = Judge::new(&access, Moment::NextAccess);
    let column = Column::of(&judge, flow, bar);
    listed_people(&access).into_iter().filter_map(|person| column.row(&access, person, listed)).collect()
}

/// Every flow that somebody can run.
pub fn of_person(inventory: &Inventory, person: &Principal, bar: Bar, listed: Listed) -> Option<Vec<Row>> {
    let access = Access::alone(inventory, Moment::NextAccess, person)?;
    let judge = Judge::new(&access, Moment::NextAccess);
    let flows = flows(inventory);
    Some(flows.iter().filter_map(|flow| Column::of(&judge, flow, bar).row(&access, ALONE, listed)).collect())
}

/// A flow, judged for everybody.
struct Column<'a> {
    flow: &'a Ref<Flow>,
    blocking: Vec<Judged>,
    runners: Crowd,
}

impl<'a> Column<'a> {
    fn of(judge: &Judge<'_>, flow: &'a Ref<Flow>, bar: Bar) -> Self {
        let mut blocking = judge.judge(flow.id);
        blocking.retain(|judged| bar.blocks(judged.requirement));
        let runners = judge.all_of(&blocking, bar);
        Self { flow, blocking, runners }
    }

    fn row(&self, access: &Access<'_>, person: usize, listed: Listed) -> Option<Row> {
        let ability = self.runners.ability(person);
        if !listed.is_meant(ability) {
            return None;
        }
        let through = match ability {
            Ability::Can | Ability::Unknown => ways(access, person, self.flow.id),
            Ability::Cannot => {
                let missing = self.blocking.iter().filter(|judged| judged.holds.ability(person) == Ability::Cannot);
                let said = |requirement| super::words::lacks(access.inventory(), requirement);
                missing.map(|judged| format!("{} ({})", said(judged.requirement), judged.requirement.id)).collect()
            }
        };
        let person = access.people()[person].principal.clone();
        Some(Row { person, what: self.flow.name.to_string(), ability, through })
    }
}

fn ways(access: &Access<'_>, person: usize, flow: Uuid) -> Vec<String> {
    let (ways, _) = access.ways(person, flow);
    if ways.is_empty() {
        return vec!["a role reads every such flow".to_owned()];
    }
    ways.iter().map(|way| super::evidence::way_words(access, person, way)).collect()
}

/// Everybody who holds a privilege that far or further; `None` when nobody knows such a privilege.
pub fn of_privilege(inventory: &Inventory, name: &str, depth: Depth, listed: Listed) -> Option<Vec<Row>> {
    let access = Access::of(inventory);
    let privilege = access.privilege_id(name)?;
    let holders = access.holders(Some(privilege)).at_least(depth);
    let rows = listed_people(&access).into_iter().filter_map(|person| {
        let ability = holders.ability(person);
        let grants = access.grants(person, privilege);
        let through = grants.iter().map(|grant| super::evidence::grant_words(&access, person, grant));
        listed.is_meant(ability).then(|| Row {
            person: access.people()[person].principal.clone(),
            what: name.to_owned(),
            ability,
            through: through.collect(),
        })
    });
    Some(rows.collect())
}

/// All people against all flows: one answer for each pair, kept as two bits.
#[derive(Clone, Debug)]
pub struct Matrix {
    people: Vec<Principal>,
    /// Where each of the people stands in a crowd.
    positions: Vec<usize>,
    rows: Vec<(Ref<Flow>, Crowd)>,
}

impl Matrix {
    /// The people, by name.
    pub fn people(&self) -> &[Principal] {
        &self.people
    }

    /// The flows, by name.
    pub fn flows(&self) -> impl ExactSizeIterator<Item = &Ref<Flow>> {
        self.rows.iter().map(|(flow, _)| flow)
    }

    /// The answers of one flow, in the order of the people.
    pub fn of_flow(&self, flow: usize) -> impl Iterator<Item = Ability> {
        let runners = &self.rows[flow].1;
        self.positions.iter().map(|position| runners.ability(*position))
    }

    /// The answers of one of the people, in the order of the flows.
    pub fn of_person(&self, person: usize) -> impl Iterator<Item = Ability> {
        let position = self.positions[person];
        self.rows.iter().map(move |(_, runners)| runners.ability(position))
    }
}

/// Everybody against every flow.
pub fn matrix(inventory: &Inventory, bar: Bar) -> Matrix {
    let access = Access::of(inventory);
    let judge = Judge::new(&access, Moment::NextAccess);
    let positions = listed_people(&access);
    let rows = flows(inventory).into_iter().map(|flow| {
        let runners = judge.runners(flow.id, bar);
        (flow, runners)
    });
    let rows = rows.collect();
    let people = positions.iter().map(|person| access.people()[*person].principal.clone()).collect();
    Matrix { people, positions, rows }
}

/// Flows by name.
fn flows(inventory: &Inventory) -> Vec<Ref<Flow>> {
    let mut flows: Vec<Ref<Flow>> = inventory.flows.rows().map(|(id, flow)| Ref::new(flow.name.clone(), *id)).collect();
    flows.sort();
    flows
}

/// Everybody by name; users of the platform itself are nobody who runs anything.
fn listed_people(access: &Access<'_>) -> Vec<usize> {
    let people = access.people();
    let mut listed: Vec<usize> =
        (0..people.len()).filter(|person| people[*person].kind != UserKind::Platform).collect();
    listed.sort_by_cached_key(|person| (people[*person].principal.to_string(), people[*person].principal.identity()));
    listed
}
