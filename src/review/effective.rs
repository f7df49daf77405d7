//! The effective change: who can do more or less afterwards, through whatever, in plain words.
use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::moves::{Move, What};
use crate::access::{Ability, Access, Crowd, Set, Way, WayKind};
use crate::inventory::Inventory;
use crate::inventory::people::PrincipalRow;
use crate::inventory::section::Answer;
use crate::names::{ConnectionMode, Flow, Ref};
use crate::principal::Principal;

/// What a statement says of the people that it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    /// They can do more.
    Gains,
    /// Nobody knows whether they can do more.
    MayGain,
    /// They can do less.
    Loses,
    /// Something is taken from them, and they can do what they could.
    Keeps,
    /// Nothing changes for anybody.
    Nobody,
}

/// One thing that a plan means for people.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// What it means for them.
    pub direction: Direction,
    /// The sentence.
    pub text: String,
    /// How many people it is about.
    pub people: usize,
}

/// Says what changes for people between two inventories of one environment.
pub fn effective(before: &Inventory, after: &Inventory, moves: &[Move<'_>]) -> Vec<Statement> {
    if moves.is_empty() {
        return Vec::new();
    }
    let sides = Sides::of(before, after);
    let mut statements = BTreeSet::new();
    sides.roles(moves, &mut statements);
    sides.privileges(moves, &mut statements);
    sides.flows(moves, &mut statements);
    if !statements.iter().any(|one| matches!(one.direction, Direction::Gains | Direction::MayGain)) {
        let text = "nobody gains anything".to_owned();
        statements.insert(Statement { direction: Direction::Nobody, text, people: 0 });
    }
    statements.into_iter().collect()
}

/// Everybody's access before and after.
struct Sides<'run> {
    before: Access<'run>,
    after: Access<'run>,
    /// For each person afterwards the position before, if there was one.
    earlier: Vec<Option<usize>>,
}

/// People by their positions afterwards, as a change finds them.
#[derive(Default)]
struct Change {
    gain: Set,
    may_gain: Set,
    lose: Set,
}

impl<'run> Sides<'run> {
    fn of(before: &'run Inventory, after: &'run Inventory) -> Self {
        let (before, after) = (Access::of(before), Access::of(after));
        let by_object: BTreeMap<Uuid, usize> =
            before.people().iter().enumerate().filter_map(|(at, person)| Some((person.object?, at))).collect();
        let by_row: BTreeMap<Uuid, usize> =
            before.people().iter().enumerate().filter_map(|(at, person)| Some((person.row?, at))).collect();
        let earlier = after.people().iter().map(|person| {
            let row = person.row.and_then(|row| by_row.get(&row));
            row.or_else(|| by_object.get(&person.object?)).copied()
        });
        let earlier = earlier.collect();
        Self { before, after, earlier }
    }

    fn change(&self, before: &Crowd, after: &Crowd) -> Change {
        let mut change = Change::default();
        for person in 0..self.earlier.len() {
            let was = self.earlier[person].map_or(Ability::Cannot, |earlier| before.ability(earlier));
            match (was, after.ability(person)) {
                (Ability::Cannot, Ability::Can) => change.gain.insert(person),
                (Ability::Unknown, Ability::Can) | (Ability::Cannot, Ability::Unknown) => {
                    change.may_gain.insert(person);
                }
                (Ability::Can | Ability::Unknown, Ability::Cannot) => change.lose.insert(person),
                (Ability::Can, Ability::Can | Ability::Unknown)
                | (Ability::Unknown, Ability::Unknown)
                | (Ability::Cannot, Ability::Cannot) => {}
            }
        }
        change
    }

    fn who(&self, person: usize) -> String {
        self.after.people()[person].principal.to_string()
    }

    /// People in words: by name if there are at most two, else how many.
    fn words(&self, people: &Set) -> String {
        let names: Vec<String> = people.iter().take(2).map(|person| self.who(person)).collect();
        match people.len() {
            1 | 2 => names.join(" and "),
            count => format!("{count} people"),
        }
    }

    /// Who holds what a role gives.
    fn roles(&self, moves: &[Move<'_>], statements: &mut BTreeSet<Statement>) {
        for one in moves {
            let What::Assignment(role, change) = one.what else { continue };
            let inventory = if one.stays { self.after.inventory() } else { self.before.inventory() };
            let Answer::Found(row) = inventory.row_of(&change.entry.principal) else { continue };
            let held = |access: &Access<'_>, without: Option<PrincipalRow>| {
                let holders = access.inventory().holders.row(&role.id);
                let rows = holders.into_iter().flatten().map(|(row, _)| *row).filter(|row| Some(*row) != without);
                rows.fold(Crowd::nobody(), |crowd, row| crowd.or(&access.crowd_of(row)))
            };
            let who = &change.entry.principal;
            if one.stays {
                let gained = self.change(&held(&self.before, None), &self.after.crowd_of(row));
                self.say_gains(&gained, Some(who), &format!("what security role {role} gives"), statements);
                continue;
            }
            // Whoever lost this assignment and is still given the role keeps it.
            let lost = self.before.crowd_of(row);
            let mut kept = Set::nobody();
            let still = held(&self.after, None);
            let mut gone = Set::nobody();
            for (person, earlier) in self.earlier.iter().enumerate() {
                if earlier.is_some_and(|earlier| lost.ability(earlier) == Ability::Can) {
                    match still.ability(person) {
                        Ability::Can => kept.insert(person),
                        Ability::Cannot | Ability::Unknown => gone.insert(person),
                    }
                }
            }
            if !kept.is_empty() {
                let through: BTreeSet<String> = self.through(role.id, &kept);
                let through: Vec<String> = through.into_iter().collect();
                let keep = if kept.len() == 1 { "keeps" } else { "keep" };
                let text = format!(
                    "{} {keep} what security role {role} gives: still granted by {}",
                    self.words(&kept),
                    through.join(", ")
                );
                statements.insert(Statement { direction: Direction::Keeps, text, people: kept.len() });
            }
            if !gone.is_empty() {
                let text =
                    format!("{} no longer {} what security role {role} gives", self.words(&gone), has(gone.len()));
                statements.insert(Statement { direction: Direction::Loses, text, people: gone.len() });
            }
        }
    }

