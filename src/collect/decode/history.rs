//! What `RetrieveRecordChangeHistory` answers: details of changes, and who made them.
use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::Row;
use crate::inventory::audit::{Actor, Deed, Event};
use crate::problem::Problem;

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::collect) struct Detail {
    kind: Kind,
    deeds: BTreeSet<Deed>,
    /// Who and when, where the service gives it.
    pub(in crate::collect) record: Option<Record>,
}

/// The kinds of details (Learn: retrieve audit data, audit detail types).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Columns,
    Association,
    Privileges,
    Share,
    /// Of a type that is not known here, or about auditing itself.
    Other,
}

/// One record of the audit log.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::collect) struct Record {
    at: Timestamp,
    action: i64,
    by: Option<Actor>,
    called_by: Option<Actor>,
}

impl Detail {
    /// Whether a record can be the one of this detail, by its action (Learn: retrieve audit data, audit actions).
    pub(in crate::collect) fn may_be(&self, record: &Record) -> bool {
        match self.kind {
            Kind::Share => matches!(record.action, 14 | 48 | 49),
            Kind::Privileges => matches!(record.action, 57..=59),
            Kind::Association => matches!(record.action, 31..=36 | 53..=56),
            Kind::Columns | Kind::Other => !matches!(record.action, 14 | 31..=36 | 48 | 49 | 53..=59),
        }
    }

    /// The event; nothing without who and when.
    pub(in crate::collect) fn event(self) -> Option<Event> {
        let Record { at, action, by, called_by } = self.record?;
        let mut deeds = self.deeds;
        // Created and deleted.
        if matches!(action, 1 | 3) {
            deeds.insert(Deed::Existence);
        }
        Some(Event { at, by: by?, called_by, deeds })
    }
}

/// Reads the details of a history.
pub(in crate::collect) fn details(value: &Value) -> Result<Vec<Detail>, Problem> {
    let answer = Row::dataverse("RetrieveRecordChangeHistory", value);
    let collection = answer.object("AuditDetailCollection")?;
    collection.list("AuditDetails")?.iter().map(|value| detail(collection.within(value))).collect()
}

fn detail(row: Row<'_>) -> Result<Detail, Problem> {
    // Left out for what is about auditing itself (public client).
    let name = row.loose_text("@odata.type").unwrap_or_default();
    let (kind, deeds) = match name.rsplit('.').next().unwrap_or_default() {
        "ShareAuditDetail" => (Kind::Share, shared(row)?),
        "RolePrivilegeAuditDetail" => (Kind::Privileges, privileges(row)?),
        "RelationshipAuditDetail" => (Kind::Association, associated(row)),
        "AttributeAuditDetail" => (Kind::Columns, columns(row)),
        _ => (Kind::Other, BTreeSet::new()),
    };
    let record = row.optional_object("AuditRecord").map(record).transpose()?;
    Ok(Detail { kind, deeds, record })
}

/// A principal's key is `ownerid`, or that of its table (public clients' types).
fn shared(row: Row<'_>) -> Result<BTreeSet<Deed>, Problem> {
    let principal = row.object("Principal")?;
    let keys = ["ownerid", "systemuserid", "teamid", "organizationid"];
    let id = keys.into_iter().find_map(|key| principal.loose_text(key)).and_then(|text| Uuid::try_parse(text).ok());
    Ok(id.map(Deed::Share).into_iter().collect())
}

/// The privileges that stand in one of the lists alone, or at another depth.
fn privileges(row: Row<'_>) -> Result<BTreeSet<Deed>, Problem> {
    let list = |name: &str| {
        let read = |value| {
            let row = row.within(value);
            Ok((row.id("PrivilegeId")?, row.text("Depth")?))
        };
        row.list(name)?.iter().map(read).collect::<Result<BTreeSet<_>, Problem>>()
    };
    let (old, new) = (list("OldRolePrivileges")?, list("NewRolePrivileges")?);
    Ok(old.symmetric_difference(&new).map(|(id, _)| Deed::Privilege(*id)).collect())
}

/// Roles; records of other tables say nothing about permissions.
fn associated(row: Row<'_>) -> BTreeSet<Deed> {
    let records = row.optional_list("TargetRecords").unwrap_or_default();
    let roles = records.iter().filter_map(|value| row.within(value).loose_text("roleid"));
    roles.filter_map(|text| Uuid::try_parse(text).ok()).map(Deed::Association).collect()
}

