//! Tables of principals and what they may do: users, teams, business units, roles, privileges.

use super::{FROM_LOCAL, NOT_OWNED, Names, columns, integers, lookups, table, texts};
use crate::sandbox::rights::Verb;
use crate::sandbox::schema::columns::{Kind, Valid, common, component};
use crate::sandbox::schema::{Ownership, Table};

use Valid::{Create, CreateUpdate, Never};

/// Makes these tables.
pub(super) fn tables() -> Vec<Table> {
    let mut tables = people().to_vec();
    tables.extend([role(), privilege()]);
    tables
}

fn people() -> [Table; 3] {
    let user = Names {
        logical: "systemuser",
        set: "systemusers",
        schema: "SystemUser",
        display: "User",
        plural: "Users",
        primary_name: "fullname",
        code: 8,
    };
    let team = Names {
        logical: "team",
        set: "teams",
        schema: "Team",
        display: "Team",
        plural: "Teams",
        primary_name: "name",
        code: 9,
    };
    let unit = Names {
        logical: "businessunit",
        set: "businessunits",
        schema: "BusinessUnit",
        display: "Business Unit",
        plural: "Business Units",
        primary_name: "name",
        code: 10,
    };
    [
        table(&user, Ownership::Business, Some("User"), NOT_OWNED, FROM_LOCAL).with([
            texts(CreateUpdate, &["firstname", "lastname", "domainname", "internalemailaddress", "title"]),
            texts(Never, &["fullname"]),
            columns(&Kind::Id, CreateUpdate, &["azureactivedirectoryobjectid"]),
            columns(&Kind::Id, Create, &["applicationid"]),
            columns(&Kind::Id, Never, &["organizationid", "ownerid"]),
            columns(&Kind::Boolean, CreateUpdate, &["isdisabled"]),
            columns(&Kind::Boolean, Never, &["islicensed", "issyncwithdirectory"]),
            integers(CreateUpdate, &["accessmode", "caltype"]),
            integers(Never, &["deletedstate", "azurestate", "userlicensetype"]),
            lookups(CreateUpdate, &[("businessunitid", &["businessunit"]), ("parentsystemuserid", &["systemuser"])]),
            common(),
        ]),
        table(&team, Ownership::Business, Some("Team"), NOT_OWNED, FROM_LOCAL).with([
            texts(CreateUpdate, &["name", "description", "emailaddress"]),
            columns(&Kind::Id, Create, &["azureactivedirectoryobjectid"]),
            columns(&Kind::Id, Never, &["organizationid", "ownerid"]),
            columns(&Kind::Boolean, Never, &["isdefault", "systemmanaged"]),
            integers(Create, &["teamtype", "membershiptype"]),
            lookups(CreateUpdate, &[("businessunitid", &["businessunit"]), ("administratorid", &["systemuser"])]),
            lookups(Create, &[("regardingobjectid", &["workflow", "account"])]),
            common(),
        ]),
        table(&unit, Ownership::Business, Some("BusinessUnit"), NOT_OWNED, FROM_LOCAL).with([
            texts(CreateUpdate, &["name", "description", "divisionname"]),
            columns(&Kind::Boolean, CreateUpdate, &["isdisabled"]),
            lookups(CreateUpdate, &[("parentbusinessunitid", &["businessunit"])]),
            lookups(Never, &[("organizationid", &["organization"])]),
            common(),
        ]),
    ]
}

fn role() -> Table {
    let names = Names {
        logical: "role",
        set: "roles",
        schema: "Role",
        display: "Security Role",
        plural: "Security Roles",
        primary_name: "name",
        code: 1036,
    };
    let verbs = [Verb::Create, Verb::Read, Verb::Write, Verb::Delete, Verb::Assign, Verb::Append, Verb::AppendTo];
    table(&names, Ownership::Business, Some("Role"), &verbs, FROM_LOCAL).with([
        texts(CreateUpdate, &["name", "description", "appliesto", "summaryofcoretablepermissions"]),
        integers(CreateUpdate, &["isinherited", "isautoassigned"]),
        columns(&Kind::Managed, CreateUpdate, &["canbedeleted"]),
        columns(&Kind::Id, Never, &["organizationid", "roleidunique"]),
        lookups(Create, &[("businessunitid", &["businessunit"])]),
        lookups(
            Never,
            &[("parentroleid", &["role"]), ("parentrootroleid", &["role"]), ("roletemplateid", &["roletemplate"])],
        ),
        component(),
        common(),
    ])
}

fn privilege() -> Table {
    let names = Names {
        logical: "privilege",
        set: "privileges",
        schema: "Privilege",
        display: "Privilege",
        plural: "Privileges",
        primary_name: "name",
        code: 1023,
    };
    table(&names, Ownership::None, None, &[], &[]).with([
        texts(Never, &["name", "introducedversion"]),
        integers(Never, &["accessright", "componentstate", "versionnumber"]),
        columns(&Kind::Boolean, Never, &["canbebasic", "canbelocal", "canbedeep", "canbeglobal", "ismanaged"]),
        columns(&Kind::Boolean, Never, &["canbeentityreference", "canbeparententityreference"]),
        columns(&Kind::Id, Never, &["solutionid"]),
    ])
}
