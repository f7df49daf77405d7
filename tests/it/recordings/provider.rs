//! Recorded bodies of a public Terraform provider, held against what the embedded tenant answers to the same questions.
//!
//! Its whole rows have hundreds of columns that nobody asks for here. What the embedded tenant writes was recorded, with the same type;
//! where the provider selects columns, as powergrant always does, both have the same keys.
use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use super::ask::{Answered, Asked, seed};
use super::shape::Shape;
use super::{corpus, count, read};

const HOST: &str = "contoso.crm4.dynamics.com";
const ADMIN: &str = "api.bap.microsoft.com";
const WITH_DATAVERSE: &str = "00000000-0000-0000-0000-000000001111";
const WITHOUT: &str = "00000000-0000-0000-0000-000000002222";

/// What a body answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Endpoint {
    Roles,
    Users,
    OneUser,
    Applications,
    Unit,
    Table,
    WhoAmI,
    Definitions,
    Values,
    OneValue,
    NewRow,
    Environment,
    EnvironmentWithout,
    Environments,
    NoEnvironment,
    EnvironmentRoles,
    ChangeOfEnvironmentRoles,
}

/// How much of a body the embedded tenant has to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    /// All keys.
    Whole(Endpoint),
    /// No other keys, and none of another type.
    Part(Endpoint),
    /// None of another type: the body is of another version of the API, or was written by hand.
    Types(Endpoint),
    /// It concerns nothing that powergrant uses.
    OutOfScope(&'static str),
}

use Held::{OutOfScope, Part, Types, Whole};

const NOT_MANAGED: &str = "connections of the Power Platform API: neither read nor written";
const TENANT_ROLES: &str = "roles of the whole tenant: another service, neither read nor written";
const LIFECYCLE: &str = "environments are neither made nor removed";

/// Folder, start of the file's name, and what becomes of it; the first line that fits counts, and every line has to fit a file.
const RULES: &[(&str, &str, Held)] = &[
    ("application", "get_applicationusers", Types(Endpoint::Applications)),
    (
        "application/tests/resource/application_admin/Read_ParentDeleted",
        "get_environment",
        Part(Endpoint::NoEnvironment),
    ),
    ("application", "get_environment", Types(Endpoint::Environment)),
    ("authorization", "get_security_roles", Part(Endpoint::Roles)),
    ("authorization", "get_systemusers", Part(Endpoint::Users)),
    ("authorization", "get_systemuser_", Part(Endpoint::OneUser)),
    (
        "authorization/tests/resource/user/Validate_Create_Env_Delayed_Display_Name",
        "role_assignments_",
        Part(Endpoint::EnvironmentRoles),
    ),
    ("authorization", "role_assignments_", Whole(Endpoint::EnvironmentRoles)),
    ("authorization", "modify_role_assignments_", Part(Endpoint::ChangeOfEnvironmentRoles)),
    (
        "authorization/tests/datasource/security_roles/Validate_No_Dataverse",
        "get_environment_",
        Types(Endpoint::EnvironmentWithout),
    ),
    ("authorization", "get_environment_", Types(Endpoint::Environment)),
    ("authorization", "get_lifecycle", OutOfScope(LIFECYCLE)),
    (
        "connection/tests/resource/connection_shares/Validate_Read_ParentDeleted",
        "get_environment_",
        Part(Endpoint::NoEnvironment),
    ),
    ("connection", "", OutOfScope(NOT_MANAGED)),
    ("data_record", "get_businessunit_", Part(Endpoint::Unit)),
    ("data_record", "get_entitydefinition_businessunit.json", Part(Endpoint::Table)),
    ("data_record", "get_entitydefinition_businessunit_attributes", OutOfScope("attributes of tables are not read")),
    ("environment/", "get_environment_", Types(Endpoint::Environment)),
    ("environment/", "get_environments_", Types(Endpoint::Environments)),
    ("environment_variable", "get_environment_not_found", Part(Endpoint::NoEnvironment)),
    ("environment_variable", "get_environment.json", Types(Endpoint::Environment)),
    ("environment_variable", "get_environment_variable_definitions", Part(Endpoint::Definitions)),
    ("environment_variable", "get_environment_variable_values", Whole(Endpoint::Values)),
    ("environment_variable", "get_environment_variable_value_", Whole(Endpoint::OneValue)),
    ("environment_variable", "get_environment_variable_value.", Whole(Endpoint::OneValue)),
    ("managed_environment", "get_environment", Types(Endpoint::Environment)),
    ("managed_environment", "get_lifecycle", OutOfScope(LIFECYCLE)),
    ("rest", "get_whoami", Whole(Endpoint::WhoAmI)),
    ("rest", "post_account", Whole(Endpoint::NewRow)),
    ("role_based_access", "", OutOfScope(TENANT_ROLES)),
    ("tenant_isolation_policy", "", OutOfScope("isolation of tenants is neither read nor written")),
];

