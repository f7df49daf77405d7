//! The audit log: what each request changed, who sent it, and when, as rows of the table `audit`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::access::privileges_of_role;
use super::odata::Row;
use super::organization::{Actor, CREATED, Changed, Organization, derived, id, number, row_of, text};
use super::rights::{Depth, mask_text};
use super::variants::{AssignmentAudit, Variants};

/// The table of what was recorded.
pub const AUDIT: &str = "audit";
/// The column with the detail, which is not part of the Web API (Learn: retrieve audit data).
pub const DETAIL: &str = "changedata";

/// The tables whose columns are audited; nothing in the sandbox turns auditing on or off for one table.
const AUDITED: [&str; 5] = ["role", "workflow", "connectionreference", "systemuser", "team"];
/// Columns that change with every write and say nothing.
const ALWAYS: [&str; 3] = ["versionnumber", "modifiedon", "_modifiedby_value"];
/// Texts are cut there (Learn: retrieve audit data).
const LONGEST: usize = 5_000;

/// What is written down: the record it belongs to, the action's number, and the detail.
struct Note {
    table: &'static str,
    object: Uuid,
    action: i64,
    detail: Value,
}

/// Writes down what was changed since a mark.
pub(super) fn record(organization: &mut Organization, mark: usize, actor: Actor, variants: &Variants) {
    let changed = organization.changed_since(mark);
    let mut notes: Vec<Note> = Vec::new();
    let mut roles = BTreeSet::new();
    for row in &changed {
        match row.table.as_str() {
            "principalobjectaccess" => notes.extend(shared(row)),
            "systemuserroles" => notes.extend(assigned(row, "systemuser", variants.assignment_audit)),
            "teamroles" => notes.extend(assigned(row, "team", variants.assignment_audit)),
            "roleprivileges" => roles.extend(either(row).and_then(|row| id(row, "roleid"))),
            _ => notes.extend(written(row)),
        }
    }
    notes.extend(roles.into_iter().filter_map(|role| privileges(organization, role, &changed)));
    for note in notes {
        add(organization, actor, &note);
    }
}

fn either(changed: &Changed) -> Option<&Row> {
    changed.after.as_ref().or(changed.before.as_ref())
}

/// `GrantAccess`, `ModifyAccess`, `RevokeAccess` (Learn: audit actions 14, 48 and 49; `ShareAuditDetail`).
fn shared(changed: &Changed) -> Option<Note> {
    let mask = |row: &Option<Row>| row.as_ref().and_then(|row| number(row, "accessrightsmask")).unwrap_or(0);
    let (old, new) = (mask(&changed.before), mask(&changed.after));
    let row = either(changed)?;
    let action = match (old, new) {
        (old, new) if old == new => return None,
        (0, _) => 14,
        (_, 0) => 49,
        (_, _) => 48,
    };
    let words = |mask: i64| match u32::try_from(mask) {
        Ok(0) | Err(_) => "None".to_owned(),
        Ok(mask) => mask_text(mask),
    };
    let kind = text(row, "principaltypecode")?;
    let detail = json!({
        "@odata.type": "#Microsoft.Dynamics.CRM.ShareAuditDetail",
        "OldPrivileges": words(old),
        "NewPrivileges": words(new),
        // The key that principals have in `$metadata` (public client's types).
        "Principal": { "@odata.type": format!("#Microsoft.Dynamics.CRM.{kind}"), "ownerid": id(row, "principalid")? },
    });
    Some(Note { table: known(text(row, "objecttypecode")?)?, object: id(row, "objectid")?, action, detail })
}

/// A role that was given or taken, in the history of the user or team (`RelationshipAuditDetail`).
fn assigned(changed: &Changed, kind: &'static str, audit: AssignmentAudit) -> Option<Note> {
    let is_new = match (&changed.before, &changed.after) {
        (None, Some(_)) => true,
        (Some(_), None) => false,
        (None, None) | (Some(_), Some(_)) => return None,
    };
    let row = either(changed)?;
    let action = match (audit, kind, is_new) {
        (AssignmentAudit::Association, _, true) => 33,
        (AssignmentAudit::Association, _, false) => 34,
        (AssignmentAudit::OfRoles, "team", true) => 53,
        (AssignmentAudit::OfRoles, "team", false) => 54,
        (AssignmentAudit::OfRoles, _, true) => 55,
        (AssignmentAudit::OfRoles, _, false) => 56,
    };
    let relationship = if kind == "team" { "teamroles_association" } else { "systemuserroles_association" };
    let role = json!({ "@odata.type": "#Microsoft.Dynamics.CRM.role", "roleid": id(row, "roleid")? });
    let detail = json!({
        "@odata.type": "#Microsoft.Dynamics.CRM.RelationshipAuditDetail",
        "RelationshipName": relationship,
        "TargetRecords": [role],
    });
    Some(Note { table: kind, object: id(row, &format!("{kind}id"))?, action, detail })
}

