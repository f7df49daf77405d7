//! Reading an environment of the embedded tenant, over a real socket.
#![expect(clippy::format_push_string, reason = "the seed and the documents of a large tenant read best line by line")]

use powergrant::collect::{Directory, collect};
use powergrant::compile::desired::DesiredEnvironment;
use powergrant::inventory::scope::Scope;
use powergrant::inventory::section::Section;
use powergrant::inventory::{Inventory, Lookup};
use powergrant::names::FlowName;
use powergrant::problem::Cause;
use powergrant::sandbox::faults::{Disturbance, Rule};
use powergrant::sandbox::{self, Running};
use powergrant::tenant::{Cloud, Organisation, Tenant};
use powergrant::{compile, manifest};

use crate::client;

const URL: &str = "https://contoso.crm4.dynamics.com";

/// How large a tenant is, and which role powergrant holds in it.
struct Size {
    flows: usize,
    roles: usize,
    people: usize,
    caller: &'static str,
}

impl Size {
    fn small() -> Self {
        Self { flows: 3, roles: 2, people: 4, caller: "System Administrator" }
    }

    fn seed(&self) -> String {
        let mut text = String::from(
            "tenant: { id: 11111111-1111-1111-1111-111111111111, domain: contoso.com }\n\
             caller: { application: powergrant }\ndirectory:\n  users:\n",
        );
        for person in 0..self.people {
            text += &format!("    - {{ name: Person {person}, upn: p{person}@contoso.com }}\n");
        }
        text += "  groups:\n    - { name: SG-Expense, members: [p0@contoso.com, p1@contoso.com] }\n";
        text += "  servicePrincipals:\n    - { name: powergrant, appId: 33333333-3333-3333-3333-333333333333 }\n";
        text += &format!(
            "environments:\n  - name: contoso-prod\n    dataverse:\n      url: {URL}\n      rootBusinessUnit: Contoso\n      users:\n        - {{ application: powergrant, roles: [{}] }}\n",
            self.caller
        );
        for person in 0..self.people {
            text += &format!("        - {{ user: p{person}@contoso.com, roles: [Role {}] }}\n", person % self.roles);
        }
        text += "      roles:\n";
        for role in 0..self.roles {
            text += &format!("        - {{ name: Role {role}, privileges: {{ prvReadWorkflow: Basic }} }}\n");
        }
        text += "      connectionReferences:\n        - { name: contoso_sharepoint, connector: shared_sharepointonline, owner: p0@contoso.com }\n      flows:\n";
        for flow in 0..self.flows {
            text += &format!(
                "        - {{ name: Flow {flow}, owner: p0@contoso.com, trigger: Button, connections: {{ shared_sharepointonline: {{ reference: contoso_sharepoint, mode: embedded }} }} }}\n"
            );
        }
        text
    }

    /// Documents that name every flow, role and person.
    fn desired(&self) -> DesiredEnvironment {
        let header = "apiVersion: powergrant.dev/v1alpha1\n";
        let mut text =
            format!("{header}kind: Environment\nmetadata: {{ name: contoso-prod }}\nspec: {{ url: \"{URL}\" }}\n");
        for role in 0..self.roles {
            text += &format!(
                "---\n{header}kind: SecurityRole\nmetadata: {{ name: role-{role} }}\nenvironments: [contoso-prod]\nspec:\n  role: Role {role}\n  privileges: {{ Process: {{ Read: user }}, Account: {{ Read: user }} }}\n"
            );
            text += &format!(
                "---\n{header}kind: RoleAssignment\nmetadata: {{ name: holders-{role} }}\nenvironments: [contoso-prod]\nspec:\n  role: Role {role}\n  members:\n    - group: {{ name: SG-Expense }}\n"
            );
        }
        for person in 0..self.people {
            text += &format!("    - user: p{person}@contoso.com\n");
        }
        for flow in 0..self.flows {
            let person = flow % (self.people - 1) + 1;
            text += &format!(
                "---\n{header}kind: Flow\nmetadata: {{ name: flow-{flow} }}\nenvironments: [contoso-prod]\nspec:\n  flow: Flow {flow}\n  connections: {{ contoso_sharepoint: providedByRunOnlyUser }}\n  runOnlyUsers: {{ members: [ {{ user: p{person}@contoso.com }} ] }}\n  referenceReaders: {{ members: [ {{ group: {{ name: SG-Expense }} }} ] }}\n"
            );
        }
        let loaded = manifest::load([("tenant.yaml".to_owned(), Ok(text))]);
        let (mut desired, findings) = compile::compile(&loaded.documents, jiff::civil::date(2026, 1, 1), &[]);
        assert!(!compile::has_errors(&findings) && loaded.findings.is_empty(), "{:?} {findings:?}", loaded.findings);
        desired.environments.remove(0)
    }

    async fn start(&self) -> Running {
        let seed = sandbox::seed::Seed::parse(&self.seed()).expect("the seed is sound");
        sandbox::start(sandbox::Options::new(seed)).await.expect("the tenant starts")
    }