fn tenant() -> String {
    let rest = format!(
        "      environmentVariables:
        - {{ name: contoso_Site, displayName: Site, default: x, value: y, owner: mia@contoso.com }}
  - name: Without
    id: {WITHOUT}
    roleAssignments:
      - {{ role: EnvironmentAdmin, user: mia@contoso.com }}
      - {{ role: EnvironmentMaker, user: ada@contoso.com }}
"
    );
    seed(HOST, &rest)
}

/// The files of the folder that count, relative to it.
fn bodies(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(inner) = open.pop() {
        for entry in std::fs::read_dir(&inner).unwrap_or_else(|error| panic!("{}: {error}", inner.display())) {
            let path = entry.expect("a folder entry").path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).expect("a file of the folder").to_string_lossy().into_owned();
            // The list of requests, not an answer.
            if name != "routes.json" {
                found.push(name);
            }
        }
    }
    found.sort();
    found
}

fn rule_of(name: &str) -> Option<usize> {
    let (folder, file) = name.rsplit_once('/')?;
    RULES.iter().position(|(service, start, _)| format!("{folder}/").starts_with(service) && file.starts_with(start))
}

async fn asked_for(asked: &Asked, endpoint: Endpoint, recorded: &Value) -> Answered {
    let (user, unit) = asked.user_and_unit("ada@contoso.com");
    let data = |path: &str| (HOST, format!("/api/data/v9.2/{path}"));
    let admin =
        |path: &str| (ADMIN, format!("/providers/Microsoft.BusinessAppPlatform/scopes/admin/environments{path}"));
    let expand = "$expand=systemuserroles_association($select=roleid,name,ismanaged,_businessunitid_value)";
    let mut body = None;
    let (host, target) = match endpoint {
        Endpoint::Roles => data("roles"),
        Endpoint::Users => data(&format!("systemusers?{expand}&$filter=domainname+eq+'ada@contoso.com'")),
        Endpoint::OneUser => data(&format!("systemusers({user})?{expand}")),
        Endpoint::Applications => data("systemusers?$select=applicationid,azureactivedirectoryobjectid"),
        Endpoint::Unit => data(&format!("businessunits({unit})")),
        Endpoint::Table => data("EntityDefinitions(LogicalName='businessunit')"),
        Endpoint::WhoAmI => data("WhoAmI"),
        Endpoint::Definitions => {
            let columns: Vec<&str> = recorded["value"][0]
                .as_object()
                .map(|row| row.keys().map(String::as_str).collect())
                .unwrap_or_default();
            let columns: Vec<&str> = columns.into_iter().filter(|name| !name.starts_with('@')).collect();
            data(&format!("environmentvariabledefinitions?$select={}", columns.join(",")))
        }
        Endpoint::Values => data("environmentvariablevalues?$select=environmentvariablevalueid,schemaname,value"),
        Endpoint::OneValue => {
            let value = asked.value_of_variable("contoso_Site");
            data(&format!("environmentvariablevalues({value})?$select=environmentvariablevalueid,schemaname,value"))
        }
        Endpoint::NewRow => {
            body = Some(json!({ "name": "Contoso" }));
            data("accounts?$select=name,accountid")
        }
        Endpoint::Environment => admin(&format!("/{WITH_DATAVERSE}?api-version=2021-04-01")),
        Endpoint::EnvironmentWithout => admin(&format!("/{WITHOUT}?api-version=2021-04-01")),
        Endpoint::Environments => admin("?api-version=2021-04-01"),
        Endpoint::NoEnvironment => admin("/00000000-0000-0000-0000-00000000ffff?api-version=2021-04-01"),
        Endpoint::EnvironmentRoles => admin(&format!("/{WITHOUT}/roleAssignments?api-version=2021-04-01")),
        Endpoint::ChangeOfEnvironmentRoles => {
            let role = "/providers/Microsoft.BusinessAppPlatform/scopes/admin/environments/{env}/roleDefinitions/EnvironmentMaker";
            let (object, _) = asked.person("mia@contoso.com");
            let properties = json!({ "roleDefinition": { "id": role.replace("{env}", WITHOUT) }, "principal": { "id": object, "type": "User" } });
            body = Some(json!({ "add": [ { "properties": properties } ] }));
            admin(&format!("/{WITHOUT}/modifyRoleAssignments?api-version=2021-04-01"))
        }
    };
    let method = if body.is_some() { "POST" } else { "GET" };
    let headers = BTreeMap::from([
        ("content-type".to_owned(), "application/json".to_owned()),
        ("prefer".to_owned(), if body.is_some() { "return=representation" } else { "" }.to_owned()),
    ]);
    asked.ask((method, host, &target), &headers, body.map(|body| body.to_string())).await
}

