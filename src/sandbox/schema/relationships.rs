//! How tables are joined: relationships of many to many and of one to many.

/// A relationship of many to many, kept in a table of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ManyToMany {
    /// The collection-valued navigation property, the same on both sides (recorded: `$metadata`).
    pub navigation: &'static str,
    /// The two sides: logical name of the table and column of the joining table.
    pub sides: [(&'static str, &'static str); 2],
    /// The logical name of the joining table.
    pub intersect: &'static str,
    /// Whether `$ref` may write it; privileges of roles have actions instead.
    pub is_writable: bool,
}

/// A relationship of one to many, seen from the one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OneToMany {
    /// The collection-valued navigation property.
    pub navigation: &'static str,
    /// The table of the one.
    pub one: &'static str,
    /// The table of the many.
    pub many: &'static str,
    /// The lookup column of the many.
    pub column: &'static str,
}

/// Who holds which role, and other joins.
pub const MANY_TO_MANY: &[ManyToMany] = &[
    ManyToMany {
        navigation: "systemuserroles_association",
        sides: [("systemuser", "systemuserid"), ("role", "roleid")],
        intersect: "systemuserroles",
        is_writable: true,
    },
    ManyToMany {
        navigation: "teamroles_association",
        sides: [("team", "teamid"), ("role", "roleid")],
        intersect: "teamroles",
        is_writable: true,
    },
    ManyToMany {
        navigation: "teammembership_association",
        sides: [("team", "teamid"), ("systemuser", "systemuserid")],
        intersect: "teammembership",
        is_writable: true,
    },
    ManyToMany {
        navigation: "roleprivileges_association",
        sides: [("role", "roleid"), ("privilege", "privilegeid")],
        intersect: "roleprivileges",
        is_writable: false,
    },
    ManyToMany {
        navigation: "botcomponent_workflow",
        sides: [("botcomponent", "botcomponentid"), ("workflow", "workflowid")],
        intersect: "botcomponent_workflow",
        is_writable: true,
    },
];

/// Collections of rows that look up to one.
pub const ONE_TO_MANY: &[OneToMany] = &[
    OneToMany { navigation: "role_parent_root_role", one: "role", many: "role", column: "_parentrootroleid_value" },
    OneToMany { navigation: "role_parent_role", one: "role", many: "role", column: "_parentroleid_value" },
    OneToMany {
        navigation: "environmentvariabledefinition_environmentvariablevalue",
        one: "environmentvariabledefinition",
        many: "environmentvariablevalue",
        column: "_environmentvariabledefinitionid_value",
    },
    OneToMany { navigation: "bot_botcomponent", one: "bot", many: "botcomponent", column: "_parentbotid_value" },
    OneToMany {
        navigation: "business_unit_system_users",
        one: "businessunit",
        many: "systemuser",
        column: "_businessunitid_value",
    },
    OneToMany { navigation: "business_unit_teams", one: "businessunit", many: "team", column: "_businessunitid_value" },
    OneToMany { navigation: "business_unit_roles", one: "businessunit", many: "role", column: "_businessunitid_value" },
];

/// A key besides the primary one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlternateKey {
    /// The logical name of the table.
    pub table: &'static str,
    /// The logical name of the key.
    pub name: &'static str,
    /// Its columns.
    pub columns: &'static [&'static str],
    /// Whether it is made of texts.
    pub is_text: bool,
}

/// Those that requests may use (Learn: group teams with the Web API; public clients for the other two; names inferred).
const ALTERNATE_KEYS: &[AlternateKey] = &[
    AlternateKey {
        table: "systemuser",
        name: "aadobjectid",
        columns: &["azureactivedirectoryobjectid"],
        is_text: false,
    },
    AlternateKey {
        table: "team",
        name: "aadobjectid_membershiptype",
        columns: &["azureactivedirectoryobjectid", "membershiptype"],
        is_text: false,
    },
    AlternateKey {
        table: "connectionreference",
        name: "connectionreferencelogicalname_key",
        columns: &["connectionreferencelogicalname"],
        is_text: true,
    },
    AlternateKey {
        table: "environmentvariabledefinition",
        name: "schemaname_key",
        columns: &["schemaname"],
        is_text: true,
    },
];

/// Lists the alternate keys of a table.
pub fn alternate_keys(table: &str) -> Vec<AlternateKey> {
    ALTERNATE_KEYS.iter().filter(|key| key.table == table).copied().collect()
}

/// Finds the many-to-many relationship behind a navigation property of a table.
pub fn many_to_many(table: &str, navigation: &str) -> Option<&'static ManyToMany> {
    MANY_TO_MANY.iter().find(|relationship| {
        relationship.navigation == navigation && relationship.sides.iter().any(|(side, _)| *side == table)
    })
}

/// Finds the one-to-many relationship behind a navigation property of a table.
pub fn one_to_many(table: &str, navigation: &str) -> Option<&'static OneToMany> {
    ONE_TO_MANY.iter().find(|relationship| relationship.one == table && relationship.navigation == navigation)
}

impl ManyToMany {
    /// Returns the near and the far side as seen from a table: each a logical name and a column of the joining table.
    pub fn seen_from(&self, table: &str) -> [(&'static str, &'static str); 2] {
        let [left, right] = self.sides;
        if left.0 == table { [left, right] } else { [right, left] }
    }
}
