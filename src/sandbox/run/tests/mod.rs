//! Runs of flows of the compiled-in tenant and of changed ones, as the forum's user and others.

mod actions;

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::sandbox::organization::derived;
use crate::sandbox::rights::Depth;
use crate::sandbox::roles;
use crate::sandbox::seed::{Seed, default_seed, make};

const ENVIRONMENT: &str = "contoso-prod";
const SHAREPOINT: &str = "shared_sharepointonline";
const DATAVERSE: &str = "shared_commondataserviceforapps";

/// The compiled-in tenant and one of its flows.
struct Case {
    tenant: Tenant,
    flow: &'static str,
}

fn case() -> Case {
    Case { tenant: make(&Seed::parse(default_seed()).unwrap()).unwrap(), flow: "Expense intake" }
}

impl Case {
    fn organization(&mut self) -> &mut Organization {
        self.tenant.organization_mut(ENVIRONMENT).unwrap()
    }

    fn flow(&self) -> Uuid {
        self.tenant.organization(ENVIRONMENT).unwrap().flow(self.flow).unwrap()
    }

    /// Asks as a client does, with further fields.
    fn asked(&self, upn: &str, more: &Value) -> Value {
        let (user, _) = self.tenant.directory.user_by_upn(upn).unwrap();
        let mut body = json!({ "organization": ENVIRONMENT, "user": user, "flow": self.flow() });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let question: Question = serde_json::from_value(body).unwrap();
        json!(run(&self.tenant, &question).unwrap())
    }

    fn missing(&self, upn: &str, requirements: &str) -> Vec<String> {
        let answer = self.asked(upn, &json!({ "requirements": requirements }));
        let missing: Vec<String> = serde_json::from_value(answer["missing"].clone()).unwrap();
        assert_eq!(answer["outcome"] == "started", missing.is_empty());
        missing
    }

    fn edit(&mut self, change: impl FnOnce(&mut Value)) {
        let flow = self.flow();
        let organization = self.organization();
        let mut text: Value = serde_json::from_str(organization.flow_text(flow).unwrap()).unwrap();
        change(&mut text["properties"]);
        organization.set_flow_text(flow, &text.to_string());
    }

    /// The connection becomes the caller's.
    fn provided_by_caller(&mut self, key: &str) {
        self.edit(|properties| {
            let reference = &mut properties["connectionReferences"][key];
            if key == DATAVERSE {
                reference["impersonation"] = json!({ "source": "invoker" });
            } else {
                reference["runtimeSource"] = json!("invoker");
            }
        });
    }

    /// A user holds a role with these privileges besides the others.
    fn give(&mut self, upn: &str, privileges: &[(&str, Depth)]) {
        let user = self.tenant.user(ENVIRONMENT, upn).unwrap();
        let organization = self.organization();
        let role = derived(user, &format!("{privileges:?}"));
        let unit = organization.root_unit();
        let columns = json!({ "name": role.to_string() }).as_object().unwrap().clone();
        roles::create(organization, roles::NewRole { id: role, unit, columns });
        for (name, depth) in privileges {
            let privilege = organization.privilege_id(name);
            assert!(organization.row("privilege", privilege).is_some(), "{name}");
            roles::set_privilege(organization, role, privilege, *depth);
        }
        organization.give_role(user, role);
    }

    fn share(&mut self, table: &str, object: Uuid, upn: &str) {
        let user = self.tenant.user(ENVIRONMENT, upn).unwrap();
        self.organization().set_share(table, object, user, 1);
    }

    fn reference(&mut self, name: &str) -> Uuid {
        let wanted = json!(name);
        let organization = self.organization();
        organization.find("connectionreference", "connectionreferencelogicalname", &wanted).next().unwrap().0
    }
}

#[test]
fn who_was_given_the_flow_starts_it_while_the_maker_lends_the_connections() {
    let case = case();
    assert_eq!(case.missing("bob@contoso.com", "assumed"), [""; 0]);
    assert_eq!(case.missing("ada@contoso.com", "documented"), ["start.flow-shared"]);
}

