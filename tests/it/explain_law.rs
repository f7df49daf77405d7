//! `explain` against the embedded tenant's own decision: code that shares nothing with it, over real HTTP.
//!
//! Random tenants; every person and every flow under every set of requirements; the suggested fix applied through the
//! whole pipe, and every part of it left out once.
//!
//! Blind spots: flows are owned by people and not by teams, nobody is a guest, no agents, no rows read along (`$expand`),
//! whose tables neither flow nor metadata that is read tells, and powergrant may read everything.
use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::Timestamp;
use powergrant::access::{Ability, Access, Moment};
use powergrant::apply::session::Live;
use powergrant::apply::{Run, run, touched};
use powergrant::clock::{JumpingClock, Stop};
use powergrant::collect::{Directory, collect, refresh};
use powergrant::compile::desired::DesiredEnvironment;
use powergrant::explain::fix::{self, Grant};
use powergrant::explain::{self, Bar, Judge, Question, Verdict, answer, patch, requirements};
use powergrant::inventory::Inventory;
use powergrant::inventory::scope::Scope;
use powergrant::names::{FlowName, Ref};
use powergrant::plan::plan;
use powergrant::principal::{Principal, PrincipalName};
use powergrant::review::gate::gate;
use powergrant::sandbox::{self, Running, principals};
use powergrant::tenant::{Cloud, Organisation, Tenant, WritePermit};
use powergrant::{compile, manifest};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client;

const URL: &str = "https://contoso.crm4.dynamics.com";
const ENVIRONMENT: &str = "contoso-prod";
const PEOPLE: u64 = 4;
const FLOWS: u64 = 3;
const BARS: [(Bar, &str); 3] =
    [(Bar::Documented, "documented"), (Bar::Reported, "reported"), (Bar::Assumed, "assumed")];

/// A small generator of numbers, so that a tenant is its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    fn one_in(&mut self, sides: u64) -> bool {
        self.roll(sides) == 0
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[usize::try_from(self.roll(of.len() as u64)).expect("a small number")]
    }

    /// Some of these, as a list in YAML.
    fn some(&mut self, of: &[&str], sides: u64) -> String {
        let kept: Vec<&str> = of.iter().filter(|_| self.one_in(sides)).copied().collect();
        format!("[{}]", kept.join(", "))
    }
}

