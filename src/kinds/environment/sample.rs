//! A small environment for unit tests: two business units, a few people, a group and a role.
use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::inventory::people::{
    BusinessUnit, DirectoryEntry, DirectoryKind, PrincipalRow, Team, TeamKind, User, UserKind,
};
use crate::inventory::section::{Reading, Section};
use crate::inventory::things::{Role, Settings};
use crate::inventory::{EnvironmentFacts, Inventory};
use crate::ledger::{Change, Entries, Ledger, Sight};
use crate::names::{self, EnvironmentRole, Membership, Ref};
use crate::place::Place;
use crate::principal::Principal;

/// An id that is easy to tell from others.
pub(crate) fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub(crate) const ROOT_UNIT: u128 = 0x10;
pub(crate) const SALES_UNIT: u128 = 0x11;
pub(crate) const ROLE: u128 = 0x20;
pub(crate) const ROLE_IN_SALES: u128 = 0x21;
pub(crate) const ADA: u128 = 0xa1;
pub(crate) const BOB: u128 = 0xb1;
pub(crate) const EVE: u128 = 0xe1;
pub(crate) const GROUP: u128 = 0x61;
pub(crate) const CLIENT: u128 = 0xc1;
pub(crate) const DEFAULT_TEAM: u128 = 0x71;
pub(crate) const AGENT_TEAM: u128 = 0x72;
pub(crate) const GROUP_TEAM: u128 = 0x73;
pub(crate) const SYSTEM_ROW: u128 = 0x81;

/// The row of a person or an application whose object or client id is given.
pub(crate) fn row(object: u128) -> Uuid {
    id(object + 0x1000)
}

/// Ada is in Sales, Bob at the root and disabled; Eve and the group are in the directory alone.
pub(crate) fn contoso() -> Inventory {
    let facts = EnvironmentFacts {
        name: "contoso-prod".into(),
        organization: Some(id(1)),
        environment_id: Some("Default-1".into()),
        url: Some("https://contoso.crm4.dynamics.com".into()),
        ..EnvironmentFacts::default()
    };
    let mut inventory = Inventory::empty(facts);
    inventory.settings = Reading::Read(Settings::default());
    inventory.units = Section::whole(BTreeMap::from([
        (id(ROOT_UNIT), BusinessUnit { name: "Contoso".into(), parent: None }),
        (id(SALES_UNIT), BusinessUnit { name: "Sales".into(), parent: Some(id(ROOT_UNIT)) }),
    ]));
    inventory.roles = Section::whole(BTreeMap::from([(id(ROLE), flow_runner())]));
    let copies = BTreeMap::from([(id(ROOT_UNIT), id(ROLE)), (id(SALES_UNIT), id(ROLE_IN_SALES))]);
    inventory.copies = Section::whole(BTreeMap::from([(id(ROLE), copies)]));
    inventory.holders = Section::whole(BTreeMap::from([(id(ROLE), BTreeSet::new())]));
    inventory.users = Section::whole(BTreeMap::from([
        (row(ADA), person("ada@contoso.com", ADA, SALES_UNIT, false)),
        (row(BOB), person("bob@contoso.com", BOB, ROOT_UNIT, true)),
        (
            row(CLIENT),
            User { application: Some(id(CLIENT)), kind: UserKind::Application, ..person("", 0, ROOT_UNIT, false) },
        ),
        (id(SYSTEM_ROW), User { object: None, kind: UserKind::Platform, ..person("SYSTEM", 0, ROOT_UNIT, false) }),
    ]));
    let agent_team = format!("{}_1", id(9));
    inventory.teams = Section::whole(BTreeMap::from([
        (id(DEFAULT_TEAM), Team { is_default: true, ..owner_team("Contoso") }),
        (id(AGENT_TEAM), owner_team(&agent_team)),
    ]));
    let enabled = |name: &str, kind| DirectoryEntry {
        kind,
        name: name.into(),
        mail: "".into(),
        application: None,
        enabled: true,
    };
    inventory.directory = Section::whole(BTreeMap::from([
        (id(EVE), enabled("eve@contoso.com", DirectoryKind::User)),
        (id(GROUP), enabled("SG-Expense-Prod", DirectoryKind::Group)),
        (
            id(0xc2),
            DirectoryEntry { application: Some(id(CLIENT)), ..enabled("Pipeline", DirectoryKind::ServicePrincipal) },
        ),
    ]));
    inventory.group_members =
        Section::whole(BTreeMap::from([(id(GROUP), BTreeSet::from([id(ADA), id(BOB), id(EVE)]))]));
    inventory.team_members = Section::whole(BTreeMap::new());
    inventory.environment_roles = Reading::Read(BTreeMap::from([(
        EnvironmentRole::Admin,
        BTreeMap::from([(ada(), "/assignments/1".into()), (Principal::Everyone, "/assignments/2".into())]),
    )]));
    inventory
}

