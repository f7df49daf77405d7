//! What a run may do to a tenant and what must stand after it, judged from wishes and cells alone.
use std::collections::{BTreeMap, BTreeSet};

use powergrant::sandbox::tenant::Tenant;
use serde_json::{Value, json};
use uuid::Uuid;

use super::cells::{Cell, Cells};
use super::town::APPLICATIONS;
use super::wishes::{List, Who, Wish, Wishes};

/// What Dataverse gives every role (written down once more, so that the judge does not ask the judged).
const OF_EVERY_ROLE: [&str; 9] = [
    "prvcreatesharepointdata",
    "prvreadplugintype",
    "prvreadpluginassembly",
    "prvreadsdkmessage",
    "prvreadsdkmessageprocessingstep",
    "prvreadsdkmessageprocessingstepimage",
    "prvreadsharepointdata",
    "prvreadsharepointdocument",
    "prvwritesharepointdata",
];
const READ: u64 = 1;
const EVERY_RIGHT: u64 = 852_023;

/// Wishes in the words of cells.
pub(super) struct Bounds<'case> {
    wishes: &'case Wishes,
    groups: BTreeMap<String, Uuid>,
    users: BTreeMap<String, Uuid>,
    members: BTreeMap<String, BTreeSet<Uuid>>,
}

impl<'case> Bounds<'case> {
    pub(super) fn new(wishes: &'case Wishes, tenant: &Tenant) -> Self {
        let groups = &tenant.directory.groups;
        Self {
            wishes,
            groups: groups.iter().map(|(id, group)| (group.display_name.clone(), *id)).collect(),
            users: tenant.directory.users.iter().map(|(id, user)| (user.upn.clone(), *id)).collect(),
            members: groups.values().map(|group| (group.display_name.clone(), group.members.clone())).collect(),
        }
    }

    /// A principal as cells name it.
    fn key(&self, who: &Who) -> String {
        match who {
            Who::User(upn) => format!("user {upn}"),
            Who::Group(name, membership) => format!("group {} {membership}", self.groups[*name]),
            Who::Application(name) => {
                let id = APPLICATIONS.iter().find(|(known, _)| known == name).map(|(_, id)| *id);
                format!("application {}", id.expect("a known application"))
            }
            Who::Team(name) => format!("team {name}"),
        }
    }

    fn object(&self, who: &Who) -> Uuid {
        match who {
            Who::User(upn) => self.users[upn],
            Who::Group(name, _) => self.groups[*name],
            Who::Application(_) | Who::Team(_) => Uuid::nil(),
        }
    }

    fn wish(&self, members: &BTreeMap<Who, Wish>, who: &str) -> Option<bool> {
        members.iter().find(|(member, _)| self.key(member) == who).map(|(_, wish)| wish.is_present())
    }

    fn listed(&self, list: Option<&List>, who: &str) -> Option<bool> {
        self.wish(&list?.members, who)
    }

    /// Every difference between two states of a tenant that no wish asked for.
    pub(super) fn trespasses(&self, before: &Cells, after: &Cells) -> Vec<String> {
        let every: BTreeSet<&Cell> = before.keys().chain(after.keys()).collect();
        every
            .into_iter()
            .filter(|cell| before.get(cell) != after.get(cell))
            .filter(|cell| {
                !self.allows(cell, before.get(cell), after.get(cell)) && !is_first_access(cell, before, after)
            })
            .map(|cell| format!("{cell:?}: {}", difference(before.get(cell), after.get(cell))))
            .collect()
    }

    fn allows(&self, cell: &Cell, from: Option<&Value>, to: Option<&Value>) -> bool {
        match cell {
            Cell::Role(role) | Cell::Copy(role, _) => self.allows_role(role, from, to),
            Cell::Privilege(role, privilege) => self.allows_privilege(role, privilege, to),
            Cell::Holder(role, who, unit) => self.allows_holder(role, who, unit, to.is_some()),
            Cell::Share(table, object, who) if table == "workflow" => self.allows_share(object, who, from, to),
            Cell::Share(_, reference, who) => {
                let wish = self.wishes.readers.get(reference).and_then(|members| self.wish(members, who));
                match to {
                    Some(mask) => from.is_none() && wish == Some(true) && *mask == READ,
                    None => wish == Some(false) && from == Some(&json!(READ)),
                }
            }
            Cell::Connection(flow, key) => {
                let wished = self.wishes.flows.get(flow.as_str()).and_then(|flow| flow.callers.get(key));
                wished.is_some_and(|callers| to == Some(&json!(callers)))
            }
            Cell::Present(who) => from.is_none() && self.comes_in(who),
            Cell::TeamMember(team, _) => {
                to.is_some() && self.wishes.synchronised.iter().any(|group| self.key(group) == *team)
            }
            Cell::EnvironmentRole(role, object) => {
                let Some(list) = self.wishes.environment_roles.get(role.as_str()) else { return false };
                let named = list.members.iter().find(|(who, _)| self.object(who) == *object);
                match (named.map(|(_, wish)| wish.is_present()), to) {
                    (Some(true), to) => to.is_some(),
                    (Some(false), to) => to.is_none(),
                    (None, to) => to.is_none() && list.exact,
                }
            }
            Cell::Flow(_) | Cell::Other(..) => false,
        }
    }

