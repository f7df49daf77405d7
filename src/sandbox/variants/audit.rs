//! Open questions about the audit log.
use serde::{Deserialize, Serialize};

/// See [`Variants::audit_history`](super::Variants::audit_history).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AuditHistory {
    /// Details with their audit records (public clients read them there).
    #[default]
    WithRecords,
    /// Details alone (Learn: retrieve audit data, "don't return the `AuditRecord`").
    WithoutRecords,
    /// Nothing: auditing is off (public client: an empty collection, no error).
    Off,
}

/// See [`Variants::assignment_audit`](super::Variants::assignment_audit).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AssignmentAudit {
    /// 33 and 34, associate and disassociate (Learn: events of many-to-many relationships).
    #[default]
    Association,
    /// 53 to 56, a role that is assigned to or removed from a user or team (Learn: audit actions).
    OfRoles,
}
