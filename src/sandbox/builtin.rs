//! The built-in roles, as far as our tables go (recorded: roles of one online environment, December 2025).

use super::rights::Depth::{self, Basic, Global, Local};
use super::rights::Verb::{self, Append, AppendTo, Assign, Create, Delete, Read, Share, Write};

/// Privileges on one table: how far, and for which operations.
pub type TableGrants = (&'static str, &'static [(Depth, &'static [Verb])]);

/// A role that every organisation has.
#[derive(Debug, Clone, Copy)]
pub struct BuiltIn {
    /// The name.
    pub name: &'static str,
    /// The role template, for the roles that differ in id between organisations.
    pub template: Option<&'static str>,
    /// The id, for the roles that have the same one everywhere.
    pub id: Option<&'static str>,
    /// Whether it may be edited (recorded: `iscustomizable` of 72 roles).
    pub is_customizable: bool,
    /// Privileges on tables.
    pub tables: &'static [TableGrants],
    /// Privileges without a table, all at Global.
    pub miscellaneous: &'static [&'static str],
}

const ALL: &[Verb] = &Verb::ALL;
const READ: &[Verb] = &[Read];
const READ_GLOBAL: &[(Depth, &[Verb])] = &[(Global, READ)];
const ALL_BASIC: &[(Depth, &[Verb])] = &[(Basic, ALL)];
const ALL_GLOBAL: &[(Depth, &[Verb])] = &[(Global, ALL)];
const SIX: &[Verb] = &[Create, Read, Write, Delete, Append, AppendTo];
const SIX_GLOBAL: &[(Depth, &[Verb])] = &[(Global, SIX)];
const OWN_PROCESSES: &[Verb] = &[Create, Write, Delete, Append, Assign, Share];

/// The role that may do everything.
pub const SYSTEM_ADMINISTRATOR: &str = "System Administrator";

/// All built-in roles.
pub const ROLES: &[BuiltIn] = &[
    BuiltIn {
        name: SYSTEM_ADMINISTRATOR,
        template: Some("627090ff-40a3-4053-8790-584edc5be201"),
        id: None,
        is_customizable: true,
        // Holds every privilege of every table; the seed gives them.
        tables: &[],
        miscellaneous: &[],
    },
    BuiltIn {
        name: "System Customizer",
        template: Some("119f245c-3cc8-4b62-b31c-d1a046ced15d"),
        id: None,
        is_customizable: true,
        tables: &[
            ("workflow", ALL_GLOBAL),
            ("connectionreference", ALL_GLOBAL),
            ("environmentvariabledefinition", ALL_GLOBAL),
            ("bot", ALL_GLOBAL),
            ("botcomponent", ALL_GLOBAL),
            ("connector", ALL_GLOBAL),
            ("role", READ_GLOBAL),
            ("systemuser", &[(Global, READ), (Local, &[Append, AppendTo, Write])]),
            ("team", READ_GLOBAL),
            ("businessunit", READ_GLOBAL),
            ("organization", &[(Global, &[Read, Write])]),
            ("solution", SIX_GLOBAL),
            ("account", ALL_BASIC),
            ("contact", ALL_BASIC),
            ("processsession", &[(Global, READ), (Basic, &[Create, Write, Delete, Append, AppendTo, Assign, Share])]),
            ("asyncoperation", ALL_GLOBAL),
        ],
        miscellaneous: &["prvFlow", "prvPublishCustomization", "prvImportCustomization", "prvExportCustomization"],
    },
    BuiltIn {
        name: "Basic User",
        template: Some("236750cd-45ae-4939-ab12-b24b920ced93"),
        id: None,
        is_customizable: false,
        tables: &[
            ("workflow", &[(Basic, &[Create, Read, Write, Delete, Append, Assign, Share]), (Global, &[AppendTo])]),
            ("environmentvariabledefinition", &[(Global, &[Read, Append, AppendTo])]),
            ("role", &[(Local, READ)]),
            ("systemuser", &[(Global, READ), (Local, &[Append, AppendTo])]),
            ("team", READ_GLOBAL),
            ("businessunit", READ_GLOBAL),
            ("organization", READ_GLOBAL),
            ("account", ALL_BASIC),
            ("contact", ALL_BASIC),
            ("connector", READ_GLOBAL),
            ("processsession", &[(Global, READ), (Basic, &[Create, Write, Delete, Append, AppendTo, Assign, Share])]),
            ("asyncoperation", &[(Basic, &[Read, Write, AppendTo, Assign])]),
        ],
        miscellaneous: &["prvFlow", "prvWorkflowExecution", "prvReadSdkMessage"],
    },
    BuiltIn {
        name: "App Opener",
        template: None,
        id: Some("979144c2-989b-41a5-a146-6b3ea4130e8c"),
        is_customizable: false,
        tables: &[
            ("workflow", &[(Global, &[Read, AppendTo]), (Basic, OWN_PROCESSES)]),
            ("role", READ_GLOBAL),
            ("systemuser", READ_GLOBAL),
            ("team", READ_GLOBAL),
            ("businessunit", READ_GLOBAL),
            ("organization", READ_GLOBAL),
            ("processsession", &[(Global, READ), (Basic, &[Create, Write, Delete, Append, AppendTo, Assign, Share])]),
            ("asyncoperation", &[(Basic, &[Read, Write, AppendTo, Assign])]),
        ],
        miscellaneous: &["prvWorkflowExecution", "prvReadSdkMessage"],
    },
    BuiltIn {
        name: "Environment Maker",
        template: None,
        id: Some("d58407f2-48d5-e711-a82c-000d3a37c848"),
        is_customizable: true,
        tables: &[
            ("workflow", ALL_BASIC),
            ("connectionreference", ALL_BASIC),
            ("environmentvariabledefinition", ALL_BASIC),
            ("bot", ALL_BASIC),
            ("botcomponent", ALL_BASIC),
            ("connector", ALL_BASIC),
            ("role", READ_GLOBAL),
            ("systemuser", READ_GLOBAL),
            ("team", &[(Global, &[Create, Read])]),
            ("businessunit", READ_GLOBAL),
            ("organization", READ_GLOBAL),
            ("solution", SIX_GLOBAL),
            ("processsession", ALL_BASIC),
            ("asyncoperation", &[(Basic, &[Create, Read, Write])]),
        ],
        miscellaneous: &["prvFlow", "prvPublishCustomization", "prvReadSdkMessage"],
    },
    BuiltIn {
        name: "Delegate",
        template: Some("d892cc0b-28c7-4e88-bd92-72f2c366baed"),
        id: None,
        is_customizable: true,
        tables: &[("callbackregistration", &[(Basic, &[Create, Read, Write, Delete, Assign, Share])])],
        // Learn: impersonate another user; the role exists for this privilege.
        miscellaneous: &["prvActOnBehalfOfAnotherUser"],
    },
    BuiltIn {
        name: "Support User",
        template: Some("2d101bb3-5ced-4122-83f1-94d5efde4e3b"),
        id: None,
        is_customizable: true,
        tables: &[
            ("workflow", READ_GLOBAL),
            ("connectionreference", READ_GLOBAL),
            ("environmentvariabledefinition", READ_GLOBAL),
            ("bot", READ_GLOBAL),
            ("botcomponent", READ_GLOBAL),
            ("role", READ_GLOBAL),
            ("systemuser", READ_GLOBAL),
            ("team", READ_GLOBAL),
            ("businessunit", READ_GLOBAL),
            ("organization", READ_GLOBAL),
            ("solution", &[(Global, &[Create, Read, Write])]),
            ("contact", READ_GLOBAL),
            ("processsession", READ_GLOBAL),
        ],
        miscellaneous: &["prvReadSdkMessage"],
    },
    BuiltIn {
        name: "Power Automate Operator",
        template: None,
        id: Some("5575634d-da16-4a50-90a8-cde589bccb32"),
        is_customizable: true,
        tables: &[
            ("workflow", &[(Global, &[Read, Append])]),
            ("connectionreference", &[(Global, READ), (Basic, &[Create, Write, Append, AppendTo, Assign, Share])]),
            ("environmentvariabledefinition", READ_GLOBAL),
            ("role", READ_GLOBAL),
            ("systemuser", READ_GLOBAL),
            ("team", READ_GLOBAL),
            ("businessunit", READ_GLOBAL),
            ("organization", READ_GLOBAL),
            ("solution", READ_GLOBAL),
        ],
        miscellaneous: &["prvFlow", "prvReadSdkMessage"],
    },
    BuiltIn {
        name: "Bot Viewer",
        template: None,
        id: Some("1a6feece-0ba1-4739-8dee-eb83b1b591ea"),
        is_customizable: true,
        tables: &[
            ("workflow", &[(Basic, READ)]),
            ("connectionreference", &[(Basic, READ)]),
            ("environmentvariabledefinition", &[(Basic, READ)]),
            ("bot", &[(Basic, &[Read, Write])]),
            ("botcomponent", &[(Basic, &[Read, Write])]),
            ("connector", &[(Basic, READ)]),
            ("systemuser", READ_GLOBAL),
            ("solution", READ_GLOBAL),
        ],
        miscellaneous: &["prvReadSdkMessage"],
    },
];

/// The privileges that a new role holds at Global without being asked
/// (recorded: output of Microsoft's Web API sample; third-party notes).
pub const OF_NEW_ROLES: [&str; 9] = [
    "prvReadSharePointData",
    "prvWriteSharePointData",
    "prvCreateSharePointData",
    "prvReadSharePointDocument",
    "prvReadSdkMessage",
    "prvReadSdkMessageProcessingStep",
    "prvReadSdkMessageProcessingStepImage",
    "prvReadPluginAssembly",
    "prvReadPluginType",
];

/// Those of them that stay on `ReplacePrivilegesRole` and come back on `AddPrivilegesRole` (third-party notes).
pub const THAT_COME_BACK: &[&str] =
    &["prvReadSharePointData", "prvWriteSharePointData", "prvCreateSharePointData", "prvReadSharePointDocument"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::schema::{self, MISCELLANEOUS};

    #[test]
    fn every_built_in_privilege_exists_and_allows_its_depth() {
        for role in ROLES {
            for (logical_name, grants) in role.tables {
                let table = schema::built_in().iter().find(|table| table.logical_name == *logical_name).unwrap();
                for (depth, verbs) in *grants {
                    for verb in *verbs {
                        let known = table.privileges.iter().find(|(known, _)| known == verb);
                        assert!(
                            known.is_some_and(|(_, depths)| depths.contains(depth)),
                            "{}: {verb:?} on {logical_name} at {depth}",
                            role.name
                        );
                    }
                }
            }
            for name in role.miscellaneous {
                assert!(MISCELLANEOUS.iter().any(|known| known.name == *name), "{name}");
            }
        }
    }

    #[test]
    fn basic_user_has_nothing_on_connection_references() {
        let basic_user = ROLES.iter().find(|role| role.name == "Basic User").unwrap();
        assert!(basic_user.tables.iter().all(|(table, _)| *table != "connectionreference"));
    }
}
