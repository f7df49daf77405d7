//! What the platform answers, and which changes it promises.

use std::collections::BTreeSet;

use super::*;
use crate::sandbox::directory::{Group, Person, ServicePrincipal};

const TENANT: Uuid = Uuid::from_u128(9);
const ADA: Uuid = Uuid::from_u128(1);
const BOB: Uuid = Uuid::from_u128(2);
const MEMBERS: Uuid = Uuid::from_u128(3);
const PIPELINE: Uuid = Uuid::from_u128(4);
const STRANGER: Uuid = Uuid::from_u128(5);
const PROVIDER: &str = "/providers/Microsoft.BusinessAppPlatform";

struct Tenant {
    environments: BTreeMap<String, BapEnvironment>,
    access: Access,
    directory: Directory,
}

fn tenant() -> Tenant {
    let person = |upn: &str| Person {
        upn: upn.to_owned(),
        display_name: upn.to_owned(),
        mail: Some(upn.to_owned()),
        enabled: true,
        guest: false,
        plans: BTreeSet::new(),
    };
    let environment = |name: &str, dataverse: Option<LinkedDataverse>| BapEnvironment {
        name: name.to_owned(),
        display_name: name.to_owned(),
        sku: "Production".to_owned(),
        is_default: false,
        dataverse,
        managed: name == "prod",
        extended_settings: BTreeMap::new(),
        role_assignments: BTreeMap::new(),
        administrators: BTreeSet::from([BOB]),
        requires_licence: false,
    };
    let dataverse = LinkedDataverse {
        organization: Uuid::from_u128(70),
        url: "https://contoso.crm4.dynamics.com".to_owned(),
        security_group: Some(MEMBERS),
    };
    Tenant {
        environments: BTreeMap::from([
            ("prod".to_owned(), environment("prod", Some(dataverse))),
            ("bare".to_owned(), environment("bare", None)),
        ]),
        access: Access { administrators: BTreeSet::from([PIPELINE]) },
        directory: Directory {
            users: BTreeMap::from([(ADA, person("ada@contoso.com")), (BOB, person("bob@contoso.com"))]),
            groups: BTreeMap::from([(
                MEMBERS,
                Group {
                    display_name: "SG".to_owned(),
                    mail: None,
                    security: true,
                    members: BTreeSet::from([ADA]),
                    owners: BTreeSet::new(),
                },
            )]),
            service_principals: BTreeMap::from([(
                PIPELINE,
                ServicePrincipal {
                    app_id: Uuid::from_u128(40),
                    display_name: "pipeline".to_owned(),
                    secret: String::new(),
                },
            )]),
            graph_readers: None,
        },
    }
}

impl Tenant {
    fn ask(&self, claims: &Claims, method: &str, path: &str, body: Option<&Value>) -> Outcome {
        let path = format!("{PROVIDER}{path}");
        let bap =
            Bap { environments: &self.environments, access: &self.access, directory: &self.directory, tenant: TENANT };
        let request = Request {
            method,
            path: &path,
            query: "api-version=2021-04-01",
            body,
            root: "https://api.bap.microsoft.com",
        };
        bap.handle(request, claims)
    }

    fn get(&self, path: &str) -> Answer {
        self.ask(&application(PIPELINE), "GET", path, None).answer
    }

    fn post(&self, path: &str, body: &Value) -> Outcome {
        self.ask(&application(PIPELINE), "POST", path, Some(body))
    }
}

fn application(oid: Uuid) -> Claims {
    Claims {
        aud: String::new(),
        iss: String::new(),
        iat: 0,
        nbf: 0,
        exp: 1,
        tid: TENANT,
        oid,
        appid: Some(Uuid::from_u128(40)),
        app_displayname: None,
        upn: None,
        idtyp: "app".to_owned(),
        ver: "1.0".to_owned(),
    }
}

fn user(oid: Uuid) -> Claims {
    Claims { appid: None, idtyp: "user".to_owned(), ..application(oid) }
}

fn code(answer: &Answer) -> (u16, String) {
    (answer.status, answer.body.as_ref().unwrap()["error"]["code"].as_str().unwrap().to_owned())
}

fn assignment(role: &str, principal: Uuid, kind: &str) -> Value {
    let id = format!("{PROVIDER}/scopes/admin/environments/bare/roleDefinitions/{role}");
    json!({ "properties": { "roleDefinition": { "id": id }, "principal": { "id": principal, "type": kind } } })
}