    fn allows_role(&self, role: &str, from: Option<&Value>, to: Option<&Value>) -> bool {
        let Some(wished) = self.wishes.roles.get(role) else { return false };
        match (from, to) {
            (None, Some(_)) => !wished.absent,
            (Some(_), None) => wished.absent,
            (Some(from), Some(to)) => {
                let mut expected = from.clone();
                if let Some(description) = wished.description {
                    expected["description"] = json!(description);
                }
                if let Some(reaches) = wished.reaches_members {
                    expected["isinherited"] = json!(i32::from(reaches));
                }
                *to == expected
            }
            (None, None) => true,
        }
    }

    fn allows_privilege(&self, role: &str, privilege: &str, to: Option<&Value>) -> bool {
        let Some(wished) = self.wishes.roles.get(role) else { return false };
        let of_every_role = OF_EVERY_ROLE.contains(&privilege);
        let named = wished.privileges.iter().find(|(name, _)| name.eq_ignore_ascii_case(privilege));
        match (named.map(|(_, depth)| depth), to) {
            (_, None) if wished.absent => true,
            (Some(Some(depth)), Some(mask)) => *mask == mask_of(depth),
            (Some(None), None) => true,
            (None, None) => wished.exact && !of_every_role,
            (None, Some(_)) => of_every_role,
            (Some(Some(_)), None) | (Some(None), Some(_)) => false,
        }
    }

    fn allows_holder(&self, role: &str, who: &str, unit: &str, given: bool) -> bool {
        let mut lists = self.wishes.assignments.iter().filter(|((of, _), _)| *of == role);
        lists.any(|((_, named_unit), list)| {
            let this_unit = named_unit.is_none_or(|named| named == unit);
            match (self.listed(Some(list), who), given) {
                (Some(true), true) => this_unit,
                (Some(false), false) => this_unit,
                // A copy of another unit is another entry, which an exact list does not name.
                (Some(true), false) => list.exact,
                (None, false) => list.exact && !who.starts_with("default team"),
                (Some(false) | None, true) => false,
            }
        })
    }

    fn allows_share(&self, flow: &str, who: &str, from: Option<&Value>, to: Option<&Value>) -> bool {
        let Some(flow) = self.wishes.flows.get(flow) else { return false };
        let runs = self.listed(flow.run_only.as_ref(), who);
        let owns = self.listed(flow.owners.as_ref(), who);
        let exact = |list: &Option<List>| list.as_ref().is_some_and(|list| list.exact);
        let from = from.and_then(Value::as_u64).unwrap_or(0);
        let writes = from & 2 != 0;
        if from & (65_536 | 262_144 | 524_288) != 0 && !writes {
            return false;
        }
        match to.and_then(Value::as_u64) {
            Some(READ) => runs == Some(true) && (!writes || exact(&flow.owners)),
            Some(EVERY_RIGHT) => owns == Some(true),
            Some(_) => false,
            None if runs == Some(false) || owns == Some(false) => true,
            None => runs.is_none() && owns.is_none() && exact(if writes { &flow.owners } else { &flow.run_only }),
        }
    }

    fn comes_in(&self, who: &str) -> bool {
        let lists = self.wishes.flows.values().flat_map(|flow| [&flow.run_only, &flow.owners]).flatten();
        let lists = lists.chain(self.wishes.assignments.values()).map(|list| &list.members);
        let mut lists = lists.chain(self.wishes.readers.values());
        let of_group = self.wishes.by_admin_api
            && self.wishes.synchronised.iter().any(|group| match group {
                Who::Group(name, _) => self.users.iter().any(|(upn, id)| {
                    self.members.get(*name).is_some_and(|members| members.contains(id)) && who == format!("user {upn}")
                }),
                Who::User(_) | Who::Application(_) | Who::Team(_) => false,
            });
        of_group || lists.any(|members| self.wish(members, who) == Some(true))
    }

