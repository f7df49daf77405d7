//! Judges every requirement for everybody at once; one person's explanation is one column of it.
mod flow;
mod owner;
mod people;
mod three_valued;

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::access::{Access, Crowd, Holders, Moment, Set};
use crate::clientdata::{Facts, Trigger};
use crate::explain::deeds::{Deeds, has_callers_connection};
use crate::explain::requirements::{Certainty, Fact, Needs, Requirement, Step, all};
use crate::inventory::Inventory;
use crate::inventory::people::PrincipalRow;
use crate::names::{Operation, TableName, Text, folded};

pub(super) use flow::callers_references;

/// Which requirements block, by how sure they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bar {
    /// What is documented or was recorded.
    #[default]
    Documented,
    /// What people report, too.
    Reported,
    /// What is only plausible, too.
    Assumed,
}

impl Bar {
    /// Whether a requirement blocks.
    pub fn blocks(self, requirement: &Requirement) -> bool {
        // What is documented and what was recorded are equally established.
        let worst = match self {
            Self::Documented => Certainty::Recorded,
            Self::Reported => Certainty::Reported,
            Self::Assumed => Certainty::Assumed,
        };
        requirement.certainty <= worst
    }
}

/// One requirement, judged for everybody.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The requirement.
    pub requirement: &'static Requirement,
    /// For whom it holds.
    pub holds: Crowd,
    /// Why it cannot be verified with what was read, where nothing speaks against it; it counts as holding.
    pub unverified: Option<&'static str>,
}

/// Judges flows of one environment.
pub struct Judge<'a> {
    access: &'a Access<'a>,
    moment: Moment,
    privileges: BTreeMap<&'static str, Crowd>,
    process: Holders,
    references: Holders,
    agents: Holders,
    premises: Premises,
    /// Who holds what flows do in Dataverse as their callers; nothing for operations that nobody is restricted in.
    acts: BTreeMap<(TableName, Operation), Option<Crowd>>,
    by_name: BTreeMap<String, Uuid>,
}

/// What is required of people whatever the flow is, judged once.
#[derive(Default)]
struct Premises {
    members: Crowd,
    enabled: Crowd,
    /// And why it cannot be verified, if so.
    in_security_group: (Crowd, Option<&'static str>),
    with_role: Crowd,
}

/// What is judged about a flow before any requirement is.
struct Case<'a> {
    flow: Uuid,
    agent: Option<Uuid>,
    facts: Option<&'a Facts>,
    deeds: Deeds,
}

impl<'a> Judge<'a> {
    /// Prepares what is the same for every flow.
    pub fn new(access: &'a Access<'a>, moment: Moment) -> Self {
        let privileges = all().iter().filter_map(|requirement| match &requirement.needs {
            Needs::Privilege { privilege, depth } => {
                let holders = access.holders(access.privilege_id(privilege));
                Some((requirement.id.as_str(), holders.at_least(*depth)))
            }
            Needs::Fact { .. } => None,
        });
        let inventory = access.inventory();
        let deeds = inventory.definitions.rows().flat_map(|(_, facts)| Deeds::of(inventory, facts).known);
        let deeds: BTreeSet<(TableName, Operation)> = deeds.collect();
        let act = |(table, operation): (TableName, Operation)| {
            let holders = match restricts(inventory, &table, operation) {
                Some(false) => None,
                Some(true) => Some(access.table_holders(&table, operation).any),
                None => Some(Crowd::perhaps(Set::everybody(access.people().len()))),
            };
            ((table, operation), holders)
        };
        let names = inventory.references.rows().map(|(id, row)| (folded(&row.logical_name), *id));
        let mut judge = Self {
            access,
            moment,
            premises: Premises::default(),
            privileges: privileges.collect(),
            process: access.table_holders("workflow", Operation::Read),
            references: access.table_holders("connectionreference", Operation::Read),
            agents: access.table_holders("bot", Operation::Read),
            acts: deeds.into_iter().map(act).collect(),
            by_name: names.collect(),
        };
        judge.premises = Premises {
            members: judge.members(),
            enabled: Crowd::of(judge.who(|person| !person.disabled)),
            in_security_group: judge.in_security_group(),
            with_role: access.with_role(),
        };
        judge
    }

    /// Everybody who can run a flow, as far as is known.
    pub fn runners(&self, flow: Uuid, bar: Bar) -> Crowd {
        self.runners_by(flow, None, bar)
    }

    /// Everybody who can run a flow through an agent that calls it, or by himself.
    pub fn runners_by(&self, flow: Uuid, agent: Option<Uuid>, bar: Bar) -> Crowd {
        self.all_of(&self.judge_by(flow, agent), bar)
    }

    /// Everybody for whom everything holds that blocks.
    pub fn all_of(&self, judged: &[Judged], bar: Bar) -> Crowd {
        let blocking = judged.iter().filter(|judged| bar.blocks(judged.requirement));
        blocking.fold(Crowd::of(self.everybody()), |all, judged| all.and(&judged.holds))
    }

