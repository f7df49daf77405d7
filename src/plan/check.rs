//! What a plan cannot bring about, and what a reader should know before it is applied: judged on the inventory after it.
use std::collections::BTreeMap;

use crate::compile::desired::DesiredEnvironment;
use crate::finding::Finding;
use crate::inventory::Inventory;
use crate::inventory::section::{Answer, not_asked};
use crate::kinds::flow::share::{FLOWS, REFERENCES, SharedTable};
use crate::kinds::security_role::entry::Entry;
use crate::kinds::{Goals, Ledgers, Verdicts};
use crate::ledger::{Ledger, Reason, Verdict, Want, Wanted};
use crate::names::Depth;
use crate::principal::Principal;
use crate::rules::Rule;

/// Blocks shares whose principal holds no Read on the table even when the plan holds. Says whether it blocked any.
pub fn block_impossible(
    goals: &mut Ledgers<Goals>,
    verdicts: &Ledgers<Verdicts>,
    before: &Inventory,
    after: &Inventory,
    findings: &mut Vec<Finding>,
) -> bool {
    let roles = block_assigned_roles(goals, verdicts, before, findings);
    let shares = block(&mut goals.shares, &verdicts.shares, FLOWS, after, findings);
    let readers = block(&mut goals.readers, &verdicts.readers, REFERENCES, after, findings);
    roles || shares || readers
}

/// A role that is still assigned is not deleted (public clients: the service refuses it); says who holds it.
fn block_assigned_roles(
    goals: &mut Ledgers<Goals>,
    verdicts: &Ledgers<Verdicts>,
    before: &Inventory,
    findings: &mut Vec<Finding>,
) -> bool {
    let mut blocked = false;
    for (role, verdict) in &verdicts.role_privileges {
        let Verdict::Compared { changes, .. } = verdict else { continue };
        if !changes.iter().any(|change| change.entry == Entry::Role && change.to.is_none()) {
            continue;
        }
        let revoked = match verdicts.assignments.get(role) {
            Some(Verdict::Compared { changes, .. }) => changes.iter().filter(|change| change.to.is_none()).count(),
            Some(Verdict::Unknown(_)) | None => 0,
        };
        let reason = match before.holders.get(&role.id) {
            Answer::Found(holders) if holders.len() > revoked => {
                let left = holders.len() - revoked;
                Reason::Refused(format!("still assigned to {left} that this plan does not revoke").into())
            }
            Answer::Found(_) | Answer::Absent => continue,
            Answer::Unreadable(problem) => Reason::Unread(problem),
            Answer::NotAsked => Reason::Unread(not_asked()),
        };
        if let Some(want) = goals.role_privileges.get_mut(role).and_then(|wanted| wanted.entries.get_mut(&Entry::Role))
        {
            let finding = Finding::warning(
                Rule::NotWritable,
                &want.place,
                format!("security role `{role}` is not deleted: {reason}"),
            );
            findings.push(
                finding
                    .hint("revoke its assignments too: a RoleAssignment with `state: absent`, or an exact empty one"),
            );
            want.blocked = Some(reason);
            blocked = true;
        }
    }
    blocked
}

fn block<L: Ledger<Entry = Principal>>(
    goals: &mut BTreeMap<L::Subject, Wanted<L>>,
    verdicts: &BTreeMap<L::Subject, Verdict<L>>,
    table: SharedTable,
    after: &Inventory,
    findings: &mut Vec<Finding>,
) -> bool {
    let mut blocked = false;
    for (subject, verdict) in verdicts {
        let Verdict::Compared { changes, .. } = verdict else { continue };
        for change in changes.iter().filter(|change| change.from.is_none()) {
            let Answer::Found(row) = after.row_of(&change.entry) else { continue };
            if after.holds_read(row, table.logical_name) != Ok(false) {
                continue;
            }
            let want: Option<&mut Want<L>> =
                goals.get_mut(subject).and_then(|wanted| wanted.entries.get_mut(&change.entry));
            if let Some(want) = want {
                let text = format!("holds no Read on {}, so the share would give nothing", table.display_name);
                want.blocked = Some(Reason::Refused(text.into()));
                blocked = true;
                let message =
                    format!("{} is to share {subject} and holds no Read on {}", change.entry, table.display_name);
                let hint = format!("assign a role with `{}: {{ Read: user }}` to {}", table.display_name, change.entry);
                findings.push(Finding::warning(Rule::NoReadForShare, &want.place, message).hint(hint));
            }
        }
    }
    blocked
}

/// Says what a reader should know: roles that do not reach the members of a group team, changes that are probably refused.
pub fn warn(
    desired: &DesiredEnvironment,
    verdicts: &Ledgers<Verdicts>,
    after: &Inventory,
    findings: &mut Vec<Finding>,
) {
    for (role, verdict) in &verdicts.assignments {
        let Verdict::Compared { changes, .. } = verdict else { continue };
        let Answer::Found(privileges) = after.role_privileges.get(&role.id) else { continue };
        if privileges.values().any(|depth| *depth == Depth::User) || after.role_privileges.doubt().is_some() {
            continue;
        }
        for change in changes.iter().filter(|change| change.to.is_some()) {
            if let Principal::Group { .. } = change.entry.principal {
                // Learn: manage group teams; without a User-level privilege the members count as having no role.
                let message = format!(
                    "security role `{role}` holds no User-level privilege, so the members of {} count as having no role",
                    change.entry.principal
                );
                let finding = Finding::warning(Rule::NoUserLevelPrivilege, &change.place, message);
                findings.push(finding.hint("give one privilege at depth `user`, or assign Basic User beside it"));
            }
        }
    }
    let caller = after.caller.value().map(|caller| caller.user);
    for (flow, verdict) in &verdicts.connections {
        let Verdict::Compared { changes, .. } = verdict else { continue };
        let owner = after.flows.row(&flow.id).map(|row| row.owner.id());
        if let (Some(change), true) = (changes.first(), caller.is_some() && owner != caller)
            && desired.environment.act_as == crate::compile::desired::ActAs::Caller
        {
            let message = format!(
                "flow `{flow}` belongs to somebody else; the service may refuse this caller, who may own none of its connections"
            );
            let finding = Finding::note(Rule::LikelyRefused, &change.place, message);
            findings.push(finding.hint(
                "share its connections with powergrant's identity, or set `actAs: owner` in the Environment document",
            ));
        }
    }
}
