//! A tenant of ten thousand people and a thousand flows, as uneven as real ones are.
//!
//! People belong to groups, groups to groups; roles come directly and through teams; flows are shared with people and teams,
//! have co-owners, act in Dataverse as their callers, are off, or could not be read. Everything follows from numbers, so that
//! every run asks the same.
use std::collections::{BTreeMap, BTreeSet};

use powergrant::clientdata::{Connection, ConnectorOperation, Facts, Part, Said, Trigger};
use powergrant::explain::requirements;
use powergrant::inventory::people::{
    BusinessUnit, DirectoryEntry, DirectoryKind, PrincipalRow, Team, TeamKind, User, UserKind,
};
use powergrant::inventory::section::{Reading, Section};
use powergrant::inventory::things::{ConnectionReference, Flow, FlowState, Privilege, Rights, Role, Table};
use powergrant::inventory::{EnvironmentFacts, Inventory};
use powergrant::names::{ConnectionMode, Depth, Membership, Operation, Text, folded};
use uuid::Uuid;

pub(crate) const USERS: u64 = 10_000;
pub(crate) const FLOWS: u64 = 1_000;
/// People whom only the directory knows: members of groups who have never opened the environment.
const STRANGERS: u64 = 500;
/// Groups of people, groups of ten of those, and groups of ten of those again; each has a team.
const GROUPS: u64 = 100;
const DEPARTMENTS: u64 = 10;
const CREWS: u64 = 50;
const ROLES: u64 = 40;
const UNITS: u64 = 6;
const REFERENCES: u64 = 500;
const TABLES: [(&str, &str); 6] = [
    ("workflow", "Process"),
    ("connectionreference", "Connection Reference"),
    ("environmentvariabledefinition", "Environment Variable Definition"),
    ("bot", "Copilot"),
    ("contoso_expense", "Expense"),
    ("contoso_center", "Cost Center"),
];

pub(crate) fn id(kind: u64, number: u64) -> Uuid {
    Uuid::from_u64_pair(kind << 32 | 0x4000, number + 1)
}

