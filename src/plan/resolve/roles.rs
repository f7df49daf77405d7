//! `SecurityRole` documents: tables and privileges by this organisation's own metadata.
use std::collections::BTreeMap;

use uuid::Uuid;

use super::Resolve;
use super::goals::Merge;
use crate::compile::desired::{NamedPrivilege, Placed, Role, RoleName, State, TablePrivilege};
use crate::finding::Finding;
use crate::inventory::section::Answer;
use crate::inventory::things::Privilege;
use crate::inventory::{Lookup, section};
use crate::kinds::security_role::entry::{self, Entry, RoleLevel};
use crate::kinds::security_role::privileges::table_entry;
use crate::ledger::Extent;
use crate::names::{self, Depth, Ref, Text, folded};
use crate::place::Place;
use crate::problem::Cause;
use crate::rules::Rule;

impl Resolve<'_> {
    pub(super) fn roles(&mut self) {
        let desired = self.desired;
        for document in &desired.roles {
            if let Some(role) = self.role_or_new(document) {
                self.role_document(document, &role);
            }
        }
    }

    /// The role of a `SecurityRole` document: the one that is there, or the one that will be.
    fn role_or_new(&mut self, document: &Role) -> Option<Ref<names::Role>> {
        if let (RoleName::Name(name), Lookup::None) = (&document.role.value, self.inventory.role(&document.role.value))
        {
            return Some(Ref::new(Text::from(name.trim()), self.inventory.derived_role_id(name)));
        }
        self.role(&document.role)
    }

    /// Says so where an id is that of a copy which a business unit inherits, or where that could not be read. A copy has no
    /// privileges, properties and members of its own to manage (Learn: create or edit a security role).
    pub(super) fn is_a_copy(&mut self, wanted: &Placed<RoleName>) -> bool {
        let RoleName::Id { id, name: _ } = &wanted.value else { return false };
        let of_unit = |units: &BTreeMap<Uuid, Uuid>| units.iter().find(|(_, row)| *row == id).map(|(unit, _)| *unit);
        let found = self.inventory.copies.rows().find_map(|(root, units)| Some((*root, of_unit(units)?)));
        let Some((root, unit)) = found else {
            let doubt = self.inventory.copies.doubt().filter(|problem| problem.cause != Cause::NotAsked);
            let is_unread = doubt.is_some();
            if let Some(problem) = doubt {
                self.unread(&wanted.place, "the security role", &problem);
            }
            return is_unread;
        };
        let role = self.inventory.roles.row(&root).map_or_else(|| root.to_string(), |role| role.name.to_string());
        let unit = self.inventory.units.row(&unit).map_or_else(|| unit.to_string(), |unit| unit.name.to_string());
        let message = format!(
            "`{id}` is the copy of security role `{role}` that business unit `{unit}` inherits, and is not written"
        );
        let hint = format!("write the role's name, or the id of the role itself: `id: {root}`");
        self.findings.push(Finding::error(Rule::NotWritable, &wanted.place, message).hint(hint));
        true
    }

    fn role_document(&mut self, document: &Role, role: &Ref<names::Role>) {
        let place = &document.place;
        if let Some(solution) = &document.solution {
            self.inventory.environment.role_solutions.insert(role.id, Text::from(solution.as_str()));
        }
        let is_new = matches!(self.inventory.roles.get(&role.id), Answer::Absent);
        if document.state == State::Absent {
            self.want_of_role(role, place, Entry::Role, None, place);
            return;
        }
        self.want_of_role(role, place, Entry::Role, Some(RoleLevel::Exists), &document.role.place);
        if let Some(inheritance) = &document.member_inheritance {
            let level = Some(RoleLevel::ReachesMembers(inheritance.value));
            self.want_of_role(role, place, Entry::Inheritance, level, &inheritance.place);
        } else if is_new {
            let level = Some(RoleLevel::ReachesMembers(true));
            self.want_of_role(role, place, Entry::Inheritance, level, &document.role.place);
        }
        if let Some(description) = &document.description {
            let level = (!description.value.is_empty()).then(|| RoleLevel::Text(description.value.as_str().into()));
            self.want_of_role(role, place, Entry::Description, level, &description.place);
        }
        if let Some(extent) = &document.extent {
            let wanted = self.goals.role_privileges.subject(role, place);
            if wanted.extent == Extent::Exact && extent.value == Extent::Named {
                let message = format!("security role `{role}` is managed as `named` and as `exact`");
                let finding = Finding::error(Rule::Contradiction, &extent.place, message);
                self.findings.push(finding.also(&wanted.place.clone(), "the other document"));
            } else {
                wanted.extent = extent.value;
            }
        }
        self.goals.role_privileges.subject(role, place).layer |= document.allow_unmanaged_layer;
        for privilege in &document.privileges {
            self.table_privilege(role, place, privilege);
        }
        for privilege in &document.miscellaneous {
            self.named_privilege(role, place, privilege);
        }
    }

    fn want_of_role(
        &mut self,
        role: &Ref<names::Role>,
        list: &Place,
        entry: Entry,
        level: Option<RoleLevel>,
        place: &Place,
    ) {
        self.goals.role_privileges.want(role, list, entry, level, place, None, &mut self.findings);
    }

    fn table_privilege(&mut self, role: &Ref<names::Role>, list: &Place, wanted: &TablePrivilege) {
        let name = match self.inventory.table(&wanted.table.value) {
            Lookup::One(name) => name,
            Lookup::None => {
                let known: Vec<String> = self
                    .inventory
                    .tables
                    .rows()
                    .flat_map(|(logical, table)| [table.display_name.to_string(), logical.to_string()])
                    .collect();
                let message = format!("`{}` is not a table in {}", wanted.table.value, self.desired.environment.name);
                let hint = "use the table's display name or its logical name";
                return self.unknown(
                    Rule::UnknownTable,
                    &wanted.table.place,
                    message,
                    &wanted.table.value,
                    &known,
                    hint,
                );
            }
            Lookup::Many(candidates) => return self.ambiguous(&wanted.table.place, "table", &candidates),
            Lookup::Unreadable(problem) => return self.unread(&wanted.table.place, "the table", &problem),
        };
        let Some(table) = self.inventory.tables.row(&name) else { return };
        let Some(privileges) = table.privileges.clone() else {
            return self.unread(&wanted.place, "the table's privileges", &section::not_asked());
        };
        if privileges.is_empty() {
            // Environment Variable Value had privileges in 2023; today its access follows the definition (recorded metadata).
            let message = format!(
                "table `{}` has no privileges in {}; its access follows another table's",
                table.display_name, self.desired.environment.name
            );
            let finding = Finding::note(Rule::NoPrivileges, &wanted.place, message);
            self.findings
                .push(finding.hint("for environment variables the table is `Environment Variable Definition`"));
            return;
        }
        let Some(privilege) = privileges.get(&wanted.operation) else {
            let has: Vec<_> = privileges.keys().map(|operation| operation.word()).collect();
            let message = format!("table `{}` has no privilege {}", table.display_name, wanted.operation);
            let finding = Finding::error(Rule::UnknownPrivilege, &wanted.place, message);
            self.findings.push(finding.hint(format!("it has {}", has.join(", "))));
            return;
        };
        let entry = Entry::Privilege(table_entry(table, wanted.operation, privilege));
        let privilege = privilege.clone();
        if self.depth_is_allowed(&privilege, wanted.depth, &wanted.place) {
            self.want_of_role(role, list, entry, wanted.depth.map(RoleLevel::Depth), &wanted.place);
        }
    }

    fn named_privilege(&mut self, role: &Ref<names::Role>, list: &Place, wanted: &NamedPrivilege) {
        let privilege = match self.inventory.privileges.get(&folded(&wanted.name.value).into()) {
            Answer::Found(privilege) => privilege.clone(),
            Answer::Absent => {
                let known: Vec<String> =
                    self.inventory.privileges.rows().map(|(_, privilege)| privilege.name.to_string()).collect();
                let message =
                    format!("there is no privilege `{}` in {}", wanted.name.value, self.desired.environment.name);
                let hint = "write the name as Dataverse has it, such as `prvFlow`; privileges on a table stand under `privileges:`";
                return self.unknown(
                    Rule::UnknownPrivilege,
                    &wanted.name.place,
                    message,
                    &wanted.name.value,
                    &known,
                    hint,
                );
            }
            Answer::Unreadable(problem) => return self.unread(&wanted.place, "the privilege", &problem),
            Answer::NotAsked => return self.unread(&wanted.place, "the privilege", &section::not_asked()),
        };
        let of_table = self.inventory.tables.rows().find_map(|(_, table)| {
            let (operation, _) = table.privileges.as_ref()?.iter().find(|(_, own)| own.id == privilege.id)?;
            Some(table_entry(table, *operation, &privilege))
        });
        let plain =
            || entry::Privilege { table: None, operation: None, name: privilege.name.clone(), id: privilege.id };
        let entry = Entry::Privilege(of_table.unwrap_or_else(plain));
        if self.depth_is_allowed(&privilege, wanted.depth, &wanted.place) {
            self.want_of_role(role, list, entry, wanted.depth.map(RoleLevel::Depth), &wanted.place);
        }
    }

    fn depth_is_allowed(&mut self, privilege: &Privilege, depth: Option<Depth>, place: &Place) -> bool {
        let Some(depth) = depth else { return true };
        if privilege.depths.contains(&depth) {
            return true;
        }
        let allowed: Vec<_> = privilege.depths.iter().map(|depth| depth.key()).collect();
        let message = format!("privilege `{}` cannot be held at depth {depth}", privilege.name);
        self.findings.push(
            Finding::error(Rule::ForbiddenDepth, place, message).hint(format!("it allows {}", allowed.join(", "))),
        );
        false
    }
}