    /// Reads everything that the documents ask for, and counts the requests.
    async fn read(&self, running: &Running) -> (Inventory, u64) {
        let settings = client::settings(running);
        let tenant = Tenant::connect(settings).expect("a client");
        let organisation = Organisation::parse(&Cloud::Public.into(), URL).expect("an address");
        let desired = self.desired();
        let reader = tenant.reader(Some(organisation));
        let inventory = collect(&reader, &Directory::default(), &desired.environment, &Scope::of(&desired)).await;
        (inventory, tenant.counts().requests())
    }
}

fn doubt<K: Ord + Clone, R: Clone>(section: &Section<K, R>) -> Option<Cause> {
    section.doubt().map(|problem| problem.cause)
}

/// Every section that an exact list, a lookup or a precondition rests on.
fn doubts(inventory: &Inventory) -> Vec<(&'static str, Option<Cause>)> {
    vec![
        ("units", doubt(&inventory.units)),
        ("roles", doubt(&inventory.roles)),
        ("copies", doubt(&inventory.copies)),
        ("role privileges", doubt(&inventory.role_privileges)),
        ("holders", doubt(&inventory.holders)),
        ("principal roles", doubt(&inventory.principal_roles)),
        ("users", doubt(&inventory.users)),
        ("teams", doubt(&inventory.teams)),
        ("flows", doubt(&inventory.flows)),
        ("definitions", doubt(&inventory.definitions)),
        ("parents", doubt(&inventory.parents)),
        ("references", doubt(&inventory.references)),
        ("shares", doubt(&inventory.shares)),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_environment_takes_few_requests_and_is_read_whole() {
    let size = Size { flows: 1_000, roles: 100, people: 500, caller: "System Administrator" };
    let running = size.start().await;
    let (inventory, requests) = size.read(&running).await;
    for (section, doubt) in doubts(&inventory) {
        assert_eq!(doubt, None, "{section}");
    }
    assert_eq!(inventory.definitions.rows().count(), 1_000);
    assert_eq!(inventory.roles.rows().filter(|(_, role)| role.name.starts_with("Role ")).count(), 100);
    // Besides them powergrant itself and the platform's own.
    assert!(inventory.users.rows().filter(|(_, user)| user.upn.ends_with("@contoso.com")).count() == 500);
    assert!(inventory.holders.rows().filter(|(_, holders)| !holders.is_empty()).count() >= 100);
    assert!(requests <= 45, "{requests} requests");
}

#[tokio::test(flavor = "multi_thread")]
async fn flows_of_a_megabyte_take_no_more_requests_and_are_read_whole() {
    let size = Size { flows: 12, ..Size::small() };
    let running = size.start().await;
    let (_, usual) = size.read(&running).await;
    {
        let tenant = running.tenant();
        let mut tenant = tenant.lock().expect("no holder of this lock panics");
        let organization = tenant.organization_mut("contoso-prod").expect("the environment");
        for number in 0..size.flows {
            let flow = organization.flow(&format!("Flow {number}")).expect("the flow");
            let text = organization.flow_text(flow).expect("its text").to_owned();
            let large = text.replacen('{', &format!("{{\"padding\":\"{}\",", "x".repeat(1 << 20)), 1);
            assert!(organization.set_flow_text(flow, &large), "it is a flow");
        }
    }
    let (inventory, requests) = size.read(&running).await;
    for (section, doubt) in doubts(&inventory) {
        assert_eq!(doubt, None, "{section}");
    }
    assert_eq!((inventory.definitions.rows().count(), requests), (size.flows, usual));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_reads_its_own_rows_alone_holds_no_set_for_whole() {
    let size = Size { caller: "Basic User", ..Size::small() };
    let running = size.start().await;
    let (inventory, _) = size.read(&running).await;
    assert_eq!(doubt(&inventory.flows), Some(Cause::Trimmed));
    // The flows of others are neither there nor absent: nobody knows.
    let flow = FlowName::Name("Flow 1".to_owned());
    assert!(matches!(inventory.flow(&flow), Lookup::Unreadable(problem) if problem.cause == Cause::Trimmed));
    for section in ["flows", "definitions", "parents", "references", "shares"] {
        assert!(doubts(&inventory).iter().any(|(name, doubt)| *name == section && doubt.is_some()), "{section}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_that_is_refused_is_unreadable_and_the_others_are_read() {
    let size = Size::small();
    let running = size.start().await;
    let refused = Rule { times: 0, ..Rule::on("principalobjectaccessset", Disturbance::refuse(403)) };
    running.tenant().lock().expect("no holder of this lock panics").faults.schedule(refused);
    let (inventory, _) = size.read(&running).await;
    for (section, doubt) in doubts(&inventory) {
        assert_eq!(doubt.is_some(), section == "shares", "{section}: {doubt:?}");
    }
}
