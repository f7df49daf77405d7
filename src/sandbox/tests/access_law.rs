//! Every combination of what decides over a row, against a rule that is written from Microsoft's pages alone and asks nothing
//! of the code that it judges (Learn: security roles and privileges; how access to a record is determined; manage group teams).
//!
//! Ada is of the unit Sales, which has East below it and HR beside it. `access_table` has part of this by hand, to be read.

use std::fmt::Write as _;

use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::sandbox::access::Authority;
use crate::sandbox::rights::Verb;

/// How far the privilege reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Held {
    Not,
    User,
    Unit,
    Below,
    Organization,
}

/// Through what Ada has the role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// It is hers.
    Direct,
    /// An owner team that she is in, whose members inherit the role.
    Team,
    /// An owner team, whose members do not inherit it.
    TeamOnly,
    /// A group team of a group that she is in.
    Group,
    /// A group team of a group that has a group that she is in.
    Nested,
    /// A group team that she has not come into yet.
    Before,
}

/// Where somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Root,
    Sales,
    East,
    Hr,
}

/// Who owns a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    Ada,
    Crew,
    Other(Unit),
}

/// How a row is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Share {
    Not,
    WithAda,
    WithCrew,
    /// Something that no operation here asks for.
    AnotherRight,
    /// A share that was revoked and not cleaned up.
    Nothing,
}

/// What is to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Yes,
    Disabled,
    NoRole,
    NoPrivilege,
    NoAccess,
}

/// Who Ada is, before rows are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct World {
    held: Held,
    way: Way,
    /// Where the team is; nothing when the role is her own.
    team: Unit,
    is_disabled: bool,
    has_another_role: bool,
}

const HELD: [Held; 5] = [Held::Not, Held::User, Held::Unit, Held::Below, Held::Organization];
const WAYS: [Way; 6] = [Way::Direct, Way::Team, Way::TeamOnly, Way::Group, Way::Nested, Way::Before];
const OWNERS: [Owner; 6] = [
    Owner::Ada,
    Owner::Crew,
    Owner::Other(Unit::Sales),
    Owner::Other(Unit::East),
    Owner::Other(Unit::Root),
    Owner::Other(Unit::Hr),
];
const SHARES: [Share; 5] = [Share::Not, Share::WithAda, Share::WithCrew, Share::AnotherRight, Share::Nothing];
const VERBS: [Verb; 7] =
    [Verb::Read, Verb::Write, Verb::Append, Verb::AppendTo, Verb::Share, Verb::Assign, Verb::Delete];

/// The rule, sentence by sentence.
fn law(world: World, owner: Owner, share: Share) -> Verdict {
    let World { held, way, team, is_disabled, has_another_role } = world;
    if is_disabled {
        return Verdict::Disabled;
    }
    let is_member = way != Way::Before;
    let is_inherited = matches!(way, Way::Direct | Way::Team | Way::Group | Way::Nested);
    // "If your group team's security role has a member's privilege inheritance and the security role contains at least one
    // privilege that has User level permission, members need no role of their own."
    let counts_as_role = way == Way::Direct || (is_member && is_inherited && held == Held::User);
    if !has_another_role && !counts_as_role {
        return Verdict::NoRole;
    }
    if held == Held::Not || !is_member {
        return Verdict::NoPrivilege;
    }
    let base = if way == Way::Direct { Unit::Sales } else { team };
    let of_owner = match owner {
        Owner::Ada => Unit::Sales,
        Owner::Crew => team,
        Owner::Other(unit) => unit,
    };
    let by_depth = match held {
        Held::Not | Held::User => false,
        Held::Unit => base == of_owner,
        Held::Below => base == of_owner || (base == Unit::Sales && of_owner == Unit::East),
        Held::Organization => true,
    };
    // "Team privileges only": at User level the role is for what the team owns or is given; from Business Unit on there is no
    // difference between the two.
    let is_for_herself = is_inherited || held > Held::User;
    let by_owner = match owner {
        Owner::Ada => is_inherited,
        Owner::Crew => true,
        Owner::Other(_) => false,
    };
    let by_share = match share {
        Share::WithAda => is_for_herself,
        Share::WithCrew => true,
        Share::Not | Share::AnotherRight | Share::Nothing => false,
    };
    if by_depth || by_owner || by_share { Verdict::Yes } else { Verdict::NoAccess }
}

fn worlds() -> Vec<World> {
    let mut worlds = Vec::new();
    for held in HELD {
        for way in WAYS {
            let teams: &[Unit] = if way == Way::Direct { &[Unit::Sales] } else { &[Unit::Sales, Unit::Hr] };
            for team in teams {
                worlds.push(World { held, way, team: *team, is_disabled: false, has_another_role: true });
            }
        }
    }
    worlds
}