/// A random tenant.
fn seed(dice: &mut Dice) -> String {
    let people: Vec<String> = (0..PEOPLE).map(|person| format!("p{person}@contoso.com")).collect();
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    let mut text = String::from(
        "tenant: { id: 11111111-1111-1111-1111-111111111111, domain: contoso.com }\n\
         caller: { application: powergrant }\ndirectory:\n  users:\n    - { name: Owner, upn: owner@contoso.com }\n",
    );
    for person in &people {
        let enabled = !dice.one_in(12);
        let _ = writeln!(text, "    - {{ name: {person}, upn: {person}, enabled: {enabled} }}");
    }
    let (inner, outer) = (dice.some(&people, 3), dice.some(&people, 3));
    let outer = if dice.one_in(2) { outer.replace('[', "[SG-Inner, ").replace(", ]", "]") } else { outer };
    let all = people.join(", ");
    let _ = write!(
        text,
        "  groups:\n    - {{ name: SG-Inner, members: {inner} }}\n    - {{ name: SG-Outer, members: {outer} }}\n    - {{ name: SG-All, members: [owner@contoso.com, SG-Outer, {all}] }}\n  servicePrincipals:\n    - {{ name: powergrant, appId: 33333333-3333-3333-3333-333333333333 }}\nenvironments:\n  - name: {ENVIRONMENT}\n    id: 7f3c0a51-5e0f-4c0e-9d0a-2b6c8f1e4d10\n"
    );
    match dice.roll(6) {
        0 => text += "    securityGroup: SG-Outer\n",
        1 => text += "    securityGroup: SG-All\n",
        _ => {}
    }
    let _ = write!(
        text,
        "    dataverse:\n      url: {URL}\n      rootBusinessUnit: Contoso\n      businessUnits: [ {{ name: Sales }} ]\n      customTables:\n        - {{ logicalName: contoso_expense, displayName: Expense, ownership: user }}\n        - {{ logicalName: contoso_center, displayName: Center, ownership: organization }}\n      roles:\n"
    );
    for role in 0..3 {
        let inherited = !dice.one_in(4);
        let mut privileges = Vec::new();
        for (name, sides) in [
            ("prvReadWorkflow", 2),
            ("prvReadconnectionreference", 2),
            ("prvReadEnvironmentVariableDefinition", 2),
            ("prvReadWorkflowSession", 2),
            ("prvReadAsyncOperation", 2),
            ("prvReadUser", 2),
            ("prvCreatecontoso_expense", 2),
            ("prvReadcontoso_expense", 2),
            ("prvActOnBehalfOfAnotherUser", 3),
        ] {
            if dice.one_in(sides) {
                let depth = dice.pick(&["Basic", "Basic", "Local", "Deep", "Global"]);
                let depth = match name {
                    "prvActOnBehalfOfAnotherUser" => "Global",
                    "prvReadUser" if depth == "Basic" => "Local",
                    _ => depth,
                };
                privileges.push(format!("{name}: {depth}"));
            }
        }
        for name in ["prvFlow", "prvReadcontoso_center"] {
            if dice.one_in(2) {
                privileges.push(format!("{name}: Global"));
            }
        }
        let list = privileges.join(", ");
        let _ = writeln!(text, "        - {{ name: R{role}, inherited: {inherited}, privileges: {{ {list} }} }}");
    }
    text += "      users:\n        - { application: powergrant, roles: [System Administrator] }\n";
    let roles = ["R0", "R1", "R2", "Basic User"];
    let owners = if dice.one_in(3) { dice.some(&roles, 2) } else { "[Environment Maker, Delegate]".to_owned() };
    let disabled = dice.one_in(12);
    let _ = writeln!(text, "        - {{ user: owner@contoso.com, disabled: {disabled}, roles: {owners} }}");
    // Nobody without a row can be shared with, or own anything.
    let present: Vec<&str> = people.iter().copied().filter(|_| !dice.one_in(6)).collect();
    for person in &present {
        let (held, disabled) = (dice.some(&roles, 3), dice.one_in(12));
        let unit = if dice.one_in(3) { ", unit: Sales" } else { "" };
        let _ = writeln!(text, "        - {{ user: {person}, disabled: {disabled}, roles: {held}{unit} }}");
    }
    let (synced, held) = (dice.one_in(2), dice.some(&roles, 2));
    let _ = write!(text, "      teams:\n        - {{ group: SG-Outer, synced: {synced}, roles: {held} }}\n");
    let shares = |dice: &mut Dice| {
        let mut list = Vec::new();
        for person in &present {
            if dice.one_in(3) {
                list.push(format!("{{ user: {person}, rights: {} }}", dice.pick(&["runOnly", "runOnly", "coOwner"])));
            }
        }
        if dice.one_in(3) {
            list.push("{ group: SG-Outer, rights: runOnly }".to_owned());
        }
        format!("[{}]", list.join(", "))
    };
    text += "      connectionReferences:\n";
    for (name, connector) in [("c_site", "shared_sharepointonline"), ("c_data", "shared_commondataserviceforapps")] {
        let bound = if dice.one_in(6) { "" } else { ", connection: shared-1" };
        let list = shares(dice).replace("coOwner", "runOnly");
        let _ = writeln!(
            text,
            "        - {{ name: {name}, connector: {connector}, owner: owner@contoso.com{bound}, shares: {list} }}"
        );
    }
    text += "      flows:\n";
    for flow in (0..FLOWS).rev() {
        let state = if dice.one_in(8) { "off" } else { "on" };
        let trigger = dice.pick(&["Skills", "Skills", "Button", "PowerAppV2", "Recurrence"]);
        let site = dice.pick(&["embedded", "invoker"]);
        let data = dice.pick(&["embedded", "impersonated"]);
        let children = if flow == 0 && dice.one_in(3) { "[Flow 2]" } else { "[]" };
        let owner = present.first().filter(|_| dice.one_in(6)).copied().unwrap_or("owner@contoso.com");
        let list = shares(dice);
        let mut actions = Vec::new();
        for (operation, table) in
            [("CreateRecord", "contoso_expenses"), ("ListRecords", "contoso_centers"), ("GetItem", "contoso_expenses")]
        {
            if dice.one_in(2) {
                actions.push(format!(
                    "{{ operation: {operation}, connection: data, parameters: {{ entityName: {table} }} }}"
                ));
            }
        }
        if dice.one_in(4) {
            actions.push("{ operation: CreateRecord, connection: data, parameters: { entityName: contoso_expenses, item/contoso_Center@odata.bind: 'contoso_centers(1)' } }".to_owned());
        }
        let _ = writeln!(
            text,
            "        - {{ name: Flow {flow}, owner: {owner}, state: {state}, trigger: {trigger}, childFlows: {children}, connections: {{ site: {{ reference: c_site, mode: {site} }}, data: {{ reference: c_data, mode: {data} }} }}, actions: [{}], shares: {list} }}",
            actions.join(", ")
        );
    }
    text
}

