//! What a plan costs at 100, 1,000 and 10,000 flows, with its review and its text: requests, bytes, wall time and peak memory.
//!
//! The embedded tenant and the planner are processes of their own, so that the memory is the planner's alone.
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use powergrant::clock::WallClock;
use powergrant::collect::{self, Directory};
use powergrant::inventory::scope::Scope;
use powergrant::sandbox;
use powergrant::tenant::{Cloud, Credentials, Organisation, Patience, Routing, Secret, Settings, Tenant};
use powergrant::{compile, manifest, plan, render, review};

const SIZES: [usize; 3] = [100, 1_000, 10_000];
const PEOPLE: usize = 500;
const URL: &str = "https://contoso.crm4.dynamics.com";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads to run on");
    match arguments.get(1).map(String::as_str) {
        Some("serve") => runtime.block_on(serve(number(&arguments[2]))),
        Some("plan") => runtime.block_on(measure(number(&arguments[2]), &arguments[3..])),
        Some(_) | None => all(),
    }
}

fn number(text: &str) -> usize {
    text.parse().expect("a number of flows")
}

fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Starts a tenant and a planner for each size.
fn all() {
    say(&format!(
        "{:>8} {:>9} {:>12} {:>9} {:>9} {:>9} {:>9} {:>9} {:>10}",
        "flows", "requests", "bytes", "wall ms", "compile", "read", "plan", "review", "peak KiB"
    ));
    let own = std::env::current_exe().expect("this program's path");
    for size in SIZES {
        let mut server = Command::new(&own)
            .args(["serve", &size.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the tenant starts");
        let mut line = String::new();
        let out = server.stdout.take().expect("the tenant's output is piped");
        BufReader::new(out).read_line(&mut line).expect("the tenant says where it listens");
        let status = Command::new(&own).args(["plan", &size.to_string()]).args(line.split_whitespace()).status();
        drop(server.stdin.take());
        server.kill().expect("the tenant can be stopped");
        server.wait().expect("the tenant stops");
        assert!(status.expect("the planner starts").success(), "the planner failed");
    }
}

/// A seed of so many flows, each shared with a person.
fn seed(flows: usize) -> String {
    let mut text = String::from(
        "tenant: { id: 11111111-1111-1111-1111-111111111111, domain: contoso.com }\ncaller: { application: powergrant }\ndirectory:\n  users:\n",
    );
    for person in 0..PEOPLE {
        let _ = write!(text, "    - {{ name: Person {person}, upn: p{person}@contoso.com }}\n");
    }
    text += "  servicePrincipals:\n    - { name: powergrant, appId: 33333333-3333-3333-3333-333333333333, secret: sandbox }\n";
    let _ = write!(
        text,
        "environments:\n  - name: contoso-prod\n    id: 7f3c0a51-5e0f-4c0e-9d0a-2b6c8f1e4d10\n    dataverse:\n      url: {URL}\n      rootBusinessUnit: Contoso\n      users:\n        - {{ application: powergrant, roles: [System Administrator] }}\n"
    );
    for person in 0..PEOPLE {
        let _ = write!(text, "        - {{ user: p{person}@contoso.com, roles: [Basic User] }}\n");
    }
    text += "      connectionReferences:\n        - { name: contoso_sharepoint, connector: shared_sharepointonline, owner: p0@contoso.com }\n      flows:\n";
    for flow in 0..flows {
        let _ = write!(
            text,
            "        - {{ name: Flow {flow}, owner: p0@contoso.com, trigger: Button, connections: {{ shared_sharepointonline: {{ reference: contoso_sharepoint, mode: embedded }} }} }}\n"
        );
    }
    text
}

/// Manifests that name every flow and every person.
fn manifests(flows: usize) -> String {
    let header = "apiVersion: powergrant.dev/v1alpha1\n";
    let mut text =
        format!("{header}kind: Environment\nmetadata: {{ name: contoso-prod }}\nspec: {{ url: \"{URL}\" }}\n");
    let _ = write!(
        text,
        "---\n{header}kind: RoleAssignment\nmetadata: {{ name: users }}\nenvironments: [contoso-prod]\nspec:\n  role: {{ builtIn: basicUser }}\n  members:\n"
    );
    for person in 0..PEOPLE {
        let _ = write!(text, "    - user: p{person}@contoso.com\n");
    }
    for flow in 0..flows {
        let person = flow % (PEOPLE - 1) + 1;
        let _ = write!(
            text,
            "---\n{header}kind: Flow\nmetadata: {{ name: flow-{flow} }}\nenvironments: [contoso-prod]\nspec:\n  flow: Flow {flow}\n  connections: {{ contoso_sharepoint: providedByRunOnlyUser }}\n  runOnlyUsers: {{ members: [ {{ user: p{person}@contoso.com }} ] }}\n"
        );
    }
    text
}

async fn serve(flows: usize) {
    let seed = sandbox::seed::Seed::parse(&seed(flows)).expect("the seed is sound");
    let running = sandbox::start(sandbox::Options::new(seed)).await.expect("the tenant starts");
    let caller = running.credentials();
    say(&format!("{} {} {} {}", running.address(), caller.tenant, caller.client, caller.secret));
    let mut line = String::new();
    let _ = std::io::stdin().read_line(&mut line);
    running.stop().await;
}

async fn measure(flows: usize, at: &[String]) {
    powergrant::tenant::install_tls();
    let address: SocketAddr = at[0].parse().expect("an address");
    let started = Instant::now();
    let loaded = manifest::load([("bench.yaml".to_owned(), Ok(manifests(flows)))]);
    let today = jiff::civil::date(2026, 1, 1);
    let (desired, findings) = compile::compile(&loaded.documents, today, &[]);
    assert!(
        !compile::has_errors(&findings) && loaded.findings.is_empty(),
        "the manifests are sound: {:?}",
        loaded.findings.first()
    );
    let desired = &desired.environments[0];
    let compiled = started.elapsed();
    let settings = Settings {
        cloud: Cloud::Public,
        routing: Routing::Sandbox(address),
        credentials: Credentials::Sandbox {
            tenant: at[1].clone(),
            client_id: at[2].clone(),
            secret: at.get(3).map(Secret::new),
        },
        tenant: None,
        patience: Patience::default(),
        clock: Arc::new(WallClock),
    };
    let tenant = Tenant::connect(settings).expect("a client");
    let organisation = Organisation::parse(&Cloud::Public.into(), URL).expect("an address");
    let directory = Directory::default();
    let inventory =
        collect::collect(&tenant.reader(Some(organisation)), &directory, &desired.environment, &Scope::of(desired))
            .await;
    let read = started.elapsed();
    let plan = plan::plan(desired, &inventory);
    let planned = started.elapsed();
    assert!(plan.changes().count() >= flows, "the plan is not the expected one: {} changes", plan.changes().count());
    let review = review::review(desired, &plan, &inventory);
    let text = render::plan::text(&[&plan]).len() + render::review::text(&[&review]).len();
    assert!(text > flows * 50 && review.tripped.is_empty(), "the review is not the expected one: {:?}", review.tripped);
    let wall = started.elapsed();
    let bytes: u64 = tenant.counts().all().values().map(|count| count.bytes).sum();
    let [compile, read, planned, wall] = [compiled, read, planned, wall].map(|time| time.as_millis());
    let (reading, planning, reviewing) = (read - compile, planned - read, wall - planned);
    say(&format!(
        "{flows:>8} {:>9} {bytes:>12} {:>9} {compile:>9} {reading:>9} {planning:>9} {reviewing:>9} {:>10}",
        tenant.counts().requests(),
        wall,
        peak()
    ));
}

/// The most memory that this process had, in KiB; 0 where the system does not say.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}