/// Makes Ada disabled or not, and gives or takes the role that holds nothing here.
fn states(client: &Client, world: World) -> impl Iterator<Item = World> {
    let (ada, empty) = (client.user("ada@contoso.com"), client.role("Empty"));
    let empty = client.with(|organization| organization.copy_for(ada, empty).unwrap());
    let states = [(true, false), (true, true), (false, false), (false, true)];
    states.into_iter().map(move |(is_disabled, has_another_role)| {
        client.with(|organization| {
            organization.change("systemuser", ada, [("isdisabled".to_owned(), json!(is_disabled))]);
            if has_another_role {
                organization.give_role(ada, empty);
            } else {
                organization.take_role(ada, empty);
            }
        });
        World { is_disabled, has_another_role, ..world }
    })
}

fn seed(world: World) -> String {
    let World { held, way, team, .. } = world;
    let depth = match held {
        Held::Not => None,
        Held::User => Some("Basic"),
        Held::Unit => Some("Local"),
        Held::Below => Some("Deep"),
        Held::Organization => Some("Global"),
    };
    let mut privileges = String::new();
    for verb in ["Create", "Read", "Write", "Delete", "Append", "AppendTo", "Assign", "Share"] {
        if let Some(depth) = depth {
            let _ = write!(privileges, "prv{verb}Account: {depth}, ");
        }
    }
    let own = if way == Way::Direct { "Empty, Holder" } else { "Empty" };
    let of_team = if way == Way::Direct { "" } else { "Holder" };
    let unit = if team == Unit::Hr { "HR" } else { "Sales" };
    let crew = match way {
        Way::Direct | Way::Team | Way::TeamOnly => {
            format!("{{ name: SG-Crew, unit: {unit}, members: [ada@contoso.com], roles: [{of_team}] }}")
        }
        Way::Group | Way::Nested | Way::Before => {
            format!("{{ group: SG-Crew, unit: {unit}, synced: {}, roles: [{of_team}] }}", way != Way::Before)
        }
    };
    let member = if way == Way::Nested { "SG-Inner" } else { "ada@contoso.com" };
    let yaml = r"
tenant: { id: 11111111-1111-1111-1111-111111111111, domain: contoso.com }
caller: { application: powergrant }
directory:
  users:
    - { name: Ada, upn: ada@contoso.com }
    - { name: In sales, upn: sales@contoso.com }
    - { name: In east, upn: east@contoso.com }
    - { name: In root, upn: root@contoso.com }
    - { name: In hr, upn: hr@contoso.com }
  groups: [{ name: SG-Inner, members: [ada@contoso.com] }, { name: SG-Crew, members: [@member] }]
  servicePrincipals: [{ name: powergrant, appId: 33333333-3333-3333-3333-333333333333 }]
environments:
  - name: contoso-prod
    dataverse:
      url: https://contoso.crm4.dynamics.com
      rootBusinessUnit: Contoso
      businessUnits: [{ name: Sales }, { name: East, parent: Sales }, { name: HR }]
      roles: [{ name: Holder, inherited: @inherited, privileges: { @privileges } }, { name: Empty }]
      users:
        - { application: powergrant, roles: [System Administrator] }
        - { user: ada@contoso.com, unit: Sales, roles: [@own] }
        - { user: sales@contoso.com, unit: Sales }
        - { user: east@contoso.com, unit: East }
        - { user: root@contoso.com }
        - { user: hr@contoso.com, unit: HR }
      teams: [ @crew ]
";
    yaml.replace("@member", member)
        .replace("@inherited", if way == Way::TeamOnly { "false" } else { "true" })
        .replace("@privileges", &privileges)
        .replace("@own", own)
        .replace("@crew", &crew)
}

fn owner_of(client: &Client, owner: Owner) -> Uuid {
    match owner {
        Owner::Ada => client.user("ada@contoso.com"),
        Owner::Crew => client.with(|organization| organization.named("team", "SG-Crew").unwrap()),
        Owner::Other(Unit::Sales) => client.user("sales@contoso.com"),
        Owner::Other(Unit::East) => client.user("east@contoso.com"),
        Owner::Other(Unit::Root) => client.user("root@contoso.com"),
        Owner::Other(Unit::Hr) => client.user("hr@contoso.com"),
    }
}

