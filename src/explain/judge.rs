//! Judges every requirement for everybody at once; one person's explanation is one column of it.
use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::access::{Access, Crowd, Holders, Moment, Reach, Set};
use crate::clientdata::{Facts, Trigger};
use crate::explain::deeds::{Deeds, has_callers_connection, impersonates};
use crate::explain::requirements::{ACT_ON_BEHALF, Certainty, Fact, Needs, Requirement, Step, all};
use crate::inventory::Inventory;
use crate::inventory::agents::AgentAccess;
use crate::inventory::people::PrincipalRow;
use crate::inventory::section::{Answer, Reading};
use crate::inventory::things::{ConnectionReference, FlowState, Rights};
use crate::names::{ConnectionMode, Operation, TableName, Text, folded};

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
    /// Who holds what flows do in Dataverse as their callers; nothing for operations that nobody is restricted in.
    acts: BTreeMap<(TableName, Operation), Option<Crowd>>,
    by_name: BTreeMap<String, Uuid>,
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
        Self {
            access,
            moment,
            privileges: privileges.collect(),
            process: access.table_holders("workflow", Operation::Read),
            references: access.table_holders("connectionreference", Operation::Read),
            agents: access.table_holders("bot", Operation::Read),
            acts: deeds.into_iter().map(act).collect(),
            by_name: names.collect(),
        }
    }

    /// Everybody who can run a flow, as far as is known.
    pub fn runners(&self, flow: Uuid, bar: Bar) -> Crowd {
        self.runners_by(flow, None, bar)
    }

    /// Everybody who can run a flow through an agent that calls it, or by himself.
    pub fn runners_by(&self, flow: Uuid, agent: Option<Uuid>, bar: Bar) -> Crowd {
        let blocking = self.judge_by(flow, agent).into_iter().filter(|judged| bar.blocks(judged.requirement));
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
            Fact::Member => self.members(),
            Fact::Enabled => Crowd::of(self.who(|person| !person.disabled)),
            Fact::InSecurityGroup => return self.in_security_group(),
            Fact::HasRole => self.access.with_role(),
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

    fn inventory(&self) -> &'a Inventory {
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

    fn members(&self) -> Crowd {
        match self.moment {
            // Whoever may be in the environment comes in with his first access; whether he may is asked beside this.
            Moment::NextAccess => Crowd::of(self.everybody()),
            Moment::Now => {
                let here = Crowd::of(self.who(|person| person.row.is_some()));
                match self.inventory().users.doubt() {
                    Some(_) => here.or(&Crowd::perhaps(self.who(|person| person.row.is_none()))),
                    None => here,
                }
            }
        }
    }

    fn in_security_group(&self) -> (Crowd, Option<&'static str>) {
        let inventory = self.inventory();
        let group = match &inventory.security_group {
            Reading::Read(None) => return (Crowd::of(self.everybody()), None),
            Reading::Read(Some(group)) => *group,
            Reading::NotAsked => {
                let why = "the environment's security group was not asked for: name `environmentId` in its document";
                return (Crowd::of(self.everybody()), Some(why));
            }
            Reading::Unreadable(_) => {
                let why = "the environment's security group could not be read";
                return (Crowd::of(self.everybody()), Some(why));
            }
        };
        (self.in_group(group), None)
    }

    /// The people of an Entra group, those of nested groups included.
    fn in_group(&self, group: Uuid) -> Crowd {
        let inventory = self.inventory();
        match inventory.group_members.get(&group) {
            Answer::Found(members) => {
                return Crowd::of(self.who(|person| person.object.is_some_and(|object| members.contains(&object))));
            }
            // A group that is not there has nobody in it.
            Answer::Absent => return Crowd::nobody(),
            Answer::Unreadable(_) | Answer::NotAsked => {}
        }
        let groups = |person: &crate::access::Person| match inventory.user_groups.get(&person.object?) {
            Answer::Found(groups) => Some(groups.contains(&group)),
            Answer::Absent | Answer::Unreadable(_) | Answer::NotAsked => None,
        };
        let certain = Crowd::of(self.who(|person| groups(person) == Some(true)));
        certain.or(&Crowd::perhaps(self.who(|person| groups(person).is_none())))
    }

    /// Whoever may talk to an agent (Learn: share agents; bot table reference, `accesscontrolpolicy`).
    fn may_talk_to(&self, id: Uuid) -> Crowd {
        let Answer::Found(agent) = self.inventory().bots.get(&id) else { return self.everybody_if(None) };
        let readers =
            || self.access.reach(Reach { right: Rights::READ, owner: agent.owner, id, holders: &self.agents });
        match agent.access {
            AgentAccess::Anyone | AgentAccess::AnyTenant => Crowd::of(self.everybody()),
            AgentAccess::Readers => readers(),
            AgentAccess::Groups => agent.groups.iter().fold(readers(), |all, group| all.or(&self.in_group(*group))),
            AgentAccess::Other(_) => {
                let known = readers();
                known.or(&self.everybody_if(None))
            }
        }
    }

    fn is_on(&self, flow: Uuid) -> Option<bool> {
        match self.inventory().flows.get(&flow) {
            Answer::Found(row) => Some(row.state == FlowState::Activated),
            Answer::Absent => Some(false),
            Answer::Unreadable(_) | Answer::NotAsked => None,
        }
    }

    fn sees_flow(&self, flow: Uuid) -> Crowd {
        match self.inventory().flows.get(&flow) {
            Answer::Found(row) => {
                self.access.reach(Reach { right: Rights::READ, owner: row.owner, id: flow, holders: &self.process })
            }
            Answer::Absent => Crowd::nobody(),
            Answer::Unreadable(_) | Answer::NotAsked => Crowd::perhaps(self.everybody()),
        }
    }

    /// Whether a claim holds of every flow that is called, directly or through others; flows that are gone are left out.
    fn children(&self, case: &Case<'_>, claim: impl Fn(Uuid, Option<&Facts>) -> Option<bool>) -> Option<bool> {
        let mut open: Vec<Uuid> = case.facts?.children.iter().copied().collect();
        let (mut seen, mut all) = (BTreeSet::from([case.flow]), Some(true));
        while let Some(child) = open.pop() {
            if !seen.insert(child) || matches!(self.inventory().flows.get(&child), Answer::Absent) {
                continue;
            }
            let facts = self.inventory().definitions.row(&child);
            all = both(all, claim(child, facts));
            match facts {
                Some(facts) => open.extend(&facts.children),
                None => all = both(all, None),
            }
        }
        all
    }

    fn are_bound(&self, case: &Case<'_>) -> Option<bool> {
        let lent = case.facts?.connections.values().filter(|connection| match connection.mode {
            ConnectionMode::UseThisConnection | ConnectionMode::Mixed => true,
            ConnectionMode::ProvidedByRunOnlyUser => false,
        });
        every(lent.map(|connection| {
            let reference = connection.logical_name.as_ref().and_then(|name| self.reference(name));
            match (reference, self.inventory().references.doubt()) {
                (Some((_, reference)), _) => Some(reference.bound),
                (None, None) => Some(false),
                (None, Some(_)) => connection.logical_name.is_none().then_some(false),
            }
        }))
    }

    fn reads_references(&self, case: &Case<'_>) -> Crowd {
        let Some(facts) = case.facts else { return self.everybody_if(None) };
        let mut all = Crowd::of(self.everybody());
        for name in callers_references(facts) {
            match (self.reference(&name), self.inventory().references.doubt()) {
                (Some((id, row)), _) => {
                    let holders = &self.references;
                    all = all.and(&self.access.reach(Reach { right: Rights::READ, owner: row.owner, id, holders }));
                }
                (None, None) => {}
                (None, Some(_)) => all = all.and(&self.everybody_if(None)),
            }
        }
        all
    }

    fn may_act(&self, case: &Case<'_>) -> Crowd {
        if case.facts.is_none() {
            return self.everybody_if(None);
        }
        if !case.deeds.missing.is_empty() {
            return Crowd::nobody();
        }
        let needed = case.deeds.known.iter().filter_map(|deed| self.acts.get(deed)?.as_ref());
        needed.fold(Crowd::of(self.everybody()), Crowd::and)
    }

    fn reference(&self, name: &str) -> Option<(Uuid, &'a ConnectionReference)> {
        let id = self.by_name.get(&folded(name))?;
        Some((*id, self.inventory().references.row(id)?))
    }

    /// A claim about the flow's owner, where a Dataverse connection acts for the caller.
    fn of_owner(&self, case: &Case<'_>, claim: impl Fn(PrincipalRow) -> Option<bool>) -> Option<bool> {
        if !impersonates(case.facts?) {
            return Some(true);
        }
        claim(self.inventory().flows.row(&case.flow)?.owner)
    }

    /// The privilege has to come through a role of the owner's own, not of a team (Learn: impersonate another user).
    fn delegates(&self, owner: PrincipalRow) -> Option<bool> {
        match owner {
            PrincipalRow::User(_) => {
                let privilege = self.access.privilege_id(ACT_ON_BEHALF)?;
                self.inventory().own_depth(owner, privilege).ok().map(|depth| depth.is_some())
            }
            PrincipalRow::Team(_) | PrincipalRow::Organization(_) => Some(false),
        }
    }

    fn owner_may_act(&self, owner: PrincipalRow, deeds: &Deeds) -> Option<bool> {
        if !deeds.missing.is_empty() {
            return Some(false);
        }
        every(deeds.known.iter().map(|(table, operation)| match restricts(self.inventory(), table, *operation) {
            Some(false) => Some(true),
            Some(true) => self.owner_holds(owner, table, *operation),
            None => None,
        }))
    }

    /// Whether the owner holds an operation, through roles of his own or of the teams that he is in now: when he opens the
    /// environment next is not the caller's to know.
    fn owner_holds(&self, owner: PrincipalRow, table: &Text, operation: Operation) -> Option<bool> {
        let inventory = self.inventory();
        let privilege = inventory.privilege(table, operation)?.id;
        let (teams, is_known): (Vec<Uuid>, bool) = match owner {
            PrincipalRow::User(user) => (inventory.teams_of(user).collect(), self.are_teams_known(user)),
            PrincipalRow::Team(_) | PrincipalRow::Organization(_) => (Vec::new(), true),
        };
        let rows = std::iter::once(owner).chain(teams.into_iter().map(PrincipalRow::Team));
        let held: Vec<_> = rows.map(|row| inventory.own_depth(row, privilege)).collect();
        if held.iter().any(|depth| matches!(depth, Ok(Some(_)))) {
            return Some(true);
        }
        (is_known && held.iter().all(Result::is_ok)).then_some(false)
    }

    fn are_teams_known(&self, user: Uuid) -> bool {
        let inventory = self.inventory();
        let asked =
            inventory.user_teams.doubt().is_none() && matches!(inventory.user_teams.get(&user), Answer::Found(_));
        let is_listed = |team: &Uuid| matches!(inventory.team_members.get(team), Answer::Found(_) | Answer::Absent);
        let listed =
            || inventory.team_members.doubt().is_none() && inventory.teams.rows().all(|(team, _)| is_listed(team));
        asked || listed()
    }
}

/// Whether a table restricts an operation at all; nothing when the table was not read.
fn restricts(inventory: &Inventory, table: &Text, operation: Operation) -> Option<bool> {
    let privileges = inventory.tables.row(table)?.privileges.as_ref()?;
    Some(privileges.contains_key(&operation))
}

/// The references to which a caller links connections of his own.
pub(super) fn callers_references(facts: &Facts) -> BTreeSet<Text> {
    let callers = facts.connections.values().filter(|connection| match connection.mode {
        ConnectionMode::ProvidedByRunOnlyUser => true,
        ConnectionMode::UseThisConnection | ConnectionMode::Mixed => false,
    });
    callers.filter_map(|connection| connection.logical_name.clone()).collect()
}

/// Whether all claims hold.
fn every(claims: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut all = Some(true);
    for claim in claims {
        all = both(all, claim);
    }
    all
}

fn both(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (None, _) | (_, None) => None,
        (Some(true), Some(true)) => Some(true),
    }
}
