//! Lists of principals: who holds a role, who may run a flow, and who therefore has to be in the environment.
use std::collections::BTreeMap;

use super::Resolve;
use super::goals::Merge;
use crate::compile::desired::{Assignment, List, Member, State};
use crate::finding::{Finding, Severity};
use crate::inventory::people::{PrincipalRow, TeamKind};
use crate::inventory::section::Answer;
use crate::inventory::{Inventory, Lookup};
use crate::kinds::environment::members::Member as MemberEntry;
use crate::kinds::environment::presence::is_synchronised;
use crate::kinds::environment::roles::Subject;
use crate::kinds::held::Held;
use crate::kinds::role_assignment::holder::{DISABLED_ACCOUNT, Holder};
use crate::kinds::security_role::entry::{Entry, RoleLevel};
use crate::kinds::{Goals, Ledgers};
use crate::ledger::{Extent, Reason};
use crate::names::{self, Ref};
use crate::place::Place;
use crate::principal::{Principal, PrincipalName};
use crate::problem::Problem;
use crate::rules::Rule;

/// Why a user does not come in whom no document gives a role.
const NO_ROLE: &str = "no role brings this user in: assign one here, or set `addUsers: bap`";

impl Resolve<'_> {
    pub(super) fn assignments(&mut self) {
        let desired = self.desired;
        for document in &desired.assignments {
            if self.inventory.environment.url.is_none() {
                let message = format!("{} has no Dataverse, so it has no security roles", desired.environment.name);
                let finding = Finding::error(Rule::WrongEnvironmentType, &document.role.place, message);
                self.findings.push(finding.hint("use `environmentRole:` there"));
                continue;
            }
            if let Some(role) = self.role(&document.role) {
                self.assignment(document, &role);
            }
        }
    }

    fn assignment(&mut self, document: &Assignment, role: &Ref<names::Role>) {
        let list = &document.members;
        let deleted = self.goals.role_privileges.get(role).and_then(|wanted| wanted.entries.get(&Entry::Role));
        let deleted = deleted.filter(|want| want.level.is_none()).map(|want| want.place.clone());
        let named_unit = match &document.business_unit {
            None => None,
            Some(unit) => match self.inventory.unit(&unit.value) {
                Lookup::One(found) => Some(found),
                Lookup::None => {
                    let known: Vec<String> =
                        self.inventory.units.rows().map(|(_, unit)| unit.name.to_string()).collect();
                    let message =
                        format!("there is no business unit `{}` in {}", unit.value, self.desired.environment.name);
                    return self.unknown(
                        Rule::UnknownUnit,
                        &unit.place,
                        message,
                        &unit.value,
                        &known,
                        "use its name or its id",
                    );
                }
                Lookup::Many(candidates) => return self.ambiguous(&unit.place, "business unit", &candidates),
                Lookup::Unreadable(problem) => return self.unread(&unit.place, "the business unit", &problem),
            },
        };
        let wanted = self.goals.assignments.subject(role, &list.place);
        let first = wanted.place.clone();
        if let Some(extent) = &list.extent {
            if wanted.extent == Extent::Exact && extent.value == Extent::Named {
                let message = format!("role assignment `{role}` is managed as `named` and as `exact`");
                self.findings.push(
                    Finding::error(Rule::Contradiction, &extent.place, message).also(&first, "the other document"),
                );
            } else {
                wanted.extent = extent.value;
            }
        }
        let members = self.principals(list, |goals, problem| {
            if let Some(wanted) = goals.assignments.get_mut(role) {
                wanted.unresolved.push(problem);
            }
        });
        for (principal, member) in members {
            let present = member.state == State::Present;
            if let (true, Some(place)) = (present, &deleted) {
                let message = format!("security role `{role}` is to be assigned, and to be deleted");
                self.findings
                    .push(Finding::error(Rule::Contradiction, &member.place, message).also(place, "deleted here"));
                continue;
            }
            let holder = match Holder::new(self.inventory, principal.clone(), named_unit.clone()) {
                Ok(holder) => holder,
                Err(problem) => {
                    self.unread(&member.place, &format!("the business unit of {principal}"), &problem);
                    continue;
                }
            };
            let blocked = if present { self.assignment_obstacle(role, &holder, &member.place) } else { None };
            let level = present.then_some(Held);
            self.goals.assignments.want(role, &list.place, holder, level, &member.place, blocked, &mut self.findings);
            if member.sync && present {
                let unread = is_synchronised(self.inventory, &principal).err().map(Reason::Unread);
                self.want_member(MemberEntry::synchronised(principal), &member.place, unread);
            }
        }
    }

    /// Why a role cannot be assigned to a principal, if so.
    fn assignment_obstacle(&mut self, role: &Ref<names::Role>, holder: &Holder, place: &Place) -> Option<Reason> {
        if let Some(reason) = holder.hindrance(self.inventory) {
            return Some(reason);
        }
        if !matches!(holder.principal, Principal::Group { .. }) {
            return None;
        }
        let planned = self.goals.role_privileges.get(role).and_then(|wanted| wanted.entries.get(&Entry::Inheritance));
        let reaches = match planned.map(|want| &want.level) {
            Some(Some(RoleLevel::ReachesMembers(reaches))) => *reaches,
            Some(_) | None => self.inventory.roles.row(&role.id).is_none_or(|role| role.reaches_members),
        };
        if reaches {
            return None;
        }
        // Error 0x80048350: Entra group teams can hold only roles with member's privilege inheritance (Learn: error codes).
        let message = format!("security role `{role}` does not reach the members of a group team");
        // A group that holds it already got it before the role was changed: nothing is sent, so nothing is refused.
        let is_held = matches!(self.inventory.row_of(&holder.principal), Answer::Found(row)
            if self.inventory.holders.row(&role.id).is_some_and(|held| held.contains(&(row, holder.unit.id))));
        let severity = if is_held { Severity::Warning } else { Severity::Error };
        let finding = Finding::new(severity, Rule::NeedsInheritance, Some(place.clone()), message);
        self.findings.push(finding.hint("add `memberPrivilegeInheritance: direct` to its SecurityRole document"));
        Some(Reason::Refused("the role does not reach the members of a group team".into()))
    }

    pub(super) fn environment_roles(&mut self) {
        let desired = self.desired;
        for document in &desired.environment_roles {
            if self.inventory.environment.url.is_some() {
                let message = format!("{} has Dataverse, so its roles are security roles", desired.environment.name);
                let finding = Finding::error(Rule::WrongEnvironmentType, &document.role.place, message);
                self.findings.push(finding.hint("use `role:` there, for instance { builtIn: environmentMaker }"));
                continue;
            }
            let (subject, list) = (Subject(document.role.value), &document.members);
            let extent = list.extent.as_ref().map_or_else(Extent::default, |extent| extent.value);
            let wanted = self.goals.environment_roles.subject(&subject, &list.place);
            if extent == Extent::Exact {
                wanted.extent = extent;
            }
            let members = self.principals(list, |goals, problem| {
                if let Some(wanted) = goals.environment_roles.get_mut(&subject) {
                    wanted.unresolved.push(problem);
                }
            });
            for (principal, member) in members {
                let level = (member.state == State::Present).then_some(Held);
                self.goals.environment_roles.want(
                    &subject,
                    &list.place,
                    principal,
                    level,
                    &member.place,
                    None,
                    &mut self.findings,
                );
            }
        }
    }

    /// Resolves the members of a list; what could not be read is handed to `unread`.
    pub(super) fn principals<'list>(
        &mut self,
        list: &'list List,
        mut unread: impl FnMut(&mut Ledgers<Goals>, (Place, Problem)),
    ) -> Vec<(Principal, &'list Member)> {
        let mut found = Vec::new();
        for member in &list.members {
            match self.inventory.principal(&member.principal) {
                Lookup::One(principal) => {
                    self.check_principal_name(member, &principal);
                    found.push((principal, member));
                }
                Lookup::None => {
                    let (what, name) = described(&member.principal);
                    let message = format!("there is no {what} `{name}`");
                    let (known, hint) = known_beside(self.inventory, &member.principal);
                    self.unknown(Rule::UnknownPrincipal, &member.place, message, &name, &known, hint);
                }
                Lookup::Many(candidates) => self.ambiguous(&member.place, "principal", &candidates),
                Lookup::Unreadable(problem) => {
                    let (what, name) = described(&member.principal);
                    self.unread(&member.place, &format!("{what} `{name}`"), &problem);
                    unread(&mut self.goals, (member.place.clone(), problem));
                }
            }
        }
        found
    }

    fn check_principal_name(&mut self, member: &Member, found: &Principal) {
        let (PrincipalName::User { name: Some(name), id: Some(_) }
        | PrincipalName::Group { name: Some(name), id: Some(_), .. }
        | PrincipalName::Application { name: Some(name), .. }
        | PrincipalName::Team { name: Some(name), id: Some(_), .. }) = &member.principal
        else {
            return;
        };
        self.check_name(&member.place, name, found.name());
    }

    /// Everyone who is to hold something has to be in the environment; what is absent or expired brings nobody in.
    pub(super) fn members(&mut self) {
        let mut wanted: BTreeMap<Principal, Place> = BTreeMap::new();
        // For each principal that is to have a role: what hinders all of its roles, or nothing where one can be given.
        let mut by_roles: BTreeMap<String, Option<Reason>> = BTreeMap::new();
        for goals in self.goals.assignments.values() {
            for (holder, want) in goals.entries.iter().filter(|(_, want)| want.level.is_some()) {
                let hindrance = by_roles.entry(holder.principal.identity()).or_insert_with(|| want.blocked.clone());
                if want.blocked.is_none() {
                    *hindrance = None;
                }
                wanted.entry(holder.principal.clone()).or_insert_with(|| want.place.clone());
            }
        }
        let shares = self.goals.shares.values().flat_map(|goals| &goals.entries);
        for (principal, want) in shares.filter(|(_, want)| want.level.is_some() && want.blocked.is_none()) {
            wanted.entry(principal.clone()).or_insert_with(|| want.place.clone());
        }
        let readers = self.goals.readers.values().flat_map(|goals| &goals.entries);
        for (principal, want) in readers.filter(|(_, want)| want.level.is_some()) {
            wanted.entry(principal.clone()).or_insert_with(|| want.place.clone());
        }
        for (principal, place) in wanted {
            let absent = !matches!(
                self.inventory.row_of(&principal),
                Answer::Found(PrincipalRow::User(_) | PrincipalRow::Team(_))
            );
            let by_role =
                matches!(principal, Principal::User { .. }) && !self.inventory.environment.add_users_by_admin_api;
            let blocked = if self.inventory.cannot_come(&principal) {
                Some(Reason::Refused(DISABLED_ACCOUNT.into()))
            } else if absent && by_role {
                by_roles.get(&principal.identity()).cloned().unwrap_or_else(|| Some(Reason::Refused(NO_ROLE.into())))
            } else {
                None
            };
            self.want_member(MemberEntry::present(principal), &place, blocked);
        }
    }

    fn want_member(&mut self, entry: MemberEntry, place: &Place, blocked: Option<Reason>) {
        let facts = &self.inventory.environment;
        let environment = Ref::new(facts.name.clone(), facts.organization.unwrap_or_default());
        self.goals.members.want(&environment, place, entry, Some(Held), place, blocked, &mut self.findings);
    }
}

