//! An environment as the Business App Platform keeps and shows it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::sandbox::directory::{Directory, Object};

pub(super) const PROVIDER: &str = "/providers/Microsoft.BusinessAppPlatform";
/// The governance setting of managed environments that limits sharing of solution flows.
pub const SHARING_SETTING: &str = "solutionCloudFlows-limitSharingMode";
/// Its value that turns sharing off (Learn: limit sharing; public client's data types).
pub const SHARING_OFF: &str = "disableSharing";

/// An environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BapEnvironment {
    /// The id, mostly a GUID; of the default environment `Default-` and the tenant's id.
    pub name: String,
    /// The name that people see.
    pub display_name: String,
    /// `Production`, `Sandbox`, `Developer`, `Default` or `Trial`.
    pub sku: String,
    /// Whether it is the tenant's default environment.
    #[serde(default)]
    pub is_default: bool,
    /// The Dataverse database, if there is one.
    #[serde(default)]
    pub dataverse: Option<LinkedDataverse>,
    /// Whether it is a Managed Environment.
    #[serde(default)]
    pub managed: bool,
    /// Governance settings such as `solutionCloudFlows-limitSharingMode`.
    #[serde(default)]
    pub extended_settings: BTreeMap<String, String>,
    /// Environment roles by assignment id; only without Dataverse.
    #[serde(default)]
    pub role_assignments: BTreeMap<Uuid, RoleAssignment>,
    /// Users who administer this environment without administering the tenant.
    #[serde(default)]
    pub administrators: BTreeSet<Uuid>,
    /// Whether only users with a licence can be added.
    #[serde(default)]
    pub requires_licence: bool,
}

/// The Dataverse database of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkedDataverse {
    /// The organization's id, which is not the environment's.
    pub organization: Uuid,
    /// The address, `https://contoso.crm4.dynamics.com`.
    pub url: String,
    /// The group that users have to be in.
    #[serde(default)]
    pub security_group: Option<Uuid>,
}

/// A role of an environment without Dataverse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum EnvironmentRole {
    /// Administers the environment.
    EnvironmentAdmin,
    /// Makes apps and flows in it.
    EnvironmentMaker,
}

/// A principal with an environment role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleAssignment {
    /// The role.
    pub role: EnvironmentRole,
    /// The principal's object id; the tenant's id stands for everybody.
    pub principal: Uuid,
}

impl EnvironmentRole {
    /// Returns the role with this name, in any case: a public client sends `environmentadmin`.
    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::EnvironmentAdmin, Self::EnvironmentMaker].into_iter().find(|role| role.name().eq_ignore_ascii_case(name))
    }

    fn name(self) -> &'static str {
        match self {
            Self::EnvironmentAdmin => "EnvironmentAdmin",
            Self::EnvironmentMaker => "EnvironmentMaker",
        }
    }
}

impl BapEnvironment {
    /// Says whether its governance settings forbid sharing flows (Learn: limit sharing in Managed Environments).
    pub fn forbids_sharing(&self) -> bool {
        self.extended_settings.get(SHARING_SETTING).map(String::as_str) == Some(SHARING_OFF)
    }

    /// Returns the object that lists and gets send (recorded: admin environments).
    pub fn to_json(&self, tenant: Uuid) -> Value {
        let database = if self.dataverse.is_some() { "CommonDataService" } else { "None" };
        let administrator = json!({
            "id": Uuid::nil(), "displayName": "Tenant Administrator", "email": "", "type": "User", "tenantId": tenant,
            "userPrincipalName": "",
        });
        let mut properties = json!({
            "tenantId": tenant,
            "azureRegion": "westeurope",
            "displayName": self.display_name,
            "createdTime": "2026-01-05T08:00:00.0000000Z",
            "createdBy": administrator,
            "lastModifiedBy": administrator,
            "lastModifiedTime": "2026-01-05T08:00:00.0000000Z",
            "provisioningState": "Succeeded",
            "creationType": if self.is_default { "DefaultTenant" } else { "User" },
            "environmentSku": self.sku,
            "isDefault": self.is_default,
            "clientUris": {
                "admin": format!("https://admin.powerplatform.microsoft.com/environments/environment/{}/hub", self.name),
                "maker": format!("https://make.powerapps.com/environments/{}/home", self.name),
            },
            "runtimeEndpoints": {
                "microsoft.BusinessAppPlatform": "https://europe.api.bap.microsoft.com",
                "microsoft.CommonDataModel": "https://europe.api.cds.microsoft.com",
                "microsoft.PowerApps": "https://europe.api.powerapps.com",
                "microsoft.PowerAppsAdvisor": "https://europe.api.advisor.powerapps.com",
                "microsoft.PowerVirtualAgents": "https://powervamg.eu-il101.gateway.prod.island.powerapps.com",
                "microsoft.ApiManagement": "https://management.europe.azure-apihub.net",
                "microsoft.Flow": "https://emea.api.flow.microsoft.com",
            },
            "databaseType": database,
            "trialScenarioType": "None",
            "notificationMetadata": { "state": "NotSpecified", "branding": "NotSpecific" },
            "retentionPeriod": "P7D",
            "states": {
                "management": { "id": "Ready" },
                "runtime": {
                    "runtimeReasonCode": "NotSpecified", "requestedBy": { "displayName": "SYSTEM", "type": "NotSpecified" },
                    "id": "Enabled",
                },
                "disasterRecovery": { "copyLocation": "NearCopy", "id": "Disabled" },
            },
            "updateCadence": { "id": "Frequent" },
            "retentionDetails": {
                "retentionPeriod": "P7D", "backupsAvailableFromDateTime": "2026-01-05T08:00:00.0000000Z",
            },
            "protectionStatus": { "keyManagedBy": "Microsoft" },
            "cluster": {
                "category": "Prod", "number": "101", "uriSuffix": "eu-il101.gateway.prod.island", "geoShortName": "EU",
                "environment": "Prod", "scaleGroupId": Uuid::nil(),
            },
            "connectedGroups": [],
            "lifecycleOperationsEnforcement": { "allowedOperations": [], "disallowedOperations": [] },
            "governanceConfiguration": self.governance(),
            "bingChatEnabled": false,
            "m365Enabled": false,
            "appDraftingCopilotEnabled": false,
            "enableAnalyticsForMakers": true,
        });
        // Absent without Dataverse, and so is the group inside it when everybody is let in.
        if let Some(dataverse) = &self.dataverse {
            properties["linkedEnvironmentMetadata"] = dataverse.to_json(&self.display_name);
        }
        json!({
            "id": format!("{PROVIDER}/scopes/admin/environments/{}", self.name),
            "type": "Microsoft.BusinessAppPlatform/scopes/environments",
            "location": "europe",
            "name": self.name,
            "properties": properties,
        })
    }