/// The same with the group's team, of which Ada is a member where that is said.
pub(crate) fn with_group_team(members: &[u128]) -> Inventory {
    let mut inventory = contoso();
    let team = Team { kind: TeamKind::SecurityGroup, group: Some(id(GROUP)), ..owner_team("SG-Expense-Prod") };
    inventory.teams.rows_mut().insert(id(GROUP_TEAM), team);
    inventory.team_members.rows_mut().insert(id(GROUP_TEAM), members.iter().map(|member| row(*member)).collect());
    inventory
}

/// The same with somebody holding the role.
pub(crate) fn with_holder(holder: PrincipalRow, unit: u128) -> Inventory {
    let mut inventory = contoso();
    inventory.holders.rows_mut().entry(id(ROLE)).or_default().insert((holder, id(unit)));
    inventory
}

fn flow_runner() -> Role {
    Role {
        name: "Flow Runner".into(),
        template: None,
        description: "".into(),
        reaches_members: true,
        managed: false,
        customizable: true,
        auto_assigned: false,
        unit: id(ROOT_UNIT),
    }
}

fn person(upn: &str, object: u128, unit: u128, disabled: bool) -> User {
    User {
        full_name: if upn.is_empty() { "Pipeline" } else { upn }.into(),
        upn: upn.into(),
        mail: "".into(),
        object: Some(id(object)),
        application: None,
        kind: UserKind::Person,
        disabled,
        unit: id(unit),
    }
}

fn owner_team(name: &str) -> Team {
    Team {
        name: name.into(),
        kind: TeamKind::Owner,
        membership: Membership::MembersAndGuests,
        group: None,
        unit: id(ROOT_UNIT),
        is_default: false,
    }
}

pub(crate) fn ada() -> Principal {
    Principal::User { name: "ada@contoso.com".into(), id: id(ADA) }
}

pub(crate) fn bob() -> Principal {
    Principal::User { name: "bob@contoso.com".into(), id: id(BOB) }
}

pub(crate) fn eve() -> Principal {
    Principal::User { name: "eve@contoso.com".into(), id: id(EVE) }
}

pub(crate) fn group() -> Principal {
    Principal::Group { name: "SG-Expense-Prod".into(), id: id(GROUP), membership: Membership::MembersAndGuests }
}

pub(crate) fn application() -> Principal {
    Principal::Application { name: "Pipeline".into(), id: id(CLIENT) }
}

pub(crate) fn environment() -> Ref<names::Environment> {
    Ref::new("contoso-prod", id(1))
}

pub(crate) fn role() -> Ref<names::Role> {
    Ref::new("Flow Runner", id(ROLE))
}

/// A change of an entry.
pub(crate) fn change<L: Ledger>(entry: L::Entry, from: Option<L::Level>, to: Option<L::Level>) -> Change<L> {
    Change { entry, from, to, place: Place::start_of("people.yaml") }
}

/// The entries of what was found.
pub(crate) fn entries<L: Ledger>(sight: Sight<L>) -> Entries<L> {
    match sight {
        Sight::Found { entries, .. } => entries,
        Sight::Absent => panic!("absent"),
        Sight::Unreadable(problem) => panic!("{problem}"),
    }
}
