//! What a snapshot refuses, and where it says so.
use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::*;
use crate::inventory::EnvironmentFacts;
use crate::inventory::people::PrincipalRow;
use crate::inventory::section::Section;
use crate::inventory::things::{Flow, FlowState};
use crate::principal::Principal;

fn header(names: Names) -> Header {
    Header {
        powergrant_snapshot: Version::CURRENT,
        tool: "0.1.0".into(),
        cloud: "public".into(),
        tenant: Some(Uuid::from_u128(1)),
        taken: "2026-11-25T02:00:00Z".parse().unwrap(),
        caller: Some(Principal::Application { name: "powergrant".into(), id: Uuid::from_u128(3) }),
        names,
    }
}

fn taken(name: &str) -> Taken {
    let mut inventory = Inventory::empty(EnvironmentFacts { name: name.into(), ..EnvironmentFacts::default() });
    let flow = Flow {
        name: "Expense intake".into(),
        state: FlowState::Activated,
        managed: false,
        customizable: true,
        owner: PrincipalRow::User(Uuid::from_u128(7)),
    };
    inventory.flows = Section::only(BTreeSet::from([Uuid::from_u128(5)]), BTreeMap::from([(Uuid::from_u128(5), flow)]));
    Taken { scope: Scope::everything(), inventory }
}

/// A snapshot of two environments as text.
fn text() -> String {
    let header = header(Names::Plain);
    [begin(&header), environment(&header, taken("dev")), environment(&header, taken("prod")), end(2)].concat()
}

/// What a text is refused for; the test fails when it is not.
fn refusal(text: &str) -> Refusal {
    let mut snapshot = match Snapshot::open(text.as_bytes()) {
        Ok(snapshot) => snapshot,
        Err(refusal) => return refusal,
    };
    snapshot.find_map(Result::err).expect("the text is refused")
}

fn said(text: &str) -> String {
    let refusal = refusal(text);
    format!("{}:{} {}", refusal.line, refusal.column, refusal.fault)
}

#[test]
fn a_snapshot_comes_back_as_it_was_taken() {
    let text = text();
    let snapshot = Snapshot::open(text.as_bytes()).unwrap();
    assert_eq!(snapshot.header, header(Names::Plain));
    let read: Vec<Taken> = snapshot.map(Result::unwrap).collect();
    assert_eq!(read, [taken("dev"), taken("prod")]);
}

#[test]
fn another_major_version_is_refused_with_the_command_that_takes_a_new_one() {
    let other = |major: &str| {
        refusal(&text().replacen("\"major\":2", &format!("\"major\":{major}"), 1).replacen("\"tool\"", "\"tools\"", 1))
    };
    let older = other("1");
    assert_eq!(older.to_string(), "1:1: the snapshot's format is version 1.0, and this powergrant reads version 2");
    assert!(older.hint().starts_with("take a new one: `powergrant snapshot PATH --out FILE`"), "{}", older.hint());
    let newer = other("3");
    assert!(newer.hint().contains("the powergrant that wrote it"), "{}", newer.hint());
}

#[test]
fn what_is_no_snapshot_is_told_from_one_that_was_cut_off() {
    assert_eq!(said(""), "1:1 the file is empty");
    assert_eq!(said("apiVersion: powergrant.dev/v1alpha1\n"), "1:1 the first line is not that of a snapshot");
    let text = text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(said(&lines[..2].join("\n")), "3:1 the file ends after 1 environments, without its last line");
    let half = format!("{}\n{}\n{}", lines[0], lines[1], &lines[2][..lines[2].len() / 2]);
    assert!(said(&half).starts_with("3:"), "{}", said(&half));
}

#[test]
fn an_unknown_field_and_a_missing_one_are_refused_with_their_places() {
    let unknown = text().replacen("\"customizable\":true", "\"customizable\":true,\"clientdata\":\"{}\"", 1);
    let place = said(&unknown);
    assert!(place.starts_with("2:") && place.contains("unknown field `clientdata`"), "{place}");
    assert!(place.contains("environment.inventory.flows.read.rows"), "{place}");
    // Also what may be nothing has to be said: nothing stands in for it.
    for missing in ["\"gap\":null,", ",\"sharingLimits\":true", "\"tenant\":null,", "\"pseudonymous\":false"] {
        let text = text();
        let without = text.replacen(missing, "", 1).replace(",}", "}");
        assert_ne!(without, text, "{missing} is written");
        let says = said(&without);
        assert!(says.starts_with("2:") && says.contains("missing field"), "{missing}: {says}");
    }
}

#[test]
fn a_row_that_is_there_twice_is_refused() {
    let id = Uuid::from_u128(5);
    let row = serde_json::to_string(taken("dev").inventory.flows.row(&id).unwrap()).unwrap();
    let twice = text().replacen(&format!("\"{id}\":{row}"), &format!("\"{id}\":{row},\"{id}\":{row}"), 1);
    assert!(said(&twice).contains("a key is there twice"), "{}", said(&twice));
}

#[test]
fn environments_that_are_there_twice_missing_or_too_many_are_refused() {
    let header = header(Names::Plain);
    let twice = [begin(&header), environment(&header, taken("dev")), environment(&header, taken("dev"))].concat();
    assert_eq!(said(&twice), "3:1 environment `dev` is there twice");
    let fewer = [begin(&header), environment(&header, taken("dev")), end(2)].concat();
    assert_eq!(said(&fewer), "3:1 the last line counts 2 environments, and there are 1");
    assert_eq!(said(&(text() + "{}\n")), "5:1 something follows the last line");
    let hidden = Header { names: Names::Pseudonyms { salt: Uuid::from_u128(9) }, ..header.clone() };
    let mixed = [begin(&header), environment(&hidden, taken("dev"))].concat();
    assert_eq!(said(&mixed), "2:1 environment `dev` and the first line disagree whether names are pseudonyms");
}

#[test]
fn a_team_of_an_agent_is_still_known_as_one_under_a_pseudonym() {
    let pseudonyms = Pseudonyms::new(Uuid::from_u128(9));
    let team = format!("{}_1", Uuid::from_u128(3));
    assert_eq!(pseudonyms.of_name(&team).as_str(), team);
    assert_ne!(pseudonyms.of_name("Finance_1").as_str(), "Finance_1");
    assert_eq!(pseudonyms.of_name("Ada@Contoso.com "), pseudonyms.of_name("ada@contoso.com"));
}
