//! Claims that hold, do not hold, or that nobody knows.

/// Whether all claims hold.
pub(super) fn every(claims: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut all = Some(true);
    for claim in claims {
        all = both(all, claim);
    }
    all
}

pub(super) fn both(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (None, _) | (_, None) => None,
        (Some(true), Some(true)) => Some(true),
    }
}
