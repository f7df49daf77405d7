//! The tables that every organisation has, as far as the sandbox knows them.

use super::columns::{Column, Kind, Valid, common, component, owner};
use super::{Ownership, Table};
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

use Valid::{Create, CreateUpdate, Never, Update};

/// Makes all tables.
pub(super) fn tables() -> Vec<Table> {
    let mut tables = vec![workflow(), connection_reference()];
    tables.extend(environment_variables());
    tables.extend(people());
    tables.extend([role(), privilege(), organization(), solution()]);
    tables.extend(agents());
    tables.extend(business_data());
    tables.extend(intersects());
    tables
}

// Columns and codes: recorded metadata of the tables, unless a comment says otherwise.
fn workflow() -> Table {
    let names = Names {
        logical: "workflow",
        set: "workflows",
        schema: "Workflow",
        display: "Process",
        plural: "Processes",
        primary_name: "name",
        code: 4703,
    };
    table(&names, Ownership::User, Some("Workflow"), ALL, EVERY_DEPTH).with([
        texts(
            CreateUpdate,
            &["name", "description", "clientdata", "uniquename", "resourcecontainer", "billingcontext"],
        ),
        texts(CreateUpdate, &["connectionreferences", "inputs", "outputs", "schemaversion", "suspensionreasondetails"]),
        texts(Create, &["primaryentity", "introducedversion"]),
        integers(Create, &["category", "uiflowtype"]),
        integers(CreateUpdate, &["type", "modernflowtype", "scope", "runas", "mode"]),
        columns(&Kind::Boolean, CreateUpdate, &["ondemand", "subprocess", "triggeroncreate", "planverified"]),
        columns(&Kind::Id, CreateUpdate, &["resourceid"]),
        columns(&Kind::Id, Never, &["workflowidunique"]),
        lookups(Never, &[("parentworkflowid", &["workflow"]), ("activeworkflowid", &["workflow"])]),
        component(),
        owner(),
        common(),
    ])
}

fn connection_reference() -> Table {
    let names = Names {
        logical: "connectionreference",
        set: "connectionreferences",
        schema: "connectionreference",
        display: "Connection Reference",
        plural: "Connection References",
        primary_name: "connectionreferencedisplayname",
        // Differs between organisations: 10091 and 10093 were recorded.
        code: 10_091,
    };
    table(&names, Ownership::User, Some("connectionreference"), ALL, EVERY_DEPTH).with([
        texts(CreateUpdate, &["connectionreferencedisplayname", "connectionid", "connectorid", "description"]),
        texts(Create, &["connectionreferencelogicalname"]),
        texts(CreateUpdate, &["connectionparametersconfig", "connectionparametersetconfig"]),
        integers(CreateUpdate, &["promptingbehavior"]),
        component(),
        owner(),
        common(),
    ])
}

fn environment_variables() -> [Table; 2] {
    let definition = Names {
        logical: "environmentvariabledefinition",
        set: "environmentvariabledefinitions",
        schema: "EnvironmentVariableDefinition",
        display: "Environment Variable Definition",
        plural: "Environment Variable Definitions",
        primary_name: "schemaname",
        code: 380,
    };
    let value = Names {
        logical: "environmentvariablevalue",
        set: "environmentvariablevalues",
        schema: "EnvironmentVariableValue",
        display: "Environment Variable Value",
        plural: "Environment Variable Values",
        primary_name: "schemaname",
        code: 381,
    };
    [
        table(&definition, Ownership::User, Some("EnvironmentVariableDefinition"), ALL, EVERY_DEPTH).with([
            texts(CreateUpdate, &["displayname", "defaultvalue", "description", "valueschema", "hint", "apiid"]),
            texts(CreateUpdate, &["parameterkey"]),
            texts(Create, &["schemaname", "introducedversion"]),
            integers(Create, &["type", "secretstore"]),
            columns(&Kind::Boolean, CreateUpdate, &["isrequired"]),
            lookups(
                CreateUpdate,
                &[
                    ("parentdefinitionid", &["environmentvariabledefinition"]),
                    ("connectionreferenceid", &["connectionreference"]),
                ],
            ),
            component(),
            owner(),
            common(),
        ]),
        // Access follows the definition (recorded: ownership None, no privileges; Learn: environment variables).
        table(&value, Ownership::None, None, &[], &[]).with([
            texts(CreateUpdate, &["schemaname", "value"]),
            texts(Create, &["introducedversion"]),
            vec![
                Column::lookup("EnvironmentVariableDefinitionId", &["environmentvariabledefinition"], Create)
                    .renamed("_environmentvariabledefinitionid_value"),
            ],
            component(),
            integers(Update, &["statecode", "statuscode"]),
            common(),
        ]),
    ]
}