fn columns(row: Row<'_>) -> BTreeSet<Deed> {
    let bags = ["OldValue", "NewValue"].into_iter().filter_map(|name| row.optional_object(name));
    let names = bags.flat_map(|bag| bag.names().filter(|name| !name.contains('@')).collect::<Vec<_>>());
    names.map(|name| Deed::Column(name.into())).collect()
}

/// Reads one record of the audit log.
pub(in crate::collect) fn record(row: Row<'_>) -> Result<Record, Problem> {
    let at = row.text("createdon")?;
    let at = at.parse().map_err(|_| row.malformed("a `createdon` that is not a time"))?;
    Ok(Record {
        at,
        action: row.number("action")?,
        by: actor(row, "_userid_value"),
        called_by: actor(row, "_callinguserid_value"),
    })
}

fn actor(row: Row<'_>, column: &str) -> Option<Actor> {
    let id = Uuid::try_parse(row.loose_text(column)?).ok()?;
    let name = row.loose_text(&format!("{column}@OData.Community.Display.V1.FormattedValue"));
    Some(Actor { row: id, name: name.filter(|name| !name.is_empty()).map(Into::into) })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(detail: &Value) -> Detail {
        let answer = json!({ "AuditDetailCollection": { "AuditDetails": [detail], "MoreRecords": false } });
        details(&answer).unwrap().remove(0)
    }

    #[test]
    fn a_depth_that_moved_and_a_privilege_that_came_are_deeds_and_what_stayed_is_none() {
        let id = Uuid::from_u128;
        let detail = read(&json!({
            "@odata.type": "#Microsoft.Dynamics.CRM.RolePrivilegeAuditDetail",
            "OldRolePrivileges": [{ "PrivilegeId": id(1), "Depth": "Basic" }, { "PrivilegeId": id(2), "Depth": "Basic" }],
            "NewRolePrivileges": [
                { "PrivilegeId": id(1), "Depth": "Basic" }, { "PrivilegeId": id(2), "Depth": "Global" },
                { "PrivilegeId": id(3), "Depth": "Local" },
            ],
        }));
        assert_eq!(detail.deeds, BTreeSet::from([Deed::Privilege(id(2)), Deed::Privilege(id(3))]));
        assert_eq!(detail.event(), None, "nobody knows who and when");
    }

    #[test]
    fn a_share_names_its_principal_and_its_record_who_and_for_whom() {
        let id = Uuid::from_u128;
        let detail = read(&json!({
            "@odata.type": "#Microsoft.Dynamics.CRM.ShareAuditDetail", "OldPrivileges": "None", "NewPrivileges": "ReadAccess",
            "Principal": { "@odata.type": "#Microsoft.Dynamics.CRM.systemuser", "systemuserid": id(4) },
            "AuditRecord": {
                "createdon": "2026-05-13T22:06:27Z", "action": 14, "_userid_value": id(5),
                "_userid_value@OData.Community.Display.V1.FormattedValue": "Ada Byron", "_callinguserid_value": id(6),
            },
        }));
        let event = detail.event().unwrap();
        assert_eq!(event.deeds, BTreeSet::from([Deed::Share(id(4))]));
        assert_eq!(
            (event.by.name.as_deref(), event.called_by.map(|actor| actor.row)),
            (Some("Ada Byron"), Some(id(6)))
        );
        assert_eq!(event.at.to_string(), "2026-05-13T22:06:27Z");
    }

    #[test]
    fn a_column_is_a_deed_and_what_says_how_to_read_it_is_none() {
        let detail = read(&json!({
            "@odata.type": "#Microsoft.Dynamics.CRM.AttributeAuditDetail",
            "OldValue": { "@odata.type": "#Microsoft.Dynamics.CRM.workflow", "clientdata": "{}" },
            "NewValue": { "@odata.type": "#Microsoft.Dynamics.CRM.workflow", "clientdata": "{ }",
                "_ownerid_value@OData.Community.Display.V1.FormattedValue": "x" },
            "AuditRecord": { "createdon": "2026-05-13T22:06:27Z", "action": 2, "_userid_value": Uuid::from_u128(5) },
        }));
        assert_eq!(detail.deeds, BTreeSet::from([Deed::Column("clientdata".into())]));
    }

    #[test]
    fn what_is_of_no_known_type_is_passed_over() {
        let detail = read(&json!({ "AuditRecord": { "createdon": "2026-05-13T22:06:27Z", "action": 110 } }));
        assert_eq!((detail.kind, detail.deeds.len()), (Kind::Other, 0));
    }
}
