//! Who can do what: single rules on a small environment, and a plain pair-by-pair reading as the law.
use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::*;
use crate::inventory::people::{Team, TeamKind};
use crate::inventory::section::Section;
use crate::inventory::things::Rights;
use crate::names::{Membership, Operation};
use crate::plan::world::{self, Dice, id};
use crate::problem::{Cause, Problem};

const FLOW: (u64, u64) = (10, 0);
const REFERENCE: (u64, u64) = (11, 0);

/// A random environment in which teams have members, and people of groups are not here yet.
pub(crate) fn peopled(dice: &mut Dice) -> Inventory {
    let mut inventory = world::inventory(dice);
    let rows: Vec<Uuid> = inventory.users.rows().map(|(row, _)| *row).collect();
    let teams: Vec<(Uuid, Option<Uuid>)> = inventory.teams.rows().map(|(row, team)| (*row, team.group)).collect();
    let mut members = BTreeMap::new();
    let mut groups = BTreeMap::new();
    for (team, group) in teams {
        let some = |dice: &mut Dice| rows.iter().filter(|_| dice.roll(2) == 0).copied().collect::<BTreeSet<Uuid>>();
        members.insert(team, some(dice));
        if let Some(group) = group.filter(|_| dice.roll(3) != 0) {
            let people = (0..5).filter(|_| dice.roll(2) == 0).map(|number| id(4, number)).collect::<BTreeSet<Uuid>>();
            groups.insert(group, people);
        }
    }
    let asked = groups.keys().copied().collect();
    inventory.team_members = Section::whole(members);
    inventory.group_members = Section::only(asked, groups);
    inventory
}

/// Whether somebody is in a team, read for one person and one team.
fn is_in(inventory: &Inventory, person: &Person, team: Uuid) -> Ability {
    let row = inventory.teams.row(&team).expect("a team of the world");
    let now = person.row.is_some_and(|row| inventory.team_members.row(&team).is_some_and(|rows| rows.contains(&row)));
    let listed = row.group.and_then(|group| inventory.group_members.row(&group));
    match (row.group, listed, now) {
        (Some(_), Some(people), _) => {
            if person.object.is_some_and(|object| people.contains(&object)) {
                Ability::Can
            } else {
                Ability::Cannot
            }
        }
        (_, _, true) => Ability::Can,
        (Some(_), None, false) => Ability::Unknown,
        (None, _, false) => Ability::Cannot,
    }
}

fn worst(abilities: impl IntoIterator<Item = Ability>) -> Ability {
    abilities.into_iter().fold(Ability::Cannot, |best, next| match (best, next) {
        (Ability::Can, _) | (_, Ability::Can) => Ability::Can,
        (Ability::Unknown, _) | (_, Ability::Unknown) => Ability::Unknown,
        (Ability::Cannot, Ability::Cannot) => Ability::Cannot,
    })
}

fn both(one: Ability, other: Ability) -> Ability {
    match (one, other) {
        (Ability::Cannot, _) | (_, Ability::Cannot) => Ability::Cannot,
        (Ability::Unknown, _) | (_, Ability::Unknown) => Ability::Unknown,
        (Ability::Can, Ability::Can) => Ability::Can,
    }
}

/// Whether a row stands for a person.
fn stands_for(inventory: &Inventory, person: &Person, row: PrincipalRow) -> Ability {
    match row {
        PrincipalRow::User(user) if person.row == Some(user) => Ability::Can,
        PrincipalRow::User(_) => Ability::Cannot,
        PrincipalRow::Team(team) => is_in(inventory, person, team),
        PrincipalRow::Organization(_) => Ability::Can,
    }
}

