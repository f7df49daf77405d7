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
