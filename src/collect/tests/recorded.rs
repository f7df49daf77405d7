//! What real services answered, read by the decoders: every row becomes a value, and no value says anything else than its row.
//!
//! The recordings are not in this repository: `POWERGRANT_CORPUS` names their folder, and without it these tests pass over.
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::collect::decode::{Row, admin, flows, metadata, organization, people, roles, shares};
use crate::names::Depth;
use crate::principal::Principal;

#[expect(clippy::print_stderr, reason = "whoever runs the tests is told which ones looked at nothing")]
fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("POWERGRANT_CORPUS").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("passed over, because POWERGRANT_CORPUS names no folder of recordings");
    }
    folder
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The body of a recorded exchange.
fn cassette(folder: &Path, name: &str) -> Value {
    read(&folder.join("cassettes").join(name))["response"]["body"].take()
}

/// The recorded bodies of a public client whose file name starts so, with where they are.
fn provider(folder: &Path, start: &str) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    let mut open = vec![folder.join("tf-provider")];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.file_name().unwrap().to_string_lossy().starts_with(start) {
                found.push((path.display().to_string(), read(&path)));
            }
        }
    }
    found.sort_by(|left, right| left.0.cmp(&right.0));
    found
}

/// The rows of an answer: those of a set, or the one that it is.
fn rows(body: &Value) -> Vec<Value> {
    body["value"].as_array().cloned().unwrap_or_else(|| vec![body.clone()])
}

/// A row with the columns that we ask for and the recorded client did not, as an organisation has them.
fn with(row: &Value, columns: &[(&str, Value)]) -> Value {
    let mut row = row.clone();
    for (name, value) in columns {
        assert!(row.get(*name).is_none(), "`{name}` was recorded");
        row[*name] = value.clone();
    }
    row
}

fn id(row: &Value, column: &str) -> Option<Uuid> {
    row[column].as_str().and_then(|text| Uuid::try_parse(text).ok()).filter(|id| !id.is_nil())
}

fn text<'a>(row: &'a Value, column: &str) -> &'a str {
    row[column].as_str().unwrap_or_default()
}

#[test]
fn recorded_connection_references_keep_name_connector_and_whether_they_are_bound() {
    let Some(folder) = corpus() else { return };
    let mut count = 0;
    for name in ["dataverse_connectionreferences_list.json", "dataverse_connectionreferences_list_2.json"] {
        for row in rows(&cassette(&folder, name)) {
            let owner = Uuid::from_u128(7);
            let row = with(&row, &[("_owninguser_value", json!(owner)), ("_owningteam_value", Value::Null)]);
            let (key, reference) = flows::reference(Row::dataverse("connectionreferences", &row)).unwrap();
            assert_eq!(Some(key), id(&row, "connectionreferenceid"));
            assert_eq!(reference.logical_name.as_str(), text(&row, "connectionreferencelogicalname"));
            assert_eq!(reference.display_name.as_str(), text(&row, "connectionreferencedisplayname"));
            assert!(text(&row, "connectorid").ends_with(&format!("/{}", reference.connector)));
            assert_eq!(reference.bound, !row["connectionid"].is_null());
            count += 1;
        }
    }
    assert!(count >= 8, "{count}");
}

#[test]
fn a_recorded_flow_is_read_with_its_text() {
    let Some(folder) = corpus() else { return };
    let row = cassette(&folder, "flow_lifecycle_02_POST_workflows.json");
    let (key, flow) = flows::flow(Row::dataverse("workflows", &row)).unwrap();
    assert_eq!((Some(key), flow.name.as_str()), (id(&row, "workflowid"), text(&row, "name")));
    assert_eq!((flow.managed, flow.customizable), (false, true));
    let (_, facts) = flows::definition(Row::dataverse("workflows", &row)).unwrap();
    facts.unwrap();
}

