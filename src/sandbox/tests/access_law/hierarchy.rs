//! What reaches a manager through those who report to her (Learn: hierarchy security), in every combination.
//!
//! A chain of four below Ada of Sales, who holds the privilege at User level: the first two of Sales, the third of East below it, the
//! fourth of Sales again; and one who reports to her from HR beside it. Each is in a team. The rule is written from the page.

use serde_json::json;

use super::super::*;
use super::VERBS;
use crate::sandbox::access::{Authority, unit_of};
use crate::sandbox::organization::row_of;
use crate::sandbox::rights::Verb;

const PEOPLE: [&str; 5] = ["first", "second", "third", "fourth", "beside"];

/// How a row comes to a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Through {
    Owner,
    /// A team of the report's owns it.
    Team,
    /// It is shared with the report, for reading and writing.
    Share,
    /// It is shared with a team of the report's, for reading.
    TeamShare,
    /// It is only of the report's business unit.
    Unit,
}

const THROUGH: [Through; 5] = [Through::Owner, Through::Team, Through::Share, Through::TeamShare, Through::Unit];

/// What the organisation is set to.
#[derive(Debug, Clone, Copy)]
struct Setting {
    is_on: bool,
    /// Managers may be of any business unit.
    is_anywhere: bool,
    has_privilege: bool,
}

/// The rule, sentence by sentence.
fn may(setting: Setting, person: usize, through: Through, verb: Verb) -> bool {
    if !setting.is_on || !setting.has_privilege {
        return false;
    }
    // "A manager must be within the same business unit as the report, or in the parent business unit."
    if PEOPLE[person] == "beside" && !setting.is_anywhere {
        return false;
    }
    let level = if PEOPLE[person] == "beside" { 1 } else { person + 1 };
    // "For a direct report, the manager has Read, Write, Append, AppendTo access; for a nondirect report read-only access"; the depth.
    let by_level = match verb {
        Verb::Read => level <= 3,
        Verb::Write | Verb::Append | Verb::AppendTo => level == 1,
        Verb::Create | Verb::Delete | Verb::Share | Verb::Assign => false,
    };
    // "Owned by the user or by the team that a user is a member of, and directly shared with" either; with read-only access it stays so.
    let by_row = match through {
        Through::Owner | Through::Team => true,
        Through::Share => matches!(verb, Verb::Read | Verb::Write),
        Through::TeamShare => verb == Verb::Read,
        // "User 1 doesn't have access to the accounts of User 3, even though their direct report might."
        Through::Unit => false,
    };
    by_level && by_row
}

fn seed(setting: Setting) -> String {
    let unit = |person: &str| match person {
        "third" => "East",
        "beside" => "HR",
        _ => "Sales",
    };
    let manager = |person: &str| match person {
        "second" => "first",
        "third" => "second",
        "fourth" => "third",
        _ => "ada",
    };
    let everyone = PEOPLE.iter().chain(&["stranger"]);
    let people: String =
        everyone.map(|person| format!("\n    - {{ name: {person}, upn: {person}@contoso.com }}")).collect();
    let users: String = PEOPLE
        .iter()
        .map(|person| {
            let (unit, manager) = (unit(person), manager(person));
            format!("\n        - {{ user: {person}@contoso.com, unit: {unit}, manager: {manager}@contoso.com }}")
        })
        .collect();
    let teams: Vec<String> = PEOPLE
        .iter()
        .map(|person| format!("{{ name: Team of {person}, unit: {}, members: [{person}@contoso.com] }}", unit(person)))
        .collect();
    let verbs = ["Read", "Write", "Append", "AppendTo", "Share", "Assign", "Delete"];
    let held: Vec<String> = verbs.iter().map(|verb| format!("prv{verb}Account: Basic")).collect();
    format!(
        "
tenant: {{ id: 11111111-1111-1111-1111-111111111111, domain: contoso.com }}
caller: {{ application: powergrant }}
directory:
  users:
    - {{ name: ada, upn: ada@contoso.com }}{people}
  servicePrincipals: [{{ name: powergrant, appId: 33333333-3333-3333-3333-333333333333 }}]
environments:
  - name: contoso-prod
    dataverse:
      url: https://contoso.crm4.dynamics.com
      rootBusinessUnit: Contoso
      hierarchySecurity: {is_on}
      settings: {{ ManagersMustBeInSameOrParentBusinessUnitAsReports: {is_near} }}
      businessUnits: [{{ name: Sales }}, {{ name: East, parent: Sales }}, {{ name: HR }}]
      roles: [{{ name: Holder, privileges: {{ {held} }} }}, {{ name: Empty }}]
      users:
        - {{ application: powergrant, roles: [System Administrator] }}
        - {{ user: ada@contoso.com, unit: Sales, roles: [{role}] }}{users}
        - {{ user: stranger@contoso.com, unit: Sales }}
      teams: [{teams}]
",
        is_on = setting.is_on,
        is_near = !setting.is_anywhere,
        held = held.join(", "),
        role = if setting.has_privilege { "Holder" } else { "Empty" },
        teams = teams.join(", "),
    )
}

