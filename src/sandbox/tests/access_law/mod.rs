//! Every combination of what decides over a row, against a rule that is written from Microsoft's pages alone and asks nothing
//! of the code that it judges (Learn: security roles and privileges; how access to a record is determined; manage group teams).
//!
//! Ada is of the unit Sales, which has East below it and HR beside it. `access_table` has part of this by hand, to be read;
//! `hierarchy` has what reaches managers, `limits` what a managed environment forbids.

mod hierarchy;
mod law;
mod limits;
mod tenants;

use serde_json::json;

use super::*;
use crate::sandbox::access::Authority;
use crate::sandbox::rights::Verb;
use law::{OWNERS, Owner, Share, Unit, Verdict, Way, World, law, worlds};
use tenants::{owner_of, rows, states, tenant};

const VERBS: [Verb; 7] =
    [Verb::Read, Verb::Write, Verb::Append, Verb::AppendTo, Verb::Share, Verb::Assign, Verb::Delete];

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
        let client = tenant(world);
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
    assert_eq!(decided, 5 * 12 * 4 * 7 * 5 * 7);
    assert_eq!(met.len(), 5, "each verdict is met: {met:?}");
}

#[test]
fn sets_and_new_rows_follow_the_same_rule_over_http() {
    for world in worlds() {
        let client = tenant(world);
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
        // As the last state left her: neither disabled nor without a role. A new row is of its owner's unit.
        for owner in OWNERS.into_iter().filter(|owner| *owner != Owner::Moved) {
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
