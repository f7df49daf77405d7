//! What `who-can` costs for 10,000 users and 1,000 flows from a snapshot: wall time of each question, and peak memory.
//!
//! The snapshot is made by one process and asked by another, so that the memory is the asker's alone.
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufReader, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use powergrant::access::Ability;
use powergrant::clientdata::{Connection, Facts, Trigger};
use powergrant::explain::Bar;
use powergrant::explain::table::{self, Listed};
use powergrant::inventory::people::{BusinessUnit, PrincipalRow, Team, TeamKind, User, UserKind};
use powergrant::inventory::scope::Scope;
use powergrant::inventory::section::{Reading, Section};
use powergrant::inventory::snapshot::{self, Header, Names, Snapshot, Taken, Version};
use powergrant::inventory::things::{ConnectionReference, Flow, FlowState, Privilege, Rights, Role, Table};
use powergrant::inventory::{EnvironmentFacts, Inventory};
use powergrant::names::{ConnectionMode, Depth, Membership, Operation, Ref};
use uuid::Uuid;

const USERS: u64 = 10_000;
const FLOWS: u64 = 1_000;
const TEAMS: u64 = 100;
const ROLES: u64 = 40;
const PRIVILEGES: u64 = 400;
const REFERENCES: u64 = 500;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match (arguments.get(1).map(String::as_str), arguments.get(2)) {
        (Some("make"), Some(file)) => make(Path::new(file)),
        (Some("ask"), Some(file)) => ask(Path::new(file)),
        (_, _) => both(),
    }
}

fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