/// Whether one person reaches one row with Read, read assignment by assignment.
fn reads(inventory: &Inventory, person: &Person, table: &str, row: Uuid, owner: PrincipalRow) -> Ability {
    let privilege = inventory.privilege(table, Operation::Read).expect("a privilege of the world").id;
    let shares =
        || inventory.shares.row(&row).into_iter().flatten().filter(|(_, rights)| rights.contains(Rights::READ));
    let shared = worst(shares().map(|(with, _)| stands_for(inventory, person, *with)));
    let mut ways = Vec::new();
    for (role, holders) in inventory.holders.rows() {
        let Some(depth) = inventory.role_privileges.row(role).and_then(|held| held.get(&privilege)) else { continue };
        let reaches_members = inventory.roles.row(role).is_some_and(|role| role.reaches_members);
        for (holder, unit) in holders {
            let counts = stands_for(inventory, person, *holder);
            let owner_unit = inventory.unit_of(owner);
            let below = |unit: Uuid| {
                owner_unit == Some(unit)
                    || owner_unit.and_then(|own| inventory.units.row(&own)?.parent).is_some_and(|parent| parent == unit)
            };
            let by_depth = match depth {
                Depth::Organization => true,
                Depth::BusinessUnit => owner_unit == Some(*unit),
                Depth::ParentChildBusinessUnits => below(*unit),
                Depth::User | Depth::RecordFilter => false,
            };
            let owns = stands_for(inventory, person, owner);
            let by_owner = match (holder, owner) {
                (PrincipalRow::User(_), _) => owns,
                (PrincipalRow::Team(team), PrincipalRow::Team(owner)) if *team == owner => owns,
                (PrincipalRow::Team(_), PrincipalRow::User(_)) if reaches_members => owns,
                (PrincipalRow::Team(_) | PrincipalRow::Organization(_), _) => Ability::Cannot,
            };
            // User level of a team's role that does not reach members is for what is shared with the team itself.
            let with_the_team = match holder {
                PrincipalRow::Team(_) if shares().any(|(with, _)| with == holder) => counts,
                PrincipalRow::User(_) | PrincipalRow::Team(_) | PrincipalRow::Organization(_) => Ability::Cannot,
            };
            let by_share = match (holder, reaches_members, depth) {
                (PrincipalRow::Team(_), false, Depth::User) => with_the_team,
                (PrincipalRow::Team(_), false, Depth::RecordFilter) => {
                    worst([with_the_team, both(shared, Ability::Unknown)])
                }
                _ => shared,
            };
            let by_row = worst([if by_depth { Ability::Can } else { Ability::Cannot }, by_owner, by_share]);
            ways.push(both(counts, by_row));
        }
    }
    worst(ways)
}

#[test]
fn for_everybody_at_once_is_for_each_by_himself() {
    for seed in 0..1_000 {
        let inventory = peopled(&mut Dice::new(seed));
        let access = Access::of(&inventory);
        let holders = access.table_holders("workflow", Operation::Read);
        for (flow, row) in inventory.flows.rows() {
            let reach = access.reach(Reach { right: Rights::READ, owner: row.owner, id: *flow, holders: &holders });
            for (position, person) in access.people().iter().enumerate() {
                let alone = reads(&inventory, person, "workflow", *flow, row.owner);
                assert_eq!(reach.ability(position), alone, "seed {seed}, {} of {}", person.principal, row.name);
            }
        }
    }
}

#[test]
fn a_privilege_has_a_grant_exactly_for_those_who_certainly_hold_it() {
    for seed in 0..200 {
        let inventory = peopled(&mut Dice::new(seed));
        let access = Access::of(&inventory);
        let privilege = inventory.privilege("workflow", Operation::Read).expect("a privilege of the world").id;
        let holders = access.holders(Some(privilege));
        for position in 0..access.people().len() {
            let grants = access.grants(position, privilege);
            assert_eq!(!grants.is_empty(), holders.any.ability(position) == Ability::Can, "seed {seed}");
            assert_eq!(access.privileges(position).get(&privilege).cloned().unwrap_or_default(), grants, "seed {seed}");
            for depth in Depth::WRITABLE {
                let held = grants
                    .iter()
                    .any(|grant| grant.depth >= depth && (grant.reaches_members || grant.depth > Depth::User));
                assert_eq!(holders.at_least(depth).certain().contains(position), held, "seed {seed}, {depth}");
            }
        }
    }
}

/// What is known of somebody at his place, in all that is asked of holders and teams.
fn known(access: &Access<'_>, person: usize) -> Vec<Ability> {
    let Holders { any, organization, own_rows, shared_rows, own_role, of_team, units, trees } =
        access.table_holders("workflow", Operation::Read);
    let mut known: Vec<Ability> =
        [any, organization, own_rows, shared_rows, own_role, access.with_role(), access.present()]
            .map(|crowd| crowd.ability(person))
            .into();
    let inventory = access.inventory();
    for (team, _) in inventory.teams.rows() {
        known.push(access.members(*team).ability(person));
        known.push(of_team.get(team).map_or(Ability::Cannot, |crowd| crowd.ability(person)));
    }
    for (unit, _) in inventory.units.rows() {
        known.extend([&units, &trees].map(|of| of.get(unit).map_or(Ability::Cannot, |crowd| crowd.ability(person))));
    }
    known
}