#[test]
fn recorded_shares_keep_every_right() {
    let Some(folder) = corpus() else { return };
    let body = cassette(&folder, "dataverse_RetrieveSharedPrincipalsAndAccess_bot.json");
    let accesses = body["PrincipalAccesses"].as_array().unwrap();
    for access in accesses {
        let (_, rights) = shares::principal_access(Row::dataverse("PrincipalAccesses", access)).unwrap();
        // The seven rights of an agent's editors.
        assert_eq!(rights.0, 786_487);
        assert_eq!(rights.0.count_ones() as usize, text(access, "AccessMask").split(',').count());
    }
    assert!(!accesses.is_empty());
}

#[test]
fn recorded_environments_say_whether_flows_may_be_shared() {
    let Some(folder) = corpus() else { return };
    let mut bodies: Vec<(String, Value)> = ["bap_admin_environment_get.json", "bap_admin_environments_list.json"]
        .map(|name| (name.to_owned(), cassette(&folder, name)))
        .into();
    bodies
        .extend(provider(&folder, "get_environment").into_iter().filter(|(_, body)| body.get("properties").is_some()));
    bodies.extend(provider(&folder, "get_environments_"));
    let (mut count, mut forbidding) = (0, 0);
    for (name, body) in bodies {
        for row in rows(&body) {
            let limits = admin::sharing_limits(Row::admin("environments", &row)).unwrap();
            let settings = &row["properties"]["governanceConfiguration"]["settings"]["extendedSettings"];
            let mode = text(settings, "solutionCloudFlows-limitSharingMode");
            assert_eq!(limits.flows_disabled, mode == "disableSharing", "{name}: {mode}");
            count += 1;
            forbidding += usize::from(limits.flows_disabled);
        }
    }
    assert_eq!((count, forbidding), (39, 6), "environments, and those that forbid sharing");
}

#[test]
fn recorded_roles_keep_what_is_decided_by() {
    let Some(folder) = corpus() else { return };
    let mut count = 0;
    for (_, body) in provider(&folder, "get_security_roles") {
        for row in rows(&body) {
            // Columns that came after this recording.
            let row = with(&row, &[("description", Value::Null), ("isautoassigned", json!(0))]);
            let (key, role) = roles::role(Row::dataverse("roles", &row)).unwrap();
            assert_eq!((Some(key), role.name.as_str()), (id(&row, "roleid"), text(&row, "name")));
            assert_eq!(role.template, id(&row, "_roletemplateid_value"));
            assert_eq!(role.reaches_members, row["isinherited"] == 1);
            assert_eq!(Some(role.managed), row["ismanaged"].as_bool());
            assert_eq!(Some(role.customizable), row["iscustomizable"]["Value"].as_bool());
            assert_eq!(Some(role.unit), id(&row, "_businessunitid_value"));
            let copy = roles::copy(Row::dataverse("roles", &row)).unwrap();
            assert_eq!((copy.row, copy.root, copy.unit), (key, key, role.unit));
            count += 1;
        }
    }
    assert_eq!(count, 73);
}

#[test]
fn recorded_users_keep_who_they_are() {
    let Some(folder) = corpus() else { return };
    let mut count = 0;
    for (name, body) in provider(&folder, "get_systemuser") {
        for row in rows(&body) {
            let (key, user) = people::user(Row::dataverse("systemusers", &row)).unwrap();
            assert_eq!(Some(key), id(&row, "systemuserid"), "{name}");
            assert_eq!(
                (user.upn.as_str(), user.mail.as_str()),
                (text(&row, "domainname"), text(&row, "internalemailaddress"))
            );
            assert_eq!(
                (user.object, user.application),
                (id(&row, "azureactivedirectoryobjectid"), id(&row, "applicationid"))
            );
            assert_eq!(
                (Some(user.disabled), Some(user.unit)),
                (row["isdisabled"].as_bool(), id(&row, "_businessunitid_value"))
            );
            count += 1;
        }
    }
    assert_eq!(count, 6);
}

