//! Who reaches a row: by depth, by owning it, or because it is shared.
use std::collections::BTreeMap;

use uuid::Uuid;

use crate::access::set::Crowd;
use crate::access::{Access, Holders};
use crate::inventory::people::PrincipalRow;
use crate::inventory::section::Answer;
use crate::inventory::things::Rights;

/// A row that somebody may reach.
#[derive(Clone, Copy, Debug)]
pub struct Reach<'a> {
    /// The right that is asked for.
    pub right: Rights,
    /// Who owns the row.
    pub owner: PrincipalRow,
    /// The row's id, under which its shares stand.
    pub id: Uuid,
    /// Who holds the privilege on its table.
    pub holders: &'a Holders,
}

impl Access<'_> {
    /// Everybody who reaches a row. A share gives nothing to who lacks the privilege on the table altogether, and User level of
    /// a team's role that does not reach members is for the team's own shares (Learn: security roles and privileges).
    pub fn reach(&self, row: Reach<'_>) -> Crowd {
        let Reach { owner, holders, id, right } = row;
        let mut crowd = holders.organization.clone();
        crowd.extend(&self.owned(owner, holders));
        // Rows are in their owner's business unit, unless somebody put them elsewhere, which is not read.
        match self.inventory.unit_of(owner) {
            Some(unit) => self.extend_by_unit(&mut crowd, unit, holders),
            None => {
                for people in holders.units.values().chain(holders.trees.values()) {
                    crowd.extend_perhaps(people);
                }
            }
        }
        crowd = crowd.or(&self.shared(id, right).and(&holders.shared_rows));
        for (row, rights) in self.inventory.shares.row(&id).into_iter().flatten() {
            if let (PrincipalRow::Team(team), true) = (row, rights.contains(right))
                && let Some(through) = holders.of_team.get(team)
            {
                crowd.extend(&self.members(*team).and(through));
            }
        }
        crowd
    }

    /// Whoever owns a row, or is in the team that does, and whose privilege counts for it.
    fn owned(&self, owner: PrincipalRow, holders: &Holders) -> Crowd {
        match owner {
            PrincipalRow::User(_) => self.crowd_of(owner).and(&holders.own_rows),
            PrincipalRow::Team(team) => {
                let own = self.members(team).and(&holders.own_role);
                holders.of_team.get(&team).map_or(own.clone(), |through| own.or(through))
            }
            PrincipalRow::Organization(_) => Crowd::nobody(),
        }
    }

    fn extend_by_unit(&self, crowd: &mut Crowd, unit: Uuid, holders: &Holders) {
        if let Some(people) = holders.units.get(&unit) {
            crowd.extend(people);
        }
        let mut above = Some(unit);
        // A hierarchy has an end; a broken one is not followed for ever.
        for _ in 0..=self.inventory.units.rows().count() {
            let Some(at) = above else { break };
            if let Some(people) = holders.trees.get(&at) {
                crowd.extend(people);
            }
            above = self.inventory.units.row(&at).and_then(|unit| unit.parent);
        }
    }

    /// Everybody whom a share with this right reaches, whatever the share is worth to him.
    pub fn shared(&self, id: Uuid, right: Rights) -> Crowd {
        let empty = BTreeMap::new();
        let mut crowd = Crowd::nobody();
        let shares = match self.inventory.shares.get(&id) {
            Answer::Found(shares) => shares,
            Answer::Absent => &empty,
            Answer::Unreadable(_) | Answer::NotAsked => {
                crowd.extend_perhaps(&Crowd::of(self.everybody()));
                &empty
            }
        };
        for (row, rights) in shares {
            if rights.contains(right) {
                crowd.extend(&self.crowd_of(*row));
            }
        }
        // Rows that the caller may not see could be shares with anybody.
        if self.inventory.shares.doubt().is_some() {
            crowd.extend_perhaps(&Crowd::of(self.everybody()));
        }
        crowd
    }
}