/// A tenant, and powergrant signed in to it.
struct Stage {
    running: Running,
    tenant: Tenant,
    environment: DesiredEnvironment,
    http: reqwest::Client,
}

/// An Environment document, with documents behind it.
fn desired(documents: &str) -> DesiredEnvironment {
    let header = format!(
        "apiVersion: powergrant.dev/v1alpha1\nkind: Environment\nmetadata: {{ name: {ENVIRONMENT} }}\nspec: {{ url: \"{URL}\", environmentId: 7f3c0a51-5e0f-4c0e-9d0a-2b6c8f1e4d10 }}\n"
    );
    let text = if documents.is_empty() { header } else { format!("{header}---\n{documents}") };
    let loaded = manifest::load([("law.yaml".to_owned(), Ok(text.clone()))]);
    let (mut desired, findings) = compile::compile(&loaded.documents, jiff::civil::date(2026, 1, 1), &[]);
    assert!(
        !compile::has_errors(&findings) && loaded.findings.is_empty(),
        "{text}\n{:?} {findings:?}",
        loaded.findings
    );
    desired.environments.remove(0)
}

impl Stage {
    async fn of(seed: &str) -> Self {
        let parsed = sandbox::seed::Seed::parse(seed).unwrap_or_else(|error| panic!("{error}\n{seed}"));
        let running =
            sandbox::start(sandbox::Options::new(parsed)).await.unwrap_or_else(|error| panic!("{error}\n{seed}"));
        let settings = client::settings(&running);
        let tenant = Tenant::connect(settings).expect("a client");
        Self { running, tenant, environment: desired(""), http: reqwest::Client::new() }
    }

    fn organisation() -> Organisation {
        Organisation::parse(Cloud::Public, URL).expect("an address")
    }

    async fn read(&self, scope: &Scope) -> Inventory {
        let reader = self.tenant.reader(Some(Self::organisation()));
        // A future of this size is not for the stack of a test.
        Box::pin(collect(&reader, &Directory::default(), &self.environment.environment, scope)).await
    }

    /// What the tenant itself decides.
    async fn runs(&self, user: Uuid, flow: Uuid, requirements: &str) -> Value {
        let body = json!({ "organization": ENVIRONMENT, "user": user, "flow": flow, "requirements": requirements });
        let address = format!("http://{}/_sandbox/run", self.running.address());
        let answer = self.http.post(address).json(&body).send().await.expect("an answer");
        let status = answer.status();
        let value: Value = answer.json().await.expect("JSON");
        assert!(status.is_success(), "{value}");
        value
    }