/// Columns of a role that organisations have since the recording of 2024 (documented).
fn came_later(difference: &str) -> bool {
    ["appliesto", "description", "isautoassigned", "summaryofcoretablepermissions"]
        .iter()
        .any(|column| difference == format!("/value[]/{column} is too many"))
}

/// Leaves out the context, versions of rows and links behind embedded rows where whoever kept the recording left them out.
fn without_annotations(recorded: &Value, mut answered: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(object) => {
                object.retain(|key, _| !key.starts_with("@odata."));
                object.values_mut().for_each(strip);
            }
            Value::Array(values) => values.iter_mut().for_each(strip),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    fn strip_links(value: &mut Value) {
        match value {
            Value::Object(object) => {
                object.retain(|key, _| key.starts_with('@') || !key.ends_with("@odata.nextLink"));
                object.values_mut().for_each(strip_links);
            }
            Value::Array(values) => values.iter_mut().for_each(strip_links),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let text = recorded.to_string();
    // Learn, join tables: embedded collections have one each.
    if recorded.get("@odata.context").is_none() {
        strip_links(&mut answered);
    }
    if !text.contains("\"@odata.") {
        strip(&mut answered);
    } else if recorded.get("@odata.context").is_none()
        && let Some(body) = answered.as_object_mut()
    {
        body.remove("@odata.context");
    }
    answered
}

/// Says whether a value is empty here and was not there, which says nothing about its type.
fn is_empty_instead(difference: &str) -> bool {
    let kinds = difference.split_once(" is ").and_then(|(_, rest)| rest.split_once(" instead of "));
    kinds.is_some_and(|(ours, theirs)| {
        ours.split(" or ").all(|kind| kind == "null" || theirs.split(" or ").any(|other| other == kind))
    })
}

#[test]
fn every_body_is_compared_or_named_with_a_reason() {
    let Some(folder) = corpus("every_body_is_compared_or_named_with_a_reason") else { return };
    let bodies = bodies(&folder.join("tf-provider"));
    let forgotten: Vec<&String> = bodies.iter().filter(|name| rule_of(name).is_none()).collect();
    assert!(forgotten.is_empty(), "{forgotten:?}");
    for (number, (service, start, _)) in RULES.iter().enumerate() {
        assert!(bodies.iter().any(|name| rule_of(name) == Some(number)), "no file fits {service} {start}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_a_public_client_are_as_recorded() {
    let Some(folder) = corpus("bodies_of_a_public_client_are_as_recorded") else { return };
    let folder = folder.join("tf-provider");
    let asked = Asked::start(&tenant()).await;
    let (mut compared, mut report) = (0, Vec::new());
    let bodies = bodies(&folder);
    for name in &bodies {
        let recorded = read(&folder.join(name));
        let rule = rule_of(name).unwrap_or_else(|| panic!("{name} fits no line"));
        let held = RULES[rule].2;
        let endpoint = match held {
            Whole(endpoint) | Part(endpoint) | Types(endpoint) => endpoint,
            OutOfScope(_) => continue,
        };
        let answered = asked_for(&asked, endpoint, &recorded).await;
        let expected = if endpoint == Endpoint::NoEnvironment {
            404
        } else if endpoint == Endpoint::NewRow {
            201
        } else {
            200
        };
        if answered.status != expected {
            report.push(format!("{name}: status {} instead of {expected}: {}", answered.status, answered.body));
        }
        let differences = Shape::differences(&recorded, &without_annotations(&recorded, answered.body));
        let is_counted = |text: &String| match held {
            Whole(_) => true,
            Part(_) => !text.ends_with(" is missing") && !is_empty_instead(text) && !came_later(text),
            Types(_) => text.contains(" instead of ") && !is_empty_instead(text),
            OutOfScope(_) => false,
        };
        let counted = differences.into_iter().filter(is_counted);
        report.extend(counted.map(|text| format!("{name}: {text}")));
        compared += 1;
    }
    assert!(report.is_empty(), "{}", report.join("\n"));
    count("recorded bodies of a public client compared", &format!("{compared} of {}", bodies.len()));
}