impl Column {
    // The navigation properties of some solution tables carry the schema name, their columns the logical name.
    fn renamed(mut self, name: &'static str) -> Self {
        self.name = name.into();
        self
    }
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
            columns(&Kind::Id, Never, &["organizationid"]),
            columns(&Kind::Boolean, CreateUpdate, &["isdisabled"]),
            lookups(CreateUpdate, &[("parentbusinessunitid", &["businessunit"])]),
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

fn organization() -> Table {
    let names = Names {
        logical: "organization",
        set: "organizations",
        schema: "Organization",
        display: "Organization",
        plural: "Organizations",
        primary_name: "name",
        code: 1019,
    };
    let verbs = [Verb::Read, Verb::Write, Verb::AppendTo];
    table(&names, Ownership::None, Some("Organization"), &verbs, GLOBAL).with([
        texts(Never, &["name"]),
        texts(Update, &["orgdborgsettings"]),
        integers(Never, &["languagecode"]),
        common(),
    ])
}

fn solution() -> Table {
    let names = Names {
        logical: "solution",
        set: "solutions",
        schema: "Solution",
        display: "Solution",
        plural: "Solutions",
        primary_name: "friendlyname",
        code: 7100,
    };
    table(&names, Ownership::Organization, Some("Solution"), NOT_OWNED, GLOBAL).with([
        texts(CreateUpdate, &["friendlyname", "description", "version"]),
        texts(Create, &["uniquename"]),
        columns(&Kind::Boolean, Never, &["ismanaged", "isvisible"]),
        common(),
    ])
}

fn agents() -> [Table; 3] {
    let bot = Names {
        logical: "bot",
        set: "bots",
        schema: "bot",
        display: "Copilot",
        plural: "Copilots",
        primary_name: "name",
        code: 10_200,
    };
    let component_names = Names {
        logical: "botcomponent",
        set: "botcomponents",
        schema: "botcomponent",
        display: "Copilot component",
        plural: "Copilot components",
        primary_name: "name",
        code: 10_201,
    };
    // Which rows belong to which solution (Learn: table solutioncomponent).
    let solution_component = Names {
        logical: "solutioncomponent",
        set: "solutioncomponents",
        schema: "SolutionComponent",
        display: "Solution Component",
        plural: "Solution Components",
        primary_name: "solutioncomponentid",
        code: 7103,
    };
    [
        table(&bot, Ownership::User, Some("bot"), ALL, EVERY_DEPTH).with([
            texts(CreateUpdate, &["name", "authorizedsecuritygroupids"]),
            texts(Create, &["schemaname"]),
            integers(CreateUpdate, &["accesscontrolpolicy", "authenticationmode", "authenticationtrigger"]),
            columns(&Kind::Moment, Never, &["publishedon"]),
            component(),
            owner(),
            common(),
        ]),
        table(&component_names, Ownership::User, Some("botcomponent"), ALL, EVERY_DEPTH).with([
            texts(CreateUpdate, &["name", "data", "description"]),
            texts(Create, &["schemaname"]),
            integers(Create, &["componenttype"]),
            lookups(CreateUpdate, &[("parentbotid", &["bot"])]),
            component(),
            owner(),
            common(),
        ]),
        table(&solution_component, Ownership::None, None, &[], &[]).with([
            columns(&Kind::Id, Never, &["objectid"]),
            integers(Never, &["componenttype", "rootcomponentbehavior", "versionnumber"]),
            lookups(Never, &[("solutionid", &["solution"])]),
        ]),
    ]
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
        .with_key("asyncoperationid"),
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
