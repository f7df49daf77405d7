//! `explain` against the embedded tenant's own decision: code that shares nothing with it, over real HTTP.
//!
//! Random tenants; every person and every flow under every set of requirements; the suggested fix applied through the
//! whole pipe, and every part of it left out once.
//!
//! Two ways: [`rows`] reads the embedded tenant's rows without a server, so that thousands of tenants are judged in seconds;
//! here every answer comes over HTTP, for fewer of them.
//!
//! Blind spots: no hierarchy security, no access teams, no custom shares, and one environment.
mod rows;
pub(crate) mod state;
mod town;

use std::collections::BTreeSet;

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
use town::{Dice, seed};

const URL: &str = "https://contoso.crm4.dynamics.com";
pub(crate) const ENVIRONMENT: &str = "contoso-prod";
const PEOPLE: u64 = 5;
/// The number of the person who is a guest.
const GUEST: u64 = 4;
const FLOWS: u64 = 3;
const BARS: [(Bar, &str); 3] =
    [(Bar::Documented, "documented"), (Bar::Reported, "reported"), (Bar::Assumed, "assumed")];

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
        Organisation::parse(&Cloud::Public.into(), URL).expect("an address")
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

    /// Applies documents, through plan, gate and rounds, and says what became of them.
    async fn apply(&self, documents: &str) -> String {
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
        let report = Box::pin(run(&setting, &session, inventory.clone())).await;
        powergrant::render::plan::reports(&[report])
    }
}

fn everything() -> Scope {
    let mut scope = Scope::everything();
    scope.privileges.extend(requirements::privileges().map(str::to_owned));
    scope.team_groups = true;
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

/// Whoever may not come in stays out, and with him whatever would follow his coming in: of what is told and what is decided
/// the reason is compared alone. Says whether there is one.
fn leave_out_what_follows(told: &mut BTreeSet<String>, decided: &mut BTreeSet<String>) -> bool {
    let stays_out = ["environment.enabled", "environment.security-group"];
    let is_out = stays_out.iter().any(|line| told.contains(*line));
    if is_out {
        told.retain(|line| stays_out.contains(&line.as_str()));
        decided.retain(|line| stays_out.contains(&line.as_str()));
    }
    is_out
}

fn question(person: u64, flow: u64) -> (PrincipalName, FlowName) {
    let name = if person == GUEST {
        format!("p{person}_fabrikam.com#EXT#@contoso.com")
    } else {
        format!("p{person}@contoso.com")
    };
    let person = PrincipalName::User { name: Some(name), id: None };
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
    let question = Question { person: principal.clone(), flow: flow.clone(), agent: None, bar };
    let before = stage.running.tenant().lock().expect("no holder of this lock panics").clone();
    let restore = || *stage.running.tenant().lock().expect("no holder of this lock panics") = before.clone();
    let verdict = answer(&inventory, &question, Moment::NextAccess);
    stage.opens(user);
    let decided = stage.runs(user, flow.id, word).await;
    let expected = if started(&decided) { Verdict::Can } else { Verdict::Cannot };
    let explanation = explain::explain(&inventory, &question).expect("he is known");
    let missing: Vec<_> = explanation.blockers().map(|line| line.requirement.id.to_string()).collect();
    let unknown: Vec<_> = explanation.unknowns().map(|line| (&line.requirement.id, &line.evidence)).collect();
    assert_eq!(
        verdict, expected,
        "tenant {number}: {principal} of {flow}, {word}: missing {missing:?}, unknown {unknown:?}\n{decided:#}"
    );
    assert_eq!(explanation.verdict, verdict);
    if verdict == Verdict::Can {
        return 0;
    }
    let mut told: BTreeSet<String> = missing.into_iter().collect();
    let named = decided["missing"].as_array().expect("a list").iter();
    let mut named: BTreeSet<String> = named.map(|id| id.as_str().expect("a name").to_owned()).collect();
    leave_out_what_follows(&mut told, &mut named);
    assert_eq!(told, named, "tenant {number}: {decided:#}");
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
        let report = if documents.is_empty() { String::new() } else { Box::pin(stage.apply(&documents)).await };
        stage.opens(user);
        let decided = stage.runs(user, flow.id, word).await;
        assert_eq!(
            started(&decided),
            left_out.is_none(),
            "tenant {number}: {principal} of {flow}, {word}, without {left_out:?}:\n{documents}\n{report}\n{decided:#}"
        );
    }
    restore();
    1
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_can_by_explain_can_by_the_tenant_and_a_fix_lets_him_and_is_no_more_than_needed() {
    // More tenants on demand: POWERGRANT_HTTP_TENANTS=300.
    let tenants = std::env::var("POWERGRANT_HTTP_TENANTS").ok().and_then(|text| text.parse().ok()).unwrap_or(16_u64);
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
