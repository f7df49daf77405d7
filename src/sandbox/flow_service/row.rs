//! A flow as the service lists it, and who may use it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

/// A flow in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowRow {
    /// The service's own id of the flow.
    pub name: String,
    /// The name that people see.
    pub display_name: String,
    /// `Started`, `Stopped` or `Suspended`.
    pub state: String,
    /// Who made it, by object id.
    #[serde(default)]
    pub creator: Option<Uuid>,
    /// The row of the user in Dataverse who owns it; SYSTEM has this and no object id.
    #[serde(default)]
    pub system_user: Option<Uuid>,
    /// Who else may use it; of a flow in Dataverse the shares of its row say that.
    #[serde(default)]
    pub grants: Vec<Grant>,
    /// The row in Dataverse; a flow outside of solutions has none.
    #[serde(default)]
    pub workflow: Option<WorkflowIds>,
}

/// Somebody who may use a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// The object id in the directory.
    pub principal: Uuid,
    /// What it is the id of.
    pub kind: PrincipalKind,
    /// What it may do.
    pub role: GrantRole,
}

/// What the service takes as a principal of a flow (Swagger of the connector: these two).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PrincipalKind {
    /// A person.
    User,
    /// A group.
    Group,
}

/// What somebody may do with a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum GrantRole {
    /// Everything; there is one.
    Owner,
    /// Everything too: a co-owner.
    CanEdit,
    /// Run it; that this is the run-only user is said by users, not by Microsoft.
    CanView,
}

impl PrincipalKind {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    pub(super) fn named(word: &str) -> Option<Self> {
        [Self::User, Self::Group].into_iter().find(|kind| kind.word() == word)
    }
}

impl GrantRole {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Owner => "Owner",
            Self::CanEdit => "CanEdit",
            Self::CanView => "CanView",
        }
    }

    /// Reads a role that can be given; nobody is made an owner.
    pub(super) fn given(word: &str) -> Option<Self> {
        [Self::CanEdit, Self::CanView].into_iter().find(|role| role.word() == word)
    }
}

/// The row of a flow in Dataverse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkflowIds {
    /// `workflowid`.
    pub id: Uuid,
    /// `workflowidunique`.
    pub unique: Uuid,
    /// Whether a managed solution brought it.
    #[serde(default)]
    pub is_managed: bool,
}

impl FlowRow {
    // Neither definition nor connection references here (recorded: administrator's list of flows, version 2).
    pub(super) fn to_json(&self, environment: &str, tenant: Uuid) -> Value {
        let base = format!("/providers/Microsoft.ProcessSimple/environments/{environment}");
        let mut properties = json!({
            "apiId": "/providers/Microsoft.PowerApps/apis/shared_logicflows",
            "displayName": self.display_name,
            "state": self.state,
            "createdTime": "2026-01-05T08:00:00Z",
            "lastModifiedTime": "2026-01-05T08:00:00Z",
            "flowSuspensionReason": "None",
            "environment": { "name": environment, "type": "Microsoft.ProcessSimple/environments", "id": base },
            "creator": match self.creator {
                Some(id) => json!({ "tenantId": tenant, "objectId": id, "userId": id, "userType": "ActiveDirectory" }),
                None => match self.system_user {
                    Some(row) => json!({ "tenantId": tenant, "objectId": row, "userId": row, "userType": "DataverseSystemUser" }),
                    None => json!({ "tenantId": tenant, "userType": "DataverseSystemUser" }),
                },
            },
            "flowFailureAlertSubscribed": false,
        });
        // Absent of a flow outside of Dataverse (sample of a public client).
        if let Some(workflow) = self.workflow {
            properties["workflowEntityId"] = json!(workflow.id);
            properties["workflowUniqueId"] = json!(workflow.unique);
            properties["isManaged"] = json!(workflow.is_managed);
        }
        json!({
            "name": self.name,
            "id": format!("{base}/flows/{}", self.name),
            "type": "Microsoft.ProcessSimple/environments/flows",
            "properties": properties,
        })
    }
}
