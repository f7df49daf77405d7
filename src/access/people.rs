//! Everybody an inventory knows: users with a row, and people of the directory who are not in the environment yet.
use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::access::set::Set;
use crate::inventory::Inventory;
use crate::inventory::people::{DirectoryKind, PrincipalRow, User, UserKind};
use crate::inventory::section::Answer;
use crate::principal::Principal;

/// Somebody who may be able to do something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who it is.
    pub principal: Principal,
    /// The `systemuser` row; none for who is not in the environment yet.
    pub row: Option<Uuid>,
    /// The Entra object id.
    pub object: Option<Uuid>,
    /// What kind of user it is.
    pub kind: UserKind,
    /// Whether the account is disabled, here or in the directory.
    pub disabled: bool,
    /// The business unit; the root for who is not here yet.
    pub unit: Option<Uuid>,
}

impl Person {
    /// Whether it is a guest of the tenant: Entra marks the name of one (Learn: properties of a B2B guest user). A name
    /// that is none of Entra's, such as a pseudonym, does not say.
    pub fn is_guest(&self) -> Option<bool> {
        let name = self.principal.name();
        if name.to_ascii_uppercase().contains("#EXT#") {
            return Some(true);
        }
        name.contains('@').then_some(false)
    }
}

/// Everybody, each at a position: those with a row in the order of rows, then those without.
#[derive(Clone, Debug, Default)]
pub(super) struct People {
    pub(super) list: Vec<Person>,
    by_row: BTreeMap<Uuid, usize>,
    by_object: BTreeMap<Uuid, usize>,
}

impl People {
    pub(super) fn of(inventory: &Inventory) -> Self {
        let mut people = Self::default();
        for (row, user) in inventory.users.rows() {
            people.add(of_row(inventory, *row, user));
        }
        let known = inventory.directory.rows().filter(|(_, entry)| entry.kind == DirectoryKind::User);
        let known = known.map(|(object, _)| *object);
        let members = inventory.group_members.rows().flat_map(|(_, members)| members.iter().copied());
        for object in known.chain(members) {
            if !people.by_object.contains_key(&object) {
                people.add(of_directory(inventory, object));
            }
        }
        people
    }

    /// One person, or application, alone; none when the inventory does not know him.
    pub(super) fn alone(inventory: &Inventory, principal: &Principal) -> Option<Self> {
        let person = by_object(inventory, principal).or_else(|| match inventory.row_of(principal) {
            Answer::Found(PrincipalRow::User(row)) => Some(of_row(inventory, row, inventory.users.row(&row)?)),
            Answer::Found(PrincipalRow::Team(_) | PrincipalRow::Organization(_))
            | Answer::Absent
            | Answer::Unreadable(_)
            | Answer::NotAsked => None,
        })?;
        let mut people = Self::default();
        people.add(person);
        Some(people)
    }

    fn add(&mut self, person: Person) {
        let position = self.list.len();
        if let Some(row) = person.row {
            self.by_row.insert(row, position);
        }
        if let Some(object) = person.object {
            self.by_object.insert(object, position);
        }
        self.list.push(person);
    }

    pub(super) fn with_row(&self, row: Uuid) -> Option<usize> {
        self.by_row.get(&row).copied()
    }

    pub(super) fn with_object(&self, object: Uuid) -> Option<usize> {
        self.by_object.get(&object).copied()
    }

    /// Those of some rows who are among them.
    pub(super) fn with_rows(&self, rows: &BTreeSet<Uuid>) -> Set {
        if self.list.len() < rows.len() {
            return self.by_row.iter().filter(|(row, _)| rows.contains(row)).map(|(_, position)| *position).collect();
        }
        rows.iter().filter_map(|row| self.with_row(*row)).collect()
    }

    /// Those of some object ids who are among them.
    pub(super) fn with_objects(&self, objects: &BTreeSet<Uuid>) -> Set {
        if self.list.len() < objects.len() {
            let known = self.by_object.iter().filter(|(object, _)| objects.contains(object));
            return known.map(|(_, position)| *position).collect();
        }
        objects.iter().filter_map(|object| self.with_object(*object)).collect()
    }

    /// Those whom a claim holds for.
    pub(super) fn who(&self, claim: impl Fn(&Person) -> bool) -> Set {
        self.list.iter().enumerate().filter(|(_, person)| claim(person)).map(|(position, _)| position).collect()
    }
}

/// Somebody who has a row.
fn of_row(inventory: &Inventory, row: Uuid, user: &User) -> Person {
    let entry = user.object.and_then(|object| inventory.directory.row(&object));
    Person {
        principal: user.principal(row),
        row: Some(row),
        object: user.object,
        kind: user.kind,
        disabled: user.disabled || entry.is_some_and(|entry| !entry.enabled),
        unit: Some(user.unit),
    }
}

/// Somebody whom the directory alone knows.
fn of_directory(inventory: &Inventory, object: Uuid) -> Person {
    let entry = inventory.directory.row(&object);
    let name = entry.map_or_else(|| object.to_string().into(), |entry| entry.name.clone());
    Person {
        principal: Principal::User { name, id: object },
        row: None,
        object: Some(object),
        kind: UserKind::Person,
        disabled: entry.is_some_and(|entry| !entry.enabled),
        unit: inventory.root_unit().map(|unit| unit.id),
    }
}

/// A person by object id: who has a row by that, and else whom the directory knows.
fn by_object(inventory: &Inventory, principal: &Principal) -> Option<Person> {
    let Principal::User { id, .. } = principal else { return None };
    let with_row = inventory.users.rows().filter(|(_, user)| user.object == Some(*id)).last();
    if let Some((row, user)) = with_row {
        return Some(of_row(inventory, *row, user));
    }
    let is_entry = inventory.directory.row(id).is_some_and(|entry| entry.kind == DirectoryKind::User);
    let is_known = is_entry || inventory.group_members.rows().any(|(_, members)| members.contains(id));
    is_known.then(|| of_directory(inventory, *id))
}