#[test]
fn linking_an_own_connection_fails_as_the_forums_user_saw_it() {
    let mut case = case();
    case.provided_by_caller(SHAREPOINT);
    let answer = case.asked("bob@contoso.com", &json!({ "agent": "contoso_expenseAssistant" }));
    assert_eq!(answer["outcome"], "refused");
    assert_eq!((&answer["step"], &answer["message"]), (&json!("link"), &json!("insufficient permissions")));
    assert_eq!(answer["code"], "0x80040220");
    assert_eq!(answer["missing"], json!(["link.reference-privilege", "link.reference-read"]));
    let texts = answer["details"].to_string();
    assert!(texts.contains("is missing prvReadconnectionreference privilege"), "{texts}");
    assert!(texts.contains("does not have ReadAccess right(s) for record with id"), "{texts}");
    // With the privilege alone the row is still another's.
    case.give("bob@contoso.com", &[("prvReadconnectionreference", Depth::Basic)]);
    let answer = case.asked("bob@contoso.com", &json!({}));
    assert_eq!((&answer["code"], &answer["message"]), (&json!("0x80048306"), &json!("insufficient permissions")));
    let reference = case.reference("contoso_sharepoint");
    case.share("connectionreference", reference, "bob@contoso.com");
    assert_eq!(case.missing("bob@contoso.com", "reported"), [""; 0]);
}

#[test]
fn what_nobody_documents_stops_nobody_when_only_documents_decide() {
    let mut case = case();
    case.provided_by_caller(SHAREPOINT);
    assert_eq!(case.missing("bob@contoso.com", "documented"), [""; 0]);
    case.tenant.variants.run_requirements = crate::sandbox::variants::RunRequirements::Documented;
    assert_eq!(case.asked("bob@contoso.com", &json!({}))["outcome"], "started");
    let named = case.asked("bob@contoso.com", &json!({ "requirements": ["link.reference-read"] }));
    assert_eq!(named["missing"], json!(["link.reference-read"]));
}

#[test]
fn who_is_not_in_the_environment_or_may_not_be_is_refused_first() {
    let mut case = case();
    let answer = case.asked("jon@contoso.com", &json!({}));
    assert_eq!((&answer["step"], &answer["code"]), (&json!("environment"), &json!("0x80072560")));
    assert_eq!(answer["missing"][0], "environment.member");
    let bob = case.tenant.user(ENVIRONMENT, "bob@contoso.com").unwrap();
    case.organization().change("systemuser", bob, [("isdisabled".to_owned(), json!(true))]);
    assert_eq!(case.asked("bob@contoso.com", &json!({}))["code"], "0x80040225");
    case.organization().change("systemuser", bob, [("isdisabled".to_owned(), json!(false))]);
    let basic_user = case.organization().role("Basic User").unwrap();
    case.organization().take_role(bob, basic_user);
    let answer = case.asked("bob@contoso.com", &json!({}));
    assert_eq!(answer["code"], "0x80042f09");
    assert!(answer["message"].as_str().unwrap().contains("They need a role with the prvReadWorkflow privilege."));
}

#[test]
fn a_security_group_admits_its_members_only_also_nested_ones() {
    let mut case = case();
    let group = derived(Uuid::nil(), "security");
    let nested = derived(Uuid::nil(), "nested");
    let (bob, _) = case.tenant.directory.user_by_upn("bob@contoso.com").unwrap();
    case.organization().security_group = Some(group);
    let member = |members: &[Uuid]| crate::sandbox::directory::Group {
        display_name: "SG".to_owned(),
        mail: None,
        security: true,
        members: members.iter().copied().collect(),
        owners: [].into(),
    };
    case.tenant.directory.groups.insert(group, member(&[]));
    assert_eq!(case.missing("bob@contoso.com", "documented"), ["environment.security-group"]);
    case.tenant.directory.groups.insert(nested, member(&[bob]));
    case.tenant.directory.groups.insert(group, member(&[nested]));
    assert_eq!(case.missing("bob@contoso.com", "documented"), [""; 0]);
}

