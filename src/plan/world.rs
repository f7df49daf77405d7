//! Random environments and random wishes for them, for the property tests of the pure pipe.
//!
//! Blind spots: one business unit below the root, no team-owned flows, no `RecordFilter` depths, no agents and solutions,
//! every section is read whole unless a test takes one away.
use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::clientdata::{Connection as FlowConnection, Facts, Trigger};
use crate::compile::desired::{
    ActAs, AddUsers, Assignment, Cloud, Connection, ConnectionTarget, DesiredEnvironment, Environment, Flow, FlowName,
    GroupTeams, List, Member, Placed, PrincipalName, Rails, Role, RoleName, State, TablePrivilege,
};
use crate::inventory::people::{
    BusinessUnit, DirectoryEntry, DirectoryKind, PrincipalRow, Team, TeamKind, User, UserKind,
};
use crate::inventory::section::{Reading, Section};
use crate::inventory::things::{
    Caller, ConnectionReference, Flow as FlowRow, FlowState, Privilege, Rights, Role as RoleRow, Settings,
    SharingLimits, Table,
};
use crate::inventory::{EnvironmentFacts, Inventory};
use crate::ledger::Extent;
use crate::names::{ConnectionMode, Depth, Membership, Operation};
use crate::place::Place;

/// A small generator of numbers, so that a case is its seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0xd1b5_4a32_d192_ed03)
    }

    /// A number below `sides`.
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    pub(crate) fn one_in(&mut self, sides: u64) -> bool {
        self.roll(sides) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        let at = self.roll(of.len() as u64);
        of[usize::try_from(at).expect("an index below the length fits")]
    }
}

const TABLES: [(&str, &str); 3] =
    [("workflow", "Process"), ("connectionreference", "Connection Reference"), ("contoso_expense", "Expense")];
const USERS: u64 = 5;
const GROUPS: u64 = 2;
const ROLES: u64 = 3;
const FLOWS: u64 = 3;

pub(crate) fn id(kind: u64, number: u64) -> Uuid {
    Uuid::from_u64_pair(kind << 32 | 0x4000, number + 1)
}

fn user_name(number: u64) -> String {
    format!("user{number}@contoso.example")
}

pub(crate) fn place(line: u32) -> Place {
    Place { file: "world.yaml".into(), line, column: 1, length: 1 }
}

fn privilege_id(table: usize, operation: usize) -> Uuid {
    id(9, (table * 8 + operation) as u64)
}

/// A random environment, read whole.
pub(crate) fn inventory(dice: &mut Dice) -> Inventory {
    let facts = EnvironmentFacts {
        name: "contoso".into(),
        tenant: Some(id(1, 0)),
        organization: Some(id(1, 1)),
        url: Some("https://contoso.crm4.dynamics.com".into()),
        ..EnvironmentFacts::default()
    };
    let mut inventory = Inventory::empty(facts);
    let (root, child) = (id(2, 0), id(2, 1));
    inventory.caller =
        Reading::Read(Caller { user: id(3, 99), unit: root, organization: id(1, 1), privileges: BTreeMap::new() });
    inventory.settings = Reading::Read(Settings::default());
    inventory.sharing = Reading::Read(SharingLimits { flows_disabled: dice.one_in(20) });
    inventory.units = Section::whole(BTreeMap::from([
        (root, BusinessUnit { name: "Contoso".into(), parent: None }),
        (child, BusinessUnit { name: "Sales".into(), parent: Some(root) }),
    ]));
    let tables = TABLES.iter().enumerate().map(|(at, (logical, display))| {
        let privileges = Operation::ALL.iter().enumerate().map(|(number, operation)| {
            let privilege = Privilege {
                name: format!("prv{operation}{logical}").into(),
                id: privilege_id(at, number),
                depths: Depth::WRITABLE.to_vec(),
            };
            (*operation, privilege)
        });
        let table = Table {
            display_name: (*display).into(),
            set: format!("{logical}s").into(),
            privileges: Some(privileges.collect()),
        };
        ((*logical).into(), table)
    });
    inventory.tables = Section::whole(tables.collect());
    inventory.privileges = Section::whole(BTreeMap::new());
    people(dice, &mut inventory, [root, child]);
    roles(dice, &mut inventory, [root, child]);
    flows(dice, &mut inventory);
    inventory
}

