//! What no published model has: it is served, for its source says that it is there, and stands not in `$metadata`, so that every
//! name of `$metadata` can be held against a published one.

use std::collections::BTreeSet;

use super::model::{Model, Name, Structure};

/// Tables of which no model was published. Their names and privileges are recorded, their columns are those of every table.
pub(super) const TABLES: [&str; 8] = [
    "account",
    "botcomponent",
    "botcomponent_workflow",
    "callbackregistration",
    "connector",
    "contact",
    "flowrun",
    "processsession",
];

/// Names of the cloud, which are younger than the published models or were left out of them.
pub(super) const UNPUBLISHED: &[&str] = &[
    // Learn: the pages of these functions and of the action.
    "ComplexType RetrieveAadUserPrivilegesResponse",
    "ComplexType RetrieveAccessOriginResponse",
    "operation RetrieveAadUserPrivileges",
    "operation RetrieveAadUserRoles",
    "operation RetrieveAccessOrigin",
    "operation SyncGroupMembersToTeam",
    // Learn: RetrieveRecordChangeHistory, AuditDetailCollection, PagingInfo; the extract has the table of audits alone.
    "ComplexType AuditDetail",
    "ComplexType AuditDetailCollection",
    "ComplexType PagingInfo",
    "ComplexType RetrieveRecordChangeHistoryResponse",
    "operation RetrieveRecordChangeHistory",
    // Learn: table page of audits, of which the extract leaves this column out.
    "audit.objecttypecode",
    // Every row has a version here, which this table has not in the extract.
    "asyncoperation.versionnumber",
    // The extract has the type without its key.
    "key of bot",
    "set bots",
    // Learn: table pages.
    "environmentvariabledefinition.connectionreferenceid",
    "organization.orgdborgsettings",
    "systemuser.azurestate",
    "systemuser.deletedstate",
    "team.regardingobjectid_workflow",
    // Recorded: a new flow as the service shows it.
    "workflow._flowgroup_value",
    // Learn: assignedPlan, of which the extract of Graph has no more than the name.
    "ComplexType assignedPlan",
    "user.assignedPlans",
];

impl Model {
    /// Leaves out what no published model has, and what leads there.
    pub(super) fn published(mut self) -> Self {
        let is_published = |name: String| !UNPUBLISHED.contains(&name.as_str());
        self.entities.retain(|one| !TABLES.contains(&one.name.as_ref()));
        self.complexes.retain(|one| is_published(format!("ComplexType {}", one.name)));
        self.operations.retain(|one| is_published(format!("operation {}", one.name)));
        let known: BTreeSet<String> = self.entities.iter().map(|one| format!("{}.{}", self.alias, one.name)).collect();
        let is_known = |kind: &Name| {
            known.contains(kind.strip_prefix("Collection(").and_then(|inner| inner.strip_suffix(')')).unwrap_or(kind))
        };
        for one in &mut self.entities {
            let Structure { name, key, properties, navigations, .. } = one;
            properties.retain(|property| is_published(format!("{name}.{}", property.name)));
            navigations
                .retain(|navigation| is_known(&navigation.kind) && is_published(format!("{name}.{}", navigation.name)));
            key.take_if(|_| !is_published(format!("key of {name}")));
        }
        self.sets.retain(|(name, kind)| is_known(kind) && is_published(format!("set {name}")));
        self
    }
}
