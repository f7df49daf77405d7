//! What a plan cannot bring about, and what a reader should know before it is applied: judged on the inventory after it.
use std::collections::BTreeMap;

use crate::compile::desired::DesiredEnvironment;
use crate::finding::Finding;
use crate::inventory::Inventory;
use crate::inventory::section::{Answer, not_asked};
use crate::kinds::environment::members::Aspect;
use crate::kinds::flow::connections::{ACT_ON_BEHALF, child_for_callers, owner_lacks};
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
    let kept_out = kept_out(goals);
    let shares = block(&mut goals.shares, &verdicts.shares, FLOWS, after, &kept_out, findings);
    let readers = block(&mut goals.readers, &verdicts.readers, REFERENCES, after, &kept_out, findings);
    let connections = block_unrepresented(goals, verdicts, after, findings);
    let parents = block_parents(goals, verdicts, after, findings);
    roles || shares || readers || connections || parents
}

/// A flow that calls one that brings its caller's connections is not saved; judged on the inventory after the plan, which may
/// mend the child.
fn block_parents(
    goals: &mut Ledgers<Goals>,
    verdicts: &Ledgers<Verdicts>,
    after: &Inventory,
    findings: &mut Vec<Finding>,
) -> bool {
    let mut blocked = false;
    for (flow, verdict) in &verdicts.connections {
        let (Verdict::Compared { changes, .. }, Some(child)) = (verdict, child_for_callers(after, flow)) else {
            continue;
        };
        for change in changes {
            let wanted = goals.connections.get_mut(flow).and_then(|wanted| wanted.entries.get_mut(&change.entry));
            let Some(want) = wanted else { continue };
            let message = format!(
                "flow `{flow}` calls `{child}`, which brings its caller's connections, so the service saves neither"
            );
            let hint =
                format!("write `\"*\": useThisConnection` under `connections:` of a Flow document for `{child}`");
            findings.push(Finding::warning(Rule::ChildFlow, &want.place, message).hint(hint));
            let text = format!("its child flow {child} brings its caller's connections");
            want.blocked = Some(Reason::Refused(text.into()));
            blocked = true;
        }
    }
    blocked
}

/// A flow that acts for its callers is saved only while its owner may act on behalf of others; judged on the inventory after
/// the plan, which may give or take that.
fn block_unrepresented(
    goals: &mut Ledgers<Goals>,
    verdicts: &Ledgers<Verdicts>,
    after: &Inventory,
    findings: &mut Vec<Finding>,
) -> bool {
    let mut blocked = false;
    for (flow, verdict) in &verdicts.connections {
        let Verdict::Compared { changes, .. } = verdict else { continue };
        for change in changes {
            let Some(lacks) = owner_lacks(after, flow, std::slice::from_ref(change)) else { continue };
            let wanted = goals.connections.get_mut(flow).and_then(|wanted| wanted.entries.get_mut(&change.entry));
            let Some(want) = wanted else { continue };
            match lacks {
                Err(problem) => want.blocked = Some(Reason::Unread(problem)),
                Ok(owner @ Principal::User { .. }) => {
                    let message = format!(
                        "{owner} owns flow `{flow}` and does not hold {ACT_ON_BEHALF} through a role of his own"
                    );
                    let finding = Finding::warning(Rule::ActOnBehalf, &want.place, message);
                    let hint = format!("add a RoleAssignment of {{ builtIn: delegate }} for `{}`", owner.name());
                    findings.push(finding.hint(hint));
                    let text = format!("{owner}, who owns the flow, lacks the act-on-behalf privilege");
                    want.blocked = Some(Reason::Refused(text.into()));
                }
                Ok(owner) => {
                    let message = format!("flow `{flow}` is owned by {owner}; only a user can act on behalf of others");
                    let finding = Finding::warning(Rule::ActOnBehalf, &want.place, message);
                    findings.push(finding.hint("give the flow to a user"));
                    want.blocked = Some(Reason::Refused(format!("{owner}, who owns the flow, is no user").into()));
                }
            }
            blocked = true;
        }
    }
    blocked
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

/// Who does not come into the environment, and why.
fn kept_out(goals: &Ledgers<Goals>) -> BTreeMap<Principal, Reason> {
    let members = goals.members.values().flat_map(|wanted| &wanted.entries);
    members
        .filter(|(member, _)| member.aspect == Aspect::Presence)
        .filter_map(|(member, want)| Some((member.principal.clone(), want.blocked.clone()?)))
        .collect()
}

/// Blocks shares whose principal does not come in or holds no Read on the table.
fn block<L: Ledger<Entry = Principal>>(
    goals: &mut BTreeMap<L::Subject, Wanted<L>>,
    verdicts: &BTreeMap<L::Subject, Verdict<L>>,
    table: SharedTable,
    after: &Inventory,
    kept_out: &BTreeMap<Principal, Reason>,
    findings: &mut Vec<Finding>,
) -> bool {
    let mut blocked = false;
    for (subject, verdict) in verdicts {
        let Verdict::Compared { changes, .. } = verdict else { continue };
        for change in changes.iter().filter(|change| change.from.is_none()) {
            if let Some(reason) = kept_out.get(&change.entry) {
                let want = goals.get_mut(subject).and_then(|wanted| wanted.entries.get_mut(&change.entry));
                if let Some(want) = want {
                    want.blocked = Some(reason.clone());
                    blocked = true;
                }
                continue;
            }
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