fn people(dice: &mut Dice, inventory: &mut Inventory, units: [Uuid; 2]) {
    let mut directory = BTreeMap::new();
    let mut users = BTreeMap::new();
    for number in 0..USERS {
        let entry = DirectoryEntry {
            kind: DirectoryKind::User,
            name: user_name(number).into(),
            mail: user_name(number).into(),
            application: None,
            enabled: true,
        };
        directory.insert(id(4, number), entry);
        if !dice.one_in(4) {
            let user = User {
                full_name: format!("User {number}").into(),
                upn: user_name(number).into(),
                mail: "".into(),
                object: Some(id(4, number)),
                application: None,
                kind: UserKind::Person,
                disabled: dice.one_in(8),
                unit: dice.pick(&units),
            };
            users.insert(id(3, number), user);
        }
    }
    let mut teams = BTreeMap::new();
    for number in 0..GROUPS {
        let entry = DirectoryEntry {
            kind: DirectoryKind::Group,
            name: format!("Group {number}").into(),
            mail: "".into(),
            application: None,
            enabled: true,
        };
        directory.insert(id(5, number), entry);
        if dice.one_in(2) {
            let team = Team {
                name: format!("Group {number}").into(),
                kind: TeamKind::SecurityGroup,
                membership: Membership::MembersAndGuests,
                group: Some(id(5, number)),
                unit: units[0],
                is_default: false,
            };
            teams.insert(id(6, number), team);
        }
    }
    let default_team = Team {
        name: "Contoso".into(),
        kind: TeamKind::Owner,
        membership: Membership::MembersAndGuests,
        group: None,
        unit: units[0],
        is_default: true,
    };
    teams.insert(id(6, 90), default_team);
    inventory.users = Section::whole(users);
    inventory.teams = Section::whole(teams);
    inventory.directory = Section::whole(directory);
    inventory.group_members = Section::whole(BTreeMap::new());
    inventory.team_members = Section::whole(BTreeMap::new());
}

fn rows(inventory: &Inventory) -> Vec<PrincipalRow> {
    let users = inventory.users.rows().map(|(id, _)| PrincipalRow::User(*id));
    users.chain(inventory.teams.rows().map(|(id, _)| PrincipalRow::Team(*id))).collect()
}

