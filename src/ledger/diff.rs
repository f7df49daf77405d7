//! The one comparison of what is wanted with what is held.
use std::collections::{BTreeMap, BTreeSet};

use super::change::{Change, Left, Verdict, Why};
use super::standing::{Claim, Reason, Standing};
use super::{Ledger, Sight, Wanted};
use crate::problem::Problem;

/// Compares what is wanted of a subject with what is held.
pub fn diff<L: Ledger>(wanted: &Wanted<L>, sight: Sight<L>) -> Verdict<L> {
    let (new, held, subject, gap) = match sight {
        Sight::Found { entries, standing, gap } => (false, entries, standing, gap),
        Sight::Absent => (true, BTreeMap::new(), None, None),
        Sight::Unreadable(problem) => return Verdict::Unknown(problem),
    };
    let subject = subject.filter(|reason| !(wanted.layer && matches!(reason, Reason::NotWritable(_))));
    let (mut changes, mut left) = (Vec::new(), Vec::new());
    let entries: BTreeSet<&L::Entry> = wanted.entries.keys().chain(held.keys()).collect();
    for entry in entries {
        let (want, now) = (wanted.entries.get(entry), held.get(entry));
        let level = now.map(|held| held.level.clone());
        let target = want.and_then(|want| want.level.clone());
        let standing = Standing {
            subject: subject.clone(),
            entry: now.and_then(|held| held.reason.clone()).or_else(|| want.and_then(|want| want.blocked.clone())),
            named: want.is_some(),
        };
        let met = level
            .as_ref()
            .zip(target.as_ref())
            .filter(|_| want.is_none_or(|want| !want.at_most))
            .and_then(|(held, wanted_level)| L::met(&wanted.extent, held, wanted_level));
        let claim = met.map_or_else(|| L::claim(&wanted.extent, entry, level.as_ref(), &standing), Claim::Never);
        let why = match (want, claim) {
            // What is seen to stand as wanted stands; what is neither wanted nor seen stands only if all was seen.
            (Some(_), _) if level == target && (level.is_some() || gap.is_none()) => continue,
            (Some(_), Claim::Never(Reason::Met(reason))) => Some(Why::Met(Reason::Met(reason))),
            (_, Claim::Never(Reason::Unread(problem))) => Some(Why::Unread(problem)),
            (Some(_), Claim::Never(reason)) => Some(Why::Blocked(reason)),
            (None, Claim::Never(reason @ (Reason::Platform(_) | Reason::Met(_)))) => Some(Why::Platform(reason)),
            (None, Claim::Never(reason)) => Some(Why::Blocked(reason)),
            (None, Claim::Named) if gap.is_some() || !L::is_listed(entry) => continue,
            (None, Claim::Named) => Some(Why::Unmanaged),
            (Some(_), Claim::Whole | Claim::Named) | (None, Claim::Whole) => {
                held_back(wanted, gap.as_ref(), level.is_some(), target.is_some()).map(Why::Unread)
            }
        };
        let place = want.map(|want| want.place.clone());
        match why {
            Some(why) => left.push(Left { entry: entry.clone(), held: level, wanted: target, why, place }),
            None => changes.push(Change {
                entry: entry.clone(),
                from: level,
                to: target,
                place: place.unwrap_or_else(|| wanted.place.clone()),
            }),
        }
    }
    Verdict::Compared { new, changes, left, gap }
}

/// Says why a move is not planned although it differs: from what was read only in part nothing is added or revoked.
fn held_back<L: Ledger>(wanted: &Wanted<L>, gap: Option<&Problem>, held: bool, stays: bool) -> Option<Problem> {
    match (gap, held && stays) {
        (Some(problem), false) => Some(problem.clone()),
        (Some(_), true) => None,
        (None, _) if !stays => wanted.unresolved.first().map(|(_, problem)| problem.clone()),
        (None, _) => None,
    }
}
