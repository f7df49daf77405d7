//! Who can run, change and read what belongs to flows, and with whose connections, before and after.
use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::words::{act, connector};
use super::{Change, Direction, Sides, Statement};
use crate::access::{Ability, Access, Crowd, Set, Way, WayKind};
use crate::inventory::section::Answer;
use crate::inventory::things::Rights;
use crate::names::{ConnectionMode, Flow, Ref};
use crate::principal::Principal;
use crate::review::moves::{Move, What};

impl Sides<'_> {
    /// Who can run which flow, and with whose connections.
    pub(super) fn flows(&self, moves: &[Move<'_>], statements: &mut BTreeSet<Statement>) {
        let inventory = self.after.inventory();
        let mut flows: BTreeMap<Uuid, Ref<Flow>> = BTreeMap::new();
        for (id, _) in inventory.shares.rows() {
            if let Some(flow) = inventory.flows.row(id) {
                flows.insert(*id, Ref::new(flow.name.clone(), *id));
            }
        }
        let (before, after) = (self.before.runner_holders(), self.after.runner_holders());
        for flow in flows.values() {
            let was = self.before.runners_among(flow.id, &before);
            let is = self.after.runners_among(flow.id, &after);
            let change = self.change(&was, &is);
            self.runners(flow, &change, statements);
            self.editors(flow, &was, statements);
            self.kept(flow, moves, &is, statements);
        }
        for one in moves {
            if let What::Connection(flow, change) = one.what {
                let runners = self.after.runners_among(flow.id, &after);
                let is_known =
                    matches!(inventory.shares.get(&flow.id), Answer::Found(_)) && runners.unknown().is_empty();
                let count = is_known.then(|| runners.certain().len());
                statements.insert(self.connection(flow, &change.entry.to_string(), change.to, count));
            }
        }
    }

    /// Who can or cannot run a flow any more.
    fn runners(&self, flow: &Ref<Flow>, change: &Change, statements: &mut BTreeSet<Statement>) {
        let lent = self.lent(flow);
        for (people, direction) in [(&change.gain, Direction::Gains), (&change.may_gain, Direction::MayGain)] {
            for ((through, changes), group) in self.by_way(people, flow) {
                let who = match &through {
                    Some(name) if group.len() == 1 => format!("1 person in {name}"),
                    Some(name) => format!("{} people in {name}", group.len()),
                    None => self.words(&group),
                };
                let does = if changes { "run and change" } else { "run" };
                let text = match direction {
                    Direction::MayGain => {
                        format!("{who} may be able to {does} *{flow}*{lent}: not everything that decides it was read")
                    }
                    Direction::Gains | Direction::Loses | Direction::Keeps | Direction::Nobody => {
                        format!("{who} can now {does} *{flow}*{lent}")
                    }
                };
                statements.insert(Statement { direction, text, people: group.len() });
            }
        }
        if !change.lose.is_empty() {
            let text = format!("{} can no longer run *{flow}*", self.words(&change.lose));
            statements.insert(Statement { direction: Direction::Loses, text, people: change.lose.len() });
        }
    }

    /// Who could run a flow and can change it from now on, with whose connections it does what it then does.
    fn editors(&self, flow: &Ref<Flow>, ran: &Crowd, statements: &mut BTreeSet<Statement>) {
        let editors = |access: &Access<'_>| match access.inventory().flows.row(&flow.id) {
            Some(row) => access.crowd_of(row.owner).or(&access.shared(flow.id, Rights::WRITE)),
            None => Crowd::nobody(),
        };
        let change = self.change(&editors(&self.before), &editors(&self.after));
        let ran = |person: usize| self.earlier[person].is_some_and(|earlier| ran.ability(earlier) == Ability::Can);
        let gain: Set = change.gain.iter().filter(|person| ran(*person)).collect();
        if !gain.is_empty() {
            let text = format!("{} can now change *{flow}*, and so what it does{}", self.words(&gain), self.lent(flow));
            statements.insert(Statement { direction: Direction::Gains, text, people: gain.len() });
        }
    }

    /// Who can read connection references.
    pub(super) fn readers(&self, moves: &[Move<'_>], statements: &mut BTreeSet<Statement>) {
        for one in moves {
            let What::Reader(reference, change) = one.what else { continue };
            let side = if one.stays { &self.after } else { &self.before };
            let Answer::Found(row) = side.inventory().row_of(&change.entry) else { continue };
            let count = side.crowd_of(row).certain().len();
            let who = match &change.entry {
                Principal::Group { .. } | Principal::Team { .. } => {
                    format!("{count} {} in {}", if count == 1 { "person" } else { "people" }, change.entry.name())
                }
                Principal::User { .. }
                | Principal::Application { .. }
                | Principal::Everyone
                | Principal::Unnamed { .. } => change.entry.to_string(),
            };
            let (direction, verb) =
                if one.stays { (Direction::Gains, "can now read") } else { (Direction::Loses, "can no longer read") };
            let text = format!("{who} {verb} connection reference {reference}");
            statements.insert(Statement { direction, text, people: count });
        }
    }

    /// Whose connections whoever runs a flow acts with, as the end of a sentence.
    fn lent(&self, flow: &Ref<Flow>) -> String {
        let Some(lent) = self.after.lent(flow.id) else {
            return ", and nobody knows with whose connections".to_owned();
        };
        let connections: BTreeSet<String> = lent
            .iter()
            .map(|one| {
                let name = one.reference.as_ref().unwrap_or(&one.key);
                let owner = one.owner.as_ref().map_or_else(|| "somebody".to_owned(), |owner| owner.name().to_owned());
                format!("{owner}'s {} connection {name}", connector(&one.connector))
            })
            .collect();
        if connections.is_empty() {
            return ", with connections of their own".to_owned();
        }
        format!(", as {}", connections.into_iter().collect::<Vec<_>>().join(" and "))
    }

    /// People by the group through which they can run a flow, and whether they may change it too.
    fn by_way(&self, people: &Set, flow: &Ref<Flow>) -> BTreeMap<(Option<String>, bool), Set> {
        let mut groups: BTreeMap<(Option<String>, bool), Set> = BTreeMap::new();
        for person in people.iter() {
            let (ways, _) = self.after.ways(person, flow.id);
            let key = ways.first().map_or((None, false), |Way { kind, team }| {
                let changes = match kind {
                    WayKind::Owner | WayKind::CoOwner => true,
                    WayKind::RunOnly | WayKind::Custom(_) | WayKind::Everyone => false,
                };
                (team.as_ref().map(|(team, _)| team.name().to_owned()), changes)
            });
            groups.entry(key).or_insert_with(Set::nobody).insert(person);
        }
        groups
    }

    /// Whoever loses a share and can run the flow all the same.
    fn kept(&self, flow: &Ref<Flow>, moves: &[Move<'_>], is: &Crowd, statements: &mut BTreeSet<Statement>) {
        for one in moves.iter().filter(|one| !one.stays) {
            let What::Share(of, change) = one.what else { continue };
            if of.id != flow.id {
                continue;
            }
            let Answer::Found(row) = self.before.inventory().row_of(&change.entry) else { continue };
            let had = self.before.crowd_of(row);
            let is_kept = |person: &usize| {
                let earlier = self.earlier[*person];
                earlier.is_some_and(|earlier| had.ability(earlier) == Ability::Can)
                    && is.ability(*person) == Ability::Can
            };
            let kept: Set = (0..self.earlier.len()).filter(is_kept).collect();
            let Some(first) = kept.iter().next() else { continue };
            let (ways, _) = self.after.ways(first, flow.id);
            let Some(way) = ways.first() else { continue };
            let still = match &way.team {
                Some((team, _)) => format!("still granted by {}", team.name()),
                None => format!("still {}", way.kind.words()),
            };
            let keep = if kept.len() == 1 { "keeps" } else { "keep" };
            let text = format!("{} {keep} access to *{flow}*: {still}", self.words(&kept));
            statements.insert(Statement { direction: Direction::Keeps, text, people: kept.len() });
        }
    }

    fn connection(
        &self,
        flow: &Ref<Flow>,
        connection: &str,
        to: Option<ConnectionMode>,
        runners: Option<usize>,
    ) -> Statement {
        let who = match runners {
            Some(1) => "the one person who can run".to_owned(),
            Some(count) => format!("the {count} people who can run"),
            None => "whoever can run".to_owned(),
        };
        let lent = self.after.lent(flow.id).unwrap_or_default();
        let owner =
            lent.iter().find(|one| one.reference.as_deref() == Some(connection)).and_then(|one| one.owner.as_ref());
        let people = runners.unwrap_or_default();
        match to {
            Some(ConnectionMode::UseThisConnection | ConnectionMode::Mixed) => {
                let whose = owner.map_or_else(|| "its owner's".to_owned(), |owner| format!("{}'s", owner.name()));
                let text =
                    format!("{who} *{flow}* {} in it with {whose} connection {connection} from now on", act(runners));
                let direction = if runners == Some(0) { Direction::Nobody } else { Direction::Gains };
                Statement { direction, text, people }
            }
            Some(ConnectionMode::ProvidedByRunOnlyUser) | None => {
                let brings = if runners == Some(1) || runners.is_none() { "brings" } else { "bring" };
                let text = format!("{who} *{flow}* {brings} a connection of their own for {connection}");
                Statement { direction: Direction::Loses, text, people }
            }
        }
    }
}