#[test]
fn an_environment_is_shown_as_recorded() {
    let body = tenant().get("/scopes/admin/environments/PROD").body.unwrap();
    assert_eq!(body["id"], format!("{PROVIDER}/scopes/admin/environments/prod"));
    let linked = &body["properties"]["linkedEnvironmentMetadata"];
    assert_eq!(linked["instanceUrl"], "https://contoso.crm4.dynamics.com/");
    assert_eq!(linked["instanceApiUrl"], "https://contoso.api.crm4.dynamics.com");
    assert_eq!(linked["securityGroupId"], json!(MEMBERS));
    assert_eq!(body["properties"]["governanceConfiguration"]["protectionLevel"], "Standard");
}

#[test]
fn governance_settings_are_told_when_there_are_any() {
    let mut tenant = tenant();
    let settings = &mut tenant.environments.get_mut("prod").unwrap().extended_settings;
    settings.insert("solutionCloudFlows-limitSharingMode".to_owned(), "disableSharing".to_owned());
    let body = tenant.get("/scopes/admin/environments/prod").body.unwrap();
    assert_eq!(
        body["properties"]["governanceConfiguration"]["settings"]["extendedSettings"]["solutionCloudFlows-limitSharingMode"],
        "disableSharing"
    );
}

#[test]
fn the_list_has_every_environment_and_no_metadata_without_dataverse() {
    for path in ["/scopes/admin/environments", "/scopes/admin/environments/"] {
        let body = tenant().get(path).body.unwrap();
        let bare = &body["value"][0]["properties"];
        assert_eq!(bare["databaseType"], "None");
        assert_eq!(bare.get("linkedEnvironmentMetadata"), None);
        assert_eq!(body["value"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn unknown_environments_and_versions_are_refused() {
    let tenant = tenant();
    assert_eq!(code(&tenant.get("/scopes/admin/environments/none")), (404, "EnvironmentNotFound".to_owned()));
    for (query, expected) in
        [("", "MissingApiVersionParameter"), ("api-version=1999-01-01", "InvalidApiVersionParameter")]
    {
        let bap = Bap {
            environments: &tenant.environments,
            access: &tenant.access,
            directory: &tenant.directory,
            tenant: TENANT,
        };
        let path = format!("{PROVIDER}/scopes/admin/environments");
        let request = Request { method: "GET", path: &path, query, body: None, root: "" };
        assert_eq!(code(&bap.handle(request, &user(BOB)).answer).1, expected);
    }
}

#[test]
fn only_registered_applications_and_administrators_get_in() {
    let tenant = tenant();
    let refused = tenant.ask(&application(STRANGER), "GET", "/scopes/admin/environments", None).answer;
    assert_eq!(refused.status, 403);
    assert!(refused.body.unwrap().to_string().contains("does not have permission to access the path"));
    let visible = |claims| tenant.ask(&claims, "GET", "/scopes/admin/environments", None).answer.body.unwrap();
    assert_eq!(visible(user(BOB))["value"].as_array().unwrap().len(), 2);
    assert_eq!(visible(user(ADA))["value"].as_array().unwrap().len(), 0);
    let denied = tenant.ask(&user(ADA), "GET", "/scopes/admin/environments/bare", None).answer;
    assert_eq!(code(&denied), (403, "EnvironmentAccess".to_owned()));
}

#[test]
fn a_role_is_given_and_taken_with_a_status_per_item() {
    let mut tenant = tenant();
    let modify = "/scopes/admin/environments/bare/modifyRoleAssignments";
    let add = json!({ "add": [assignment("environmentmaker", ADA, "User"), assignment("EnvironmentAdmin", TENANT, "Tenant")] });
    let given = tenant.post(modify, &add);
    let items = &given.answer.body.as_ref().unwrap()["add"];
    assert_eq!((&items[0]["httpStatus"], given.effects.len()), (&json!("Created"), 2));
    assert_eq!(items[0]["roleAssignment"]["properties"]["principal"].get("email"), None);
    given.effects.iter().for_each(|effect| effect.apply(&mut tenant.environments));

    let list = tenant.get("/scopes/admin/environments/bare/roleAssignments").body.unwrap();
    let assignments = list["value"].as_array().unwrap();
    let of_ada = assignments.iter().find(|held| held["properties"]["principal"]["id"] == json!(ADA)).unwrap();
    assert_eq!(of_ada["properties"]["roleDefinition"]["name"], "EnvironmentMaker");
    assert_eq!(of_ada["properties"]["principal"]["email"], "ada@contoso.com");
    let again = tenant.post(modify, &add);
    assert_eq!((&again.answer.body.unwrap()["add"][0]["httpStatus"], again.effects.len()), (&json!("OK"), 0));

    let remove = json!({ "remove": [{ "id": of_ada["id"] }] });
    let taken = tenant.post(modify, &remove);
    assert_eq!(taken.answer.body.unwrap()["remove"][0]["httpStatus"], "OK");
    taken.effects.iter().for_each(|effect| effect.apply(&mut tenant.environments));
    assert_eq!(tenant.post(modify, &remove).answer.body.unwrap()["remove"][0]["httpStatus"], "NotFound");
}

#[test]
fn a_wrong_principal_fails_the_whole_change() {
    let tenant = tenant();
    let modify = "/scopes/admin/environments/bare/modifyRoleAssignments";
    for wrong in [assignment("EnvironmentMaker", STRANGER, "User"), assignment("EnvironmentMaker", MEMBERS, "User")] {
        let outcome = tenant.post(modify, &json!({ "add": [assignment("EnvironmentMaker", ADA, "User"), wrong] }));
        assert_eq!(outcome.answer.body.as_ref().unwrap()["error"]["message"], "Principal not found");
        assert_eq!((outcome.answer.status, outcome.effects.len()), (400, 0));
    }
    let shape = json!({ "add": [{ "roleDefinitionId": "x", "objectId": ADA, "principalType": "User" }] });
    assert_eq!(tenant.post(modify, &shape).answer.status, 400);
    let short = json!({ "remove": [{ "id": ADA }] });
    assert_eq!(tenant.post(modify, &short).answer.status, 400);
}

#[test]
fn environments_with_dataverse_have_no_roles_here() {
    let tenant = tenant();
    assert_eq!(code(&tenant.get("/scopes/admin/environments/prod/roleAssignments")).0, 403);
    let body = json!({ "add": [assignment("EnvironmentMaker", ADA, "User")] });
    assert_eq!(tenant.post("/scopes/admin/environments/prod/modifyRoleAssignments", &body).answer.status, 403);
}

#[test]
fn a_user_is_added_when_the_security_group_lets_him_in() {
    let tenant = tenant();
    let add = |user: Uuid| tenant.post("/scopes/admin/environments/prod/addUser", &json!({ "ObjectId": user }));
    let added = add(ADA);
    assert_eq!(added.answer, Answer::empty(200));
    assert_eq!(added.effects, [Effect::AddUser { environment: "prod".to_owned(), user: ADA }]);
    let refused = add(BOB);
    assert_eq!((refused.answer.status, refused.effects.len()), (403, 0));
    assert_eq!(refused.answer.body.unwrap()["errors"][0]["Code"], "userNotPartOfSecurityGroup");
    assert_eq!(add(STRANGER).answer.status, 404);
}

#[test]
fn a_user_without_licence_is_refused_where_one_is_required() {
    let mut tenant = tenant();
    tenant.environments.get_mut("prod").unwrap().requires_licence = true;
    let add = |tenant: &Tenant| tenant.post("/scopes/admin/environments/prod/addUser", &json!({ "objectId": ADA }));
    assert_eq!(add(&tenant).answer.body.unwrap()["errors"][0]["Code"], "userNotLicensed");
    tenant.directory.users.get_mut(&ADA).unwrap().plans.insert("FLOW_P2".to_owned());
    assert_eq!(add(&tenant).answer.status, 200);
}

#[test]
fn an_application_is_added_by_its_application_id() {
    let tenant = tenant();
    let add = |id: u128| {
        tenant.post(
            "/scopes/admin/environments/prod/addAppUser",
            &json!({ "servicePrincipalAppId": Uuid::from_u128(id) }),
        )
    };
    let effect = Effect::AddApplicationUser { environment: "prod".to_owned(), service_principal: PIPELINE };
    assert_eq!(add(40).effects, [effect]);
    assert_eq!(add(41).answer.status, 404);
}

#[test]
fn makers_see_the_environments_that_they_get_into_and_the_default_one_by_its_short_name() {
    let mut tenant = tenant();
    let names = |tenant: &Tenant, oid: Uuid| -> Vec<String> {
        let body = tenant.ask(&user(oid), "GET", "/environments", None).answer.body.unwrap();
        let rows = body["value"].as_array().unwrap().iter();
        rows.map(|row| row["id"].as_str().unwrap().rsplit_once("Microsoft.BusinessAppPlatform").unwrap().1.to_owned())
            .collect()
    };
    assert_eq!(names(&tenant, ADA), ["/environments/prod"]);
    // He administers both.
    assert_eq!(names(&tenant, BOB), ["/environments/bare", "/environments/prod"]);
    assert!(names(&tenant, STRANGER).is_empty());
    assert_eq!(
        code(&tenant.ask(&user(STRANGER), "GET", "/environments/prod", None).answer),
        (403, "EnvironmentAccess".to_owned())
    );
    tenant.environments.get_mut("prod").unwrap().is_default = true;
    assert_eq!(tenant.ask(&user(ADA), "GET", "/environments/~Default", None).answer.body.unwrap()["name"], "prod");
    assert_eq!(code(&tenant.ask(&user(ADA), "GET", "/environments/none", None).answer).0, 404);
}