    // A Managed Environment is one whose protection level is `Standard` (public client; recorded with extended settings).
    fn governance(&self) -> Value {
        let mut governance = json!({ "protectionLevel": if self.managed { "Standard" } else { "Basic" } });
        if !self.extended_settings.is_empty() {
            governance["settings"] = json!({ "extendedSettings": self.extended_settings });
        }
        governance
    }

    /// Returns the object of a role assignment; answers to changes have no address of the principal (recorded by a public client).
    pub(super) fn assignment_json(
        &self,
        id: Uuid,
        assignment: RoleAssignment,
        tenant: Uuid,
        directory: &Directory,
    ) -> Value {
        let name = assignment.role.name();
        let (kind, display_name, email) = match directory.object(assignment.principal) {
            Some(Object::User(person)) => ("User", person.display_name.clone(), person.mail.clone()),
            Some(Object::Group(group)) => ("Group", group.display_name.clone(), group.mail.clone()),
            Some(Object::ServicePrincipal(service_principal)) => {
                ("ServicePrincipal", service_principal.display_name.clone(), None)
            }
            None if assignment.principal == tenant => ("Tenant", String::new(), None),
            // Deleted since it was assigned.
            None => ("NotSpecified", String::new(), None),
        };
        let base = format!("{PROVIDER}/scopes/admin/environments/{}", self.name);
        json!({
            "id": format!("{base}/roleAssignments/{id}"),
            "type": "Microsoft.BusinessAppPlatform/scopes/environments/roleAssignments",
            "name": id,
            "properties": {
                "scope": format!("{PROVIDER}/environments/{}", self.name),
                "roleDefinition": {
                    "id": format!("{base}/roleDefinitions/{name}"),
                    "type": "Microsoft.BusinessAppPlatform/scopes/environments/roleDefinitions",
                    "name": name,
                },
                "principal": {
                    "id": assignment.principal,
                    "displayName": display_name,
                    "email": email.unwrap_or_default(),
                    "type": kind,
                    "tenantId": tenant,
                },
            },
        })
    }
}

impl LinkedDataverse {
    fn to_json(&self, display_name: &str) -> Value {
        let url = self.url.trim_end_matches('/');
        let host = url.split_once("://").map_or(url, |(_, host)| host);
        let (domain, rest) = host.split_once('.').unwrap_or((host, ""));
        let mut metadata = json!({
            "resourceId": self.organization,
            "friendlyName": display_name,
            "uniqueName": format!("unq{}", self.organization.simple()),
            "domainName": domain,
            "version": "9.2.26041.179",
            // The one ends with a slash, the other does not (recorded).
            "instanceUrl": format!("{url}/"),
            "instanceApiUrl": format!("https://{domain}.api.{rest}"),
            "baseLanguage": 1033,
            "instanceState": "Ready",
            "createdTime": "2026-01-05T08:00:00Z",
            "backgroundOperationsState": "Enabled",
            "scaleGroup": "EURCRMLIVESG101",
            "crmGeo": "EMEA",
            "platformSku": "Standard",
            "schemaType": "Standard",
            "isDormant": false,
        });
        if let Some(group) = self.security_group {
            metadata["securityGroupId"] = json!(group);
        }
        metadata
    }
}
