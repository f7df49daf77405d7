//! What a request is about: whose path, which flows, and where one is kept.

use uuid::Uuid;

/// Whose path a request takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Admin,
    Maker,
}

/// Which of a maker's flows are asked for: `search('personal')`, `search('team')`, or neither (public client: flow list).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// Those that the bearer owns.
    Personal,
    /// Those that others share with the bearer as a co-owner.
    Team,
    Both,
}

/// Where a flow is kept.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kept {
    /// A row of Dataverse.
    Row(Uuid),
    /// The place among the flows outside of Dataverse.
    Personal(usize),
}