    /// The person opens the environment: comes in, and into the teams of his groups.
    fn opens(&self, user: Uuid) {
        let tenant = self.running.tenant();
        let mut tenant = tenant.lock().expect("no holder of this lock panics");
        let directory = tenant.directory.clone();
        let organization = tenant.organizations.get_mut(ENVIRONMENT).expect("the organisation");
        // Who may not come in does not, and the tenant says so when he runs something.
        let _ = principals::add_user(organization, &directory, user);
        principals::access(organization, &directory, user);
    }

    /// Applies documents, through plan, gate and rounds.
    async fn apply(&self, documents: &str) {
        let desired = desired(documents);
        let inventory = self.read(&Scope::of(&desired)).await;
        let first = plan(&desired, &inventory);
        let approved = gate(&first, &[], &BTreeSet::new()).expect("no rail is tripped");
        let touched = touched(&first);
        let reader = self.tenant.reader(Some(Self::organisation()));
        let writer = self.tenant.writer(Some(Self::organisation()), WritePermit::for_an_approved_plan());
        let session = Live { writer, read: || Box::pin(refresh(&reader, &inventory, &touched)) };
        let clock = JumpingClock::at(Timestamp::now());
        let nothing = BTreeSet::new();
        let setting = Run {
            desired: &desired,
            approved: &approved,
            lifted: &nothing,
            clock: &clock,
            stop: &Stop::default(),
            progress: &|_, _| {},
        };
        Box::pin(run(&setting, &session, inventory.clone())).await;
    }
}

fn everything() -> Scope {
    let mut scope = Scope::everything();
    scope.privileges.extend(requirements::privileges().map(str::to_owned));
    scope
}

fn object(person: &Principal) -> Option<Uuid> {
    match person {
        Principal::User { id, .. } => Some(*id),
        Principal::Group { .. }
        | Principal::Application { .. }
        | Principal::Team { .. }
        | Principal::Everyone
        | Principal::Unnamed { .. } => None,
    }
}

fn started(run: &Value) -> bool {
    run["outcome"] == "started"
}

/// What explain says of everybody and every flow as the rows stand is what the tenant decides.
async fn as_the_rows_stand(stage: &Stage, number: u64) -> [usize; 2] {
    let inventory = stage.read(&everything()).await;
    let access = Access::at(&inventory, Moment::Now);
    let judge = Judge::new(&access, Moment::Now);
    let mut counts = [0, 0];
    for (flow, row) in inventory.flows.rows() {
        for (bar, word) in BARS {
            let runners = judge.runners(*flow, bar);
            for (position, person) in access.people().iter().enumerate() {
                let Some(user) = object(&person.principal) else { continue };
                let own = runners.ability(position);
                let decided = stage.runs(user, *flow, word).await;
                let expected = if started(&decided) { Ability::Can } else { Ability::Cannot };
                counts[usize::from(started(&decided))] += 1;
                if own != expected {
                    let missing: Vec<_> = judge
                        .judge(*flow)
                        .into_iter()
                        .filter(|judged| judged.holds.ability(position) != Ability::Can)
                        .map(|judged| judged.requirement.id.to_string())
                        .collect();
                    panic!(
                        "tenant {number}: {} of {}, {word}: {own:?}, {missing:?}\n{decided:#}",
                        person.principal, row.name
                    );
                }
            }
        }
    }
    counts
}

fn question(person: u64, flow: u64) -> (PrincipalName, FlowName) {
    let person = PrincipalName::User { name: Some(format!("p{person}@contoso.com")), id: None };
    (person, FlowName::Name(format!("Flow {flow}")))
}

