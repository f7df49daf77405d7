//! What an organisation remembers of the last writes: how to take them back, and what reads still see.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::sandbox::odata::Row;

/// How one write is taken back.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Undo {
    pub(super) table: String,
    pub(super) id: Uuid,
    pub(super) before: Option<Row>,
    pub(super) version: u64,
}

/// One row before and after a request.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::sandbox) struct Changed {
    /// The table.
    pub table: String,
    /// The row's key.
    pub id: Uuid,
    /// The row before; nothing for a new one.
    pub before: Option<Row>,
    /// The row after; nothing for one that was deleted.
    pub after: Option<Row>,
}

/// Who sent a request, and as whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) struct Actor {
    /// The user whose rights counted.
    pub user: Uuid,
    /// The user who acted as that one, if another did.
    pub caller: Option<Uuid>,
}

/// What a table held before the last writes, and how many reads still see that.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Stale {
    pub(super) reads: u32,
    pub(super) before: BTreeMap<Uuid, Option<Row>>,
}

/// Which reads see what was there before a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::sandbox) enum Lag {
    /// Those that do not ask for `Consistency: Strong`.
    Cached,
    /// Those that go one of the two ways to privileges and shares, whatever they ask for.
    OneWay,
}
