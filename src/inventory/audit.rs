//! What the audit log of Dataverse says of records: who did what when.
use std::collections::BTreeSet;

use jiff::Timestamp;
use uuid::Uuid;

use crate::names::Text;

/// A record that has a history in the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Record {
    /// The table.
    pub table: Audited,
    /// The row's id.
    pub id: Uuid,
}

/// The tables whose records are asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audited {
    /// Security roles.
    Role,
    /// Flows.
    Flow,
    /// Connection references.
    Reference,
    /// Users.
    User,
    /// Teams.
    Team,
}

impl Audited {
    /// The name of the rows' set, and the table's logical name.
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Role => ("roles", "role"),
            Self::Flow => ("workflows", "workflow"),
            Self::Reference => ("connectionreferences", "connectionreference"),
            Self::User => ("systemusers", "systemuser"),
            Self::Team => ("teams", "team"),
        }
    }
}

/// Something that was done to a record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    /// It was made or deleted.
    Existence,
    /// A column was written.
    Column(Text),
    /// A privilege of a role was given, taken, or moved to another depth.
    Privilege(Uuid),
    /// It was associated with another record, or no more: a user or team with a role.
    Association(Uuid),
    /// It was shared with a user or team, or no more, or otherwise.
    Share(Uuid),
}

/// Where a change stands in the audit log: whose history, and which deeds of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trail {
    /// The record.
    pub record: Record,
    /// Any of these is the change.
    pub deeds: BTreeSet<Deed>,
}

impl Trail {
    /// The trail of one deed.
    pub fn new(table: Audited, id: Uuid, deeds: impl IntoIterator<Item = Deed>) -> Self {
        Self { record: Record { table, id }, deeds: deeds.into_iter().collect() }
    }

    /// The last event that is the change.
    pub fn last<'events>(&self, events: &'events [Event]) -> Option<&'events Event> {
        events.iter().filter(|event| !event.deeds.is_disjoint(&self.deeds)).max_by_key(|event| event.at)
    }
}

/// One record of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// Whose rights counted.
    pub by: Actor,
    /// Who acted as that user, if another did.
    pub called_by: Option<Actor>,
    /// What was done.
    pub deeds: BTreeSet<Deed>,
}

/// A user as the audit log names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The row (`systemuserid`).
    pub row: Uuid,
    /// The full name, if the service gave it.
    pub name: Option<Text>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_event_with_the_deed_counts_and_no_other() {
        let (flow, bob, ada) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        let event = |second: i64, deed: Deed| Event {
            at: Timestamp::from_second(second).unwrap(),
            by: Actor { row: ada, name: None },
            called_by: None,
            deeds: BTreeSet::from([deed]),
        };
        let trail = Trail::new(Audited::Flow, flow, [Deed::Share(bob)]);
        let events = [
            event(3, Deed::Share(bob)),
            event(9, Deed::Share(ada)),
            event(5, Deed::Share(bob)),
            event(8, Deed::Column("clientdata".into())),
        ];
        assert_eq!(trail.last(&events).map(|event| event.at.as_second()), Some(5));
        assert_eq!(trail.last(&events[1..2]), None);
    }
}
