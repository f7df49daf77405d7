//! Which rows a caller sees: sets are trimmed instead of refused.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use uuid::Uuid;

use crate::sandbox::access::{Authority, Reach};
use crate::sandbox::audit::AUDIT;
use crate::sandbox::fault::Fault;
use crate::sandbox::odata::Row;
use crate::sandbox::organization::{Organization, id, text};
use crate::sandbox::rights::Verb;
use crate::sandbox::schema::{Table, relationships};
use crate::sandbox::variants::ShareRows;

/// The rows of an organisation as one caller sees them.
pub(super) struct Sight<'a> {
    pub organization: &'a Organization,
    authority: &'a Authority,
    share_rows: ShareRows,
    reaches: RefCell<BTreeMap<String, Rc<Reach>>>,
}

impl<'a> Sight<'a> {
    pub(super) fn new(organization: &'a Organization, authority: &'a Authority, share_rows: ShareRows) -> Self {
        Self { organization, authority, share_rows, reaches: RefCell::default() }
    }

    /// Refuses a set of which the caller may not read a single row.
    pub(super) fn require(&self, table: &Table) -> Result<(), Fault> {
        if table.stem.is_some() {
            return self.authority.require(self.organization, table, Verb::Read);
        }
        self.authority.admit(self.organization)?;
        for name in joined_tables(table) {
            if let Some(joined) = self.organization.table(name) {
                self.authority.require(self.organization, joined, Verb::Read)?;
            }
        }
        Ok(())
    }

    /// Says whether the caller sees a row.
    pub(super) fn sees(&self, table: &Table, key: Uuid, row: &Row) -> bool {
        if table.logical_name == "principalobjectaccess" {
            return self.sees_share(row);
        }
        if table.is_intersect {
            let sides =
                relationships::MANY_TO_MANY.iter().find(|relationship| relationship.intersect == table.logical_name);
            return sides.is_some_and(|relationship| {
                relationship
                    .sides
                    .iter()
                    .all(|(side, column)| id(row, column).is_some_and(|key| self.sees_id(side, key)))
            });
        }
        match table.logical_name.as_ref() {
            "environmentvariablevalue" => id(row, "_environmentvariabledefinitionid_value")
                .is_some_and(|definition| self.sees_id("environmentvariabledefinition", definition)),
            "solutioncomponent" => {
                id(row, "_solutionid_value").is_some_and(|solution| self.sees_id("solution", solution))
            }
            // Guarded where it is listed.
            AUDIT => true,
            _ => self.reach(table).covers(key, row),
        }
    }

    /// Says whether the caller sees the row of that key; a row that is not there is not seen.
    pub(super) fn sees_id(&self, table: &str, key: Uuid) -> bool {
        match (self.organization.table(table), self.organization.row(table, key)) {
            (Some(table), Some(row)) => self.sees(table, key, row),
            (Some(_) | None, _) => false,
        }
    }

    fn sees_share(&self, row: &Row) -> bool {
        let Some((object, table)) = id(row, "objectid").zip(text(row, "objecttypecode")) else { return false };
        let sees_object = self.sees_id(table, object);
        match self.share_rows {
            ShareRows::Administrator => self.authority.is_administrator,
            ShareRows::Principal => {
                let principal = id(row, "principalid").zip(text(row, "principaltypecode"));
                sees_object && principal.is_some_and(|(key, kind)| kind == "organization" || self.sees_id(kind, key))
            }
        }
    }

    fn reach(&self, table: &Table) -> Rc<Reach> {
        let known = self.reaches.borrow().get(table.logical_name.as_ref()).cloned();
        known.unwrap_or_else(|| {
            let reach = Rc::new(Reach::of(self.organization, self.authority, table, Verb::Read));
            self.reaches.borrow_mut().insert(table.logical_name.to_string(), Rc::clone(&reach));
            reach
        })
    }
}

/// The tables whose Read privilege decides over a table without privileges of its own.
fn joined_tables(table: &Table) -> Vec<&'static str> {
    match table.logical_name.as_ref() {
        "environmentvariablevalue" => vec!["environmentvariabledefinition"],
        "solutioncomponent" => vec!["solution"],
        // The shared table is not known before the rows are.
        "principalobjectaccess" => vec![],
        name => relationships::MANY_TO_MANY
            .iter()
            .filter(|relationship| relationship.intersect == name)
            .flat_map(|relationship| relationship.sides.map(|(side, _)| side))
            .collect(),
    }
}