    /// Every requirement of running a flow, in the order in which it is asked.
    pub fn judge(&self, flow: Uuid) -> Vec<Judged> {
        self.judge_by(flow, None)
    }

    /// The same where an agent calls the flow.
    pub fn judge_by(&self, flow: Uuid, agent: Option<Uuid>) -> Vec<Judged> {
        let facts = self.inventory().definitions.row(&flow);
        let deeds = facts.map(|facts| Deeds::of(self.inventory(), facts)).unwrap_or_default();
        let case = Case { flow, agent, facts, deeds };
        let has_link = facts.is_none_or(has_callers_connection);
        let asked = all().iter().filter(|requirement| requirement.step != Step::Link || has_link);
        asked.map(|requirement| self.judged(requirement, &case)).collect()
    }

    /// What a flow does in Dataverse as its caller.
    pub fn deeds(&self, flow: Uuid) -> Deeds {
        let facts = self.inventory().definitions.row(&flow);
        facts.map(|facts| Deeds::of(self.inventory(), facts)).unwrap_or_default()
    }

    fn judged(&self, requirement: &'static Requirement, case: &Case<'_>) -> Judged {
        let (holds, unverified) = match &requirement.needs {
            Needs::Privilege { .. } => {
                (self.privileges.get(requirement.id.as_str()).cloned().unwrap_or_default(), None)
            }
            Needs::Fact { fact } => self.fact(*fact, case),
        };
        // Whether connections are linked at all stands in the flow's text.
        let holds = match (requirement.step, case.facts) {
            (Step::Link, None) => holds.or(&self.everybody_if(None)),
            (Step::Environment | Step::Start | Step::Link | Step::Act, _) => holds,
        };
        Judged { requirement, holds, unverified }
    }

    fn fact(&self, fact: Fact, case: &Case<'_>) -> (Crowd, Option<&'static str>) {
        let holds = match fact {
            Fact::Member => self.premises.members.clone(),
            Fact::Enabled => self.premises.enabled.clone(),
            Fact::InSecurityGroup => return self.premises.in_security_group.clone(),
            Fact::HasRole => self.premises.with_role.clone(),
            Fact::FlowOn => self.everybody_if(self.is_on(case.flow)),
            Fact::Instant => self.everybody_if(case.facts.map(|facts| match facts.trigger {
                Trigger::Automated(_) => false,
                Trigger::Button
                | Trigger::PowerApp
                | Trigger::PowerAppV2
                | Trigger::SelectedRow
                | Trigger::Agent
                | Trigger::OtherRequest(_) => true,
            })),
            Fact::FlowShared => self.sees_flow(case.flow),
            Fact::AgentShared => {
                case.agent.map_or_else(|| Crowd::of(self.everybody()), |agent| self.may_talk_to(agent))
            }
            Fact::ChildEmbedded => {
                self.everybody_if(self.children(case, |_, facts| facts.map(|facts| !has_callers_connection(facts))))
            }
            Fact::ChildOn => self.everybody_if(self.children(case, |child, _| self.is_on(child))),
            Fact::ConnectionsBound => self.everybody_if(self.are_bound(case)),
            Fact::ReferenceReadable => self.reads_references(case),
            Fact::ActionsAllowed => self.may_act(case),
            Fact::SameEnvironment => self.everybody_if(case.facts.map(|_| case.deeds.elsewhere.is_empty())),
            Fact::OwnerDelegates => self.everybody_if(self.of_owner(case, |owner| self.delegates(owner))),
            Fact::OwnerEnabled => self.everybody_if(self.of_owner(case, |owner| match owner {
                PrincipalRow::User(id) => self.inventory().users.row(&id).map(|user| !user.disabled),
                PrincipalRow::Team(_) | PrincipalRow::Organization(_) => Some(true),
            })),
            Fact::OwnerActionsAllowed => {
                self.everybody_if(self.of_owner(case, |owner| self.owner_may_act(owner, &case.deeds)))
            }
        };
        (holds, None)
    }

    pub(super) fn inventory(&self) -> &'a Inventory {
        self.access.inventory()
    }

    fn everybody(&self) -> Set {
        Set::everybody(self.access.people().len())
    }

    fn who(&self, claim: impl Fn(&crate::access::Person) -> bool) -> Set {
        self.access.people().iter().enumerate().filter(|(_, person)| claim(person)).map(|(at, _)| at).collect()
    }

    /// Everybody where a claim about the flow holds, nobody where it does not, and everybody perhaps where nobody knows.
    fn everybody_if(&self, claim: Option<bool>) -> Crowd {
        match claim {
            Some(true) => Crowd::of(self.everybody()),
            Some(false) => Crowd::nobody(),
            None => Crowd::perhaps(self.everybody()),
        }
    }
}

/// Whether a table restricts an operation at all; nothing when the table was not read.
fn restricts(inventory: &Inventory, table: &Text, operation: Operation) -> Option<bool> {
    let privileges = inventory.tables.row(table)?.privileges.as_ref()?;
    Some(privileges.contains_key(&operation))
}