fn both() {
    let own = std::env::current_exe().expect("this program's path");
    let folder = std::env::temp_dir().join(format!("powergrant-who-can-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("snapshot.jsonl");
    for part in ["make", "ask"] {
        let status = Command::new(&own).arg(part).arg(&file).status().expect("the process starts");
        assert!(status.success(), "{part} failed");
    }
    std::fs::remove_dir_all(&folder).expect("the folder can be removed");
}

fn id(kind: u64, number: u64) -> Uuid {
    Uuid::from_u64_pair(kind << 32 | 0x4000, number + 1)
}

/// A tenant of that size: teams of a hundred members, half of the shares with teams, half with people.
fn inventory() -> Inventory {
    let facts = EnvironmentFacts {
        name: "contoso".into(),
        organization: Some(id(1, 1)),
        url: Some("https://contoso.crm4.dynamics.com".into()),
        ..EnvironmentFacts::default()
    };
    let mut inventory = Inventory::empty(facts);
    let root = id(2, 0);
    inventory.security_group = Reading::Read(None);
    inventory.units = Section::whole(BTreeMap::from([(root, BusinessUnit { name: "Contoso".into(), parent: None })]));
    let user = |number: u64| User {
        full_name: format!("User {number}").into(),
        upn: format!("user{number}@contoso.com").into(),
        mail: "".into(),
        object: Some(id(4, number)),
        application: None,
        kind: UserKind::Person,
        disabled: number.is_multiple_of(50),
        unit: root,
    };
    inventory.users = Section::whole((0..USERS).map(|number| (id(3, number), user(number))).collect());
    let team = |number: u64| Team {
        name: format!("SG {number}").into(),
        kind: TeamKind::SecurityGroup,
        membership: Membership::MembersAndGuests,
        group: Some(id(5, number)),
        unit: root,
        is_default: false,
    };
    let members = |number: u64| (0..USERS / TEAMS).map(move |at| at * TEAMS + number);
    inventory.teams = Section::whole((0..TEAMS).map(|number| (id(6, number), team(number))).collect());
    let rows = |number: u64| members(number).map(|user| id(3, user)).collect::<BTreeSet<_>>();
    inventory.team_members = Section::whole((0..TEAMS).map(|number| (id(6, number), rows(number))).collect());
    let people = |number: u64| members(number).map(|user| id(4, user)).collect::<BTreeSet<_>>();
    inventory.group_members = Section::whole((0..TEAMS).map(|number| (id(5, number), people(number))).collect());
    roles(&mut inventory, root);
    flows(&mut inventory);
    inventory
}

fn roles(inventory: &mut Inventory, root: Uuid) {
    let (read_flow, read_reference) = (id(9, 0), id(9, 1));
    let table = |name: &str, set: &str, read: Uuid, privilege: &str| Table {
        display_name: name.into(),
        set: set.into(),
        privileges: Some(BTreeMap::from([(
            Operation::Read,
            Privilege { name: privilege.into(), id: read, depths: Depth::WRITABLE.to_vec() },
        )])),
    };
    inventory.tables = Section::whole(BTreeMap::from([
        ("workflow".into(), table("Process", "workflows", read_flow, "prvReadWorkflow")),
        (
            "connectionreference".into(),
            table("Connection Reference", "connectionreferences", read_reference, "prvReadconnectionreference"),
        ),
    ]));
    inventory.privileges = Section::whole(BTreeMap::new());
    let role = |number: u64| Role {
        name: format!("Role {number}").into(),
        template: None,
        description: "".into(),
        reaches_members: !number.is_multiple_of(5),
        managed: false,
        customizable: true,
        auto_assigned: false,
        unit: root,
    };
    inventory.roles = Section::whole((0..ROLES).map(|number| (id(7, number), role(number))).collect());
    let held = |number: u64| {
        let some = (2..PRIVILEGES).filter(|privilege| !(privilege + number).is_multiple_of(3));
        let mut held: BTreeMap<Uuid, Depth> = some.map(|privilege| (id(9, privilege), Depth::Organization)).collect();
        if !number.is_multiple_of(3) {
            held.extend([(read_flow, Depth::User), (read_reference, Depth::User)]);
        }
        held
    };
    inventory.role_privileges = Section::whole((0..ROLES).map(|number| (id(7, number), held(number))).collect());
    let holders = |number: u64| {
        let users =
            (0..USERS).filter(|user| user % ROLES == number).map(|user| (PrincipalRow::User(id(3, user)), root));
        let teams =
            (0..TEAMS).filter(|team| team % ROLES == number).map(|team| (PrincipalRow::Team(id(6, team)), root));
        users.chain(teams).collect::<BTreeSet<_>>()
    };
    inventory.holders = Section::whole((0..ROLES).map(|number| (id(7, number), holders(number))).collect());
    inventory.principal_roles = Section::whole(BTreeMap::new());
    inventory.user_teams = Section::whole(BTreeMap::new());
}

fn flows(inventory: &mut Inventory) {
    let owner = |number: u64| PrincipalRow::User(id(3, number % USERS));
    let flow = |number: u64| Flow {
        name: format!("Flow {number}").into(),
        state: FlowState::Activated,
        managed: false,
        customizable: true,
        owner: owner(number),
    };
    inventory.flows = Section::whole((0..FLOWS).map(|number| (id(10, number), flow(number))).collect());
    let connection = |number: u64, mode| Connection {
        logical_name: Some(format!("contoso_{}", number % REFERENCES).into()),
        connector: "shared_sharepointonline".into(),
        mode,
        with_organization: false,
    };
    let facts = |number: u64| Facts {
        trigger: Trigger::Button,
        connections: BTreeMap::from([
            ("own".into(), connection(number, ConnectionMode::ProvidedByRunOnlyUser)),
            ("lent".into(), connection(number + 1, ConnectionMode::UseThisConnection)),
        ]),
        children: BTreeSet::new(),
        operations: BTreeSet::new(),
    };
    inventory.definitions = Section::whole((0..FLOWS).map(|number| (id(10, number), facts(number))).collect());
    let reference = |number: u64| ConnectionReference {
        logical_name: format!("contoso_{number}").into(),
        display_name: format!("Reference {number}").into(),
        connector: "shared_sharepointonline".into(),
        bound: true,
        owner: owner(number),
    };
    inventory.references = Section::whole((0..REFERENCES).map(|number| (id(11, number), reference(number))).collect());
    let shares = |number: u64| {
        let teams = (0..5).map(|at| PrincipalRow::Team(id(6, (number * 7 + at) % TEAMS)));
        let users = (0..20).map(|at| PrincipalRow::User(id(3, (number * 131 + at * 17) % USERS)));
        teams.chain(users).map(|row| (row, Rights::READ)).collect::<BTreeMap<_, _>>()
    };
    let of_flows = (0..FLOWS).map(|number| (id(10, number), shares(number)));
    let of_references = (0..REFERENCES).map(|number| (id(11, number), shares(number)));
    inventory.shares = Section::whole(of_flows.chain(of_references).collect());
}

fn make(file: &Path) {
    let header = Header {
        powergrant_snapshot: Version::CURRENT,
        tool: env!("CARGO_PKG_VERSION").into(),
        cloud: "public".into(),
        tenant: None,
        taken: "2026-01-01T00:00:00Z".parse().expect("a moment"),
        caller: None,
        names: Names::Plain,
    };
    let taken = Taken { scope: Scope::everything(), inventory: inventory() };
    let text = [snapshot::begin(&header), snapshot::environment(&header, taken), snapshot::end(1)].concat();
    std::fs::write(file, text).expect("the snapshot is written");
}

fn ask(file: &Path) {
    let started = Instant::now();
    let open = BufReader::new(File::open(file).expect("the snapshot is there"));
    let mut snapshot = Snapshot::open(open).unwrap_or_else(|_| panic!("the snapshot is refused"));
    let Some(Ok(taken)) = snapshot.next() else { panic!("the snapshot has an environment") };
    let inventory = taken.inventory;
    say(&format!("{:<34} {:>10} {:>12}", "question", "wall ms", "answers"));
    let told = |name: &str, started: Instant, answers: usize| {
        say(&format!("{name:<34} {:>10} {answers:>12}", started.elapsed().as_millis()));
    };
    told("read the snapshot", started, inventory.users.rows().count());
    let started = Instant::now();
    let flow = Ref::new("Flow 7", id(10, 7));
    let able = table::of_flow(&inventory, &flow, Bar::Documented, Listed::Able).len();
    told("who-can --flow", started, able);
    let started = Instant::now();
    let everybody = table::of_flow(&inventory, &flow, Bar::Documented, Listed::Everybody).len();
    told("who-can --flow --all", started, everybody);
    let started = Instant::now();
    let person = inventory.principal_of(PrincipalRow::User(id(3, 7))).0;
    let flows = table::of_person(&inventory, &person, Bar::Documented, Listed::Able).expect("a person").len();
    told("can --user", started, flows);
    let started = Instant::now();
    let holders = table::of_privilege(&inventory, "prvReadWorkflow", Depth::User, Listed::Able);
    told("who-can --privilege", started, holders.expect("a privilege").len());
    let started = Instant::now();
    let matrix = table::matrix(&inventory, Bar::Reported);
    let pairs: usize = matrix.rows.iter().map(|(_, answers)| answers.len()).sum();
    told("who-can, 10,000 users x 1,000 flows", started, pairs);
    let able = |ability| matrix.rows.iter().flat_map(|(_, answers)| answers).filter(|own| **own == ability).count();
    let counts = [Ability::Can, Ability::Cannot, Ability::Unknown].map(able);
    assert_eq!(counts.iter().sum::<usize>(), pairs);
    say(&format!("can, cannot, unknown: {counts:?}; peak {} KiB", peak()));
}

/// The most memory that this process had, in KiB; 0 where the system does not say.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}