#[test]
fn a_flow_that_is_off_or_starts_by_itself_is_not_started() {
    let mut case = case();
    let flow = case.flow();
    case.organization().change("workflow", flow, [("statecode".to_owned(), json!(0))]);
    assert_eq!(case.missing("bob@contoso.com", "documented"), ["start.flow-on"]);
    case.flow = "Expense reminder";
    let reminder = case.flow();
    case.share("workflow", reminder, "bob@contoso.com");
    assert_eq!(case.missing("bob@contoso.com", "documented"), ["start.instant"]);
}

#[test]
fn a_child_flow_runs_with_its_own_connections() {
    let mut case = case();
    case.flow = "Archive receipt";
    case.provided_by_caller(SHAREPOINT);
    let child = case.flow();
    case.organization().change("workflow", child, [("statecode".to_owned(), json!(0))]);
    case.flow = "Approve expense";
    let parent = case.flow();
    case.share("workflow", parent, "bob@contoso.com");
    assert_eq!(case.missing("bob@contoso.com", "documented"), ["start.child-embedded"]);
    assert_eq!(case.missing("bob@contoso.com", "reported"), ["start.child-embedded", "start.child-on"]);
    let answer = case.asked("bob@contoso.com", &json!({}));
    assert!(answer["message"].as_str().unwrap().contains("ChildFlowUnsupportedForInvokerConnections"));
}

#[test]
fn an_agent_lets_in_everybody_its_readers_or_members_of_its_groups() {
    let mut case = case();
    let bot = case.organization().named("bot", "Expense assistant").unwrap();
    let missing = |case: &Case| {
        case.asked("bob@contoso.com", &json!({ "agent": bot.to_string(), "requirements": "documented" }))["missing"]
            .clone()
    };
    assert_eq!(missing(&case), json!([]));
    let (group, _) = case.tenant.directory.groups.iter().find(|(_, group)| group.display_name == "SG-Makers").unwrap();
    let columns = [
        ("accesscontrolpolicy".to_owned(), json!(2)),
        ("authorizedsecuritygroupids".to_owned(), json!(group.to_string())),
    ];
    let group = *group;
    case.organization().change("bot", bot, columns);
    assert_eq!(missing(&case), json!(["start.agent-shared"]));
    let (bob, _) = case.tenant.directory.user_by_upn("bob@contoso.com").unwrap();
    case.tenant.directory.groups.get_mut(&group).unwrap().members.insert(bob);
    assert_eq!(missing(&case), json!([]));
    case.organization().change("bot", bot, [("accesscontrolpolicy".to_owned(), json!(1))]);
    assert_eq!(missing(&case), json!(["start.agent-shared"]));
    case.give("bob@contoso.com", &[("prvReadbot", Depth::Basic)]);
    case.share("bot", bot, "bob@contoso.com");
    assert_eq!(missing(&case), json!([]));
}

#[test]
fn a_question_about_what_is_not_there_is_refused() {
    let case = case();
    let (bob, _) = case.tenant.directory.user_by_upn("bob@contoso.com").unwrap();
    let flow = case.flow();
    let cases = [
        (json!({ "organization": "nowhere", "user": bob, "flow": flow }), "nowhere"),
        (json!({ "organization": "contoso.crm4.dynamics.com", "user": bob, "flow": bob }), "workflow"),
        (json!({ "organization": ENVIRONMENT, "user": flow, "flow": flow }), "user"),
        (json!({ "organization": ENVIRONMENT, "user": bob, "flow": flow, "agent": "nobody" }), "bot"),
    ];
    for (body, word) in cases {
        let question: Question = serde_json::from_value(body).unwrap();
        let fault = run(&case.tenant, &question).unwrap_err();
        assert!(fault.status == 404 && fault.message.contains(word), "{fault}");
    }
}