#[test]
fn whoever_is_looked_at_alone_is_answered_as_among_everybody() {
    let mut unknown = 0;
    for seed in 0..300 {
        let mut inventory = peopled(&mut Dice::new(seed));
        // What was not read is the same doubt for one as for all.
        match seed % 5 {
            0 => inventory.group_members = Section::NotAsked,
            1 => inventory.team_members = Section::NotAsked,
            2 => inventory.principal_roles = Section::NotAsked,
            3 => inventory.role_privileges = Section::NotAsked,
            _ => {}
        }
        for moment in [Moment::Now, Moment::NextAccess] {
            let everybody = Access::at(&inventory, moment);
            for (position, person) in everybody.people().iter().enumerate() {
                let alone = Access::alone(&inventory, moment, &person.principal).expect("he is known");
                assert_eq!(alone.people(), std::slice::from_ref(person), "seed {seed}");
                let (one, among) = (known(&alone, 0), known(&everybody, position));
                assert_eq!(one, among, "seed {seed}, {moment:?}: {}", person.principal);
                assert_eq!(alone.privileges(0), everybody.privileges(position), "seed {seed}");
                assert_eq!(alone.roles(0), everybody.roles(position), "seed {seed}");
                unknown += usize::from(one.contains(&Ability::Unknown));
            }
        }
        let stranger = Principal::User { name: "nobody@contoso.example".into(), id: id(4, 77) };
        assert!(Access::alone(&inventory, Moment::Now, &stranger).is_none());
    }
    assert!(unknown > 500, "{unknown}");
}

/// Ada and Bob, a role with Read on Process at User level, and a flow of Bob's.
fn small() -> Inventory {
    let mut inventory = world::inventory(&mut Dice::new(1));
    let (ada, bob) = (id(3, 0), id(3, 1));
    let user = inventory.users.rows().next().expect("somebody is there").1.clone();
    let users = [(ada, id(4, 0)), (bob, id(4, 1))].map(|(row, object)| {
        (row, crate::inventory::people::User { object: Some(object), disabled: false, ..user.clone() })
    });
    inventory.users = Section::whole(users.into());
    inventory.teams = Section::whole(BTreeMap::new());
    inventory.team_members = Section::whole(BTreeMap::new());
    inventory.group_members = Section::whole(BTreeMap::new());
    inventory.principal_roles = Section::whole(BTreeMap::new());
    let unit = inventory.root_unit().expect("a root").id;
    let role = crate::inventory::things::Role {
        name: "Runner".into(),
        template: None,
        description: "".into(),
        reaches_members: true,
        managed: false,
        customizable: true,
        auto_assigned: false,
        unit,
    };
    inventory.roles = Section::whole(BTreeMap::from([(id(7, 0), role)]));
    let read = inventory.privilege("workflow", Operation::Read).expect("a privilege").id;
    inventory.role_privileges = Section::whole(BTreeMap::from([(id(7, 0), BTreeMap::from([(read, Depth::User)]))]));
    inventory.holders = Section::whole(BTreeMap::from([(id(7, 0), BTreeSet::new())]));
    let flow = inventory.flows.rows_mut().entry(id(FLOW.0, FLOW.1)).or_insert_with(|| unreachable!("the world has it"));
    flow.owner = PrincipalRow::User(bob);
    inventory.shares = Section::whole(BTreeMap::from([
        (id(FLOW.0, FLOW.1), BTreeMap::new()),
        (id(REFERENCE.0, REFERENCE.1), BTreeMap::new()),
    ]));
    inventory
}

fn share(inventory: &mut Inventory, with: PrincipalRow, rights: Rights) {
    inventory.shares.rows_mut().entry(id(FLOW.0, FLOW.1)).or_default().insert(with, rights);
}

fn assign(inventory: &mut Inventory, to: PrincipalRow) {
    let unit = inventory.root_unit().expect("a root").id;
    inventory.holders.rows_mut().entry(id(7, 0)).or_default().insert((to, unit));
}

fn team(inventory: &mut Inventory, kind: TeamKind, members: &[Uuid]) -> PrincipalRow {
    let row = Team {
        name: "SG-Runners".into(),
        kind,
        membership: Membership::MembersAndGuests,
        group: (kind == TeamKind::SecurityGroup).then(|| id(5, 0)),
        unit: inventory.root_unit().expect("a root").id,
        is_default: false,
    };
    inventory.teams.rows_mut().insert(id(6, 0), row);
    inventory.team_members.rows_mut().insert(id(6, 0), members.iter().copied().collect());
    PrincipalRow::Team(id(6, 0))
}

fn ada_runs(inventory: &Inventory) -> Ability {
    let access = Access::of(inventory);
    let ada = access.people().iter().position(|person| person.row == Some(id(3, 0))).expect("Ada is here");
    access.runners(id(FLOW.0, FLOW.1)).ability(ada)
}

