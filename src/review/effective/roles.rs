//! Who holds what a security role or an environment role gives, before and after.
use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::words::has;
use super::{Change, Direction, Sides, Statement};
use crate::access::{Ability, Access, Crowd, Set};
use crate::inventory::people::PrincipalRow;
use crate::inventory::section::Answer;
use crate::principal::Principal;
use crate::review::moves::{Move, What};

impl Sides<'_> {
    /// Who holds what a role gives.
    pub(super) fn roles(&self, moves: &[Move<'_>], statements: &mut BTreeSet<Statement>) {
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
                let keep = if kept.len() == 1 { "keeps" } else { "keep" };
                let still = self.still_through(role.id, &kept);
                let text = format!("{} {keep} what security role {role} gives: {still}", self.words(&kept));
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
    pub(super) fn privileges(&self, moves: &[Move<'_>], statements: &mut BTreeSet<Statement>) {
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
            let unknown = holders.unknown();
            if direction == Direction::Gains && !unknown.is_empty() {
                let text = format!(
                    "{} may hold security role {name}, which gives more: not everything that decides it was read",
                    self.words(&unknown)
                );
                statements.insert(Statement { direction: Direction::MayGain, text, people: unknown.len() });
            }
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

    /// Through what people still hold a role. What is assigned to oneself is not granted by oneself.
    fn still_through(&self, role: Uuid, people: &Set) -> String {
        let inventory = self.after.inventory();
        let rows = inventory.holders.row(&role).into_iter().flatten();
        let giving: BTreeSet<_> = rows
            .filter(|(row, _)| {
                let crowd = self.after.crowd_of(*row);
                people.iter().any(|person| crowd.ability(person) == Ability::Can)
            })
            .collect();
        let (own, shared): (Vec<_>, Vec<_>) =
            giving.into_iter().partition(|(row, _)| matches!(row, PrincipalRow::User(_)));
        let granted: BTreeSet<String> =
            shared.iter().map(|(row, _)| inventory.principal_of(*row).0.to_string()).collect();
        let units: BTreeSet<String> = own
            .iter()
            .map(|(_, unit)| inventory.units.row(unit).map_or_else(|| unit.to_string(), |known| known.name.to_string()))
            .collect();
        let mut parts = Vec::new();
        if !granted.is_empty() {
            parts.push(format!("still granted by {}", granted.into_iter().collect::<Vec<_>>().join(", ")));
        }
        if !units.is_empty() {
            parts.push(format!("still assigned in {}", units.into_iter().collect::<Vec<_>>().join(", ")));
        }
        parts.join(", ")
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

    /// Who is administrator or maker of an environment without Dataverse.
    pub(super) fn environment_roles(moves: &[Move<'_>], statements: &mut BTreeSet<Statement>) {
        for one in moves {
            let What::EnvironmentRole(role, change) = one.what else { continue };
            let (direction, verb) =
                if one.stays { (Direction::Gains, "now has") } else { (Direction::Loses, "no longer has") };
            let text = format!("{} {verb} what environment role {} gives", change.entry, role.words());
            statements.insert(Statement { direction, text, people: 1 });
        }
    }
}
