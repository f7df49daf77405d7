//! Who can do what, as tables: people of a flow, flows of a person, holders of a privilege, and all against all.
use uuid::Uuid;

use crate::access::{Ability, Access, Crowd, Moment};
use crate::explain::judge::{Bar, Judge, Judged};
use crate::inventory::Inventory;
use crate::inventory::people::{PrincipalRow, UserKind};
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
    let access = Access::of(inventory);
    let person = access.person(person)?;
    let judge = Judge::new(&access, Moment::NextAccess);
    let flows = flows(inventory);
    Some(flows.iter().filter_map(|flow| Column::of(&judge, flow, bar).row(&access, person, listed)).collect())
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
    let said = ways.iter().map(|way| match &way.team {
        Some((team, crate::access::Belonging::Now)) => format!("{} through {team}", way.kind.words()),
        Some((team, crate::access::Belonging::FromNextAccess)) => {
            format!("{} through {team}, from the next access on", way.kind.words())
        }
        None => way.kind.words().to_owned(),
    });
    said.collect()
}

/// Everybody who holds a privilege that far or further; `None` when nobody knows such a privilege.
pub fn of_privilege(inventory: &Inventory, name: &str, depth: Depth, listed: Listed) -> Option<Vec<Row>> {
    let access = Access::of(inventory);
    let privilege = access.privilege_id(name)?;
    let holders = access.holders(Some(privilege)).at_least(depth);
    let rows = listed_people(&access).into_iter().filter_map(|person| {
        let ability = holders.ability(person);
        let through = access.grants(person, privilege).into_iter().map(|grant| {
            let role = super::evidence::role_name(inventory, grant.role);
            match grant.through {
                crate::access::Through::Own => format!("{} through {role}", grant.depth),
                crate::access::Through::Team { team, .. } => {
                    let team = inventory.principal_of(PrincipalRow::Team(team)).0;
                    format!("{} through {role} of {team}", grant.depth)
                }
            }
        });
        listed.is_meant(ability).then(|| Row {
            person: access.people()[person].principal.clone(),
            what: name.to_owned(),
            ability,
            through: through.collect(),
        })
    });
    Some(rows.collect())
}

/// All people against all flows: one answer for each pair.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// The people, in the order of columns of each row.
    pub people: Vec<Principal>,
    /// For each flow, the answer for each person.
    pub rows: Vec<(Ref<Flow>, Vec<Ability>)>,
}

/// Everybody against every flow.
pub fn matrix(inventory: &Inventory, bar: Bar) -> Matrix {
    let access = Access::of(inventory);
    let judge = Judge::new(&access, Moment::NextAccess);
    let people = listed_people(&access);
    let rows = flows(inventory).into_iter().map(|flow| {
        let runners = judge.runners(flow.id, bar);
        let answers = people.iter().map(|person| runners.ability(*person)).collect();
        (flow, answers)
    });
    Matrix {
        rows: rows.collect(),
        people: people.iter().map(|person| access.people()[*person].principal.clone()).collect(),
    }
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
