//! What is derived from a flow is enough to run it, and none of it can be left out: judged by the embedded tenant.
use powergrant::sandbox::{self, Running};
use serde_json::{Value, json};

use crate::desk::{Desk, shown, text};

/// What the embedded tenant asks of whoever runs the flow, of all that it can ask: privileges, and what its actions do.
const ASKED: [&str; 5] =
    ["start.process-read", "start.flow-privilege", "link.reference-privilege", "link.variable-read", "act.actions"];

/// The example with its flow set to its callers' connections, and the derived documents applied.
fn derived() -> (Desk, String) {
    let desk = Desk::with("copilot-agent-flow");
    let applied = desk.run(&["apply", "--sandbox", "--yes", "."]);
    assert_eq!(applied.status.code(), Some(0), "{}", shown(&applied));
    let derived =
        desk.run(&["derive", "--sandbox", "--flow", "Expense intake", "--name", "Derived", "environment.yaml"]);
    assert_eq!(derived.status.code(), Some(0), "{}", shown(&derived));
    let documents = text(&derived.stdout);
    desk.write("derived.yaml", &documents);
    (desk, documents)
}

/// Serves the tenant that the commands on a desk have left behind.
async fn served(desk: &Desk) -> Running {
    let seed = sandbox::seed::Seed::parse(sandbox::seed::default_seed()).expect("the seed is sound");
    let mut options = sandbox::Options::new(seed);
    let folder = std::fs::read_dir(desk.path(".powergrant/sandbox")).expect("the tenant's state is kept");
    let mut files = folder.map(|file| file.expect("the folder can be read").path());
    options.state = files.find(|file| file.extension().is_some_and(|extension| extension == "json"));
    assert!(options.state.is_some(), "the commands kept the tenant's state");
    sandbox::start(options).await.expect("the tenant starts")
}

/// Lets a person run the flow, and says how it ended.
async fn run(running: &Running, question: &Value) -> Value {
    powergrant::tenant::install_tls();
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let address = format!("http://{}/_sandbox/run", running.address());
    let answer = client.post(address).body(question.to_string()).send().await.expect("an answer");
    serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_derived_role_lets_a_user_run_the_flow_and_leaving_out_any_privilege_stops_it() {
    let (desk, documents) = derived();
    for line in ["Expense:", "Create: user", "Cost Center:", "Read: organization", "name: SG-Expense-Prod"] {
        assert!(documents.contains(line), "{line}\n{documents}");
    }
    let applied = desk.run(&["apply", "--sandbox", "--yes", "environment.yaml", "derived.yaml"]);
    assert_eq!(applied.status.code(), Some(0), "{}", shown(&applied));
    let running = served(&desk).await;
    let tenant = running.tenant();
    let locked = || tenant.lock().expect("no holder of this lock panics");
    let (question, role, held) = {
        let mut tenant = locked();
        let user = tenant.user("contoso-prod", "ada@contoso.com").expect("Ada is a user");
        let (ada, _) = tenant.directory.user_by_upn("ada@contoso.com").expect("Ada is in the directory");
        let organization = tenant.organization_mut("contoso-prod").expect("the environment");
        let flow = organization.flow("Expense intake").expect("the flow");
        let role = organization.role("Derived").expect("the derived role");
        // Ada has not opened the environment since, so she is not in the group's team yet: the role is hers directly.
        organization.give_role(user, role);
        let of_role = |row: &sandbox::odata::Row| row.get("roleid") == Some(&json!(role));
        let held: Vec<_> = organization
            .all("roleprivileges")
            .filter(|(_, row)| of_role(row))
            .map(|(id, row)| (id, row.clone()))
            .collect();
        let question = json!({ "organization": organization.host, "user": ada, "flow": flow, "requirements": ASKED });
        (question, role, held)
    };
    let with_all = run(&running, &question).await;
    assert_eq!(with_all["outcome"], "started", "{with_all}\n{documents}");
    let mut left_out = 0;
    for (id, row) in held {
        let privilege = row.get("privilegeid").cloned().expect("a privilege");
        let name = {
            let mut tenant = locked();
            let organization = tenant.organization_mut("contoso-prod").expect("the environment");
            let id_of = |value: &Value| value.as_str().and_then(|id| id.parse().ok());
            let named = id_of(&privilege).and_then(|id| organization.row("privilege", id).cloned());
            let name = named.and_then(|row| row.get("name")?.as_str().map(str::to_lowercase)).unwrap_or_default();
            assert!(organization.remove("roleprivileges", id), "{name}");
            name
        };
        let without = run(&running, &question).await;
        // The nine that Dataverse gives every role are nobody's wish.
        let is_given = ["sharepoint", "sdkmessage", "plugin"].iter().any(|word| name.contains(word));
        assert_eq!(without["outcome"] == "refused", !is_given, "{name}: {without}");
        left_out += usize::from(!is_given);
        locked().organization_mut("contoso-prod").expect("the environment").put("roleprivileges", id, row);
    }
    assert!(left_out >= 3, "{left_out} privileges of {role} were tried");
    running.stop().await;
}

#[test]
fn a_role_is_verified_and_what_it_lacks_is_told() {
    let (desk, documents) = derived();
    let verify = |role: &str| {
        desk.run(&["derive", "--sandbox", "--flow", "Expense intake", "--verify", role, "environment.yaml"])
    };
    let role = desk.read("role.yaml").replace("Expense: { Create: user,", "Expense: { Create: { state: absent },");
    desk.write("role.yaml", &role);
    let taken = desk.run(&["apply", "--sandbox", "--yes", "environment.yaml", "role.yaml"]);
    assert_eq!(taken.status.code(), Some(0), "{}", shown(&taken));
    let lacking = verify("Flow Runner");
    assert_eq!(lacking.status.code(), Some(2), "{}", shown(&lacking));
    assert!(text(&lacking.stdout).contains("Create Expense at User: not held"), "{}", shown(&lacking));
    let applied = desk.run(&["apply", "--sandbox", "--yes", "environment.yaml", "derived.yaml"]);
    assert_eq!(applied.status.code(), Some(0), "{}", shown(&applied));
    let whole = verify("Derived");
    assert_eq!(whole.status.code(), Some(0), "{}\n{documents}", shown(&whole));
    assert!(
        text(&whole.stdout).contains("missing: nothing") && text(&whole.stdout).contains("excess: nothing"),
        "{}",
        shown(&whole)
    );
}

#[test]
fn a_snapshot_under_pseudonyms_derives_the_same_needs() {
    let (desk, documents) = derived();
    let snapshot = desk.run(&["snapshot", "--sandbox", "environment.yaml", "--out", "taken.jsonl"]);
    assert_eq!(snapshot.status.code(), Some(0), "{}", shown(&snapshot));
    let again = desk.run(&["derive", "--snapshot", "taken.jsonl", "--flow", "Expense intake", "--name", "Derived"]);
    assert_eq!(again.status.code(), Some(0), "{}", shown(&again));
    let role = |text: &str| {
        text.split("kind: RoleAssignment").next().map(|role| role.split("---\n").nth(1).map(str::to_owned))
    };
    assert_eq!(role(&text(&again.stdout)), role(&documents));
    let unknown = desk.run(&["derive", "--snapshot", "taken.jsonl", "--flow", "Nothing"]);
    assert_eq!(unknown.status.code(), Some(1), "{}", shown(&unknown));
    let table = desk.run(&["derive", "--operations"]);
    assert!(
        text(&table.stdout).contains("operation: CreateRecord") && text(&table.stdout).contains("source:"),
        "{}",
        shown(&table)
    );
}

/// A flow as a solution holds it, which makes a row with its caller's connection.
const DEFINITION: &str = r#"{"properties":{"displayName":"Order intake","connectionReferences":{"data":{"runtimeSource":"embedded",
    "impersonation":{"source":"invoker"},"connection":{"connectionReferenceLogicalName":"contoso_dataverse"},
    "api":{"name":"shared_commondataserviceforapps"}}},"definition":{"triggers":{"manual":{"type":"Request","kind":"Button"}},
    "actions":{"add":{"type":"OpenApiConnection","inputs":{"host":{"apiId":"/providers/x/shared_commondataserviceforapps",
    "connectionName":"data","operationId":"CreateRecord"},"parameters":{"entityName":"contoso_expenses"}}}}}}}"#;