/// What a role can do, before and after (`RolePrivilegeAuditDetail`; actions 57 to 59).
fn privileges(organization: &Organization, role: Uuid, changed: &[Changed]) -> Option<Note> {
    let new: BTreeMap<Uuid, Depth> = privileges_of_role(organization, role).into_iter().collect();
    let mut old = new.clone();
    let of_role = |row: &Option<Row>| {
        let row = row.as_ref().filter(|row| id(row, "roleid") == Some(role))?;
        let depth = number(row, "privilegedepthmask").and_then(|mask| Depth::of_mask(u64::try_from(mask).ok()?));
        Some((id(row, "privilegeid")?, depth?))
    };
    for row in changed.iter().filter(|row| row.table == "roleprivileges") {
        if let Some((privilege, _)) = of_role(&row.after) {
            old.remove(&privilege);
        }
        old.extend(of_role(&row.before));
    }
    let gained = new.iter().any(|(privilege, depth)| old.get(privilege) != Some(depth));
    let lost = old.keys().any(|privilege| !new.contains_key(privilege));
    let action = match (gained, lost) {
        (false, false) => return None,
        (true, false) => 57,
        (false, true) => 58,
        (true, true) => 59,
    };
    let list = |held: &BTreeMap<Uuid, Depth>| -> Vec<Value> {
        held.iter().map(|(id, depth)| json!({ "PrivilegeId": id, "Depth": depth.to_string() })).collect()
    };
    let detail = json!({
        "@odata.type": "#Microsoft.Dynamics.CRM.RolePrivilegeAuditDetail",
        "InvalidNewPrivileges": [],
        "OldRolePrivileges": list(&old),
        "NewRolePrivileges": list(&new),
    });
    Some(Note { table: "role", object: role, action, detail })
}

/// A row that was made, changed or deleted (`AttributeAuditDetail`; actions 1 to 3).
fn written(changed: &Changed) -> Option<Note> {
    let table = known(&changed.table)?;
    let nothing = Row::new();
    let (before, after) = (changed.before.as_ref().unwrap_or(&nothing), changed.after.as_ref().unwrap_or(&nothing));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut values = (Map::new(), Map::new());
    let differs = |name: &str| before.get(name) != after.get(name) && !ALWAYS.contains(&name);
    for name in names.into_iter().filter(|name| differs(name)) {
        for (row, values) in [(before, &mut values.0), (after, &mut values.1)] {
            if let Some(value) = row.get(name) {
                values.insert(name.clone(), cut(value));
            }
        }
    }
    if values.0.is_empty() && values.1.is_empty() {
        return None;
    }
    let action = match (&changed.before, &changed.after) {
        (None, _) => 1,
        (Some(_), Some(_)) => 2,
        (Some(_), None) => 3,
    };
    let bag = |mut values: Map<String, Value>| {
        values.insert("@odata.type".into(), json!(format!("#Microsoft.Dynamics.CRM.{table}")));
        values
    };
    let detail = json!({
        "@odata.type": "#Microsoft.Dynamics.CRM.AttributeAuditDetail",
        "InvalidNewValueAttributes": [],
        "LocLabelLanguageCode": 0,
        "DeletedAttributes": { "Count": 0, "Keys": [], "Values": [] },
        "OldValue": bag(values.0),
        "NewValue": bag(values.1),
    });
    Some(Note { table, object: changed.id, action, detail })
}

fn known(table: &str) -> Option<&'static str> {
    AUDITED.into_iter().find(|known| *known == table)
}

fn cut(value: &Value) -> Value {
    match value.as_str() {
        Some(text) if text.chars().count() > LONGEST => {
            json!(text.chars().take(LONGEST - 1).chain(['…']).collect::<String>())
        }
        Some(_) | None => value.clone(),
    }
}

/// The sandbox has no clock: each record is a minute after the one before it.
fn add(organization: &mut Organization, actor: Actor, note: &Note) {
    let count = organization.count(AUDIT);
    let start: Timestamp = CREATED.parse().expect("the time of the seed is a time");
    let minutes = i64::try_from(count).unwrap_or(i64::MAX / 60) + 1;
    let at = start.checked_add(SignedDuration::from_mins(minutes)).unwrap_or(Timestamp::MAX);
    let key = derived(organization.id, &format!("audit:{count}"));
    let operation = match note.action {
        1 => 1,
        3 => 3,
        _ => 2,
    };
    let row = json!({
        "auditid": key, "action": note.action, "operation": operation, "createdon": at,
        "objecttypecode": note.table, "_objectid_value": note.object, "_userid_value": actor.user,
        "_callinguserid_value": actor.caller, "transactionid": Uuid::nil(), "versionnumber": count + 1,
        DETAIL: note.detail,
    });
    organization.keep(AUDIT, key, row_of(row));
}
