use std::fs;

use serde_json::json;

use super::*;
use crate::sandbox::organization::row_of;
use crate::sandbox::seed::{Seed, default_seed, make};

const CONTOSO: &str = "contoso-prod";

/// A tenant that is kept in a folder of its own.
struct Case {
    folder: tempfile::TempDir,
    keeper: Keeper,
    tenant: Tenant,
}

impl Case {
    fn begin() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tenant = make(&Seed::parse(default_seed()).unwrap()).unwrap();
        let keeper = Keeper::begin(&folder.path().join("deep/state.json"), &tenant).unwrap();
        Self { folder, keeper, tenant }
    }

    fn path(&self, extension: &str) -> PathBuf {
        self.folder.path().join("deep/state").with_extension(extension)
    }

    /// A request that does something, up to its answer.
    fn request(&mut self, change: impl FnOnce(&mut Tenant)) {
        let before = Before::of(&self.tenant);
        change(&mut self.tenant);
        let record = Record::since(&before, &self.tenant);
        for organization in self.tenant.organizations.values_mut() {
            organization.settle(0, 0);
        }
        self.keeper.note(&record.expect("the request changes something"), &self.tenant).unwrap();
    }

    /// Makes a row; its number is its key and its name.
    fn put(&mut self, number: u128) {
        self.request(|tenant| {
            let row = row_of(json!({ "name": format!("Flow {number}") }));
            tenant.organization_mut(CONTOSO).unwrap().put("workflow", uuid::Uuid::from_u128(number), row);
        });
    }

    /// What the next process reads, if this one is killed now.
    fn read(&self) -> Tenant {
        Keeper::load(&self.path("json")).unwrap().unwrap().1
    }
}

#[test]
fn the_state_is_read_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Keeper::load(&folder.path().join("state.json")).unwrap().is_none());
    let case = Case::begin();
    assert_eq!(case.read(), case.tenant);
    assert!(!case.path("journal").exists());
}

#[test]
fn every_kind_of_change_is_kept_before_it_is_answered() {
    let mut case = Case::begin();
    let whole = fs::read(case.path("json")).unwrap();
    case.put(1);
    assert_eq!(case.read(), case.tenant);
    case.request(|tenant| {
        let organization = tenant.organization_mut(CONTOSO).unwrap();
        assert!(organization.remove("workflow", uuid::Uuid::from_u128(1)));
        organization.keep("audit", uuid::Uuid::from_u128(2), row_of(json!({ "action": 3 })));
    });
    assert_eq!(case.read(), case.tenant);
    case.request(|tenant| drop(tenant.environments.pop_first().unwrap()));
    assert_eq!(case.read(), case.tenant);
    case.request(|tenant| drop(tenant.personal_flows.insert("another".into(), Vec::new())));
    assert_eq!(case.read(), case.tenant);
    assert!(fs::read(case.path("json")).unwrap() == whole, "no request writes everything");
}

#[test]
fn what_changed_nothing_is_not_written() {
    let case = Case::begin();
    assert_eq!(Record::since(&Before::of(&case.tenant), &case.tenant), None);
    case.keeper.settle(&case.tenant).unwrap();
    assert!(fs::read_to_string(case.path("json")).unwrap().contains(r#""generation":0"#), "nothing is to be taken in");
}

#[test]
fn a_killed_process_is_gone_on_from_and_leaves_one_file_when_it_stops() {
    let mut case = Case::begin();
    case.put(1);
    (case.keeper, case.tenant) = Keeper::load(&case.path("json")).unwrap().unwrap();
    case.put(2);
    assert_eq!(case.read(), case.tenant);
    case.keeper.settle(&case.tenant).unwrap();
    assert!(!case.path("journal").exists());
    assert_eq!(case.read(), case.tenant);
    case.put(3);
    assert_eq!(case.read(), case.tenant);
}

#[test]
fn a_line_that_was_not_finished_was_not_answered() {
    let mut case = Case::begin();
    case.put(1);
    let (known, kept) = (fs::read(case.path("journal")).unwrap(), case.tenant.clone());
    case.put(2);
    let all = fs::read(case.path("journal")).unwrap();
    for cut in [known.len() + 1, all.len() - 1] {
        fs::write(case.path("journal"), &all[..cut]).unwrap();
        (case.keeper, case.tenant) = Keeper::load(&case.path("json")).unwrap().unwrap();
        assert_eq!(case.tenant, kept);
        case.put(3);
        assert_eq!(case.read(), case.tenant);
    }
    fs::write(case.path("journal"), r#"{"gener"#).unwrap();
    (case.keeper, case.tenant) = Keeper::load(&case.path("json")).unwrap().unwrap();
    case.put(4);
    assert_eq!(case.read(), case.tenant);
}

#[test]
fn a_journal_that_was_taken_in_already_is_passed_over() {
    let mut case = Case::begin();
    case.put(1);
    let journal = fs::read(case.path("journal")).unwrap();
    case.request(|tenant| {
        assert!(tenant.organization_mut(CONTOSO).unwrap().remove("workflow", uuid::Uuid::from_u128(1)));
    });
    case.keeper.save(&case.tenant).unwrap();
    // A crash came before the journal was removed.
    fs::write(case.path("journal"), journal).unwrap();
    (case.keeper, case.tenant) = Keeper::load(&case.path("json")).unwrap().unwrap();
    assert!(case.tenant.organization(CONTOSO).unwrap().row("workflow", uuid::Uuid::from_u128(1)).is_none());
    case.put(2);
    assert_eq!(case.read(), case.tenant);
}

#[test]
fn who_starts_over_does_not_find_the_journal_of_before() {
    let mut case = Case::begin();
    case.put(1);
    let tenant = make(&Seed::parse(default_seed()).unwrap()).unwrap();
    Keeper::begin(&case.path("json"), &tenant).unwrap();
    assert_eq!(case.read(), tenant);
}

#[test]
fn a_journal_does_not_outgrow_the_whole() {
    let mut case = Case::begin();
    let bound = fs::metadata(case.path("json")).unwrap().len().max(SMALL);
    let text = "x".repeat(100_000);
    let mut renewed = 0;
    for number in 0..u128::from(bound / 50_000) {
        case.request(|tenant| {
            let row = row_of(json!({ "name": text }));
            tenant.organization_mut(CONTOSO).unwrap().put("workflow", uuid::Uuid::from_u128(number % 3), row);
        });
        let size = fs::metadata(case.path("journal")).map_or(0, |journal| journal.len());
        renewed += usize::from(size == 0);
        assert!(size < bound + 200_000, "{size}");
    }
    assert_eq!(renewed, 1);
    assert_eq!(case.read(), case.tenant);
}

#[test]
fn a_file_that_is_not_ours_says_how_to_start_over() {
    let mut case = Case::begin();
    case.put(1);
    let journal = fs::read_to_string(case.path("journal")).unwrap();
    for text in ["nonsense\n".to_owned(), format!("{journal}nonsense\n"), journal.replace(CONTOSO, "another")] {
        fs::write(case.path("journal"), &text).unwrap();
        assert!(Keeper::load(&case.path("json")).unwrap_err().to_string().contains("--sandbox-reset"), "{text}");
    }
    for text in ["{", r#"{"version":7,"tenant":{}}"#, r#"{"version":1,"tenant":{}}"#] {
        fs::write(case.path("json"), text).unwrap();
        assert!(Keeper::load(&case.path("json")).unwrap_err().to_string().contains("--sandbox-reset"), "{text}");
    }
}
