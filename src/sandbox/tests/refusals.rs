//! Requests that the model of a service does not have, each refused with the status and code that were recorded or documented.

use serde_json::json;

use super::services::{ADMIN, FLOW, GRAPH, PROD, ask};
use super::*;

/// What Dataverse answers to whatever it cannot parse or resolve (recorded: public clients), and to segments that it has not.
const CANNOT_PARSE: (u16, &str) = (400, "0x80060888");
const NO_SEGMENT: (u16, &str) = (404, "0x80060888");
/// Bodies that cannot be read (recorded).
const BAD_PAYLOAD: (u16, &str) = (400, "0x80048d19");
const WRONG_VERB: (u16, &str) = (405, "0x80060888");
const NO_ROW: (u16, &str) = (404, "0x80040217");

/// What is asked, the answer's status and code, and a part of its text.
type Case = (&'static str, &'static str, &'static str, (u16, &'static str), &'static str);

/// `{…}` stands for an id of the tenant.
const READS: &[Case] = &[
    // Properties.
    ("GET", "roles?$select=nam", "", CANNOT_PARSE, "Could not find a property named 'nam'"),
    ("GET", "roles({role})?$select=nam", "", CANNOT_PARSE, "'nam'"),
    ("GET", "roles?$filter=nam eq 'x'", "", CANNOT_PARSE, "'nam'"),
    ("GET", "roles?$orderby=nam", "", CANNOT_PARSE, "'nam'"),
    ("GET", "roles?$select=Name", "", CANNOT_PARSE, "'Name'"),
    ("GET", "roles?$filter=businessunitid/nam eq 'x'", "", CANNOT_PARSE, "'nam'"),
    ("GET", "roles?$expand=businessunitid($select=nam)", "", CANNOT_PARSE, "'nam'"),
    ("GET", "roles?$expand=businessunitid($filter=nam eq 1)", "", CANNOT_PARSE, "'nam'"),
    ("GET", "roles?$expand=nothing", "", CANNOT_PARSE, "'nothing'"),
    ("GET", "roles?$expand=name", "", CANNOT_PARSE, "Only navigation properties can be expanded"),
    ("GET", "EntityDefinitions?$select=Nothing", "", CANNOT_PARSE, "'Nothing'"),
    ("GET", "EntityDefinitions(LogicalName='role')?$expand=Privileges", "", CANNOT_PARSE, "navigation"),
    // Segments.
    ("GET", "role", "", NO_SEGMENT, "Resource not found for the segment 'role'"),
    ("GET", "Roles", "", NO_SEGMENT, "'Roles'"),
    ("GET", "roles({role})/nothing", "", NO_SEGMENT, "'nothing'"),
    ("GET", "roles({role})/name/more", "", NO_SEGMENT, ""),
    ("GET", "roles/nothing", "", NO_SEGMENT, "'nothing'"),
    ("GET", "EntityDefinitions(LogicalName='role')/Nothing", "", NO_SEGMENT, "'Nothing'"),
    // Options.
    ("GET", "roles?$skip=1", "", CANNOT_PARSE, "Skip Clause is not supported in CRM"),
    ("GET", "roles?$search=a", "", CANNOT_PARSE, "$search"),
    ("GET", "roles?$nothing=a", "", CANNOT_PARSE, "$nothing"),
    ("GET", "roles?nothing=a", "", CANNOT_PARSE, "nothing"),
    ("GET", "roles?$select=name&$select=roleid", "", CANNOT_PARSE, "$select"),
    ("GET", "roles?$top=x", "", CANNOT_PARSE, "$top"),
    ("GET", "roles?$top=-1", "", CANNOT_PARSE, "$top"),
    ("GET", "roles?$count=maybe", "", CANNOT_PARSE, ""),
    ("GET", "roles?$skiptoken=x", "", CANNOT_PARSE, "Paging Cookie"),
    ("GET", "roles?$apply=groupby((name))", "", CANNOT_PARSE, "$apply"),
    // Filters and orders.
    ("GET", "roles?$filter=", "", CANNOT_PARSE, ""),
    ("GET", "roles?$filter=name eqq 'x'", "", CANNOT_PARSE, "Syntax error at position"),
    ("GET", "roles?$filter=name eq 'x", "", CANNOT_PARSE, ""),
    ("GET", "roles?$filter=(name eq 'x'", "", CANNOT_PARSE, ""),
    ("GET", "roles?$filter=name eq 'x' and", "", CANNOT_PARSE, ""),
    ("GET", "roles?$filter=nothing(name,'x')", "", CANNOT_PARSE, ""),
    ("GET", "roles?$filter=name in ('x','y')", "", CANNOT_PARSE, "'in' operator"),
    ("GET", "roles?$filter=name eq @p", "", CANNOT_PARSE, ""),
    ("GET", "roles?$filter=Microsoft.Dynamics.CRM.Nothing(PropertyName='name')", "", CANNOT_PARSE, ""),
    ("GET", "roles?$filter=systemuserroles_association/any(u:name eq 'x')", "", CANNOT_PARSE, ""),
    ("GET", "roles?$orderby=name up", "", CANNOT_PARSE, ""),
    // Types.
    ("GET", "roles?$filter=roleid eq 'x'", "", CANNOT_PARSE, "incompatible types"),
    ("GET", "roles?$filter=name eq 5", "", CANNOT_PARSE, "incompatible types"),
    ("GET", "roles?$filter=ismanaged eq 1", "", CANNOT_PARSE, "incompatible types"),
    ("GET", "roles?$filter=isinherited eq 'x'", "", CANNOT_PARSE, "incompatible types"),
    // Keys.
    ("GET", "roles(x)", "", CANNOT_PARSE, "Guid"),
    ("GET", "roles('x')", "", CANNOT_PARSE, "Guid"),
    ("GET", "roles()", "", NO_SEGMENT, "'roles'"),
    ("GET", "roles({role}", "", CANNOT_PARSE, ""),
    ("GET", "roles(name='x')", "", CANNOT_PARSE, "key"),
    ("GET", "teams(azureactivedirectoryobjectid={role})", "", CANNOT_PARSE, "key"),
    ("GET", "roles({none})", "", NO_ROW, "Does Not Exist"),
    ("GET", "connectionreferences(connectionreferencelogicalname='x')", "", (404, "0x80060891"), "key"),
    // Functions.
    ("GET", "RetrieveNothing()", "", NO_SEGMENT, "RetrieveNothing"),
    ("GET", "RetrieveRolePrivilegesRole()", "", CANNOT_PARSE, "RoleId"),
    ("GET", "RetrieveRolePrivilegesRole(Role={role})", "", CANNOT_PARSE, "'Role'"),
    ("GET", "RetrieveRolePrivilegesRole(RoleId=x)", "", CANNOT_PARSE, "Guid"),
    ("GET", "RetrieveRolePrivilegesRole(RoleId='{role}x')", "", CANNOT_PARSE, "Guid"),
    ("GET", "RetrieveRolePrivilegesRole(RoleId=@r)", "", CANNOT_PARSE, "'@r'"),
    ("GET", "RetrieveRolePrivilegesRole(RoleId={none})", "", NO_ROW, ""),
    ("GET", "RetrieveRolePrivilegesRole(RoleId={nil})", "", (400, "0x80040203"), "Expected non-empty Guid."),
    ("GET", "RetrieveSharedPrincipalsAndAccess(Target=@t)?@t={bad}", "", CANNOT_PARSE, "Target"),
    (
        "GET",
        "RetrieveAccessOrigin(ObjectId={role},LogicalName='nothing',PrincipalId={role})",
        "",
        (400, "0x80041102"),
        "MetadataCache",
    ),
    ("GET", "systemusers({user})/Microsoft.Dynamics.CRM.RetrieveNothing()", "", NO_SEGMENT, "RetrieveNothing"),
    ("GET", "roles({role})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()", "", NO_SEGMENT, "RetrieveUserPrivileges"),
];

