//! What is derived from a flow's definition, and that nothing of it is guessed.
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::{env, fs};

use uuid::Uuid;

use super::needs::unlisted;
use super::*;
use crate::clientdata::{Facts, facts};
use crate::inventory::people::PrincipalRow;
use crate::inventory::section::Section;
use crate::inventory::things::{
    Flow as FlowRow, FlowState, Privilege, Relationship, Role as RoleRow, Table as TableRow,
};
use crate::inventory::{EnvironmentFacts, Inventory};
use crate::names::{BuiltInRole, ConnectionMode, Flow, Ref};

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// A table whose privileges all have ids of its own number; tables of the organisation know one depth alone.
fn table(number: u128, display: &str, set: &str, depths: &[Depth]) -> TableRow {
    let privileges = Operation::ALL.into_iter().enumerate().map(|(at, operation)| {
        let privilege = Privilege {
            name: format!("prv{operation}{display}").into(),
            id: id(number * 100 + u128::try_from(at).unwrap()),
            depths: depths.to_vec(),
        };
        (operation, privilege)
    });
    TableRow { display_name: display.into(), set: set.into(), privileges: Some(privileges.collect()) }
}

/// An environment with three tables, Basic User that reads cost centers, and one flow with these facts.
fn inventory(facts: Facts) -> (Inventory, Ref<Flow>) {
    let mut inventory = Inventory::empty(EnvironmentFacts { name: "contoso".into(), ..EnvironmentFacts::default() });
    let centers = table(3, "Cost Center", "contoso_costcenters", &[Depth::Organization]);
    let reads_centers = centers.privileges.as_ref().unwrap()[&Operation::Read].id;
    inventory.tables = Section::whole(BTreeMap::from([
        ("workflow".into(), table(1, "Process", "workflows", &Depth::WRITABLE)),
        ("contoso_expense".into(), table(2, "Expense", "contoso_expenses", &Depth::WRITABLE)),
        ("contoso_costcenter".into(), centers),
        ("connectionreference".into(), table(4, "Connection Reference", "connectionreferences", &Depth::WRITABLE)),
    ]));
    let (template, _) = BuiltInRole::BasicUser.fixed_id();
    let role = RoleRow {
        name: "Basic User".into(),
        template: Some(template),
        description: "".into(),
        reaches_members: true,
        managed: true,
        customizable: true,
        auto_assigned: false,
        unit: id(9),
    };
    inventory.roles = Section::whole(BTreeMap::from([(id(7), role)]));
    let held = BTreeMap::from([(reads_centers, Depth::Organization)]);
    inventory.role_privileges = Section::whole(BTreeMap::from([(id(7), held)]));
    let row = FlowRow {
        name: "Expense intake".into(),
        state: FlowState::Activated,
        managed: false,
        customizable: true,
        owner: PrincipalRow::User(id(8)),
    };
    inventory.flows = Section::whole(BTreeMap::from([(id(5), row)]));
    inventory.definitions = Section::whole(BTreeMap::from([(id(5), facts)]));
    (inventory, Ref::new("Expense intake", id(5)))
}

/// The facts of an agent's flow with one action on a connection of its caller or its own.
fn one(operation: &str, parameters: &str, source: &str) -> Facts {
    let text = format!(
        r#"{{"properties":{{"connectionReferences":{{"it":{{"runtimeSource":"embedded","impersonation":{{{source}}},
        "connection":{{"connectionReferenceLogicalName":"contoso_dataverse"}},"api":{{"name":"shared_commondataserviceforapps"}}}}}},
        "definition":{{"triggers":{{"manual":{{"type":"Request","kind":"Skills"}}}},"actions":{{"a":{{"type":"OpenApiConnection",
        "inputs":{{"host":{{"apiId":"/providers/x/shared_commondataserviceforapps","connectionName":"it","operationId":"{operation}"}},
        "parameters":{{{parameters}}}}}}}}}}}}}}}"#
    );
    facts(&text).unwrap()
}

const CALLER: &str = r#""source":"invoker""#;