/// Makes a row that comes to a report.
fn row(client: &Client, number: u128, person: &str, through: Through) -> Uuid {
    let (report, stranger) = (client.user(&format!("{person}@contoso.com")), client.user("stranger@contoso.com"));
    client.with(|organization| {
        let team = organization.named("team", &format!("Team of {person}")).unwrap();
        let key = Uuid::from_u128(0xB000 + number);
        let (kind, owner) = match through {
            Through::Owner => ("systemuser", report),
            Through::Team => ("team", team),
            Through::Share | Through::TeamShare | Through::Unit => ("systemuser", stranger),
        };
        let unit = unit_of(organization, "systemuser", report);
        let row = json!({ "name": "row", "_ownerid_value": owner, "_owningbusinessunit_value": unit,
            "_owningteam_value": (kind == "team").then_some(owner) });
        organization.put("account", key, row_of(row));
        let share = match through {
            Through::Share => Some(("systemuser", report, Verb::Read.bit() | Verb::Write.bit())),
            Through::TeamShare => Some(("team", team, Verb::Read.bit())),
            Through::Owner | Through::Team | Through::Unit => None,
        };
        if let Some((kind, principal, mask)) = share {
            crate::sandbox::shares::put(organization, ("account", key), (kind, principal), mask);
        }
        key
    })
}

#[test]
fn what_reaches_a_manager_is_decided_by_the_documented_rule() {
    let mut decided = (0, 0);
    for bits in 0..8_u8 {
        let setting = Setting { is_on: bits & 1 > 0, is_anywhere: bits & 2 > 0, has_privilege: bits & 4 > 0 };
        let client = sandbox_of(&seed(setting));
        let mut rows = Vec::new();
        for (person, name) in PEOPLE.iter().enumerate() {
            for through in THROUGH {
                rows.push((person, through, row(&client, rows.len() as u128, name, through)));
            }
        }
        let ada = client.user("ada@contoso.com");
        client.with(|organization| {
            let authority = Authority::of(organization, ada);
            let table = organization.table("account").unwrap();
            for (person, through, key) in &rows {
                for verb in VERBS {
                    let expected = may(setting, *person, *through, verb);
                    let outcome = authority.require_on(organization, table, verb, *key);
                    let place = || format!("{setting:?} {} {through:?} {verb:?}: {outcome:?}", PEOPLE[*person]);
                    assert_eq!(outcome.is_ok(), expected, "{}", place());
                    decided.0 += 1;
                    decided.1 += usize::from(expected);
                }
            }
        });
        // A set shows the same rows.
        if setting.has_privilege {
            let seen = client.by("ada@contoso.com").rows("accounts?$select=accountid");
            let expected =
                rows.iter().filter(|(person, through, _)| may(setting, *person, *through, Verb::Read)).count();
            assert_eq!(seen.len(), expected, "{setting:?}");
        }
    }
    assert_eq!(decided, (8 * 25 * 7, 49));
}