const WRITES: &[Case] = &[
    // Verbs.
    ("PUT", "roles", "{}", WRONG_VERB, "PUT"),
    ("DELETE", "roles", "", WRONG_VERB, "DELETE"),
    ("PATCH", "roles", "{}", WRONG_VERB, "PATCH"),
    ("POST", "roles({role})", "{}", WRONG_VERB, "POST"),
    ("PUT", "roles({role})", "{}", WRONG_VERB, "PUT"),
    ("GET", "GrantAccess", "", WRONG_VERB, "GET"),
    ("POST", "WhoAmI", "{}", WRONG_VERB, "POST"),
    ("POST", "RetrieveRolePrivilegesRole(RoleId={role})", "{}", WRONG_VERB, "POST"),
    ("GET", "roles({role})/Microsoft.Dynamics.CRM.AddPrivilegesRole", "", WRONG_VERB, "GET"),
    ("POST", "EntityDefinitions", "{}", WRONG_VERB, ""),
    ("POST", "principalobjectaccessset", "{}", (405, "0x80040800"), ""),
    ("POST", "roles({role})/name", "{}", NO_SEGMENT, ""),
    // Actions.
    ("POST", "DoNothing", "{}", NO_SEGMENT, "DoNothing"),
    ("POST", "roles({role})/Microsoft.Dynamics.CRM.AddPrivilegesToRole", "{}", NO_SEGMENT, "AddPrivilegesToRole"),
    ("POST", "AddPrivilegesRole", "{}", NO_SEGMENT, "AddPrivilegesRole"),
    ("POST", "roles({none})/Microsoft.Dynamics.CRM.AddPrivilegesRole", r#"{"Privileges":[]}"#, NO_ROW, ""),
    ("POST", "roles({role})/Microsoft.Dynamics.CRM.AddPrivilegesRole", "{}", CANNOT_PARSE, "Privileges"),
    (
        "POST",
        "roles({role})/Microsoft.Dynamics.CRM.AddPrivilegesRole",
        r#"{"Privilege":[]}"#,
        CANNOT_PARSE,
        "'Privilege'",
    ),
    (
        "POST",
        "roles({role})/Microsoft.Dynamics.CRM.AddPrivilegesRole",
        r#"{"Privileges":{}}"#,
        CANNOT_PARSE,
        "Privileges",
    ),
    (
        "POST",
        "roles({role})/Microsoft.Dynamics.CRM.AddPrivilegesRole",
        r#"{"Privileges":[{"PrivilegeId":"x","Depth":"Basic"}]}"#,
        CANNOT_PARSE,
        "PrivilegeId",
    ),
    (
        "POST",
        "roles({role})/Microsoft.Dynamics.CRM.AddPrivilegesRole",
        r#"{"Privileges":[{"PrivilegeId":"{read}","Depth":"basic"}]}"#,
        CANNOT_PARSE,
        "'basic'",
    ),
    (
        "POST",
        "roles({role})/Microsoft.Dynamics.CRM.AddPrivilegesRole",
        r#"{"Privileges":[{"PrivilegeId":"{read}","Depth":0}]}"#,
        CANNOT_PARSE,
        "Depth",
    ),
    (
        "POST",
        "roles({role})/Microsoft.Dynamics.CRM.AddPrivilegesRole",
        r#"{"Privileges":[{"PrivilegeId":"{read}","Level":"Basic"}]}"#,
        CANNOT_PARSE,
        "'Level'",
    ),
    (
        "POST",
        "roles({role})/Microsoft.Dynamics.CRM.AddPrivilegesRole",
        r#"{"Privileges":[{"PrivilegeId":"{none}","Depth":"Basic"}]}"#,
        NO_ROW,
        "privilege",
    ),
    (
        "POST",
        "roles({role})/Microsoft.Dynamics.CRM.AddPrivilegesRole",
        r#"{"Privileges":[{"PrivilegeId":"{read}","Depth":"Basic"},{"PrivilegeId":"{read}","Depth":"Global"}]}"#,
        (400, "0x8004140f"),
        "duplicated",
    ),
    (
        "POST",
        "roles({role})/Microsoft.Dynamics.CRM.AddPrivilegesRole",
        r#"{"Privileges":[{"PrivilegeId":"{flow}","Depth":"Basic"}]}"#,
        (400, "0x8004140b"),
        "depth",
    ),
    (
        "POST",
        "roles({role})/Microsoft.Dynamics.CRM.RemovePrivilegeRole",
        r#"{"PrivilegeId":"{read}"}"#,
        CANNOT_PARSE,
        "'PrivilegeId'",
    ),
    ("POST", "GrantAccess", r#"{"Target":{"@odata.id":"workflows({workflow})"}}"#, CANNOT_PARSE, "PrincipalAccess"),
    (
        "POST",
        "GrantAccess",
        r#"{"Target":{"@odata.id":"workflows({workflow})"},"PrincipalAccess":{"AccessMask":"readaccess","Principal":{"@odata.id":"systemusers({user})"}}}"#,
        CANNOT_PARSE,
        "readaccess",
    ),
    (
        "POST",
        "GrantAccess",
        r#"{"Target":{"@odata.id":"flows({workflow})"},"PrincipalAccess":{"AccessMask":"ReadAccess","Principal":{"@odata.id":"systemusers({user})"}}}"#,
        NO_SEGMENT,
        "'flows'",
    ),
    (
        "POST",
        "GrantAccess",
        r#"{"Target":{"@odata.type":"Microsoft.Dynamics.CRM.nothing","workflowid":"{workflow}"},"PrincipalAccess":{"AccessMask":"ReadAccess","Principal":{"@odata.id":"systemusers({user})"}}}"#,
        CANNOT_PARSE,
        "nothing",
    ),
    (
        "POST",
        "GrantAccess",
        r#"{"Target":{"@odata.id":"workflows({none})"},"PrincipalAccess":{"AccessMask":"ReadAccess","Principal":{"@odata.id":"systemusers({user})"}}}"#,
        NO_ROW,
        "workflow",
    ),
    (
        "POST",
        "RevokeAccess",
        r#"{"Target":{"@odata.id":"workflows({workflow})"},"Principal":{"@odata.id":"systemusers({user})"}}"#,
        CANNOT_PARSE,
        "'Principal'",
    ),
    // Bodies of rows.
    ("POST", "roles", "", BAD_PAYLOAD, ""),
    ("POST", "roles", "[]", BAD_PAYLOAD, ""),
    ("POST", "roles", r#"{"name":"#, BAD_PAYLOAD, ""),
    ("POST", "roles", r#"{"nam":"x"}"#, CANNOT_PARSE, "The property 'nam' does not exist on type"),
    ("POST", "roles", r#"{"name":5,"businessunitid@odata.bind":"/businessunits({unit})"}"#, CANNOT_PARSE, "'name'"),
    (
        "POST",
        "roles",
        r#"{"name":"x","isinherited":"1","businessunitid@odata.bind":"/businessunits({unit})"}"#,
        CANNOT_PARSE,
        "'isinherited'",
    ),
    (
        "POST",
        "roles",
        r#"{"name":"x","roleid":"x","businessunitid@odata.bind":"/businessunits({unit})"}"#,
        CANNOT_PARSE,
        "'roleid'",
    ),
    ("POST", "roles", r#"{"name":"x","businessunitid":"{unit}"}"#, CANNOT_PARSE, "businessunitid"),
    ("POST", "roles", r#"{"name":"x","_businessunitid_value":"{unit}"}"#, BAD_PAYLOAD, "Navigation properties"),
    ("POST", "roles", r#"{"name":"x","nothing@odata.bind":"/businessunits({unit})"}"#, CANNOT_PARSE, "nothing"),
    ("POST", "roles", r#"{"name":"x","businessunitid@odata.bind":"/roles({role})"}"#, CANNOT_PARSE, "businessunitid"),
    ("POST", "roles", r#"{"name":"x","businessunitid@odata.bind":"/businessunits({none})"}"#, NO_ROW, "businessunit"),
    ("POST", "roles", r#"{"name":"x","businessunitid@odata.bind":"/nothings({unit})"}"#, NO_SEGMENT, "nothings"),
    ("POST", "roles", r#"{"name":"x"}"#, (400, "0x80041406"), "business unit"),
    ("PATCH", "roles({role})", r#"{"ismanaged":true}"#, CANNOT_PARSE, "read-only"),
    ("PATCH", "roles({role})", r#"{"roleid":"{none}"}"#, CANNOT_PARSE, "roleid"),
    ("PATCH", "roles({none})", r#"{"name":"x"}"#, NO_ROW, "role"),
    ("DELETE", "roles({none})", "", NO_ROW, "role"),
    ("PATCH", "workflows({workflow})", r#"{"statecode":7}"#, CANNOT_PARSE, "state"),
    ("PATCH", "workflows({workflow})", r#"{"clientdata":"{"}"#, (400, "0x80060468"), "clientdata"),
    // References.
    ("POST", "systemusers({user})/systemuserroles_association/$ref", "{}", CANNOT_PARSE, "@odata.id"),
    ("POST", "systemusers({user})/nothing/$ref", r#"{"@odata.id":"roles({role})"}"#, NO_SEGMENT, "nothing"),
    (
        "POST",
        "systemusers({user})/systemuserroles_association/$ref",
        r#"{"@odata.id":"systemusers({user})"}"#,
        CANNOT_PARSE,
        "",
    ),
    (
        "POST",
        "systemusers({user})/systemuserroles_association/$ref",
        r#"{"@odata.id":"roles({none})"}"#,
        // A reference to nothing is answered with the code of unknown segments (public client: `invalid role`).
        NO_SEGMENT,
        "Does Not Exist",
    ),
    (
        "POST",
        "systemusers({none})/systemuserroles_association/$ref",
        r#"{"@odata.id":"roles({role})"}"#,
        NO_ROW,
        "systemuser",
    ),
    ("DELETE", "systemusers({user})/systemuserroles_association/$ref", "", CANNOT_PARSE, ""),
    ("PUT", "systemusers({user})/systemuserroles_association/$ref", r#"{"@odata.id":"roles({role})"}"#, WRONG_VERB, ""),
];

#[test]
fn what_the_model_does_not_have_is_refused_with_the_services_status_and_code() {
    let client = sandbox();
    let role = client.new_role("Runner");
    let ids = [
        ("{role}", role.to_string()),
        ("{user}", client.user("ada@contoso.com").to_string()),
        ("{workflow}", client.flow("Expense intake").to_string()),
        ("{unit}", client.unit().to_string()),
        ("{read}", client.privilege("prvReadWorkflow").to_string()),
        ("{flow}", client.privilege("prvFlow").to_string()),
        ("{none}", Uuid::from_u128(0xDEAD).to_string()),
        ("{nil}", Uuid::nil().to_string()),
        ("{bad}", "%7B%22id%22%3A1%7D".to_owned()),
    ];
    let filled = |text: &str| ids.iter().fold(text.to_owned(), |text, (name, id)| text.replace(name, id));
    let before = client.fingerprint();
    let mut wrong = Vec::new();
    for (method, path, body, (status, code), part) in READS.iter().chain(WRITES) {
        let (path, body) = (filled(path).replace(' ', "%20"), filled(body));
        let headers: &[(&str, &str)] = if *method == "PATCH" { &[("If-Match", "*")] } else { &[] };
        let answer = client.ask(method, &path, headers, &body);
        let text = answer.body.as_ref().and_then(|body| body["error"]["message"].as_str()).unwrap_or_default();
        if status_and_code(&answer) != (*status, (*code).to_owned()) || !text.contains(part) {
            wrong.push(format!(
                "{method} {path} {body}\n  wanted {status} {code} …{part}…\n  got {:?} {text}",
                status_and_code(&answer)
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), READS.len() + WRITES.len(), wrong.join("\n"));
    assert_eq!(client.fingerprint(), before, "a refusal changes nothing");
}

#[test]
fn a_body_needs_its_type_and_a_version_has_to_be_the_rows() {
    let client = sandbox();
    let role = client.new_role("Runner");
    let body = r#"{"description":"x"}"#;
    for kind in ["text/plain", "", "application/xml"] {
        expect(&client.ask("PATCH", &format!("roles({role})"), &[("Content-Type", kind)], body), 415, "0x80048d19");
    }
    for (version, status, code) in [("W/\"1\"", 412, "0x80060882"), ("*", 204, "")] {
        expect(&client.ask("PATCH", &format!("roles({role})"), &[("If-Match", version)], body), status, code);
    }
    expect(&client.ask("PATCH", &format!("roles({role})"), &[("If-None-Match", "*")], body), 412, "0x80060892");
}

#[test]
fn the_other_services_refuse_what_they_do_not_have() {
    let client = sandbox();
    let flow = client.flow("Expense intake");
    let bap = "/providers/Microsoft.BusinessAppPlatform/scopes/admin/environments";
    let flows = format!("/providers/Microsoft.ProcessSimple/scopes/admin/environments/{PROD}/flows");
    let version = "api-version=2016-11-01";
    let cases: [(_, &str, String, u16, &str); 23] = [
        (GRAPH, "GET", "/v1.0/nothing".to_owned(), 400, "BadRequest"),
        (GRAPH, "GET", "/v1.0/users?$select=nothing".to_owned(), 400, "BadRequest"),
        (GRAPH, "GET", "/v1.0/users?$filter=nothing%20eq%20'x'".to_owned(), 400, "Request_UnsupportedQuery"),
        (GRAPH, "GET", "/v1.0/users?$skip=1".to_owned(), 400, "Request_UnsupportedQuery"),
        (GRAPH, "GET", "/v1.0/users?$top=1000".to_owned(), 400, "Request_UnsupportedQuery"),
        (GRAPH, "GET", "/v1.0/users?$count=true".to_owned(), 400, "Request_BadRequest"),
        (
            GRAPH,
            "GET",
            "/v1.0/users?$filter=startswith(displayName,'A')&$orderby=displayName".to_owned(),
            400,
            "Request_UnsupportedQuery",
        ),
        (GRAPH, "GET", "/v1.0/users/nobody@contoso.com".to_owned(), 404, "Request_ResourceNotFound"),
        (GRAPH, "GET", "/v1.0/groups/x".to_owned(), 400, "Request_BadRequest"),
        (GRAPH, "DELETE", "/v1.0/users/ada@contoso.com".to_owned(), 400, "BadRequest"),
        (ADMIN, "GET", bap.to_owned(), 400, "MissingApiVersionParameter"),
        (ADMIN, "GET", format!("{bap}?api-version=1"), 400, "InvalidApiVersionParameter"),
        (ADMIN, "GET", format!("{bap}?$filter=x&api-version=2021-04-01"), 501, "SandboxNotServed"),
        (FLOW, "GET", format!("{flows}?$orderby=name&{version}"), 501, "SandboxNotServed"),
        (ADMIN, "GET", format!("{bap}/nothing?api-version=2021-04-01"), 404, "EnvironmentNotFound"),
        (ADMIN, "GET", format!("{bap}/{PROD}/nothing?api-version=2021-04-01"), 404, "ResourceNotFound"),
        (ADMIN, "POST", format!("{bap}/{PROD}?api-version=2021-04-01"), 404, "ResourceNotFound"),
        (ADMIN, "POST", format!("{bap}/{PROD}/addUser?api-version=2021-04-01"), 400, "InvalidRequestContent"),
        (FLOW, "GET", format!("{flows}/{flow}"), 400, "MissingApiVersionParameter"),
        (FLOW, "GET", format!("{flows}?api-version=1"), 400, "InvalidApiVersionParameter"),
        (FLOW, "GET", format!("{flows}/nothing?{version}"), 404, "FlowNotFound"),
        (FLOW, "GET", format!("{flows}?$top=x&{version}"), 400, "InvalidRequestParameter"),
        (
            FLOW,
            "GET",
            format!("/providers/Microsoft.ProcessSimple/scopes/admin/environments/none/flows?{version}"),
            403,
            "EnvironmentAccessDenied",
        ),
    ];
    let before = client.fingerprint();
    for (service, method, path, status, code) in &cases {
        let answer = ask(&client, method, *service, path, &json!(null));
        assert_eq!(status_and_code(&answer), (*status, (*code).to_owned()), "{method} {path}: {:?}", answer.body);
    }
    assert_eq!(client.fingerprint(), before);
}
