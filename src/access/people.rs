//! Everybody an inventory knows: users with a row, and people of the directory who are not in the environment yet.
use std::collections::BTreeMap;

use uuid::Uuid;

use crate::access::set::Set;
use crate::inventory::Inventory;
use crate::inventory::people::{DirectoryKind, UserKind};
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
            let entry = user.object.and_then(|object| inventory.directory.row(&object));
            people.add(Person {
                principal: user.principal(*row),
                row: Some(*row),
                object: user.object,
                kind: user.kind,
                disabled: user.disabled || entry.is_some_and(|entry| !entry.enabled),
                unit: Some(user.unit),
            });
        }
        let root = inventory.root_unit().map(|unit| unit.id);
        let known = inventory.directory.rows().filter(|(_, entry)| entry.kind == DirectoryKind::User);
        let known = known.map(|(object, _)| *object);
        let members = inventory.group_members.rows().flat_map(|(_, members)| members.iter().copied());
        for object in known.chain(members) {
            if people.by_object.contains_key(&object) {
                continue;
            }
            let entry = inventory.directory.row(&object);
            let name = entry.map_or_else(|| object.to_string().into(), |entry| entry.name.clone());
            people.add(Person {
                principal: Principal::User { name, id: object },
                row: None,
                object: Some(object),
                kind: UserKind::Person,
                disabled: entry.is_some_and(|entry| !entry.enabled),
                unit: root,
            });
        }
        people
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

    /// Those whom a claim holds for.
    pub(super) fn who(&self, claim: impl Fn(&Person) -> bool) -> Set {
        self.list.iter().enumerate().filter(|(_, person)| claim(person)).map(|(position, _)| position).collect()
    }
}