#[test]
fn a_share_without_a_role_gives_nothing_and_a_role_at_user_level_without_a_share_neither() {
    let ada = PrincipalRow::User(id(3, 0));
    let mut inventory = small();
    share(&mut inventory, ada, Rights::READ);
    assert_eq!(ada_runs(&inventory), Ability::Cannot);
    let mut inventory = small();
    assign(&mut inventory, ada);
    assert_eq!(ada_runs(&inventory), Ability::Cannot);
    share(&mut inventory, ada, Rights::READ);
    assert_eq!(ada_runs(&inventory), Ability::Can);
}

#[test]
fn a_member_who_has_not_come_yet_runs_from_the_next_access_on() {
    let mut inventory = small();
    let group = team(&mut inventory, TeamKind::SecurityGroup, &[]);
    assign(&mut inventory, group);
    share(&mut inventory, group, Rights::READ);
    assert_eq!(ada_runs(&inventory), Ability::Cannot, "the directory says that nobody is in the group");
    inventory.group_members = Section::whole(BTreeMap::from([(id(5, 0), BTreeSet::from([id(4, 0)]))]));
    assert_eq!(ada_runs(&inventory), Ability::Can);
    let now = Access::at(&inventory, Moment::Now);
    assert_eq!(now.runners(id(FLOW.0, FLOW.1)).certain().len(), 0);
    let access = Access::of(&inventory);
    let ada = access.person(&Principal::User { name: "".into(), id: id(4, 0) }).expect("Ada");
    let (ways, more) = access.ways(ada, id(FLOW.0, FLOW.1));
    assert_eq!((ways.len(), ways[0].kind, more), (1, WayKind::RunOnly, Ability::Cannot));
    assert_eq!(ways[0].team.as_ref().map(|(_, belonging)| *belonging), Some(Belonging::FromNextAccess));
}

#[test]
fn what_was_not_read_is_unknown_and_never_a_no() {
    let ada = PrincipalRow::User(id(3, 0));
    let unread = || Problem::without_request(Cause::Forbidden, "Dataverse", "no", "");
    let mut whole = small();
    assign(&mut whole, ada);
    let mut inventory = whole.clone();
    inventory.shares = Section::Unreadable(unread());
    assert_eq!(ada_runs(&inventory), Ability::Unknown);
    share(&mut whole, ada, Rights::READ);
    let mut inventory = whole.clone();
    inventory.role_privileges = Section::Unreadable(unread());
    assert_eq!(ada_runs(&inventory), Ability::Unknown);
    let mut inventory = whole.clone();
    inventory.holders = Section::NotAsked;
    inventory.principal_roles = Section::NotAsked;
    assert_eq!(ada_runs(&inventory), Ability::Unknown);
    let mut inventory = whole.clone();
    inventory.tables = Section::NotAsked;
    assert_eq!(ada_runs(&inventory), Ability::Unknown);
    let mut inventory = whole;
    inventory.shares = inventory.shares.with_gap(Some(unread()));
    assert_eq!(ada_runs(&inventory), Ability::Can, "what was seen stands");
}

#[test]
fn a_role_of_a_team_counts_as_a_role_of_its_members_only_with_inheritance_and_a_user_level_privilege() {
    let mut inventory = small();
    let group = team(&mut inventory, TeamKind::Owner, &[id(3, 0)]);
    assign(&mut inventory, group);
    let has_role = |inventory: &Inventory| Access::of(inventory).with_role().certain().len();
    assert_eq!(has_role(&inventory), 1);
    let mut narrow = inventory.clone();
    narrow.roles.rows_mut().values_mut().for_each(|role| role.reaches_members = false);
    assert_eq!(has_role(&narrow), 0);
    let mut wide = inventory;
    let privileges = wide.role_privileges.rows_mut().values_mut();
    privileges.flat_map(BTreeMap::values_mut).for_each(|depth| *depth = Depth::Organization);
    assert_eq!(has_role(&wide), 0);
}

#[test]
fn a_flow_lends_the_connections_that_its_users_do_not_bring() {
    for seed in 0..50 {
        let inventory = world::inventory(&mut Dice::new(seed));
        let access = Access::of(&inventory);
        for (flow, facts) in inventory.definitions.rows() {
            let lent = access.lent(*flow).expect("the text was read");
            let by_hand = facts
                .connections
                .iter()
                .filter(|(_, connection)| connection.mode == crate::names::ConnectionMode::UseThisConnection);
            assert_eq!(
                lent.iter().map(|one| &one.key).collect::<Vec<_>>(),
                by_hand.map(|(key, _)| key).collect::<Vec<_>>()
            );
            assert!(lent.iter().all(|one| one.reference.is_none() || one.owner.is_some()), "seed {seed}");
        }
    }
}
