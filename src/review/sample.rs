//! A small environment with administrators, flows and what they lend, and manifests for it, for tests of reviews.
use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{Review, review};
use crate::clientdata::{Connection, Facts, Trigger};
use crate::compile::compile;
use crate::compile::desired::DesiredEnvironment;
use crate::inventory::Inventory;
use crate::inventory::people::{PrincipalRow, User, UserKind};
use crate::inventory::section::{Reading, Section};
use crate::inventory::things::{Caller, ConnectionReference, Flow, FlowState, Privilege, Rights, Role, Table};
use crate::kinds::environment::sample::{self, ADA, BOB, CLIENT, ROLE, ROOT_UNIT, id, row};
use crate::manifest;
use crate::names::{BuiltInRole, ConnectionMode, Depth, Operation};
use crate::plan::plan;
use crate::rules::Rule;

pub(crate) const ADMINISTRATOR: u128 = 0x2_0001;
pub(crate) const DELEGATE: u128 = 0x2_0002;
pub(crate) const MIA: u128 = 0x3a;
pub(crate) const ZOE: u128 = 0x2e;
pub(crate) const GUEST: u128 = 0x9e;
pub(crate) const INTAKE: u128 = 0xf1;
pub(crate) const PAYROLL: u128 = 0xf2;
pub(crate) const ARCHIVE: u128 = 0xf3;
pub(crate) const OUTLOOK: u128 = 0xc0;
const PROCESS: u128 = 0x90;
const ROLES: u128 = 0x91;

/// Mia and Zoe are administrators and enabled; powergrant is an application and administrator. Mia owns three flows:
/// Expense intake lends her mailbox, Payroll is managed and lends it too, Archive is the child of Expense intake.
pub(crate) fn inventory() -> Inventory {
    let mut inventory = sample::contoso();
    let caller = Caller { user: row(CLIENT), unit: id(ROOT_UNIT), organization: id(1), privileges: BTreeMap::new() };
    inventory.caller = Reading::Read(caller);
    for (upn, object) in
        [("mia@contoso.com", MIA), ("zoe@contoso.com", ZOE), ("gus_fabrikam.com#EXT#@contoso.com", GUEST)]
    {
        inventory.users.rows_mut().insert(row(object), person(upn, object));
    }
    let administrator = built_in(BuiltInRole::SystemAdministrator);
    inventory.roles.rows_mut().insert(id(ADMINISTRATOR), administrator);
    inventory.roles.rows_mut().insert(id(DELEGATE), built_in(BuiltInRole::Delegate));
    let holders = [MIA, ZOE, CLIENT].map(|object| (PrincipalRow::User(row(object)), id(ROOT_UNIT)));
    inventory.holders.rows_mut().insert(id(ADMINISTRATOR), BTreeSet::from(holders));
    inventory.holders.rows_mut().insert(id(DELEGATE), BTreeSet::new());
    inventory.environment_roles = Reading::NotAsked;
    let everybody: Vec<Uuid> = inventory.users.rows().map(|(row, _)| *row).collect();
    inventory.user_teams = Section::whole(everybody.iter().map(|user| (*user, BTreeSet::new())).collect());
    inventory.principal_roles = Section::whole(BTreeMap::new());
    let tables = [("workflow", "Process", PROCESS), ("role", "Security Role", ROLES)];
    inventory.tables = Section::whole(
        tables.iter().map(|(name, display, number)| ((*name).into(), table(name, display, *number))).collect(),
    );
    inventory.privileges = Section::whole(BTreeMap::new());
    let read = privilege_id(PROCESS, Operation::Read);
    let held = BTreeMap::from([(read, Depth::User)]);
    inventory.role_privileges = Section::whole(BTreeMap::from([
        (id(ROLE), held.clone()),
        (id(ADMINISTRATOR), held.clone()),
        (id(DELEGATE), held),
    ]));
    add_flows(&mut inventory);
    inventory
}

fn add_flows(inventory: &mut Inventory) {
    let owner = PrincipalRow::User(row(MIA));
    let flow = |name: &str, managed| Flow {
        name: name.into(),
        state: FlowState::Activated,
        managed,
        customizable: true,
        owner,
    };
    inventory.flows = Section::whole(BTreeMap::from([
        (id(INTAKE), flow("Expense intake", false)),
        (id(PAYROLL), flow("Payroll", true)),
        (id(ARCHIVE), flow("Archive", false)),
    ]));
    let outlook = |mode| Connection {
        logical_name: Some("contoso_outlook".into()),
        connector: "shared_office365".into(),
        mode,
        with_organization: false,
    };
    let facts = |mode, children: &[u128]| Facts {
        trigger: Trigger::Agent,
        connections: BTreeMap::from([("shared_office365".into(), outlook(mode))]),
        children: children.iter().map(|child| id(*child)).collect(),
        operations: BTreeSet::new(),
    };
    inventory.definitions = Section::whole(BTreeMap::from([
        (id(INTAKE), facts(ConnectionMode::UseThisConnection, &[ARCHIVE])),
        (id(PAYROLL), facts(ConnectionMode::UseThisConnection, &[])),
        (id(ARCHIVE), facts(ConnectionMode::UseThisConnection, &[])),
    ]));
    inventory.parents = Section::whole(BTreeMap::from([(id(ARCHIVE), BTreeSet::from([id(INTAKE)]))]));
    let reference = ConnectionReference {
        logical_name: "contoso_outlook".into(),
        display_name: "Mailbox".into(),
        connector: "shared_office365".into(),
        bound: true,
        owner,
    };
    inventory.references = Section::whole(BTreeMap::from([(id(OUTLOOK), reference)]));
    let none = BTreeMap::new;
    inventory.shares = Section::whole(BTreeMap::from([
        (id(INTAKE), none()),
        (id(PAYROLL), none()),
        (id(ARCHIVE), none()),
        (id(OUTLOOK), none()),
    ]));
    inventory.outside_flows = Section::whole(BTreeMap::new());
}

