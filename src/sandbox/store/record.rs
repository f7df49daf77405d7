//! What one request changed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::sandbox::bap::BapEnvironment;
use crate::sandbox::flow_service::row::FlowRow;
use crate::sandbox::odata::Row;
use crate::sandbox::organization::Organization;
use crate::sandbox::tenant::Tenant;

/// What one request changed, as it is after that.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Record {
    /// Rows, by the display name of their environment.
    organizations: BTreeMap<String, Written>,
    /// All environments of the admin API, where one of them changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    environments: Option<BTreeMap<String, BapEnvironment>>,
    /// All flows outside Dataverse, where one of them changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    personal_flows: Option<BTreeMap<String, Vec<FlowRow>>>,
}

/// What was written in an organisation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Written {
    /// The version of the row that was written last.
    pub version: u64,
    /// Table, key and row; nothing for a row that was deleted.
    pub rows: Vec<(String, Uuid, Option<Row>)>,
}

/// What of a tenant is compared as a whole, before and after a request.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::sandbox) struct Before {
    environments: BTreeMap<String, BapEnvironment>,
    personal_flows: BTreeMap<String, Vec<FlowRow>>,
}

impl Before {
    /// Remembers it.
    pub(in crate::sandbox) fn of(tenant: &Tenant) -> Self {
        Self { environments: tenant.environments.clone(), personal_flows: tenant.personal_flows.clone() }
    }
}

impl Record {
    /// Collects what was changed since then; nothing when that is nothing.
    pub(in crate::sandbox) fn since(before: &Before, tenant: &Tenant) -> Option<Self> {
        let written = |(name, organization): (&String, &Organization)| Some((name.clone(), organization.written()?));
        let record = Self {
            organizations: tenant.organizations.iter().filter_map(written).collect(),
            environments: (tenant.environments != before.environments).then(|| tenant.environments.clone()),
            personal_flows: (tenant.personal_flows != before.personal_flows).then(|| tenant.personal_flows.clone()),
        };
        (record != Self::default()).then_some(record)
    }

    /// Does it again; says whether the tenant has the organisations.
    pub(super) fn redo(self, tenant: &mut Tenant) -> bool {
        for (name, written) in self.organizations {
            let Some(organization) = tenant.organizations.get_mut(&name) else { return false };
            organization.restore(written);
        }
        if let Some(environments) = self.environments {
            tenant.environments = environments;
        }
        if let Some(flows) = self.personal_flows {
            tenant.personal_flows = flows;
        }
        true
    }
}
