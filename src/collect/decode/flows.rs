//! Cloud flows, their texts, and connection references.
use uuid::Uuid;

use super::Row;
use crate::clientdata::{self, Facts};
use crate::inventory::people::PrincipalRow;
use crate::inventory::things::{ConnectionReference, Flow, FlowState};
use crate::problem::Problem;

/// The columns of a flow without its text (Learn: work with cloud flows using code).
pub(in crate::collect) const FLOW: &str =
    "workflowid,name,statecode,ismanaged,iscustomizable,_owninguser_value,_owningteam_value";
/// The columns of a flow's text.
pub(in crate::collect) const TEXT: &str = "workflowid,clientdata";
/// What makes a row of the Process table a cloud flow: a modern flow, and its definition
/// (Learn: work with cloud flows using code).
pub(in crate::collect) const IS_FLOW: &str = "category%20eq%205%20and%20type%20eq%201";
/// The columns of a connection reference (recorded connection reference list).
pub(in crate::collect) const REFERENCE: &str = "connectionreferenceid,connectionreferencelogicalname,connectionreferencedisplayname,connectorid,connectionid,_owninguser_value,_owningteam_value";

/// A flow by its id.
pub(in crate::collect) fn flow(row: Row<'_>) -> Result<(Uuid, Flow), Problem> {
    // Learn: process table reference, `statecode`.
    let state = match row.number("statecode")? {
        0 => FlowState::Draft,
        1 => FlowState::Activated,
        2 => FlowState::Suspended,
        other => return Err(row.malformed(&format!("the unknown state {other}"))),
    };
    let flow = Flow {
        name: row.text_or_empty("name")?,
        state,
        managed: row.flag("ismanaged")?,
        customizable: row.managed_flag("iscustomizable")?,
        owner: owner(row)?,
    };
    Ok((row.id("workflowid")?, flow))
}

/// A flow's id, and what its text says or why that cannot be told. The text ends here.
pub(in crate::collect) fn definition(row: Row<'_>) -> Result<(Uuid, Result<Facts, Problem>), Problem> {
    let id = row.id("workflowid")?;
    let unreadable = |says: String, next: &str| {
        let says = format!("the text of flow {id} {says}");
        Problem { next: next.to_owned(), ..row.malformed(&says) }
    };
    let facts = match row.optional_text("clientdata")? {
        Some(text) => {
            clientdata::facts(&text).map_err(|error| unreadable(format!("cannot be read: {error}"), error.hint()))
        }
        None => Err(unreadable("is empty".to_owned(), "open the flow in the designer and save it")),
    };
    Ok((id, facts))
}

/// A connection reference by its id.
pub(in crate::collect) fn reference(row: Row<'_>) -> Result<(Uuid, ConnectionReference), Problem> {
    let logical_name = row.text("connectionreferencelogicalname")?;
    let connector = row.text_or_empty("connectorid")?;
    let reference = ConnectionReference {
        display_name: row.optional_text("connectionreferencedisplayname")?.unwrap_or_else(|| logical_name.clone()),
        logical_name,
        // Recorded: `/providers/Microsoft.PowerApps/apis/shared_x`.
        connector: connector.rsplit('/').next().unwrap_or_default().into(),
        // Recorded: an unbound reference has no connection.
        bound: row.optional_text("connectionid")?.is_some_and(|connection| !connection.is_empty()),
        owner: owner(row)?,
    };
    Ok((row.id("connectionreferenceid")?, reference))
}

/// The owner of a row: a user or a team, each in its own column.
pub(in crate::collect) fn owner(row: Row<'_>) -> Result<PrincipalRow, Problem> {
    match (row.optional_id("_owninguser_value")?, row.optional_id("_owningteam_value")?) {
        (Some(user), _) => Ok(PrincipalRow::User(user)),
        (None, Some(team)) => Ok(PrincipalRow::Team(team)),
        (None, None) => Err(row.malformed("a row that neither a user nor a team owns")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_flow_is_read_with_its_state_and_owner() {
        let value = json!({
            "workflowid": Uuid::from_u128(1), "name": "Expense intake", "statecode": 1, "ismanaged": false,
            "iscustomizable": {"Value": true, "CanBeChanged": true, "ManagedPropertyLogicalName": "iscustomizableanddeletable"},
            "_owninguser_value": null, "_owningteam_value": Uuid::from_u128(4)
        });
        let (id, read) = flow(Row::dataverse("workflows", &value)).unwrap();
        assert_eq!(
            (id, read.state, read.owner),
            (Uuid::from_u128(1), FlowState::Activated, PrincipalRow::Team(Uuid::from_u128(4)))
        );
        let mut nobodys = value.clone();
        nobodys["_owningteam_value"] = json!(null);
        assert!(flow(Row::dataverse("workflows", &nobodys)).is_err());
    }

    #[test]
    fn a_text_that_cannot_be_read_is_a_problem_of_its_flow_alone() {
        let value = json!({"workflowid": Uuid::from_u128(1), "clientdata": "{"});
        let (_, facts) = definition(Row::dataverse("workflows", &value)).unwrap();
        assert!(facts.unwrap_err().says.contains("00000000-0000-0000-0000-000000000001"));
        assert!(definition(Row::dataverse("workflows", &json!({"workflowid": Uuid::from_u128(1)}))).is_err());
    }

    #[test]
    fn a_connection_reference_carries_the_connector_without_its_path() {
        let value = json!({
            "connectionreferenceid": Uuid::from_u128(1), "connectionreferencelogicalname": "contoso_sharepoint",
            "connectionreferencedisplayname": null, "connectorid": "/providers/Microsoft.PowerApps/apis/shared_sharepointonline",
            "connectionid": null, "_owninguser_value": Uuid::from_u128(3), "_owningteam_value": null
        });
        let (_, read) = reference(Row::dataverse("connectionreferences", &value)).unwrap();
        assert_eq!(read.connector.as_str(), "shared_sharepointonline");
        assert_eq!(read.display_name.as_str(), "contoso_sharepoint");
        assert!(!read.bound);
    }
}
