//! The tables that every organisation has, as far as the sandbox knows them.

mod components;
mod people;

use Valid::{CreateUpdate, Never};

use super::columns::{Column, Kind, Valid, common, owner};
use super::table::{Ownership, Table};
use crate::sandbox::rights::{Depth, Verb};

/// A privilege that belongs to no table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Miscellaneous {
    /// The name.
    pub name: &'static str,
    /// Its access right; 0 for most.
    pub right: u32,
    /// The depths at which it can be granted.
    pub depths: &'static [Depth],
}

const GLOBAL: &[Depth] = &[Depth::Global];
const EVERY_DEPTH: &[Depth] = &Depth::ALL;
// Rows of a business unit are nobody's own (recorded: depth capabilities of 3,960 privileges).
const FROM_LOCAL: &[Depth] = &[Depth::Local, Depth::Deep, Depth::Global];

const fn global(name: &'static str, right: u32) -> Miscellaneous {
    Miscellaneous { name, right, depths: GLOBAL }
}

/// Privileges without a table of ours. The nine with an access right are those that every new role holds
/// (recorded: output of Microsoft's Web API sample).
pub const MISCELLANEOUS: &[Miscellaneous] = &[
    global("prvFlow", 0),
    global("prvActOnBehalfOfAnotherUser", 0),
    global("prvWorkflowExecution", 0),
    global("prvActivateSynchronousWorkflow", 0),
    global("prvActivateBusinessProcessFlow", 0),
    global("prvActivateBusinessRule", 0),
    global("prvBulkDelete", 0),
    global("prvExportToExcel", 0),
    global("prvGoOffline", 0),
    global("prvPublishCustomization", 0),
    global("prvImportCustomization", 0),
    global("prvExportCustomization", 0),
    global("prvReadSharePointData", 1),
    global("prvWriteSharePointData", 2),
    global("prvCreateSharePointData", 32),
    global("prvReadSharePointDocument", 1),
    global("prvReadSdkMessage", 1),
    global("prvReadSdkMessageProcessingStep", 1),
    global("prvReadSdkMessageProcessingStepImage", 1),
    global("prvReadPluginAssembly", 1),
    global("prvReadPluginType", 1),
];

const ALL: &[Verb] = &Verb::ALL;
const NOT_OWNED: &[Verb] = &[Verb::Create, Verb::Read, Verb::Write, Verb::Delete, Verb::Append, Verb::AppendTo];

struct Names {
    logical: &'static str,
    set: &'static str,
    schema: &'static str,
    display: &'static str,
    plural: &'static str,
    primary_name: &'static str,
    code: u32,
}

fn table(names: &Names, ownership: Ownership, stem: Option<&'static str>, verbs: &[Verb], depths: &[Depth]) -> Table {
    Table {
        logical_name: names.logical.into(),
        entity_set: names.set.into(),
        schema_name: names.schema.into(),
        display_name: names.display.into(),
        display_collection_name: names.plural.into(),
        primary_id: format!("{}id", names.logical).into(),
        primary_name: names.primary_name.into(),
        object_type_code: names.code,
        ownership,
        stem: stem.map(Into::into),
        privileges: verbs.iter().map(|verb| (*verb, depths.to_vec())).collect(),
        columns: Vec::new(),
        is_custom: false,
        is_intersect: false,
    }
}

impl Table {
    fn with(mut self, groups: impl IntoIterator<Item = Vec<Column>>) -> Self {
        self.columns.extend(groups.into_iter().flatten());
        self
    }

    fn without(mut self, column: &str) -> Self {
        self.columns.retain(|known| known.name != column);
        self
    }

    fn with_key(mut self, key: &'static str) -> Self {
        self.primary_id = key.into();
        self
    }

    fn joining(mut self) -> Self {
        self.is_intersect = true;
        self
    }
}

fn columns(kind: &Kind, valid: Valid, names: &[&str]) -> Vec<Column> {
    names.iter().map(|name| Column::new(name, kind.clone(), valid)).collect()
}

