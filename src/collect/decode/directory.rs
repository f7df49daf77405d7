//! People, groups and applications as Microsoft Graph lists them.
use std::collections::BTreeSet;

use uuid::Uuid;

use super::Row;
use crate::inventory::people::{DirectoryEntry, DirectoryKind};
use crate::names::{Text, folded};
use crate::problem::Problem;

/// The properties of a person (Learn: Microsoft Graph user resource).
pub(in crate::collect) const USER: &str = "id,userPrincipalName,displayName,mail,accountEnabled";
/// The property of a person with the plans that are assigned (Learn: Microsoft Graph user resource).
pub(in crate::collect) const PLANS: &str = "assignedPlans";
/// The properties of a group (Learn: Microsoft Graph group resource).
pub(in crate::collect) const GROUP: &str = "id,displayName,mail";
/// The properties of a service principal (Learn: Microsoft Graph servicePrincipal resource).
pub(in crate::collect) const APPLICATION: &str = "id,appId,displayName,accountEnabled";

/// A person by the object id. Whether he is enabled is not told to every caller; then he counts as enabled.
pub(in crate::collect) fn user(row: Row<'_>) -> Result<(Uuid, DirectoryEntry), Problem> {
    let entry = DirectoryEntry {
        kind: DirectoryKind::User,
        name: row.text("userPrincipalName")?,
        mail: row.text_or_empty("mail")?,
        application: None,
        enabled: row.optional_flag("accountEnabled")?.unwrap_or(true),
    };
    Ok((row.id("id")?, entry))
}

/// The services of a person's plans that may be used, in lower case: enabled, or in their days of grace
/// (Learn: Microsoft Graph assignedPlan resource, `capabilityStatus`).
pub(in crate::collect) fn plans(row: Row<'_>) -> Result<BTreeSet<Text>, Problem> {
    let mut services = BTreeSet::new();
    for value in row.list("assignedPlans")? {
        let plan = row.within(value);
        let status = plan.text_or_empty("capabilityStatus")?;
        if ["Enabled", "Warning"].contains(&status.as_str()) {
            services.insert(folded(&plan.text_or_empty("service")?).into());
        }
    }
    Ok(services)
}

/// A group by the object id.
pub(in crate::collect) fn group(row: Row<'_>) -> Result<(Uuid, DirectoryEntry), Problem> {
    let entry = DirectoryEntry {
        kind: DirectoryKind::Group,
        name: row.text_or_empty("displayName")?,
        mail: row.text_or_empty("mail")?,
        application: None,
        enabled: true,
    };
    Ok((row.id("id")?, entry))
}

/// A service principal by the object id.
pub(in crate::collect) fn application(row: Row<'_>) -> Result<(Uuid, DirectoryEntry), Problem> {
    let entry = DirectoryEntry {
        kind: DirectoryKind::ServicePrincipal,
        name: row.text_or_empty("displayName")?,
        mail: "".into(),
        application: Some(row.id("appId")?),
        enabled: row.optional_flag("accountEnabled")?.unwrap_or(true),
    };
    Ok((row.id("id")?, entry))
}

/// A member of a group, if it is a person or a group: devices and applications among the members are left out
/// (Learn: list group transitive members; `@odata.type` tells them apart).
pub(in crate::collect) fn member(row: Row<'_>) -> Result<Option<(Uuid, DirectoryEntry)>, Problem> {
    match row.text("@odata.type")?.as_str() {
        "#microsoft.graph.user" => user(row).map(Some),
        "#microsoft.graph.group" => nested(row).map(Some),
        _ => Ok(None),
    }
}

/// A group in a group. Of what a caller may not read there is the id alone (Learn: Microsoft Graph, limited information for
/// inaccessible member objects).
fn nested(row: Row<'_>) -> Result<(Uuid, DirectoryEntry), Problem> {
    let id = row.id("id")?;
    let name = row.optional_text("displayName").ok().flatten().unwrap_or_else(|| id.to_string().into());
    Ok((id, DirectoryEntry { kind: DirectoryKind::Group, name, mail: "".into(), application: None, enabled: true }))
}

/// A group that a person is in; roles of the directory and administrative units are left out
/// (Learn: list user transitive memberOf; `@odata.type` tells them apart).
pub(in crate::collect) fn membership(row: Row<'_>) -> Result<Option<(Uuid, DirectoryEntry)>, Problem> {
    match row.text("@odata.type")?.as_str() {
        "#microsoft.graph.group" => group(row).map(Some),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn people_and_groups_are_members_and_nothing_else_is() {
        let person = json!({
            "@odata.type": "#microsoft.graph.user", "id": Uuid::from_u128(1), "userPrincipalName": "ada@contoso.com",
            "displayName": "Ada", "mail": null, "accountEnabled": null
        });
        let nested = json!({"@odata.type": "#microsoft.graph.group", "id": Uuid::from_u128(2), "displayName": "SG"});
        let closed = json!({"@odata.type": "#microsoft.graph.group", "id": Uuid::from_u128(4), "displayName": null});
        let device = json!({"@odata.type": "#microsoft.graph.device", "id": Uuid::from_u128(3)});
        let (id, entry) = member(Row::graph("transitiveMembers", &person)).unwrap().unwrap();
        assert_eq!((id, entry.name.as_str(), entry.enabled), (Uuid::from_u128(1), "ada@contoso.com", true));
        let (id, entry) = member(Row::graph("transitiveMembers", &nested)).unwrap().unwrap();
        assert_eq!((id, entry.kind, entry.name.as_str()), (Uuid::from_u128(2), DirectoryKind::Group, "SG"));
        let (id, entry) = member(Row::graph("transitiveMembers", &closed)).unwrap().unwrap();
        assert_eq!((id, entry.name), (Uuid::from_u128(4), id.to_string().into()));
        assert_eq!(member(Row::graph("transitiveMembers", &device)), Ok(None));
    }

    #[test]
    fn a_plan_counts_while_it_is_enabled_or_in_its_days_of_grace() {
        let plan = |service: &str, status: &str| json!({"service": service, "capabilityStatus": status});
        let value = json!({"assignedPlans": [
            plan("SharePoint", "Enabled"), plan("exchange", "Warning"), plan("ProcessSimple", "Suspended")
        ]});
        let found = plans(Row::graph("users", &value)).unwrap();
        assert_eq!(found, BTreeSet::from(["sharepoint".into(), "exchange".into()]));
    }

    #[test]
    fn an_application_has_an_object_id_and_a_client_id() {
        let value = json!({"id": Uuid::from_u128(1), "appId": Uuid::from_u128(2), "displayName": "Pipeline", "accountEnabled": true});
        let (id, entry) = application(Row::graph("servicePrincipals", &value)).unwrap();
        assert_eq!((id, entry.application), (Uuid::from_u128(1), Some(Uuid::from_u128(2))));
    }
}
