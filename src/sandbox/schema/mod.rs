//! The tables of Dataverse and the types of the directory.

mod built_in;
pub mod choices;
mod columns;
pub(super) mod directory;
mod name;
pub mod relationships;
mod table;

use std::sync::LazyLock;

use uuid::Uuid;

pub use built_in::{MISCELLANEOUS, Miscellaneous};
pub use columns::{Column, Kind, Valid};
pub use name::Name;
pub use table::{Ownership, Table};

/// Returns the tables that every organisation has.
pub fn built_in() -> &'static [Table] {
    static TABLES: LazyLock<Vec<Table>> = LazyLock::new(built_in::tables);
    &TABLES
}

/// Returns the id that a privilege has in every organisation, for those that have one
/// (recorded: metadata of the tables workflow, team and solution in unrelated organisations).
pub fn fixed_privilege_id(name: &str) -> Option<Uuid> {
    let known = [
        ("prvReadWorkflow", "9d5e4741-3403-42d2-90b4-a561b3f94f52"),
        ("prvCreateWorkflow", "356f7a5a-5f9b-4a55-8398-b5732f6a08e5"),
        ("prvWriteWorkflow", "5f19703e-0b4a-451e-91e8-968929927820"),
        ("prvDeleteWorkflow", "ed7e875d-9536-4d2c-a2f3-939a9d84f72c"),
        ("prvAssignWorkflow", "d0cd3ea7-83cd-4769-9ef7-35398d2e1243"),
        ("prvShareWorkflow", "501786bc-f127-4c56-a4dc-02cc0325117d"),
        ("prvAppendWorkflow", "71b53683-e781-471f-b9c4-cdcaf62a0cc5"),
        ("prvAppendToWorkflow", "6f54cea3-5b92-4507-952c-1e2430b7b1f9"),
        ("prvReadTeam", "663d1920-56e1-4166-89f0-47f3330923a8"),
        ("prvReadSolution", "b64e92c8-5d2a-4052-a026-1b73eff9cebf"),
    ];
    known
        .into_iter()
        .find(|(known, _)| *known == name)
        .map(|(_, id)| id.parse().expect("the ids in this table are written as ids"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::rights::{Depth, Verb};

    fn table(logical_name: &str) -> &'static Table {
        built_in().iter().find(|table| table.logical_name == logical_name).unwrap()
    }

    #[test]
    fn privilege_names_are_those_that_were_recorded() {
        let cases = [
            ("workflow", "prvReadWorkflow"),
            ("connectionreference", "prvReadconnectionreference"),
            ("environmentvariabledefinition", "prvReadEnvironmentVariableDefinition"),
            ("systemuser", "prvReadUser"),
            ("role", "prvReadRole"),
            ("businessunit", "prvReadBusinessUnit"),
        ];
        for (logical_name, name) in cases {
            assert_eq!(table(logical_name).privilege(Verb::Read).as_deref(), Some(name));
        }
    }

    #[test]
    fn environment_variable_values_have_no_privileges() {
        assert_eq!(table("environmentvariablevalue").privilege(Verb::Read), None);
    }

    #[test]
    fn an_organisation_owned_table_reaches_everything_or_nothing() {
        let table = Table::custom("contoso_costcenter", "Cost Center", Ownership::Organization, 10_500);
        assert!(table.privileges.iter().all(|(_, depths)| depths == &[Depth::Global]));
        assert_eq!(table.privilege(Verb::Share), None);
    }

    #[test]
    fn table_and_set_names_are_unique() {
        let mut names: Vec<&str> =
            built_in().iter().flat_map(|table| [table.logical_name.as_ref(), &table.entity_set]).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