/// The privileges on business tables that a caller needs.
fn needs(derived: &Derived) -> BTreeSet<String> {
    let of_flow = |table: &str| !["workflow", "connectionreference"].contains(&table);
    let tables = derived.caller.tables.iter().filter(|((table, _), _)| of_flow(table));
    tables.map(|((table, operation), need)| format!("{operation} {table} {}", need.depth.key())).collect()
}

fn derived(operation: &str, parameters: &str, source: &str) -> Derived {
    let (inventory, flow) = inventory(one(operation, parameters, source));
    derive(&inventory, &[flow])
}

#[test]
fn a_row_that_is_made_with_a_lookup_needs_append_here_and_append_to_there() {
    let found = derived(
        "CreateRecord",
        r#""entityName":"contoso_expenses","item/contoso_Center@odata.bind":"contoso_costcenters(@{triggerBody()})""#,
        CALLER,
    );
    let expected = [
        "Append contoso_expense user",
        "AppendTo contoso_costcenter organization",
        "Create contoso_expense user",
        "Read contoso_expense user",
    ];
    assert_eq!(needs(&found), expected.map(str::to_owned).into());
    let owner: BTreeSet<_> =
        found.owner.tables.keys().map(|(table, operation)| format!("{operation} {table}")).collect();
    assert!(owner.contains("Create contoso_expense") && owner.contains("AppendTo contoso_costcenter"), "{owner:?}");
    assert!(found.owner.named.contains_key(&"prvActOnBehalfOfAnotherUser".into()));
}

