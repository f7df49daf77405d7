//! When what a plan gives ends again: the last day that a manifest names, ahead of time.
use std::collections::BTreeMap;

use jiff::civil::Date;

use super::line::{Expiry, Line, LineKind};
use crate::compile::desired::{DesiredEnvironment, List};
use crate::kinds::EnvironmentMembers;
use crate::ledger::Ledger;
use crate::place::Place;

/// Tells of every line that gives something how long it is given for.
pub(super) fn tell(desired: &DesiredEnvironment, lines: &mut [Line]) {
    let days = last_days(desired);
    for line in lines {
        let gives = match &line.kind {
            LineKind::Change { to, .. } => to.is_some(),
            LineKind::Blocked { .. } | LineKind::Unread { .. } | LineKind::Unmanaged { .. } | LineKind::Kept { .. } => {
                false
            }
        };
        // Nobody is taken out of an environment, so being in it does not end.
        if !gives || line.ledger == EnvironmentMembers::NAME {
            continue;
        }
        let day = line.place.as_ref().and_then(|place| days.get(place));
        line.expires = day.map(|day| Expiry::of(*day, desired.today));
    }
}

/// The last days that documents name, by the place of what they are for.
fn last_days(desired: &DesiredEnvironment) -> BTreeMap<&Place, Date> {
    // Destructured so that a new kind of document is not forgotten.
    let DesiredEnvironment { today: _, environment: _, roles, assignments, environment_roles, flows, policies: _ } =
        desired;
    let lists = assignments.iter().map(|document| &document.members);
    let lists = lists.chain(environment_roles.iter().map(|document| &document.members));
    let of_flows = flows.iter().flat_map(|flow| [&flow.run_only_users, &flow.owners, &flow.reference_readers]);
    let lists = lists.chain(of_flows.flatten());
    let members = lists.flat_map(|list: &List| &list.members).map(|member| (&member.place, member.expires));
    let on_tables = roles.iter().flat_map(|role| &role.privileges).map(|one| (&one.place, one.expires));
    let by_name = roles.iter().flat_map(|role| &role.miscellaneous).map(|one| (&one.place, one.expires));
    let named = members.chain(on_tables).chain(by_name);
    named.filter_map(|(place, day)| Some((place, day?))).collect()
}