    /// Every wish that a state of the tenant does not fulfil: the heading's and the line's words in a plan, and the cell.
    pub(super) fn unmet(&self, cells: &Cells) -> Vec<Unmet> {
        let mut unmet = Vec::new();
        let mut expect = |heading: &str, line: String, stands: bool| {
            if !stands {
                unmet.push(Unmet { heading: heading.to_owned(), line });
            }
        };
        for (name, role) in &self.wishes.roles {
            let heading = format!("security role {name}");
            expect(
                &heading,
                "the role itself".into(),
                cells.contains_key(&Cell::Role((*name).to_owned())) != role.absent,
            );
            for (privilege, depth) in &role.privileges {
                let held = cells.get(&Cell::Privilege((*name).to_owned(), privilege.to_lowercase()));
                expect(&heading, words_of(privilege), held.cloned() == depth.map(|depth| json!(mask_of(depth))));
            }
        }
        for ((role, unit), list) in &self.wishes.assignments {
            for (who, wish) in &list.members {
                let key = self.key(who);
                let held = cells.keys().any(|cell| {
                    matches!(cell, Cell::Holder(of, holder, at)
                        if of == role && *holder == key && unit.is_none_or(|unit| unit == at))
                });
                // A copy of another unit than the principal's own is another entry.
                let stands = held == wish.is_present() || (held && !wish.is_present() && unit.is_none());
                expect(&format!("role assignment {role}"), line_of(who), stands);
            }
        }
        for (name, flow) in &self.wishes.flows {
            for (key, callers) in &flow.callers {
                let held = &cells[&Cell::Connection((*name).to_owned(), key.clone())];
                expect(&format!("flow {name}, connections"), String::new(), *held == json!(callers));
            }
            for (list, is_owners) in [(&flow.run_only, false), (&flow.owners, true)] {
                for (who, wish) in list.iter().flat_map(|list| &list.members) {
                    let share = cells.get(&Cell::Share("workflow".into(), (*name).to_owned(), self.key(who)));
                    let mask = share.and_then(Value::as_u64).unwrap_or(0);
                    let stands = match (wish.is_present(), is_owners) {
                        (true, true) => mask & 2 != 0,
                        (true, false) => mask & 1 != 0,
                        (false, _) => mask == 0,
                    };
                    expect(&format!("flow {name}, shares"), line_of(who), stands);
                }
            }
        }
        for (reference, members) in &self.wishes.readers {
            for (who, wish) in members {
                let share = cells.get(&Cell::Share("connectionreference".into(), reference.clone(), self.key(who)));
                let mask = share.and_then(Value::as_u64).unwrap_or(0);
                let stands = (mask & 1 != 0) == wish.is_present();
                expect(&format!("connection reference {reference}, readers"), line_of(who), stands);
            }
        }
        for (role, list) in &self.wishes.environment_roles {
            for (who, wish) in &list.members {
                let cell = Cell::EnvironmentRole((*role).to_owned(), self.object(who));
                expect("environment role", line_of(who), cells.contains_key(&cell) == wish.is_present());
            }
        }
        unmet
    }
}

/// Somebody who comes in is put into the teams of his groups by the platform (Learn: manage group teams).
fn is_first_access(cell: &Cell, before: &Cells, after: &Cells) -> bool {
    let Cell::TeamMember(_, user) = cell else { return false };
    !before.contains_key(&Cell::Present(user.clone())) && after.contains_key(cell)
}

/// What differs between two values: of two rows only the columns that do.
fn difference(from: Option<&Value>, to: Option<&Value>) -> String {
    let (Some(Value::Object(from)), Some(Value::Object(to))) = (from, to) else {
        return format!("{from:?} → {to:?}");
    };
    let columns: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    let differing = columns.into_iter().filter(|column| from.get(*column) != to.get(*column));
    differing.map(|column| format!("{column}: {:?} → {:?}; ", from.get(column), to.get(column))).collect()
}

/// A wish that does not stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unmet {
    /// What the heading of its plan line has in it.
    pub(super) heading: String,
    /// What its plan line has in it.
    pub(super) line: String,
}

fn line_of(who: &Who) -> String {
    match who {
        Who::User(upn) => format!("user {upn}"),
        Who::Group(name, _) => format!("group {name}"),
        Who::Application(name) => format!("application {name}"),
        Who::Team(name) => format!("team {name}"),
    }
}

/// The operation of a privilege's name, or all of it: what a plan's line has in it at least.
fn words_of(privilege: &str) -> String {
    let operation = ["Read", "Write", "Assign", "Share"]
        .into_iter()
        .find(|operation| privilege.strip_prefix("prv").is_some_and(|rest| rest.starts_with(operation)));
    operation.unwrap_or(privilege).to_owned()
}

/// The mask of a depth (Learn: privilege depth masks; written down once more).
fn mask_of(depth: &str) -> u64 {
    match depth {
        "Basic" => 1,
        "Local" => 2,
        "Deep" => 4,
        "Global" => 8,
        other => panic!("no depth `{other}`"),
    }
}
