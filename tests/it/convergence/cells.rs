//! The permissions of an embedded tenant as cells with a value each, read from its rows and from nothing of powergrant's.
use std::collections::BTreeMap;

use powergrant::sandbox::organization::Organization;
use powergrant::sandbox::tenant::Tenant;
use serde_json::{Value, json};
use uuid::Uuid;

/// What a cell is about. Whatever is no permission is `Other` and must never change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cell {
    /// A role's root row, by name.
    Role(String),
    /// A copy of a role, by name and business unit.
    Copy(String, String),
    /// A role and the name of a privilege.
    Privilege(String, String),
    /// A role, a principal, and the unit of the copy.
    Holder(String, String, String),
    /// A table, a row's name and a principal.
    Share(String, String, String),
    /// A flow and a key of its connections.
    Connection(String, String),
    /// A flow without the modes of its connections.
    Flow(String),
    /// A user or a team.
    Present(String),
    /// A team and a user.
    TeamMember(String, String),
    /// An environment role and the object id of its holder.
    EnvironmentRole(String, Uuid),
    /// Any other row.
    Other(String, String),
}

/// Columns that tell of a write and are no permission; the last is the embedded tenant's own memory of a text that a running
/// flow still goes by.
const OF_A_WRITE: [&str; 4] = ["versionnumber", "modifiedon", "_modifiedby_value", "sandbox:runningtext"];

/// The cells of a tenant.
pub(super) type Cells = BTreeMap<Cell, Value>;

/// Reads every cell of a tenant.
pub(super) fn cells(tenant: &Tenant) -> Cells {
    let mut cells = Cells::new();
    for organization in tenant.organizations.values() {
        for (table, id, row) in organization.rows() {
            match table {
                // Most rows are these, so no copy is made of them.
                "roleprivileges" => {
                    let role = named(organization, "role", &row["roleid"]);
                    let privilege = named(organization, "privilege", &row["privilegeid"]);
                    cells.insert(Cell::Privilege(role, privilege.to_lowercase()), row["privilegedepthmask"].clone());
                }
                _ => add(&mut cells, organization, table, id, &Value::Object(row.clone())),
            }
        }
    }
    for environment in tenant.environments.values() {
        let mut rest = serde_json::to_value(environment).expect("an environment is JSON");
        rest["role_assignments"] = Value::Null;
        cells.insert(Cell::Other("environment".to_owned(), environment.name.clone()), rest);
        for assignment in environment.role_assignments.values() {
            let cell = Cell::EnvironmentRole(format!("{:?}", assignment.role), assignment.principal);
            cells.insert(cell, json!(true));
        }
    }
    cells.insert(
        Cell::Other("directory".to_owned(), String::new()),
        serde_json::to_value(&tenant.directory).expect("a directory is JSON"),
    );
    cells
}

fn add(cells: &mut Cells, organization: &Organization, table: &str, id: Uuid, row: &Value) {
    match table {
        "role" => {
            let name = text(row, "name");
            let properties = without(row, &OF_A_WRITE);
            let is_root = row["_parentrootroleid_value"].as_str() == Some(&id.to_string());
            let unit = named(organization, "businessunit", &row["_businessunitid_value"]);
            cells.insert(if is_root { Cell::Role(name) } else { Cell::Copy(name, unit) }, properties);
        }
        "systemuserroles" | "teamroles" => {
            let holder = if table == "teamroles" { &row["teamid"] } else { &row["systemuserid"] };
            let role = named(organization, "role", &row["roleid"]);
            let copy = of(organization, "role", &row["roleid"]);
            let unit = named(organization, "businessunit", &copy["_businessunitid_value"]);
            cells.insert(Cell::Holder(role, who(organization, holder), unit), json!(true));
        }
        "principalobjectaccess" => {
            // A revoked share can stay with an empty mask.
            if row["accessrightsmask"] != 0 {
                let table = text(row, "objecttypecode");
                let object = named(organization, &table, &row["objectid"]);
                let cell = Cell::Share(table, object, who(organization, &row["principalid"]));
                cells.insert(cell, row["accessrightsmask"].clone());
            }
        }
        "workflow" => flow(cells, row),
        // The log of writes is no permission.
        "audit" => {}
        "systemuser" | "team" => {
            let rest = without(row, &OF_A_WRITE);
            cells.insert(Cell::Present(who(organization, &json!(id))), rest);
        }
        "teammembership" => {
            let (team, user) = (who(organization, &row["teamid"]), who(organization, &row["systemuserid"]));
            cells.insert(Cell::TeamMember(team, user), json!(true));
        }
        _ => {
            let cell = Cell::Other(table.to_owned(), id.to_string());
            cells.insert(cell, without(row, &OF_A_WRITE));
        }
    }
}

