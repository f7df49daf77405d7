//! Every combination of depth, holder, owner, business unit and share, as Microsoft documents them
//! (Learn: security roles and privileges; how access to a record is determined; manage group teams).

use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::sandbox::access::Authority;
use crate::sandbox::rights::Verb;

/// What Ada of the unit Sales reaches. Sales has East below it, and HR beside it. Crew is her team; through whom she holds the
/// privilege stands first. Rows: her own; crew's; others' in Sales, East, the root and HR; and others' in HR that are shared with
/// her, with crew, with nothing left of the share, and with another right.
const TABLE: &str = "
    holder           depth   own crew  sales east root hr   ada crew none other
    nothing          -       .   .     .     .    .    .    .   .    .    .
    own              Basic   x   x     .     .    .    .    x   x    .    .
    own              Local   x   x     x     .    .    .    x   x    .    .
    own              Deep    x   x     x     x    .    .    x   x    .    .
    own              Global  x   x     x     x    x    x    x   x    x    x
    inherited        Basic   x   x     .     .    .    .    x   x    .    .
    inherited        Local   x   x     x     .    .    .    x   x    .    .
    inherited        Deep    x   x     x     x    .    .    x   x    .    .
    inherited        Global  x   x     x     x    x    x    x   x    x    x
    team-only        Basic   .   x     .     .    .    .    .   x    .    .
    team-only        Local   x   x     x     .    .    .    x   x    .    .
    team-only        Deep    x   x     x     x    .    .    x   x    .    .
    team-only        Global  x   x     x     x    x    x    x   x    x    x
    inherited-of-hr  Basic   x   x     .     .    .    .    x   x    .    .
    inherited-of-hr  Local   x   x     .     .    .    x    x   x    x    x
    inherited-of-hr  Deep    x   x     .     .    .    x    x   x    x    x
    inherited-of-hr  Global  x   x     x     x    x    x    x   x    x    x
    team-only-of-hr  Basic   .   x     .     .    .    .    .   x    .    .
    team-only-of-hr  Local   .   x     .     .    .    x    x   x    x    x
    team-only-of-hr  Deep    .   x     .     .    .    x    x   x    x    x
    team-only-of-hr  Global  x   x     x     x    x    x    x   x    x    x
    group-before     Global  .   .     .     .    .    .    .   .    .    .
    group            Basic   x   x     .     .    .    .    x   x    .    .
    group            Local   x   x     x     .    .    .    x   x    .    .
    group            Deep    x   x     x     x    .    .    x   x    .    .
    group            Global  x   x     x     x    x    x    x   x    x    x
    nested-before    Global  .   .     .     .    .    .    .   .    .    .
    nested           Basic   x   x     .     .    .    .    x   x    .    .
    nested           Local   x   x     x     .    .    .    x   x    .    .
    nested           Deep    x   x     x     x    .    .    x   x    .    .
    nested           Global  x   x     x     x    x    x    x   x    x    x
";

const VERBS: [Verb; 7] =
    [Verb::Read, Verb::Write, Verb::Append, Verb::AppendTo, Verb::Share, Verb::Assign, Verb::Delete];

pub(super) fn seed(holder: &str, depth: &str) -> String {
    let unit = if holder.ends_with("-of-hr") { "HR" } else { "Sales" };
    let inherited = !holder.starts_with("team-only");
    let all = ["Create", "Read", "Write", "Delete", "Append", "AppendTo", "Assign", "Share"];
    let privileges: Vec<String> = all.iter().map(|verb| format!("prv{verb}Account: {depth}")).collect();
    let privileges = if depth == "-" { String::new() } else { privileges.join(", ") };
    let own = if holder == "own" { ", Holder" } else { "" };
    let team = if holder == "own" || holder == "nothing" { "" } else { "Holder" };
    let group = if holder.starts_with("nested") { "SG-Inner" } else { "ada@contoso.com" };
    let crew = if holder.starts_with("group") || holder.starts_with("nested") {
        format!("{{ group: SG-Crew, unit: {unit}, synced: {}, roles: [{team}] }}", !holder.ends_with("-before"))
    } else {
        format!("{{ name: SG-Crew, unit: {unit}, members: [ada@contoso.com], roles: [{team}] }}")
    };
    format!(
        "
tenant: {{ id: 11111111-1111-1111-1111-111111111111, domain: contoso.com }}
caller: {{ application: powergrant }}
directory:
  users:
    - {{ name: Ada, upn: ada@contoso.com }}
    - {{ name: In sales, upn: sales@contoso.com }}
    - {{ name: In east, upn: east@contoso.com }}
    - {{ name: In root, upn: root@contoso.com }}
    - {{ name: In hr, upn: hr@contoso.com }}
  groups:
    - {{ name: SG-Inner, members: [ada@contoso.com] }}
    - {{ name: SG-Crew, members: [{group}] }}
  servicePrincipals:
    - {{ name: powergrant, appId: 33333333-3333-3333-3333-333333333333 }}
environments:
  - name: contoso-prod
    dataverse:
      url: https://contoso.crm4.dynamics.com
      rootBusinessUnit: Contoso
      businessUnits: [{{ name: Sales }}, {{ name: East, parent: Sales }}, {{ name: HR }}]
      roles:
        - {{ name: Holder, inherited: {inherited}, privileges: {{ {privileges} }} }}
        - {{ name: Empty }}
      users:
        - {{ application: powergrant, roles: [System Administrator] }}
        - {{ user: ada@contoso.com, unit: Sales, roles: [Empty{own}] }}
        - {{ user: sales@contoso.com, unit: Sales }}
        - {{ user: east@contoso.com, unit: East }}
        - {{ user: root@contoso.com }}
        - {{ user: hr@contoso.com, unit: HR }}
      teams: [ {crew} ]
"
    )
}