#[test]
fn recorded_environment_roles_keep_role_principal_and_address() {
    let Some(folder) = corpus() else { return };
    let mut assignments: Vec<Value> = Vec::new();
    for (name, body) in provider(&folder, "role_assignments_") {
        assert!(body["value"].is_array(), "{name}");
        assignments.extend(rows(&body));
    }
    for (_, body) in provider(&folder, "modify_role_assignments_") {
        assignments.extend(body["add"].as_array().unwrap().iter().map(|one| one["roleAssignment"].clone()));
    }
    for row in &assignments {
        let (role, principal, address) =
            admin::role_assignment(Row::admin("roleAssignments", row)).unwrap().expect("a role that we know");
        let definition = &row["properties"]["roleDefinition"];
        assert!(
            text(definition, "name").eq_ignore_ascii_case(&format!("Environment{role:?}")),
            "{role:?} {definition}"
        );
        let Principal::User { id: object, .. } = principal else { panic!("{principal:?}") };
        assert_eq!(Some(object), id(&row["properties"]["principal"], "id"));
        assert_eq!(address.as_str(), text(row, "id"));
    }
    assert!(assignments.len() >= 6, "{}", assignments.len());
}

#[test]
fn the_recorded_caller_and_business_unit_are_read() {
    let Some(folder) = corpus() else { return };
    for (_, body) in provider(&folder, "get_whoami") {
        let caller = organization::who_am_i(Row::dataverse("WhoAmI", &body)).unwrap();
        assert_eq!(Some(caller.user), id(&body, "UserId"));
        assert_eq!(
            (Some(caller.unit), Some(caller.organization)),
            (id(&body, "BusinessUnitId"), id(&body, "OrganizationId"))
        );
    }
    let units = provider(&folder, "get_businessunit_");
    for (_, body) in &units {
        let (key, unit) = organization::unit(Row::dataverse("businessunits", body)).unwrap();
        assert_eq!(
            (Some(key), unit.name.as_str(), unit.parent),
            (id(body, "businessunitid"), text(body, "name"), None)
        );
    }
    assert_eq!(units.len(), 1);
}

#[test]
fn recorded_table_metadata_keeps_every_privilege_and_depth() {
    let Some(folder) = corpus() else { return };
    let mut tables: Vec<(String, Value)> = provider(&folder, "get_entitydefinition_businessunit.json");
    for entry in std::fs::read_dir(folder.join("entity-metadata")).unwrap() {
        let path = entry.unwrap().path();
        tables.push((path.display().to_string(), read(&path)));
    }
    let mut count = 0;
    for (name, row) in &tables {
        let row =
            if row.get("DisplayName").is_some() { row.clone() } else { with(row, &[("DisplayName", Value::Null)]) };
        let (logical_name, table) = metadata::table(Row::dataverse("EntityDefinitions", &row)).unwrap();
        assert_eq!(
            (logical_name.as_str(), table.set.as_str()),
            (text(&row, "LogicalName"), text(&row, "EntitySetName")),
            "{name}"
        );
        let privileges = table.privileges.unwrap();
        let recorded = row["Privileges"].as_array().unwrap();
        assert_eq!(
            privileges.len(),
            recorded.iter().filter(|privilege| privilege["PrivilegeType"] != "None").count(),
            "{name}"
        );
        for (operation, privilege) in &privileges {
            let recorded = recorded.iter().find(|recorded| recorded["PrivilegeType"] == operation.word()).unwrap();
            assert_eq!(
                (privilege.name.as_str(), Some(privilege.id)),
                (text(recorded, "Name"), id(recorded, "PrivilegeId")),
                "{name}"
            );
            let flags = [
                ("CanBeBasic", Depth::User),
                ("CanBeLocal", Depth::BusinessUnit),
                ("CanBeDeep", Depth::ParentChildBusinessUnits),
                ("CanBeGlobal", Depth::Organization),
            ];
            for (flag, depth) in flags {
                assert_eq!(Some(privilege.depths.contains(&depth)), recorded[flag].as_bool(), "{name}: {flag}");
            }
            count += 1;
        }
    }
    assert!(tables.len() == 9 && count >= 50, "{} tables, {count} privileges", tables.len());
}