fn person(upn: &str, object: u128) -> User {
    User {
        full_name: upn.into(),
        upn: upn.into(),
        mail: "".into(),
        object: Some(id(object)),
        application: None,
        kind: UserKind::Person,
        disabled: false,
        unit: id(ROOT_UNIT),
    }
}

fn built_in(role: BuiltInRole) -> Role {
    Role {
        name: role.names()[0].into(),
        template: Some(role.fixed_id().0),
        description: "".into(),
        reaches_members: true,
        managed: true,
        customizable: true,
        auto_assigned: false,
        unit: id(ROOT_UNIT),
    }
}

fn privilege_id(table: u128, operation: Operation) -> Uuid {
    let number = Operation::ALL.iter().position(|known| *known == operation).expect("every operation is listed");
    id((table << 16) + number as u128)
}

fn table(logical: &str, display: &str, number: u128) -> Table {
    let privileges = Operation::ALL.map(|operation| {
        let name = format!("prv{operation}{logical}").into();
        (operation, Privilege { name, id: privilege_id(number, operation), depths: Depth::WRITABLE.to_vec() })
    });
    Table { display_name: display.into(), set: format!("{logical}s").into(), privileges: Some(privileges.into()) }
}

/// The same with somebody sharing a flow or a reference.
pub(crate) fn with_share(mut inventory: Inventory, of: u128, with: PrincipalRow, rights: Rights) -> Inventory {
    inventory.shares.rows_mut().entry(id(of)).or_default().insert(with, rights);
    inventory
}

/// The same with somebody holding a role at his own business unit.
pub(crate) fn with_holder(mut inventory: Inventory, role: u128, holder: PrincipalRow) -> Inventory {
    let unit = inventory.unit_of(holder).unwrap_or(id(ROOT_UNIT));
    inventory.holders.rows_mut().entry(id(role)).or_default().insert((holder, unit));
    inventory
}

/// The rows of Ada and Bob.
pub(crate) fn ada_row() -> PrincipalRow {
    PrincipalRow::User(row(ADA))
}

pub(crate) fn bob_row() -> PrincipalRow {
    PrincipalRow::User(row(BOB))
}

/// What manifests want on 1 June 2026, with these rails in the Environment document.
pub(crate) fn desired(rails: &str, documents: &str) -> DesiredEnvironment {
    let text = format!(
        "apiVersion: powergrant.dev/v1alpha1\nkind: Environment\nmetadata: {{ name: contoso-prod }}\nspec:\n  \
         url: https://contoso.crm4.dynamics.com\n  rails: {{ {rails} }}\n---\n{documents}"
    );
    let loaded = manifest::load([("access.yaml".to_owned(), Ok(text))]);
    assert_eq!(loaded.findings, []);
    let (desired, findings) = compile(&loaded.documents, jiff::civil::date(2026, 6, 1), &[]);
    assert!(findings.iter().all(|finding| finding.severity != crate::finding::Severity::Error), "{findings:#?}");
    desired.environments.into_iter().next().expect("one environment")
}

/// A document for the environment of the tests.
pub(crate) fn document(kind: &str, spec: &str) -> String {
    format!(
        "apiVersion: powergrant.dev/v1alpha1\nkind: {kind}\nmetadata: {{ name: a }}\nenvironments: [contoso-prod]\nspec: {spec}\n"
    )
}

/// Reviews one document.
pub(crate) fn review_of(rails: &str, kind: &str, spec: &str, inventory: &Inventory) -> Review {
    let desired = desired(rails, &document(kind, spec));
    let plan = plan(&desired, inventory);
    assert!(!plan.has_errors(), "{:#?}", plan.findings);
    review(&desired, &plan, inventory)
}

/// The rails that one document trips.
pub(crate) fn tripped(rails: &str, kind: &str, spec: &str, inventory: &Inventory) -> Vec<Rule> {
    review_of(rails, kind, spec, inventory).tripped.into_iter().map(|tripped| tripped.rule).collect()
}
