//! Dataverse's own answers beside what was worked out: they stand above it, and where both differ it is told.
use uuid::Uuid;

use crate::access::{Ability, Access, Reach};
use crate::explain::judge::callers_references;
use crate::explain::requirements::{Fact, Needs, Requirement};
use crate::explain::{Question, Standing};
use crate::inventory::official::Official;
use crate::inventory::section::Answer;
use crate::inventory::things::Rights;
use crate::names::{Depth, Operation};

/// Dataverse and the reading of roles, teams and shares say different things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// The requirement that it is about.
    pub requirement: &'static Requirement,
    /// What either says.
    pub says: String,
}

/// What Dataverse says of a requirement: words of evidence, and the standing that its answer gives.
pub(super) struct Told {
    pub(super) seen: String,
    pub(super) standing: Option<Standing>,
}

/// Dataverse's answers about the person of a question, as they bear on its requirements.
pub(super) struct Witness<'a> {
    access: &'a Access<'a>,
    now: &'a Access<'a>,
    person: usize,
    question: &'a Question,
    official: &'a Official,
}

impl<'a> Witness<'a> {
    /// The witness; none when Dataverse was not asked, or of an account that is disabled, about which it says nothing.
    pub(super) fn of(
        access: &'a Access<'a>,
        now: &'a Access<'a>,
        person: usize,
        question: &'a Question,
    ) -> Option<Self> {
        debug_assert_eq!(access.people().len(), now.people().len());
        let someone = &access.people()[person];
        match access.inventory().official.get(&someone.object?) {
            Answer::Found(official) if !someone.disabled => Some(Self { access, now, person, question, official }),
            Answer::Found(_) | Answer::Absent | Answer::Unreadable(_) | Answer::NotAsked => None,
        }
    }

    /// What Dataverse says of a requirement that was judged; nothing where it has no say.
    pub(super) fn tells(&self, requirement: &Requirement, judged: Standing) -> Option<Told> {
        match &requirement.needs {
            Needs::Privilege { privilege, depth } => {
                self.of_privilege(self.access.privilege_id(privilege)?, *depth, judged)
            }
            Needs::Fact { fact: Fact::HasRole } => self.of_roles(judged),
            Needs::Fact { fact: Fact::FlowShared } => {
                let flow = self.question.flow.id;
                let owner = self.access.inventory().flows.row(&flow)?.owner;
                let holders = self.now.table_holders("workflow", Operation::Read);
                let reach = Reach { right: Rights::READ, owner, id: flow, holders: &holders };
                self.of_rows(&[flow], self.now.reach(reach).ability(self.person), judged)
            }
            Needs::Fact { fact: Fact::ReferenceReadable } => self.of_references(judged),
            Needs::Fact { .. } => None,
        }
    }

    fn of_privilege(&self, privilege: Uuid, depth: Depth, judged: Standing) -> Option<Told> {
        let held = self.official.privileges.as_ref()?.get(&privilege).copied();
        let seen = match held {
            Some(held) => format!("Dataverse itself: held at {held} (RetrieveAadUserPrivileges)"),
            None => "Dataverse itself: not held (RetrieveAadUserPrivileges)".to_owned(),
        };
        let worked_out = !self.access.grants(self.person, privilege).is_empty();
        let standing = match (held, judged) {
            (None, Standing::Holds | Standing::Unknown) => Some(Standing::Missing),
            // User level of a team's role may be for the team's rows alone, which this answer does not tell.
            (Some(held), Standing::Missing | Standing::Unknown)
                if !worked_out && held >= depth && held > Depth::User && held != Depth::RecordFilter =>
            {
                Some(Standing::Holds)
            }
            (Some(_) | None, _) => None,
        };
        Some(Told { seen, standing })
    }

    fn of_roles(&self, judged: Standing) -> Option<Told> {
        let roles = self.official.roles.as_ref()?;
        let inventory = self.access.inventory();
        let names: Vec<String> =
            roles.iter().map(|role| super::evidence::role_name(inventory, *role).to_string()).collect();
        let said = if names.is_empty() { "no role".to_owned() } else { names.join(", ") };
        let standing = match judged {
            Standing::Holds | Standing::Unknown if roles.is_empty() => Some(Standing::Missing),
            Standing::Holds | Standing::Missing | Standing::Unknown | Standing::Unverified => None,
        };
        Some(Told { seen: format!("Dataverse itself: {said} (RetrieveAadUserRoles)"), standing })
    }

    fn of_references(&self, judged: Standing) -> Option<Told> {
        let inventory = self.access.inventory();
        let facts = inventory.definitions.row(&self.question.flow.id)?;
        let holders = self.now.table_holders("connectionreference", Operation::Read);
        let (mut rows, mut now) = (Vec::new(), Ability::Can);
        for name in callers_references(facts) {
            let (id, row) = inventory.reference(&name)?;
            let reach = Reach { right: Rights::READ, owner: row.owner, id, holders: &holders };
            now = match (now, self.now.reach(reach).ability(self.person)) {
                (Ability::Cannot, _) | (_, Ability::Cannot) => Ability::Cannot,
                (Ability::Unknown, _) | (_, Ability::Unknown) => Ability::Unknown,
                (Ability::Can, Ability::Can) => Ability::Can,
            };
            rows.push(id);
        }
        if rows.is_empty() { None } else { self.of_rows(&rows, now, judged) }
    }

