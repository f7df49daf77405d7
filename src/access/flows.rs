//! Who can run a flow and through what, and whose connections it lends.
use uuid::Uuid;

use crate::access::reach::Reach;
use crate::access::set::Crowd;
use crate::access::{Ability, Access, Belonging};
use crate::inventory::people::PrincipalRow;
use crate::inventory::section::Answer;
use crate::inventory::things::Rights;
use crate::names::{ConnectionMode, Operation, Text};
use crate::principal::Principal;

/// One way in which somebody may run a flow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Way {
    /// As what.
    pub kind: WayKind,
    /// The team whose share or flow it is, and how the person belongs to it; none for a share of his own.
    pub team: Option<(Principal, Belonging)>,
}

/// As what somebody may run a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WayKind {
    /// He, or a team of his, owns it.
    Owner,
    /// It is shared with Write.
    CoOwner,
    /// It is shared with Read and nothing that changes it.
    RunOnly,
    /// It is shared with other rights, Read among them.
    Custom(Rights),
    /// It is shared with the whole organisation.
    Everyone,
}

impl WayKind {
    /// The way in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::CoOwner => "co-owner",
            Self::RunOnly => "run-only user",
            Self::Custom(_) => "custom share",
            Self::Everyone => "shared with everyone",
        }
    }

    fn of(row: PrincipalRow, rights: Rights) -> Option<Self> {
        let changes = Rights(Rights::DELETE.0 | Rights::SHARE.0 | Rights::ASSIGN.0);
        match (row, rights) {
            (_, rights) if !rights.contains(Rights::READ) => None,
            (PrincipalRow::Organization(_), _) => Some(Self::Everyone),
            (_, rights) if rights.contains(Rights::WRITE) => Some(Self::CoOwner),
            (_, rights) if rights.intersects(changes) => Some(Self::Custom(rights)),
            (PrincipalRow::User(_) | PrincipalRow::Team(_), _) => Some(Self::RunOnly),
        }
    }
}

/// A connection that a flow lends to whoever runs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lent {
    /// The key in the flow.
    pub key: Text,
    /// The connection reference's logical name; none when nothing is bound.
    pub reference: Option<Text>,
    /// The connector.
    pub connector: Text,
    /// Whose connection it is, as far as was read: the owner of the connection reference.
    pub owner: Option<Principal>,
}

impl Access<'_> {
    /// Everybody who may run a flow: enabled, holding a role, and the owner or somebody whom it is shared with for whom
    /// the share has an effect.
    ///
    /// Whoever only *sees* the flow, because a role reads every flow, is not among them: he is no run-only user, although
    /// he may make himself one where he also holds Share.
    pub fn runners(&self, flow: Uuid) -> Crowd {
        self.runners_among(flow, &self.runner_holders())
    }

    /// Who holds Read on Process, to be handed to [`Access::runners_among`] for many flows.
    pub fn runner_holders(&self) -> super::Holders {
        self.table_holders("workflow", Operation::Read)
    }

    /// The same with the holders of Read on Process, which are the same for every flow.
    pub fn runners_among(&self, flow: Uuid, holders: &super::Holders) -> Crowd {
        let owner = match self.inventory.flows.get(&flow) {
            Answer::Found(row) => row.owner,
            Answer::Absent => return Crowd::nobody(),
            Answer::Unreadable(_) | Answer::NotAsked => return Crowd::perhaps(self.everybody()),
        };
        let reach = self.reach(Reach { right: Rights::READ, owner, id: flow, holders });
        self.invited(flow, owner).and(&reach).and(&self.present())
    }

    /// The owner and everybody whom a flow is shared with, whatever the share is worth to him.
    pub fn invited(&self, flow: Uuid, owner: PrincipalRow) -> Crowd {
        self.crowd_of(owner).or(&self.shared(flow, Rights::READ))
    }

    /// The ways in which somebody may run a flow, and whether there may be more.
    pub fn ways(&self, person: usize, flow: Uuid) -> (Vec<Way>, Ability) {
        let mut ways = Vec::new();
        let mut more = Ability::Cannot;
        let owner = self.inventory.flows.row(&flow).map(|row| (row.owner, WayKind::Owner));
        let shares = self.inventory.shares.row(&flow).into_iter().flatten();
        let shares = shares.filter_map(|(row, rights)| Some((*row, WayKind::of(*row, *rights)?)));
        for (row, kind) in owner.into_iter().chain(shares) {
            match self.crowd_of(row).ability(person) {
                Ability::Can => ways.push(Way { kind, team: self.team_of(person, row) }),
                Ability::Unknown => more = Ability::Unknown,
                Ability::Cannot => {}
            }
        }
        let is_read = matches!(self.inventory.shares.get(&flow), Answer::Found(_) | Answer::Absent);
        if !is_read || self.inventory.shares.doubt().is_some() {
            more = Ability::Unknown;
        }
        ways.sort();
        (ways, more)
    }

    fn team_of(&self, person: usize, row: PrincipalRow) -> Option<(Principal, Belonging)> {
        match row {
            PrincipalRow::Team(team) => Some((self.inventory.principal_of(row).0, self.belonging(person, team))),
            PrincipalRow::User(_) | PrincipalRow::Organization(_) => None,
        }
    }

    /// The connections that a flow lends to whoever runs it; none when its text was not read.
    pub fn lent(&self, flow: Uuid) -> Option<Vec<Lent>> {
        let facts = self.inventory.definitions.row(&flow)?;
        let lent = facts.connections.iter().filter(|(_, connection)| match connection.mode {
            ConnectionMode::UseThisConnection | ConnectionMode::Mixed => true,
            ConnectionMode::ProvidedByRunOnlyUser => false,
        });
        let list = lent.map(|(key, connection)| Lent {
            key: key.clone(),
            reference: connection.logical_name.clone(),
            connector: connection.connector.clone(),
            owner: connection.logical_name.as_ref().and_then(|name| self.owner_of_reference(name)),
        });
        Some(list.collect())
    }

    fn owner_of_reference(&self, name: &str) -> Option<Principal> {
        let (_, reference) = self.inventory.reference(name)?;
        Some(self.inventory.principal_of(reference.owner).0)
    }
}
