//! The table of privileges: one per table and operation, and the miscellaneous ones.

use serde_json::json;
use uuid::Uuid;

use super::Organization;
use super::row::{derived, row_of};
use crate::sandbox::rights::{Depth, Verb};
use crate::sandbox::schema::{self, MISCELLANEOUS, Table};

impl Organization {
    /// Returns the id of a privilege by name, whether or not it exists here.
    pub fn privilege_id(&self, name: &str) -> Uuid {
        schema::fixed_privilege_id(name).unwrap_or_else(|| derived(self.id, &format!("privilege:{name}")))
    }

    /// Returns the id of a table's privilege for an operation, when it has one.
    pub fn privilege_of(&self, table: &Table, verb: Verb) -> Option<Uuid> {
        table.privilege(verb).map(|name| self.privilege_id(&name))
    }

    /// Writes the rows of the privilege table: one per table and operation, and the miscellaneous ones.
    pub(in crate::sandbox) fn list_privileges(&mut self) {
        let mut privileges: Vec<(String, u32, Vec<Depth>)> = Vec::new();
        for table in self.tables() {
            for (verb, depths) in &table.privileges {
                privileges.extend(table.privilege(*verb).map(|name| (name, verb.bit(), depths.clone())));
            }
        }
        privileges.extend(
            MISCELLANEOUS
                .iter()
                .map(|privilege| (privilege.name.to_owned(), privilege.right, privilege.depths.to_vec())),
        );
        for (name, right, depths) in privileges {
            self.list_privilege(&name, right, &depths);
        }
    }

    /// Writes a row of the privilege table.
    pub(in crate::sandbox) fn list_privilege(&mut self, name: &str, right: u32, depths: &[Depth]) {
        let id = self.privilege_id(name);
        let columns = json!({
            "name": name, "accessright": right, "componentstate": 0, "ismanaged": true,
            "canbebasic": depths.contains(&Depth::Basic), "canbelocal": depths.contains(&Depth::Local),
            "canbedeep": depths.contains(&Depth::Deep), "canbeglobal": depths.contains(&Depth::Global),
            "canbeentityreference": false, "canbeparententityreference": false,
            "introducedversion": "5.0.0.0", "solutionid": derived(self.id, "solution:System"),
        });
        self.put("privilege", id, row_of(columns));
    }
}