/// A flow's modes, and the flow without them: the text is compared byte by byte once the modes are cut out.
fn flow(cells: &mut Cells, row: &Value) {
    let name = text(row, "name");
    let mut rest = without(row, &OF_A_WRITE);
    let mut definition: Value =
        serde_json::from_str(row["clientdata"].as_str().unwrap_or("{}")).expect("a flow is JSON");
    let references = definition["properties"]["connectionReferences"].as_object_mut().expect("a flow has references");
    for (key, reference) in references {
        let callers = reference["runtimeSource"] == "invoker" || reference["impersonation"]["source"] == "invoker";
        cells.insert(Cell::Connection(name.clone(), key.clone()), json!(callers));
        let reference = reference.as_object_mut().expect("a reference is an object");
        reference.remove("runtimeSource");
        reference.remove("impersonation");
    }
    rest["clientdata"] = definition;
    cells.insert(Cell::Flow(name), rest);
}

fn text(row: &Value, column: &str) -> String {
    row[column].as_str().unwrap_or_default().to_owned()
}

fn without(row: &Value, columns: &[&str]) -> Value {
    let mut row = row.clone();
    for column in columns {
        row.as_object_mut().expect("a row is an object").remove(*column);
    }
    row
}

fn key(id: &Value) -> Uuid {
    id.as_str().and_then(|id| Uuid::try_parse(id).ok()).unwrap_or_default()
}

fn of(organization: &Organization, table: &str, id: &Value) -> Value {
    organization.row(table, key(id)).map_or(Value::Null, |row| Value::Object(row.clone()))
}

fn named(organization: &Organization, table: &str, id: &Value) -> String {
    let column = match table {
        "connectionreference" => "connectionreferencelogicalname",
        _ => organization.table(table).map_or("name", |table| &table.primary_name),
    };
    let row = organization.row(table, key(id));
    row.and_then(|row| row.get(column)?.as_str()).unwrap_or_default().to_owned()
}

/// A principal by the names that tests use: `user p1@contoso.com`, `group SG-Audit members`, `team Finance`.
fn who(organization: &Organization, id: &Value) -> String {
    let user = of(organization, "systemuser", id);
    if !user.is_null() {
        let application = text(&user, "applicationid");
        return if application.is_empty() {
            format!("user {}", text(&user, "domainname"))
        } else {
            format!("application {application}")
        };
    }
    let team = of(organization, "team", id);
    match (team["teamtype"].as_i64(), team["isdefault"].as_bool()) {
        (_, Some(true)) => format!("default team {}", text(&team, "name")),
        (Some(2 | 3), _) => {
            let membership = ["membersAndGuests", "members", "owners", "guests"];
            let number = team["membershiptype"].as_u64().and_then(|number| usize::try_from(number).ok()).unwrap_or(0);
            format!("group {} {}", text(&team, "azureactivedirectoryobjectid"), membership[number])
        }
        (Some(_), _) => format!("team {}", text(&team, "name")),
        (None, _) => format!("nobody {id}"),
    }
}
