//! Who comes in with a plan makes a team that had all of its group's people lack one: its synchronisation is planned with it.
use super::after;
use crate::inventory::Inventory;
use crate::kinds::environment::members::{Aspect, Member};
use crate::kinds::environment::presence::is_synchronised;
use crate::kinds::held::Held;
use crate::kinds::{EnvironmentMembers, Goals, Ledgers, Verdicts};
use crate::ledger::{Change, Verdict, Want};

/// Plans to synchronise every team that has all of its people now and would lack one once the plan holds. A joiner comes into
/// the teams of his groups at his first access (Learn: manage group teams), and `sync: true` is the wish not to wait for that.
pub(super) fn complete_teams(goals: &Ledgers<Goals>, verdicts: &mut Ledgers<Verdicts>, inventory: &Inventory) {
    if !goals.members.values().flat_map(|wanted| &wanted.entries).any(is_wanted) {
        return;
    }
    let after = after::after(inventory, verdicts);
    for (environment, verdict) in &mut verdicts.members {
        let (Verdict::Compared { changes, .. }, Some(wanted)) = (verdict, goals.members.get(environment)) else {
            continue;
        };
        let teams = wanted.entries.iter().filter(|entry| is_wanted(*entry));
        let broken = teams.filter(|(team, _)| {
            is_synchronised(inventory, &team.principal) == Ok(true)
                && is_synchronised(&after, &team.principal) == Ok(false)
        });
        let completed = broken.map(|(team, want)| Change {
            entry: team.clone(),
            from: None,
            to: Some(Held),
            place: want.place.clone(),
        });
        changes.extend(completed);
        changes.sort_by(|one, other| one.entry.cmp(&other.entry));
    }
}

fn is_wanted((member, want): (&Member, &Want<EnvironmentMembers>)) -> bool {
    member.aspect == Aspect::Synchronised && want.level.is_some() && want.blocked.is_none()
}

#[cfg(test)]
mod tests {
    use crate::kinds::environment::sample::{ADA, BOB, with_group_team};
    use crate::plan::{LineKind, Plan, plan};
    use crate::review::sample::{desired, document};

    /// The plan for an environment where Ada and Bob are in the group's team, and Eve of the same group is not there.
    fn planned(members: &str) -> Plan {
        let spec = format!("{{ role: Flow Runner, members: {members} }}");
        plan(&desired("", &document("RoleAssignment", &spec)), &with_group_team(&[ADA, BOB]))
    }

    fn of_teams(plan: &Plan) -> Vec<&str> {
        let lines = plan.lines.iter().filter(|line| matches!(line.kind, LineKind::Change { .. }));
        lines.map(|line| line.name.as_str()).filter(|name| name.starts_with("members of")).collect()
    }

    #[test]
    fn a_team_that_a_joiner_of_the_same_plan_would_be_lacking_in_is_synchronised_after_him() {
        let group = "{ group: { name: SG-Expense-Prod, sync: true } }";
        let with = planned(&format!("[{group}, {{ user: eve@contoso.com }}]"));
        assert_eq!(of_teams(&with), ["members of group SG-Expense-Prod"], "{:#?}", with.lines);
        let spec = format!("{{ role: Flow Runner, members: [{group}, {{ user: eve@contoso.com }}] }}");
        let again = plan(&desired("", &document("RoleAssignment", &spec)), &with.after);
        assert_eq!(again.changes().count(), 0, "{:#?}", again.lines);
        let without = planned(&format!("[{group}]"));
        assert_eq!(of_teams(&without), Vec::<&str>::new(), "nobody comes in, and all who are there are in it");
    }
}