    /// What becomes of the people who hold a role that itself changes; who gets it only now is said by the assignment.
    fn privileges(&self, moves: &[Move<'_>], statements: &mut BTreeSet<Statement>) {
        let mut roles: BTreeMap<(Uuid, Direction), (&str, Vec<&str>)> = BTreeMap::new();
        for one in moves {
            let What::Privilege(role, _) = one.what else { continue };
            let direction = if one.is_gain() { Direction::Gains } else { Direction::Loses };
            roles.entry((role.id, direction)).or_insert((&role.name, Vec::new())).1.push(one.name.trim_end());
        }
        let before = self.before.inventory();
        for ((role, direction), (name, privileges)) in roles {
            let rows = before.holders.row(&role).into_iter().flatten().map(|(row, _)| *row);
            let holders = rows.fold(Crowd::nobody(), |crowd, row| crowd.or(&self.before.crowd_of(row)));
            let people = holders.certain().len();
            if people == 0 {
                continue;
            }
            let more = privileges.len().saturating_sub(3);
            let mut what: Vec<String> =
                privileges.iter().take(3).map(|name| name.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
            if more > 0 {
                what.push(format!("{more} more"));
            }
            let verb = match (direction, people) {
                (Direction::Gains, 1) => "person with security role {role} can do more",
                (Direction::Gains, _) => "people with security role {role} can do more",
                (_, 1) => "person with security role {role} can do less",
                (_, _) => "people with security role {role} can do less",
            };
            let text = format!("{people} {}: {}", verb.replace("{role}", name), what.join(", "));
            statements.insert(Statement { direction, text, people });
        }
    }

    /// The principals by which people still hold a role.
    fn through(&self, role: Uuid, people: &Set) -> BTreeSet<String> {
        let inventory = self.after.inventory();
        let rows = inventory.holders.row(&role).into_iter().flatten().map(|(row, _)| *row);
        let giving = rows.filter(|row| {
            let crowd = self.after.crowd_of(*row);
            people.iter().any(|person| crowd.ability(person) == Ability::Can)
        });
        giving.map(|row| inventory.principal_of(row).0.to_string()).collect()
    }

    fn say_gains(&self, change: &Change, who: Option<&Principal>, what: &str, statements: &mut BTreeSet<Statement>) {
        let people = |set: &Set| match who {
            Some(group @ (Principal::Group { .. } | Principal::Team { .. })) => {
                let people = if set.len() == 1 { "person" } else { "people" };
                format!("{} {people} in {}", set.len(), group.name())
            }
            Some(
                Principal::User { .. }
                | Principal::Application { .. }
                | Principal::Everyone
                | Principal::Unnamed { .. },
            )
            | None => self.words(set),
        };
        if !change.gain.is_empty() {
            let text = format!("{} now {} {what}", people(&change.gain), has(change.gain.len()));
            statements.insert(Statement { direction: Direction::Gains, text, people: change.gain.len() });
        }
        if !change.may_gain.is_empty() {
            let text = format!("{} may gain {what}: not everything that decides it was read", people(&change.may_gain));
            statements.insert(Statement { direction: Direction::MayGain, text, people: change.may_gain.len() });
        }
    }

    /// Who can run which flow, and with whose connections.
    fn flows(&self, moves: &[Move<'_>], statements: &mut BTreeSet<Statement>) {
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
            self.kept(flow, moves, &is, statements);
        }
        for one in moves {
            if let What::Connection(flow, change) = one.what {
                let runners = self.after.runners_among(flow.id, &after);
                let is_known = matches!(inventory.shares.get(&flow.id), Answer::Found(_));
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

fn has(count: usize) -> &'static str {
    if count == 1 { "has" } else { "have" }
}

fn act(runners: Option<usize>) -> &'static str {
    match runners {
        Some(1) | None => "acts",
        Some(_) => "act",
    }
}

/// A connector as people call it: `shared_office365` is Office 365 in the portal; what is not known is called by its name.
fn connector(name: &str) -> &str {
    match name {
        "shared_sharepointonline" => "SharePoint",
        "shared_commondataserviceforapps" | "shared_commondataservice" => "Dataverse",
        "shared_office365" => "Outlook",
        "shared_sql" => "SQL",
        "shared_teams" => "Teams",
        other => other.strip_prefix("shared_").unwrap_or(other),
    }
}