/// Makes the ten rows, in the order of the table's columns.
pub(super) fn rows(client: &Client) -> Vec<Uuid> {
    let crew = client.with(|organization| organization.named("team", "SG-Crew").unwrap());
    let ada = client.user("ada@contoso.com");
    let other = |name: &str| client.user(&format!("{name}@contoso.com"));
    let owners = [
        ada,
        crew,
        other("sales"),
        other("east"),
        other("root"),
        other("hr"),
        other("hr"),
        other("hr"),
        other("hr"),
        other("hr"),
    ];
    let shares = [
        None,
        None,
        None,
        None,
        None,
        None,
        Some((ada, 0xF_FFFF)),
        Some((crew, 0xF_FFFF)),
        Some((ada, 0)),
        Some((ada, 32)),
    ];
    let mut made = Vec::new();
    for (number, (owner, share)) in owners.into_iter().zip(shares).enumerate() {
        let key = Uuid::from_u128(0xA000 + number as u128);
        let set =
            client.with(|organization| if organization.row("team", owner).is_some() { "teams" } else { "systemusers" });
        let body = json!({ "accountid": key, "name": format!("row {number}"), "ownerid@odata.bind": format!("/{set}({owner})") });
        assert_eq!(client.post("accounts", &body).status, 204);
        if let Some((principal, mask)) = share {
            client.with(|organization| {
                let kind = if principal == crew { "team" } else { "systemuser" };
                crate::sandbox::shares::put(organization, ("account", key), (kind, principal), mask);
            });
        }
        made.push(key);
    }
    made
}

/// The lines of the table: holder, depth, and what is reached.
fn lines() -> Vec<(&'static str, &'static str, Vec<bool>)> {
    let lines = TABLE.lines().map(str::trim).filter(|line| !line.is_empty()).skip(1);
    lines
        .map(|line| {
            let mut words = line.split_whitespace();
            let (holder, depth) = (words.next().unwrap(), words.next().unwrap());
            (holder, depth, words.map(|word| word == "x").collect())
        })
        .collect()
}

#[test]
fn every_combination_is_decided_as_documented() {
    let mut decided = 0;
    for (holder, depth, reached) in lines() {
        let client = sandbox_of(&seed(holder, depth));
        let rows = rows(&client);
        assert_eq!(rows.len(), reached.len(), "{holder} {depth}");
        let ada = client.user("ada@contoso.com");
        client.with(|organization| {
            let authority = Authority::of(organization, ada);
            let table = organization.table("account").unwrap();
            for (number, (row, expected)) in rows.iter().zip(&reached).enumerate() {
                for verb in VERBS {
                    let outcome = authority.require_on(organization, table, verb, *row);
                    assert_eq!(outcome.is_ok(), *expected, "{holder} {depth}: {verb:?} on row {number}");
                    if let Err(fault) = outcome {
                        let is_held = holder != "nothing" && !holder.ends_with("-before");
                        let code = if is_held { "0x80048306" } else { "0x80040220" };
                        assert_eq!(
                            (fault.status, fault.code.as_str()),
                            (403, code),
                            "{holder} {depth}: {verb:?} on row {number}"
                        );
                    }
                    decided += 1;
                }
            }
        });
    }
    assert_eq!(decided, 31 * 10 * 7);
}

#[test]
fn sets_leave_out_what_single_rows_and_writes_refuse() {
    for (holder, depth, reached) in lines().into_iter().filter(|(holder, ..)| !holder.ends_with("-before")) {
        let client = sandbox_of(&seed(holder, depth));
        let rows = rows(&client);
        let ada = client.by("ada@contoso.com");
        if holder == "nothing" {
            expect(&ada.get("accounts?$select=name"), 403, "0x80040220");
            expect(&ada.post("accounts", &json!({ "name": "new" })), 403, "0x80040220");
            continue;
        }
        let seen: Vec<String> = ada
            .rows("accounts?$select=accountid")
            .iter()
            .map(|row| row["accountid"].as_str().unwrap().to_owned())
            .collect();
        for (number, (row, expected)) in rows.iter().zip(&reached).enumerate() {
            let place = format!("{holder} {depth}, row {number}");
            assert_eq!(seen.contains(&row.to_string()), *expected, "{place}");
            let one = ada.get(&format!("accounts({row})?$select=name"));
            let written = ada.patch(&format!("accounts({row})"), &json!({ "name": "changed" }));
            if *expected {
                assert_eq!((one.status, written.status), (200, 204), "{place}");
                assert_eq!(ada.ask("DELETE", &format!("accounts({row})"), &[], "").status, 204, "{place}");
            } else {
                expect(&one, 403, "0x80048306");
                expect(&written, 403, "0x80048306");
                expect(&ada.ask("DELETE", &format!("accounts({row})"), &[], ""), 403, "0x80048306");
                assert!(written.body.unwrap().to_string().contains("does not have WriteAccess right(s)"), "{place}");
            }
        }
    }
}