/// A number that looks random and is always the same.
fn mixed(one: u64, other: u64) -> u64 {
    let mut mixed = one.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ other.wrapping_mul(0xd1b5_4a32_d192_ed03);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn one_in(sides: u64, one: u64, other: u64) -> bool {
    mixed(one, other).is_multiple_of(sides)
}

/// The whole tenant.
pub(crate) fn inventory() -> Inventory {
    let facts = EnvironmentFacts {
        name: "contoso".into(),
        organization: Some(id(1, 1)),
        url: Some("https://contoso.crm4.dynamics.com".into()),
        ..EnvironmentFacts::default()
    };
    let mut inventory = Inventory::empty(facts);
    // Nine of ten people are in the group that alone may use the environment.
    inventory.security_group = Reading::Read(Some(id(5, 900)));
    let unit = |number| BusinessUnit { name: format!("Unit {number}").into(), parent: (number > 0).then(|| id(2, 0)) };
    inventory.units = Section::whole((0..UNITS).map(|number| (id(2, number), unit(number))).collect());
    people(&mut inventory);
    groups(&mut inventory);
    roles(&mut inventory);
    flows(&mut inventory);
    inventory
}

fn user_unit(number: u64) -> Uuid {
    id(2, mixed(number, 1) % UNITS)
}

fn people(inventory: &mut Inventory) {
    let upn = |number: u64| {
        let guest = if one_in(20, number, 2) { "_fabrikam.com#EXT#" } else { "" };
        Text::from(format!("user{number}{guest}@contoso.com"))
    };
    let user = |number: u64| User {
        full_name: format!("User {number}").into(),
        upn: upn(number),
        mail: "".into(),
        object: Some(id(4, number)),
        application: None,
        kind: UserKind::Person,
        disabled: one_in(50, number, 3),
        unit: user_unit(number),
    };
    inventory.users = Section::whole((0..USERS).map(|number| (id(3, number), user(number))).collect());
    let entry = |number: u64| DirectoryEntry {
        kind: DirectoryKind::User,
        name: upn(number),
        mail: "".into(),
        application: None,
        enabled: true,
    };
    let strangers = (USERS..USERS + STRANGERS).map(|number| (id(4, number), entry(number)));
    inventory.directory = Section::whole(strangers.collect());
    // Of one in two hundred nobody may read which roles he holds himself.
    let asked = (0..USERS).filter(|number| !one_in(200, *number, 4)).map(|number| PrincipalRow::User(id(3, number)));
    let teams = (0..2_000).map(|number| PrincipalRow::Team(id(6, number)));
    inventory.principal_roles = Section::only(asked.chain(teams).collect(), BTreeMap::new());
    inventory.user_teams = Section::whole(BTreeMap::new());
}

/// Whether somebody is in a group, or in a group that is in it.
fn is_in(group: u64, person: u64) -> bool {
    match group {
        900 => !one_in(10, person, 5),
        200 => (person % GROUPS).is_multiple_of(2),
        100.. => person % DEPARTMENTS == group - 100,
        _ => person % GROUPS == group,
    }
}

fn groups(inventory: &mut Inventory) {
    let groups: Vec<u64> = (0..GROUPS).chain(100..100 + DEPARTMENTS).chain([200]).collect();
    let membership = |group: u64| match group % 10 {
        3 => Membership::Members,
        7 => Membership::Guests,
        _ => Membership::MembersAndGuests,
    };
    let team = |group: u64| Team {
        name: format!("SG {group}").into(),
        kind: TeamKind::SecurityGroup,
        membership: membership(group),
        group: Some(id(5, group)),
        unit: id(2, group % UNITS),
        is_default: false,
    };
    let crew = |number: u64| Team {
        name: format!("Crew {number}").into(),
        kind: TeamKind::Owner,
        membership: Membership::MembersAndGuests,
        group: None,
        unit: id(2, number % UNITS),
        is_default: false,
    };
    let of_crew = |number: u64| -> BTreeSet<Uuid> { (0..20).map(|at| id(3, mixed(number, at) % USERS)).collect() };
    let group_teams = groups.iter().map(|group| (id(6, *group), team(*group)));
    let crews = (0..CREWS).map(|number| (id(6, 1_000 + number), crew(number)));
    inventory.teams = Section::whole(group_teams.chain(crews).collect());
    let everybody = || 0..USERS + STRANGERS;
    let people = |group: u64| {
        everybody().filter(|person| is_in(group, *person)).map(|person| id(4, person)).collect::<BTreeSet<_>>()
    };
    let read = groups.iter().copied().chain([900]);
    inventory.group_members = Section::whole(read.map(|group| (id(5, group), people(group))).collect());
    // Of five members four are in the team already; the others come in with their next access.
    let now = |group: u64| {
        let there = (0..USERS).filter(|person| is_in(group, *person) && !one_in(5, *person, group));
        there.map(|person| id(3, person)).collect::<BTreeSet<_>>()
    };
    let of_groups = groups.iter().map(|group| (id(6, *group), now(*group)));
    let crews = (0..CREWS).map(|number| (id(6, 1_000 + number), of_crew(number)));
    inventory.team_members = Section::whole(of_groups.chain(crews).collect());
    let named = |group: u64| (id(5, group), Text::from(format!("SG {group}")));
    let nested = (0..GROUPS).map(|group| {
        let above = [Some(named(100 + group % DEPARTMENTS)), group.is_multiple_of(2).then(|| named(200))];
        (id(5, group), above.into_iter().flatten().collect::<BTreeMap<_, _>>())
    });
    let own = everybody().map(|person| (id(4, person), BTreeMap::from([named(person % GROUPS)])));
    inventory.nesting = Section::whole(nested.chain(own).collect());
}

fn roles(inventory: &mut Inventory) {
    let privilege = |table: usize, operation: Operation, (logical, _): (&str, &str)| Privilege {
        name: format!("prv{operation}{logical}").into(),
        id: id(9, table as u64 * 10 + operation as u64),
        depths: Depth::WRITABLE.to_vec(),
    };
    let tables = TABLES.iter().enumerate().map(|(at, names)| {
        let privileges = Operation::ALL.iter().map(|operation| (*operation, privilege(at, *operation, *names)));
        let table = Table {
            display_name: names.1.into(),
            set: format!("{}s", names.0).into(),
            privileges: Some(privileges.collect()),
        };
        (names.0.into(), table)
    });
    inventory.tables = Section::whole(tables.collect());
    let named = requirements::privileges().filter(|name| !name.starts_with("prvRead") || name.ends_with("Session"));
    let named: BTreeMap<Text, Privilege> = (100..)
        .zip(named)
        .map(|(at, name)| {
            (folded(name).into(), Privilege { name: name.into(), id: id(9, at), depths: Depth::WRITABLE.to_vec() })
        })
        .collect();
    let act = named.values().find(|privilege| privilege.name.as_str() == requirements::ACT_ON_BEHALF);
    let act = act.expect("the requirements name it").id;
    inventory.privileges = Section::whole(named);
    let role = |number: u64| Role {
        name: format!("Role {number}").into(),
        template: None,
        description: "".into(),
        reaches_members: !number.is_multiple_of(5),
        managed: false,
        customizable: true,
        auto_assigned: false,
        unit: id(2, 0),
    };
    inventory.roles = Section::whole((0..ROLES).map(|number| (id(7, number), role(number))).collect());
    let held = |number: u64| {
        let depth = |privilege: u64| Depth::WRITABLE[usize::try_from(mixed(number, privilege) % 3).unwrap_or_default()];
        let rest = (200..500).filter(|privilege| !one_in(3, *privilege, number));
        let mut held: BTreeMap<Uuid, Depth> = rest.map(|privilege| (id(9, privilege), depth(privilege))).collect();
        if !number.is_multiple_of(4) {
            // Read on Process and Connection Reference for one's own, as roles for makers and runners have it.
            held.extend([
                (id(9, Operation::Read as u64), Depth::User),
                (id(9, 10 + Operation::Read as u64), Depth::User),
            ]);
        }
        let business = (40..60).filter(|privilege| one_in(2, *privilege, number));
        held.extend(business.map(|privilege| (id(9, privilege), depth(privilege))));
        if number == 7 {
            held.insert(act, Depth::Organization);
        }
        held
    };
    inventory.role_privileges = Section::whole((0..ROLES).map(|number| (id(7, number), held(number))).collect());
    let holders = |number: u64| {
        // Two of three people hold one role themselves, and makers the one that lets them act for others.
        let users = (0..USERS).filter(|user| !one_in(3, *user, 6) && mixed(*user, 7) % ROLES == number);
        let makers = (0..USERS).filter(|user| number == 7 && one_in(10, *user, 8));
        let users = users.chain(makers).map(|user| (PrincipalRow::User(id(3, user)), user_unit(user)));
        let teams = (0..GROUPS).chain(100..100 + DEPARTMENTS).chain(1_000..1_000 + CREWS);
        let teams = teams.filter(|team| mixed(*team, 9) % ROLES == number);
        let teams = teams.map(|team| (PrincipalRow::Team(id(6, team)), id(2, team % UNITS)));
        users.chain(teams).collect::<BTreeSet<_>>()
    };
    inventory.holders = Section::whole((0..ROLES).map(|number| (id(7, number), holders(number))).collect());
}

/// Makers own most flows, crews some.
fn owner(number: u64) -> PrincipalRow {
    if one_in(8, number, 10) {
        return PrincipalRow::Team(id(6, 1_000 + number % CREWS));
    }
    let makers: u64 = (0..USERS).find(|at| one_in(10, (mixed(number, 11) + at) % USERS, 8)).unwrap_or_default();
    PrincipalRow::User(id(3, (mixed(number, 11) + makers) % USERS))
}

fn flows(inventory: &mut Inventory) {
    let flow = |number: u64| Flow {
        name: format!("Flow {number}").into(),
        state: if one_in(20, number, 12) { FlowState::Draft } else { FlowState::Activated },
        managed: one_in(3, number, 13),
        customizable: true,
        owner: owner(number),
    };
    inventory.flows = Section::whole((0..FLOWS).map(|number| (id(10, number), flow(number))).collect());
    // The texts of a few flows could not be read, nor the shares of a few others.
    let read = || (0..FLOWS).filter(|number| !one_in(40, *number, 14));
    let texts = read().map(|number| (id(10, number), facts(number))).collect();
    inventory.definitions = Section::only(read().map(|number| id(10, number)).collect(), texts);
    let reference = |number: u64| ConnectionReference {
        logical_name: format!("contoso_{number}").into(),
        display_name: format!("Reference {number}").into(),
        connector: if number.is_multiple_of(2) { "shared_sharepointonline" } else { "shared_commondataserviceforapps" }
            .into(),
        bound: !one_in(30, number, 15),
        owner: owner(number),
    };
    inventory.references = Section::whole((0..REFERENCES).map(|number| (id(11, number), reference(number))).collect());
    let of_flows = (0..FLOWS).filter(|number| !one_in(50, *number, 16)).map(|number| (id(10, number), shares(number)));
    let of_references = (0..REFERENCES).map(|number| (id(11, number), shares(number)));
    let all: BTreeMap<_, _> = of_flows.chain(of_references).collect();
    inventory.shares = Section::only(all.keys().copied().collect(), all);
}

/// Run-only users by groups and by name, a few of them co-owners, and now and then a share with everybody.
fn shares(number: u64) -> BTreeMap<PrincipalRow, Rights> {
    let groups = (0..3).map(|at| PrincipalRow::Team(id(6, mixed(number, 20 + at) % GROUPS)));
    let department = one_in(6, number, 17).then(|| PrincipalRow::Team(id(6, 100 + number % DEPARTMENTS)));
    let company = one_in(30, number, 18).then(|| PrincipalRow::Team(id(6, 200)));
    let crew = one_in(4, number, 19).then(|| PrincipalRow::Team(id(6, 1_000 + number % CREWS)));
    let users = (0..10).map(|at| PrincipalRow::User(id(3, mixed(number, 30 + at) % USERS)));
    let run_only = groups.chain(department).chain(company).chain(users).map(|row| (row, Rights::READ));
    let all = Rights(Rights::READ.0 | Rights::WRITE.0 | Rights::SHARE.0 | Rights::ASSIGN.0 | Rights::DELETE.0);
    let owners = (0..3).map(|at| PrincipalRow::User(id(3, mixed(number, 40 + at) % USERS)));
    run_only.chain(owners.chain(crew).map(|row| (row, all))).collect()
}

fn facts(number: u64) -> Facts {
    let connection = |reference: u64, connector: &str, mode| Connection {
        logical_name: Some(format!("contoso_{}", reference % REFERENCES).into()),
        connector: connector.into(),
        mode,
        with_organization: false,
    };
    let (own, lent) = (ConnectionMode::ProvidedByRunOnlyUser, ConnectionMode::UseThisConnection);
    let data = if one_in(2, number, 21) { own } else { lent };
    let operation = |name: &str, table: &str| ConnectorOperation {
        connector: "shared_commondataserviceforapps".into(),
        name: name.into(),
        part: Part::Action,
        connection: Some("data".into()),
        table: Some(Said::Literal(table.into())),
        site: None,
        mailbox: None,
        action: None,
        target: None,
        relationship: None,
        lookups: BTreeMap::new(),
        expands: BTreeSet::new(),
        links: BTreeSet::new(),
        computes_row: false,
    };
    let operations =
        [("CreateRecord", "contoso_expenses"), ("ListRecords", "contoso_centers"), ("GetItem", "contoso_expenses")];
    let operations = operations.iter().enumerate().filter(|(at, _)| one_in(2, number, 50 + *at as u64));
    Facts {
        trigger: if one_in(10, number, 22) { Trigger::Automated("Recurrence".into()) } else { Trigger::Agent },
        connections: BTreeMap::from([
            ("site".into(), connection(number * 2, "shared_sharepointonline", own)),
            ("data".into(), connection(number * 2 + 1, "shared_commondataserviceforapps", data)),
        ]),
        children: if one_in(25, number, 23) { [id(10, (number + 1) % FLOWS)].into() } else { BTreeSet::new() },
        operations: operations.map(|(_, (name, table))| operation(name, table)).collect(),
    }
}