fn texts(valid: Valid, names: &[&str]) -> Vec<Column> {
    columns(&Kind::Text, valid, names)
}

fn integers(valid: Valid, names: &[&str]) -> Vec<Column> {
    columns(&Kind::Integer, valid, names)
}

fn lookups(valid: Valid, names: &[(&str, &[&str])]) -> Vec<Column> {
    names.iter().map(|(navigation, targets)| Column::lookup(navigation, targets, valid)).collect()
}

/// Makes all tables.
pub(super) fn tables() -> Vec<Table> {
    let mut tables = components::tables();
    tables.extend(people::tables());
    tables.extend(business_data());
    tables.extend(intersects());
    tables
}

fn business_data() -> Vec<Table> {
    let plain = |logical, set, schema, display, plural, primary_name, code, stem| {
        let names = Names { logical, set, schema, display, plural, primary_name, code };
        table(&names, Ownership::User, Some(stem), ALL, EVERY_DEPTH).with([
            texts(CreateUpdate, &[primary_name, "description"]),
            owner(),
            common(),
        ])
    };
    vec![
        plain("account", "accounts", "Account", "Account", "Accounts", "name", 1, "Account"),
        plain("contact", "contacts", "Contact", "Contact", "Contacts", "fullname", 2, "Contact"),
        plain(
            "processsession",
            "processsessions",
            "ProcessSession",
            "Process Session",
            "Process Sessions",
            "name",
            4710,
            "WorkflowSession",
        ),
        plain(
            "asyncoperation",
            "asyncoperations",
            "AsyncOperation",
            "System Job",
            "System Jobs",
            "name",
            4700,
            "AsyncOperation",
        )
        .with_key("asyncoperationid")
        .without("description"),
        plain("flowrun", "flowruns", "flowrun", "Flow Run", "Flow Runs", "name", 10_096, "flowrun"),
        plain("connector", "connectors", "connector", "Connector", "Connectors", "name", 372, "connector"),
        plain(
            "callbackregistration",
            "callbackregistrations",
            "CallbackRegistration",
            "Callback Registration",
            "Callback Registrations",
            "name",
            301,
            "CallbackRegistration",
        ),
    ]
}

fn intersects() -> Vec<Table> {
    let joining = |logical: &'static str, set: &'static str, key: &'static str, ids: &[&str], code| {
        let names = Names { logical, set, schema: logical, display: logical, plural: logical, primary_name: key, code };
        table(&names, Ownership::None, None, &[], &[])
            .with([columns(&Kind::Id, Never, ids), integers(Never, &["versionnumber"])])
            .with_key(key)
            .joining()
    };
    vec![
        joining("systemuserroles", "systemuserrolescollection", "systemuserroleid", &["systemuserid", "roleid"], 15),
        joining("teamroles", "teamrolescollection", "teamroleid", &["teamid", "roleid"], 40),
        joining("teammembership", "teammemberships", "teammembershipid", &["teamid", "systemuserid"], 23),
        joining("roleprivileges", "roleprivilegescollection", "roleprivilegeid", &["roleid", "privilegeid"], 12).with(
            [
                integers(Never, &["privilegedepthmask", "componentstate"]),
                columns(&Kind::Boolean, Never, &["ismanaged"]),
            ],
        ),
        joining(
            "botcomponent_workflow",
            "botcomponent_workflowset",
            "botcomponent_workflowid",
            &["botcomponentid", "workflowid"],
            10_202,
        ),
        joining(
            "principalobjectaccess",
            "principalobjectaccessset",
            "principalobjectaccessid",
            &["objectid", "principalid"],
            11,
        )
        .with([
            texts(Never, &["objecttypecode", "principaltypecode"]),
            integers(Never, &["accessrightsmask", "inheritedaccessrightsmask", "timezoneruleversionnumber"]),
            columns(&Kind::Moment, Never, &["changedon"]),
        ]),
    ]
}