    /// Dataverse answers as the rows stand; what follows with the next access is beyond its answer.
    fn of_rows(&self, rows: &[Uuid], now: Ability, judged: Standing) -> Option<Told> {
        let mut readable = true;
        for row in rows {
            readable &= self.official.rights.get(row)?.contains(Rights::READ);
        }
        let what = if readable { "may be read now" } else { "may not be read now" };
        let standing = match (readable, judged, now) {
            (true, Standing::Missing | Standing::Unknown, _) => Some(Standing::Holds),
            (false, Standing::Holds | Standing::Unknown, Ability::Can) => Some(Standing::Missing),
            (true | false, _, _) => None,
        };
        Some(Told { seen: format!("Dataverse itself: {what} (RetrievePrincipalAccess)"), standing })
    }
}

/// What is told where Dataverse differs.
pub(super) fn disagreement(
    requirement: &'static Requirement,
    asks: &str,
    judged: Standing,
    told: &Told,
) -> Disagreement {
    let worked_out = match judged {
        Standing::Holds | Standing::Unverified => "roles, teams and shares say that it holds",
        Standing::Missing => "roles, teams and shares say that it is missing",
        Standing::Unknown => "roles, teams and shares do not tell",
    };
    let seen = &told.seen;
    Disagreement { requirement, says: format!("{asks}: {seen}; {worked_out}") }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::access::Moment;
    use crate::explain::{Bar, Verdict, answer, explain};
    use crate::inventory::Inventory;
    use crate::inventory::section::Section;
    use crate::names::Ref;
    use crate::plan::world::{self, Dice};

    /// Every question about people whom the environment and the directory know, with what was worked out of it.
    fn questions(inventory: &Inventory) -> Vec<(Uuid, Question)> {
        let access = Access::of(inventory);
        let people: Vec<_> = access.people().iter().filter(|person| !person.disabled && person.row.is_some()).collect();
        let flows = inventory.flows.rows().map(|(id, flow)| Ref::new(flow.name.clone(), *id));
        flows
            .flat_map(|flow| {
                let ask = move |person: &&crate::access::Person| {
                    let question = Question {
                        person: person.principal.clone(),
                        flow: flow.clone(),
                        agent: None,
                        bar: Bar::Documented,
                    };
                    Some((person.object?, question))
                };
                people.iter().filter_map(ask).collect::<Vec<_>>()
            })
            .collect()
    }

    fn with(inventory: &Inventory, object: Uuid, official: Official) -> Inventory {
        let mut told = inventory.clone();
        told.official = Section::whole(BTreeMap::from([(object, official)]));
        told
    }

    #[test]
    fn the_word_of_dataverse_counts_and_a_difference_is_told() {
        let (mut opened, mut closed, mut silent) = (0, 0, 0);
        for seed in 0..15 {
            let inventory = world::inventory(&mut Dice::new(seed));
            for (object, question) in questions(&inventory) {
                let flow = question.flow.id;
                let before = explain(&inventory, &question).unwrap();
                let standing = before.line("start.flow-shared").unwrap().standing;
                let of_rights = |rights: Rights| {
                    let official = Official { rights: BTreeMap::from([(flow, rights)]), ..Official::default() };
                    explain(&with(&inventory, object, official), &question).unwrap()
                };
                let read = of_rights(Rights::READ);
                assert_eq!(read.line("start.flow-shared").unwrap().standing, Standing::Holds, "seed {seed}");
                assert_eq!(read.disagreements.len(), usize::from(standing == Standing::Missing), "seed {seed}");
                opened += usize::from(standing == Standing::Missing);
                let now = answer(&inventory, &question, Moment::Now);
                let none = of_rights(Rights(0));
                // What follows with the next access is beyond an answer about the rows as they stand.
                let is_closed = now == Verdict::Can;
                if is_closed {
                    assert_eq!(none.verdict, Verdict::Cannot, "seed {seed}: {question:?}");
                    assert_eq!(none.disagreements.len(), 1, "seed {seed}");
                }
                closed += usize::from(is_closed);
                let nothing = explain(&with(&inventory, object, Official::default()), &question).unwrap();
                assert_eq!((nothing.verdict, nothing.disagreements.len()), (before.verdict, 0), "seed {seed}");
                silent += 1;
            }
        }
        assert!(opened > 10 && closed > 5 && silent > 50, "{opened} opened, {closed} closed, {silent} silent");
    }

    #[test]
    fn roles_and_privileges_that_dataverse_denies_are_missing() {
        let mut denied = 0;
        for seed in 0..10 {
            let inventory = world::inventory(&mut Dice::new(seed));
            for (object, question) in questions(&inventory) {
                let before = explain(&inventory, &question).unwrap();
                let official = Official { roles: Some([].into()), privileges: Some([].into()), rights: [].into() };
                let after = explain(&with(&inventory, object, official), &question).unwrap();
                for id in ["environment.role", "start.process-read"] {
                    let (was, is) = (before.line(id).unwrap().standing, after.line(id).unwrap());
                    assert_eq!(is.standing, Standing::Missing, "seed {seed}: {id}");
                    assert!(is.official.as_ref().is_some_and(|said| said.starts_with("Dataverse itself: ")), "{is:?}");
                    denied += usize::from(was == Standing::Holds);
                }
            }
        }
        assert!(denied > 20, "{denied}");
    }
}