fn roles(dice: &mut Dice, inventory: &mut Inventory, units: [Uuid; 2]) {
    let (mut roles, mut copies, mut privileges, mut holders) =
        (BTreeMap::new(), BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let rows = rows(inventory);
    for number in 0..ROLES {
        if dice.one_in(4) {
            continue;
        }
        let role = RoleRow {
            name: format!("Role {number}").into(),
            template: None,
            description: "".into(),
            reaches_members: !dice.one_in(4),
            managed: dice.one_in(6),
            customizable: true,
            auto_assigned: false,
            unit: units[0],
        };
        let root = if dice.one_in(3) { inventory.derived_role_id(&role.name) } else { id(7, number) };
        roles.insert(root, role);
        copies.insert(root, BTreeMap::from([(units[0], root), (units[1], id(8, number))]));
        let mut held = BTreeMap::new();
        for table in 0..TABLES.len() {
            for operation in 0..Operation::ALL.len() {
                if dice.one_in(4) {
                    held.insert(privilege_id(table, operation), dice.pick(&Depth::WRITABLE));
                }
            }
        }
        privileges.insert(root, held);
        let of_role =
            rows.iter().filter(|_| dice.one_in(3)).map(|row| (*row, inventory.unit_of(*row).expect("rows have units")));
        holders.insert(root, of_role.collect::<BTreeSet<_>>());
    }
    let own = rows.iter().map(|row| {
        let held: BTreeSet<Uuid> = holders
            .iter()
            .filter(|(_, of_role): &(&Uuid, &BTreeSet<(PrincipalRow, Uuid)>)| {
                of_role.iter().any(|(holder, _)| holder == row)
            })
            .map(|(role, _)| *role)
            .collect();
        (*row, held)
    });
    inventory.principal_roles = Section::whole(own.collect());
    inventory.roles = Section::whole(roles);
    inventory.copies = Section::whole(copies);
    inventory.role_privileges = Section::whole(privileges);
    inventory.holders = Section::whole(holders);
}

fn flows(dice: &mut Dice, inventory: &mut Inventory) {
    let rows = rows(inventory);
    let owner = rows[0];
    let (mut flows, mut definitions, mut parents, mut shares, mut references) =
        (BTreeMap::new(), BTreeMap::new(), BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let masks = [Rights::READ, Rights::READ, Rights::ALL, Rights(3), Rights(0), Rights(262_145)];
    let share = |dice: &mut Dice| -> BTreeMap<PrincipalRow, Rights> {
        rows.iter()
            .skip(1)
            .filter(|_| dice.one_in(3))
            .copied()
            .collect::<Vec<_>>()
            .into_iter()
            .map(|row| (row, dice.pick(&masks)))
            .collect()
    };
    for number in 0..FLOWS {
        let flow = FlowRow {
            name: format!("Flow {number}").into(),
            state: FlowState::Activated,
            managed: dice.one_in(5),
            customizable: !dice.one_in(8),
            owner,
        };
        flows.insert(id(10, number), flow);
        let mut connections = BTreeMap::new();
        for at in 0..dice.roll(4) {
            let connection = FlowConnection {
                logical_name: (at != 3).then(|| format!("contoso_{at}").into()),
                connector: "shared_sharepointonline".into(),
                mode: dice.pick(&[ConnectionMode::ProvidedByRunOnlyUser, ConnectionMode::UseThisConnection]),
                with_organization: false,
            };
            connections.insert(format!("shared_{at}").into(), connection);
        }
        let trigger = if dice.one_in(6) { Trigger::Automated("Recurrence".into()) } else { Trigger::Agent };
        definitions.insert(
            id(10, number),
            Facts { trigger, connections, children: BTreeSet::new(), operations: BTreeSet::new() },
        );
        parents.insert(id(10, number), if dice.one_in(8) { BTreeSet::from([id(10, 77)]) } else { BTreeSet::new() });
        shares.insert(id(10, number), share(dice));
    }
    for at in 0..3 {
        let reference = ConnectionReference {
            logical_name: format!("contoso_{at}").into(),
            display_name: format!("Reference {at}").into(),
            connector: "shared_sharepointonline".into(),
            bound: true,
            owner,
        };
        references.insert(id(11, at), reference);
        shares.insert(id(11, at), share(dice));
    }
    inventory.flows = Section::whole(flows);
    inventory.definitions = Section::whole(definitions);
    inventory.parents = Section::whole(parents);
    inventory.references = Section::whole(references);
    inventory.shares = Section::whole(shares);
    inventory.outside_flows = Section::whole(BTreeMap::new());
}

fn placed<T>(value: T, line: u32) -> Placed<T> {
    Placed { value, place: place(line) }
}

fn extent(dice: &mut Dice) -> Extent {
    dice.pick(&[Extent::Named, Extent::Exact])
}

fn list(dice: &mut Dice, line: u32) -> List {
    let mut members = Vec::new();
    for number in 0..USERS + GROUPS {
        if !dice.one_in(3) {
            continue;
        }
        let principal = if number < USERS {
            PrincipalName::User { name: Some(user_name(number)), id: dice.one_in(2).then(|| id(4, number)) }
        } else {
            let number = number - USERS;
            PrincipalName::Group {
                name: Some(format!("Group {number}")),
                id: Some(id(5, number)),
                membership: Membership::MembersAndGuests,
            }
        };
        let state = if dice.one_in(4) { State::Absent } else { State::Present };
        members.push(Member {
            principal,
            place: place(line + 1 + u32::try_from(number).expect("few members")),
            state,
            expires: None,
            sync: false,
        });
    }
    List { place: place(line), extent: Some(placed(extent(dice), line)), allow_empty: true, members }
}

/// Random wishes for a random environment.
pub(crate) fn desired(dice: &mut Dice) -> DesiredEnvironment {
    let environment = Environment {
        name: "contoso".into(),
        place: place(1),
        labels: BTreeMap::new(),
        url: None,
        environment_id: None,
        tenant: None,
        cloud: Cloud::Public,
        credentials: None,
        add_users: AddUsers::Dataverse,
        act_as: ActAs::Caller,
        group_teams: GroupTeams::default(),
        rails: Rails::default(),
    };
    let mut wanted = DesiredEnvironment {
        today: jiff::civil::date(2026, 6, 1),
        environment,
        roles: Vec::new(),
        assignments: Vec::new(),
        environment_roles: Vec::new(),
        flows: Vec::new(),
        policies: Vec::new(),
    };
    for number in 0..ROLES {
        let line = 100 * (1 + u32::try_from(number).expect("few roles"));
        let name = RoleName::Name(format!("Role {number}"));
        if dice.one_in(2) {
            let mut privileges = Vec::new();
            for (_, display) in TABLES {
                for operation in Operation::ALL {
                    if dice.one_in(3) {
                        let depth = (!dice.one_in(4)).then(|| dice.pick(&Depth::WRITABLE));
                        privileges.push(TablePrivilege {
                            table: placed(display.to_owned(), line),
                            operation,
                            depth,
                            expires: None,
                            place: place(line),
                        });
                    }
                }
            }
            wanted.roles.push(Role {
                place: place(line),
                role: placed(name.clone(), line),
                state: if dice.one_in(8) { State::Absent } else { State::Present },
                description: None,
                member_inheritance: dice.one_in(3).then(|| placed(true, line)),
                solution: None,
                allow_unmanaged_layer: dice.one_in(4),
                extent: Some(placed(extent(dice), line)),
                allow_empty: true,
                privileges,
                miscellaneous: Vec::new(),
            });
        }
        if dice.one_in(2) {
            let members = list(dice, line + 50);
            wanted.assignments.push(Assignment {
                place: place(line + 50),
                role: placed(name, line + 50),
                business_unit: None,
                members,
            });
        }
    }
    for number in 0..FLOWS {
        let line = 1000 * (1 + u32::try_from(number).expect("few flows"));
        if dice.one_in(4) {
            continue;
        }
        let mut connections = Vec::new();
        for at in 0..3 {
            if dice.one_in(3) {
                let mode = dice.pick(&[ConnectionMode::ProvidedByRunOnlyUser, ConnectionMode::UseThisConnection]);
                connections.push(Connection {
                    target: ConnectionTarget::LogicalName(format!("contoso_{at}")),
                    mode,
                    place: place(line),
                });
            }
        }
        wanted.flows.push(Flow {
            place: place(line),
            flow: placed(FlowName::Name(format!("Flow {number}")), line),
            allow_unmanaged_layer: dice.one_in(3),
            connections,
            run_only_users: dice.one_in(2).then(|| list(dice, line + 100)),
            owners: dice.one_in(3).then(|| list(dice, line + 200)),
            reference_readers: dice.one_in(3).then(|| list(dice, line + 300)),
            read_references: Vec::new(),
        });
    }
    wanted
}
