//! Tables of what solutions are made of: flows, connection references, environment variables, agents.

use super::{ALL, EVERY_DEPTH, GLOBAL, NOT_OWNED, Names, columns, integers, lookups, table, texts};
use crate::sandbox::rights::Verb;
use crate::sandbox::schema::columns::{Column, Kind, Valid, common, component, owner};
use crate::sandbox::schema::{Ownership, Table};

use Valid::{Create, CreateUpdate, Never, Update};

/// Makes these tables.
pub(super) fn tables() -> Vec<Table> {
    let mut tables = vec![workflow(), connection_reference()];
    tables.extend(environment_variables());
    tables.extend([organization(), solution()]);
    tables.extend(agents());
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
        integers(Create, &["category", "uiflowtype", "languagecode", "rank"]),
        integers(CreateUpdate, &["type", "modernflowtype", "scope", "runas", "mode", "businessprocesstype"]),
        integers(CreateUpdate, &["createstage", "updatestage", "deletestage", "processorder", "processtriggerscope"]),
        integers(Never, &["throttlingbehavior", "entityimage_timestamp"]),
        columns(&Kind::Boolean, CreateUpdate, &["ondemand", "subprocess", "triggeroncreate", "triggerondelete"]),
        columns(&Kind::Boolean, CreateUpdate, &["planverified", "istransacted", "asyncautodelete", "trustedaccess"]),
        columns(&Kind::Boolean, CreateUpdate, &["syncworkflowlogonfailure"]),
        columns(&Kind::Boolean, Never, &["iscrmuiworkflow", "clientdataiscompressed"]),
        // Columns of a row that was created and returned whole (recorded), mostly of other kinds of processes.
        texts(
            Never,
            &["xaml", "uidata", "definition", "dependencies", "desktopflowmodules", "metadata", "inputparameters"],
        ),
        texts(Never, &["claims", "credentials", "createmetadata", "modifymetadata", "dynamicssolutioncontext"]),
        texts(Never, &["processroleassignment", "rendererobjecttypecode", "triggeronupdateattributelist"]),
        texts(Never, &["entityimage", "entityimage_url"]),
        columns(
            &Kind::Id,
            Never,
            &["entityimageid", "formid", "processtriggerformid", "_flowgroup_value", "_licensee_value"],
        ),
        columns(&Kind::Id, Never, &["_licenseentitledby_value", "_plugintypeid_value", "_sdkmessageid_value"]),
        columns(&Kind::Id, Never, &["_createdonbehalfby_value", "_modifiedonbehalfby_value"]),
        columns(&Kind::Managed, Never, &["iscustomprocessingstepallowedforotherpublishers"]),
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
            lookups(CreateUpdate, &[("connectionreferenceid", &["connectionreference"])]),
            vec![
                Column::lookup("ParentDefinitionId", &["environmentvariabledefinition"], CreateUpdate)
                    .renamed("_parentdefinitionid_value"),
            ],
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
        // Neither a moment nor a maker (recorded: `$metadata`).
        integers(Never, &["languagecode", "versionnumber"]),
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
        table(&bot, Ownership::User, Some("bot"), ALL, EVERY_DEPTH)
            .with([
                texts(CreateUpdate, &["name", "authorizedsecuritygroupids"]),
                texts(Create, &["schemaname"]),
                integers(CreateUpdate, &["accesscontrolpolicy", "authenticationmode", "authenticationtrigger"]),
                columns(&Kind::Moment, Never, &["publishedon"]),
                component(),
                owner(),
                common(),
            ])
            .without("overwritetime"),
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