/// Makes one row per owner and share.
fn rows(client: &Client) -> Vec<(Owner, Share, Uuid)> {
    let (ada, crew) = (owner_of(client, Owner::Ada), owner_of(client, Owner::Crew));
    let mut made = Vec::new();
    for owner in OWNERS {
        let id = owner_of(client, owner);
        let kind = if owner == Owner::Crew { "team" } else { "systemuser" };
        for share in SHARES {
            let key = Uuid::from_u128(0xA000 + made.len() as u128);
            client.with(|organization| {
                let unit = crate::sandbox::access::unit_of(organization, kind, id);
                let row = json!({
                    "name": "row", "_ownerid_value": id, "_owningbusinessunit_value": unit,
                    "_owninguser_value": (kind == "systemuser").then_some(id), "_owningteam_value": (kind == "team").then_some(id),
                });
                organization.put("account", key, crate::sandbox::organization::row_of(row));
            });
            let row = match share {
                Share::Not => None,
                Share::WithAda => Some(("systemuser", ada, 0xF_FFDF)),
                Share::WithCrew => Some(("team", crew, 0xF_FFDF)),
                Share::AnotherRight => Some(("systemuser", ada, 32)),
                Share::Nothing => Some(("systemuser", ada, 0)),
            };
            if let Some((kind, principal, mask)) = row {
                client.with(|organization| {
                    crate::sandbox::shares::put(organization, ("account", key), (kind, principal), mask);
                });
            }
            made.push((owner, share, key));
        }
    }
    made
}

const fn code(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Yes => "",
        Verdict::Disabled => "0x80040225",
        Verdict::NoRole => "0x80042f09",
        Verdict::NoPrivilege => "0x80040220",
        Verdict::NoAccess => "0x80048306",
    }
}

/// What the recorded texts have in them.
fn text(verdict: Verdict, verb: Verb) -> String {
    match verdict {
        Verdict::Yes => String::new(),
        Verdict::Disabled => "is disabled. Consider enabling this user.".to_owned(),
        Verdict::NoRole => "has not been assigned any roles.".to_owned(),
        Verdict::NoPrivilege => format!("is missing prv{}Account privilege (Id=", verb.word()),
        Verdict::NoAccess => format!("does not have {}Access right(s) for record with id", verb.word()),
    }
}

#[test]
fn every_combination_is_decided_by_the_documented_rule() {
    let (mut decided, mut met) = (0, BTreeMap::new());
    for world in worlds() {
        let client = sandbox_of(&seed(world));
        let rows = rows(&client);
        let ada = client.user("ada@contoso.com");
        for world in states(&client, world) {
            client.with(|organization| {
                let authority = Authority::of(organization, ada);
                let table = organization.table("account").unwrap();
                for (owner, share, key) in &rows {
                    let expected = law(world, *owner, *share);
                    for verb in VERBS {
                        let (found, message) = match authority.require_on(organization, table, verb, *key) {
                            Ok(()) => (String::new(), String::new()),
                            Err(fault) => (fault.code, fault.message),
                        };
                        let place = || format!("{world:?} {owner:?} {share:?} {verb:?}");
                        assert_eq!(found, code(expected), "{}", place());
                        assert!(message.contains(&text(expected, verb)), "{}: {message}", place());
                        decided += 1;
                        *met.entry(code(expected)).or_insert(0) += 1;
                    }
                }
            });
        }
    }
    assert_eq!(decided, 5 * 11 * 4 * 6 * 5 * 7);
    assert_eq!(met.len(), 5, "each verdict is met: {met:?}");
}

#[test]
fn sets_and_new_rows_follow_the_same_rule_over_http() {
    for world in worlds() {
        let client = sandbox_of(&seed(world));
        let rows = rows(&client);
        let ada = client.by("ada@contoso.com");
        // The access itself brings her into her groups' teams.
        let world = if world.way == Way::Before { World { way: Way::Group, ..world } } else { world };
        for world in states(&client, world) {
            let answer = ada.get("accounts?$select=accountid");
            let general = match law(world, Owner::Other(Unit::Root), Share::Not) {
                Verdict::Yes | Verdict::NoAccess => Verdict::Yes,
                refused @ (Verdict::Disabled | Verdict::NoRole | Verdict::NoPrivilege) => refused,
            };
            expect(&answer, if general == Verdict::Yes { 200 } else { 403 }, code(general));
            if general == Verdict::Yes {
                let body = answer.body.unwrap();
                let seen: Vec<_> = body["value"].as_array().unwrap().iter().map(|row| &row["accountid"]).collect();
                for (owner, share, key) in &rows {
                    let is_seen = seen.contains(&&json!(key));
                    assert_eq!(is_seen, law(world, *owner, *share) == Verdict::Yes, "{world:?} {owner:?} {share:?}");
                }
            }
        }
        // As the last state left her: neither disabled nor without a role.
        for owner in OWNERS {
            let set = if owner == Owner::Crew { "teams" } else { "systemusers" };
            let bound = format!("/{set}({})", owner_of(&client, owner));
            let made = ada.post("accounts", &json!({ "name": "new", "ownerid@odata.bind": bound }));
            let expected = law(world, owner, Share::Not);
            let status = if expected == Verdict::Yes { 204 } else { 403 };
            assert_eq!(
                (made.status, status_and_code(&made).1.as_str()),
                (status, code(expected)),
                "{world:?} {owner:?}"
            );
        }
    }
}