/// What a question about one person answers for the next access is what the tenant decides after it, and after the fix
/// it lets him run; every part of the fix is needed.
async fn from_the_next_access_on(stage: &Stage, dice: &mut Dice, number: u64) -> usize {
    let (person, flow) = question(dice.roll(PEOPLE), dice.roll(FLOWS));
    let inventory = stage.read(&Scope::of_question(&person, &flow)).await;
    let principal = inventory.principal(&person).one().expect("the directory knows him");
    let flow: Ref<_> = inventory.flow(&flow).one().expect("the flow is there").remove(0);
    let user = object(&principal).expect("a person");
    let (bar, word) = BARS[usize::try_from(dice.roll(3)).expect("a small number")];
    let question = Question { person: principal.clone(), flow: flow.clone(), bar };
    let before = stage.running.tenant().lock().expect("no holder of this lock panics").clone();
    let restore = || *stage.running.tenant().lock().expect("no holder of this lock panics") = before.clone();
    let verdict = answer(&inventory, &principal, flow.id, bar, Moment::NextAccess);
    stage.opens(user);
    let decided = stage.runs(user, flow.id, word).await;
    let expected = if started(&decided) { Verdict::Can } else { Verdict::Cannot };
    let explanation = explain::explain(&inventory, &question).expect("he is known");
    let missing: Vec<_> = explanation.blockers().map(|line| line.requirement.id.to_string()).collect();
    assert_eq!(verdict, expected, "tenant {number}: {principal} of {flow}, {word}: {missing:?}\n{decided:#}");
    assert_eq!(explanation.verdict, verdict);
    if verdict == Verdict::Can {
        return 0;
    }
    let told: BTreeSet<String> = missing.into_iter().collect();
    let named = decided["missing"].as_array().expect("a list").iter();
    assert_eq!(told, named.map(|id| id.as_str().expect("a name").to_owned()).collect(), "tenant {number}: {decided:#}");
    let Some(grants) = fix::find(&inventory, &question, &[]) else { return 0 };
    for left_out in std::iter::once(None).chain((0..grants.len()).map(Some)) {
        let some: Vec<Grant> =
            grants.iter().enumerate().filter(|(at, _)| Some(*at) != left_out).map(|(_, grant)| grant.clone()).collect();
        // A role that is not made cannot be written down as assigned.
        if matches!(left_out.map(|at| &grants[at]), Some(Grant::NewRole(_))) {
            continue;
        }
        restore();
        let documents = patch::patch(&inventory, &question, &some, None).documents;
        if !documents.is_empty() {
            Box::pin(stage.apply(&documents)).await;
        }
        stage.opens(user);
        let decided = stage.runs(user, flow.id, word).await;
        assert_eq!(
            started(&decided),
            left_out.is_none(),
            "tenant {number}: {principal} of {flow}, {word}, without {left_out:?}:\n{documents}\n{decided:#}"
        );
    }
    restore();
    1
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_can_by_explain_can_by_the_tenant_and_a_fix_lets_him_and_is_no_more_than_needed() {
    // More tenants on demand: POWERGRANT_TENANTS=3000.
    let tenants = std::env::var("POWERGRANT_TENANTS").ok().and_then(|text| text.parse().ok()).unwrap_or(5_u64);
    let (mut counts, mut fixes) = ([0, 0], 0);
    for number in 0..tenants {
        let mut dice = Dice(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x51ed_270b);
        let stage = Stage::of(&seed(&mut dice)).await;
        let [refused, started] = Box::pin(as_the_rows_stand(&stage, number)).await;
        counts = [counts[0] + refused, counts[1] + started];
        for _ in 0..3 {
            fixes += Box::pin(from_the_next_access_on(&stage, &mut dice, number)).await;
        }
        stage.running.stop().await;
    }
    // A law that is never tried says nothing.
    assert!(counts.iter().all(|count| *count > 10) && fixes > 1, "{counts:?} decisions, {fixes} fixes");
    let told = format!("{tenants} tenants: {counts:?} refused and started as told, {fixes} fixes");
    let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("{told}\n").as_bytes());
}
