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