#[test]
fn an_upsert_needs_create_and_write_and_what_basic_user_gives_is_not_repeated() {
    let upsert = derived("UpdateRecord", r#""entityName":"contoso_expenses","recordId":"@x""#, CALLER);
    let expected = ["Create contoso_expense user", "Read contoso_expense user", "Write contoso_expense user"];
    assert_eq!(needs(&upsert), expected.map(str::to_owned).into());
    let read = derived("GetItem", r#""entityName":"contoso_costcenters","recordId":"@x""#, CALLER);
    assert_eq!(needs(&read), BTreeSet::new());
    assert!(read.base.tables.contains_key(&("contoso_costcenter".into(), Operation::Read)));
}

#[test]
fn what_runs_with_the_flows_own_connection_needs_nothing_of_the_caller() {
    let own = derived("CreateRecord", r#""entityName":"contoso_expenses""#, "");
    assert_eq!(needs(&own), BTreeSet::new());
    assert!(own.owner.is_empty() && own.own.len() == 1, "{own:?}");
    // Nobody links a connection to such a flow, so the reference need not be read.
    assert!(!own.caller.tables.keys().any(|(table, _)| table.as_str() == "connectionreference"), "{own:?}");
}

#[test]
fn what_a_run_computes_is_unknown_and_an_operation_without_a_line_is_never_guessed() {
    let unknown = |operation: &str, parameters: &str| {
        let found = derived(operation, parameters, CALLER);
        assert_eq!(needs(&found), BTreeSet::new(), "{operation}");
        found.unknown.into_iter().filter(|what| what.contains(operation)).collect::<Vec<_>>()
    };
    assert!(
        unknown("ListRecords", r#""entityName":"@triggerBody()""#)[0].contains("the run computes which table it is")
    );
    assert!(unknown("GetItem", r#""entityName":"contoso_nothings""#)[0].contains("no such table"));
    assert!(
        unknown("SomethingNew", r#""entityName":"contoso_expenses""#)[0].contains("not in the table of operations")
    );
    assert!(unknown("PerformUnboundAction", r#""actionName":"GrantAccess""#)[0].contains("GrantAccess"));
    assert!(
        unknown("ListRecordsWithOrganization", r#""entityName":"contoso_expenses""#)[0].contains("another environment")
    );
    let lookup = derived(
        "UpdateOnlyRecord",
        r#""entityName":"contoso_expenses","item/contoso_X@odata.bind":"@if(true,'a','b')""#,
        CALLER,
    );
    assert!(lookup.unknown.iter().any(|what| what.contains("lookup contoso_X")), "{:?}", lookup.unknown);
}

#[test]
fn what_relating_rows_needs_the_relationship_decides() {
    let facts = |property: &str| {
        let parameters = format!(r#""entityName":"contoso_expenses","associationEntityRelationship":"{property}""#);
        one("AssociateEntities", &parameters, CALLER)
    };
    let related = |property: &str| {
        let (mut inventory, flow) = inventory(facts(property));
        let of_expense = BTreeMap::from([
            ("center".into(), Relationship::ToOne("contoso_costcenter".into())),
            ("parts".into(), Relationship::ToMany("connectionreference".into())),
            ("flows".into(), Relationship::ManyToMany("workflow".into())),
        ]);
        inventory.relationships = Section::whole(BTreeMap::from([("contoso_expense".into(), of_expense)]));
        let found = derive(&inventory, &[flow]);
        let starts = |needs: &Need| needs.because.iter().all(|because| because.contains("starting it"));
        let tables = found.caller.tables.iter().filter(|(_, need)| !starts(need));
        let needs: Vec<String> = tables.map(|((table, operation), _)| format!("{operation} {table}")).collect();
        (needs, found.unknown)
    };
    assert_eq!(related("center").0, ["AppendTo contoso_costcenter", "Append contoso_expense"]);
    assert_eq!(related("parts").0, ["Append connectionreference", "AppendTo contoso_expense"]);
    assert_eq!(related("flows").0, ["Append contoso_expense", "Append workflow"]);
    let (needs, unknown) = related("nothing_of_the_kind");
    assert_eq!(needs, Vec::<String>::new());
    assert!(unknown.iter().any(|what| what.contains("to which tables the relationship decides")), "{unknown:?}");
}

#[test]
fn a_role_is_compared_with_what_is_needed() {
    let (mut inventory, flow) = inventory(one("UpdateOnlyRecord", r#""entityName":"contoso_expenses""#, CALLER));
    let found = derive(&inventory, std::slice::from_ref(&flow));
    let role = RoleRow { template: None, name: "Runner".into(), ..inventory.roles.row(&id(7)).unwrap().clone() };
    inventory.roles.rows_mut().insert(id(70), role);
    let privilege = |table: &str, operation| inventory.privilege(table, operation).unwrap().id;
    let held = BTreeMap::from([
        (privilege("contoso_expense", Operation::Write), Depth::User),
        (privilege("contoso_expense", Operation::Read), Depth::Organization),
        (privilege("contoso_expense", Operation::Delete), Depth::User),
        (privilege("workflow", Operation::Read), Depth::User),
    ]);
    inventory.role_privileges.rows_mut().insert(id(70), held);
    let comparison = verify(&inventory, &Ref::new("Runner", id(70)), &found).unwrap();
    assert_eq!(comparison.missing.len(), 2, "{comparison:#?}");
    assert!(comparison.missing[0].starts_with("Read Connection Reference at User: not held"), "{comparison:#?}");
    assert!(comparison.missing[1].starts_with("prvFlow at Organization"), "{comparison:#?}");
    assert_eq!(
        comparison.excess,
        [
            "Delete Expense: held at User, and not needed",
            "Read Expense: held at Organization, and User is enough for rows of one's own"
        ]
    );
}

#[test]
#[expect(clippy::print_stdout, reason = "a test that is passed over says so")]
fn every_recorded_flow_goes_through_and_each_operation_is_in_the_table_or_unknown() {
    let Some(folder) = env::var_os("POWERGRANT_CORPUS").map(|folder| PathBuf::from(folder).join("flows")) else {
        println!("skipped: POWERGRANT_CORPUS names no folder of recorded flows");
        return;
    };
    let (mut flows, mut operations, mut unknown) = (0, 0, 0);
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("INDEX.json") {
            continue;
        }
        let mut facts = facts(&fs::read_to_string(&path).unwrap()).unwrap();
        // As if the caller brought every connection, so that every action is looked up.
        for connection in facts.connections.values_mut() {
            connection.mode = ConnectionMode::ProvidedByRunOnlyUser;
        }
        let (inventory, flow) = inventory(facts.clone());
        let found = derive(&inventory, &[flow]);
        assert_eq!(unlisted(&facts, &found), BTreeSet::new(), "{}", path.display());
        flows += 1;
        operations += facts.operations.len();
        unknown += found.unknown.len();
    }
    println!("{flows} flows, {operations} operations, {unknown} unknowns");
    assert!(flows >= 50 && operations > 150, "{flows} flows, {operations} operations");
}
