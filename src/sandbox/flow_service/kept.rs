//! The flows that Dataverse keeps, as the service lists them.

use super::row::{FlowRow, WorkflowIds};
use crate::sandbox::organization::{Organization, id, is_set, number, text};
use crate::sandbox::tenant::Tenant;

/// Returns the organisation of an environment.
pub(super) fn organization<'a>(tenant: &'a Tenant, environment: &str) -> Option<&'a Organization> {
    tenant.organizations.values().find(|organization| organization.environment == environment)
}

/// Lists the flows of an organisation.
pub(super) fn rows(organization: &Organization) -> impl Iterator<Item = FlowRow> {
    organization.all("workflow").filter(|(_, row)| number(row, "category") == Some(5)).map(|(key, row)| {
        let owner = id(row, "_ownerid_value").and_then(|owner| organization.row("systemuser", owner));
        FlowRow {
            name: key.to_string(),
            display_name: text(row, "name").unwrap_or_default().to_owned(),
            state: match number(row, "statecode") {
                Some(1) => "Started",
                Some(2) => "Suspended",
                _ => "Stopped",
            }
            .to_owned(),
            creator: owner.and_then(|owner| id(owner, "azureactivedirectoryobjectid")),
            system_user: id(row, "_ownerid_value").filter(|_| owner.is_some()),
            grants: Vec::new(),
            workflow: Some(WorkflowIds {
                id: key,
                unique: id(row, "workflowidunique").unwrap_or(key),
                is_managed: is_set(row, "ismanaged"),
            }),
        }
    })
}