/// The names of the same kind that were read, and what to write where none of them is meant.
fn known_beside(inventory: &Inventory, wanted: &PrincipalName) -> (Vec<String>, &'static str) {
    match wanted {
        PrincipalName::User { id: Some(_), .. } | PrincipalName::Group { id: Some(_), .. } => {
            (Vec::new(), "the id decides: check that it is an object id of this tenant's Entra directory")
        }
        PrincipalName::User { id: None, .. } => (
            inventory.users.rows().map(|(_, user)| user.upn.to_string()).collect(),
            "write the address that they sign in with, or `id:` with the Entra object id",
        ),
        PrincipalName::Group { id: None, .. } => {
            (Vec::new(), "write the group's name as Entra has it, or `id:` with the Entra object id")
        }
        PrincipalName::Application { .. } => (Vec::new(), "check the `appId`"),
        PrincipalName::Team { .. } => {
            let teams =
                inventory.teams.rows().filter(|(_, team)| matches!(team.kind, TeamKind::Owner | TeamKind::Access));
            (
                teams.map(|(_, team)| team.name.to_string()).collect(),
                "write the team's name as Dataverse has it, or `id:` with the id of its row; a group is named with `group:`",
            )
        }
    }
}

/// A principal as a manifest names it.
fn described(name: &PrincipalName) -> (&'static str, String) {
    let either = |name: &Option<String>, id: &Option<uuid::Uuid>| {
        name.clone().or_else(|| id.map(|id| id.to_string())).unwrap_or_default()
    };
    match name {
        PrincipalName::User { name, id } => ("user", either(name, id)),
        PrincipalName::Group { name, id, .. } => ("group", either(name, id)),
        PrincipalName::Application { name, id } => ("application", either(name, &Some(*id))),
        PrincipalName::Team { name, id, .. } => ("team", either(name, id)),
    }
}