#[test]
fn a_definition_is_read_without_a_tenant_and_with_a_snapshot_becomes_documents() {
    let (desk, _) = derived();
    desk.write("OrderIntake-48145D99-32F9-EF11-9340-7C1E521A0E3F.json", DEFINITION);
    let file = "OrderIntake-48145D99-32F9-EF11-9340-7C1E521A0E3F.json";
    let alone = desk.run(&["derive", "--definition", file]);
    assert_eq!(alone.status.code(), Some(0), "{}", shown(&alone));
    let said = text(&alone.stdout);
    assert!(said.contains("Create contoso_expenses at User: Order intake: CreateRecord on contoso_expenses"), "{said}");
    assert!(said.contains("what Basic User gives was not read") && !said.contains("kind:"), "{said}");
    let snapshot = desk.run(&["snapshot", "--sandbox", "environment.yaml", "--out", "taken.jsonl"]);
    assert_eq!(snapshot.status.code(), Some(0), "{}", shown(&snapshot));
    let with = desk.run(&["derive", "--definition", file, "--snapshot", "taken.jsonl"]);
    assert_eq!(with.status.code(), Some(0), "{}", shown(&with));
    let said = text(&with.stdout);
    for line in ["role: Order intake Runner", "Expense:", "Create: user", "${runners}"] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    assert!(!said.contains("kind: Flow\n"), "{said}");
    desk.write("derived.yaml", &said);
    let environment = desk.read("environment.yaml");
    desk.write("environment.yaml", &environment);
    let checked = desk.run(&["check", "environment.yaml", "derived.yaml"]);
    assert_eq!(checked.status.code(), Some(0), "{}", shown(&checked));
}

#[test]
fn a_file_that_is_no_definition_is_refused_with_what_to_give_instead() {
    let desk = Desk::empty();
    let files = [
        ("none.json", None, "cannot be read"),
        ("empty.json", Some(""), "is not JSON"),
        ("cut.json", Some(&DEFINITION[..200]), "is not JSON"),
        ("list.json", Some("[]"), "is not an object"),
        ("other.json", Some(r#"{"properties":{}}"#), "`properties.definition` is not an object"),
        ("solution.zip", Some("PK\u{3}\u{4}"), "is a zip file"),
    ];
    for (name, content, says) in files {
        if let Some(content) = content {
            desk.write(name, content);
        }
        let refused = desk.run(&["derive", "--definition", name]);
        assert_eq!(refused.status.code(), Some(1), "{name}: {}", shown(&refused));
        let said = text(&refused.stderr);
        assert!(
            said.contains(says) && said.starts_with(&format!("error: {name}: ")) && said.contains("hint: "),
            "{said}"
        );
    }
    let folder = desk.run(&["derive", "--definition", "."]);
    assert!(text(&folder.stderr).contains("is a folder"), "{}", shown(&folder));
    desk.write("flow.json", DEFINITION);
    let verified = desk.run(&["derive", "--definition", "flow.json", "--verify", "Basic User"]);
    assert_eq!(verified.status.code(), Some(1), "{}", shown(&verified));
}
