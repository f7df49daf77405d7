//! Questions that the evidence answers differently, and which answer this tenant gives.

use serde::{Deserialize, Serialize};

/// One answer per open question. The default is the answer with the better source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Variants {
    /// `AddPrivilegesRole` with a privilege that the role holds at another depth.
    pub add_over_existing_privilege: AddOverExisting,
    /// `POST …/$ref` of an association that is there.
    pub duplicate_association: DuplicateAssociation,
    /// `DELETE …/$ref` of an association that is not there.
    pub absent_association: AbsentAssociation,
    /// `GrantAccess` to a principal who has a share of the row.
    pub grant_over_existing_share: GrantOverExisting,
    /// `PATCH` of `clientdata` by a caller who has none of the flow's connections.
    pub patch_of_active_flow: PatchOfActiveFlow,
    /// `GrantAccess` to a principal without the privilege on the table.
    pub grant_without_privilege: GrantWithoutPrivilege,
    /// What `RevokeAccess` leaves of a share.
    pub revoked_share: RevokedShare,
    /// How many reads of a table still answer what was there before a write to it; `Consistency: Strong` sees it at once
    /// (third-party notes: caches are stale for seconds to minutes).
    pub stale_reads: u32,
    /// Which of the two ways to privileges and shares is stale although `Consistency: Strong` is asked for: for two reads, or
    /// for as many as other reads are (open: Learn says what the header does to privileges' caches, of shares nothing).
    pub stale_way: StaleWay,
    /// What one must be able to read besides the shared row to see its share.
    pub share_rows: ShareRows,
    /// `RemovePrivilegeRole`, which an older `$metadata` has and the current table page lists.
    pub remove_privilege_action: RemovePrivilegeAction,
    /// `GrantAccess` on a flow where the managed environment forbids sharing.
    pub forbidden_sharing: ForbiddenSharing,
    /// A connection of another connector than Dataverse that is set back to `embedded` under an app trigger.
    pub embedded_under_app_trigger: EmbeddedUnderAppTrigger,
    /// When a flow that is on runs with the modes of its connections that were written.
    pub mode_effect: ModeEffect,
    /// `RetrieveRolePrivilegesRole` with the id of a role's copy.
    pub role_copy_reads: RoleCopyReads,
    /// What decides whether a person can run a flow: requirements of one certainty and all better ones.
    pub run_requirements: RunRequirements,
    /// What `RetrieveRecordChangeHistory` answers.
    pub audit_history: AuditHistory,
    /// Which actions the audit log has for roles that are given and taken.
    pub assignment_audit: AssignmentAudit,
}

/// See [`Variants::add_over_existing_privilege`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AddOverExisting {
    /// The new depth replaces the old (public role editor: uses it to change depths).
    #[default]
    Changes,
    /// Only a wider depth is taken (third-party notes: it does not lower).
    Raises,
    /// Nothing happens.
    Noop,
    /// The request fails with `0x8004140f` (public client: duplicates can fail the whole request).
    Refused,
}

/// See [`Variants::duplicate_association`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DuplicateAssociation {
    /// `0x80040237`, "Cannot insert duplicate key" (public clients match it).
    #[default]
    Refused,
    /// 204, as if it had been made (mocks of a public client).
    Accepted,
}

/// See [`Variants::absent_association`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AbsentAssociation {
    /// 404 with `0x80040217`.
    #[default]
    NotFound,
    /// 204, as if it had been removed.
    Accepted,
}

/// See [`Variants::grant_over_existing_share`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum GrantOverExisting {
    /// The rights are added to those held.
    #[default]
    Merge,
    /// The rights replace those held.
    Replace,
    /// The request fails (one emulator throws).
    Error,
}

/// See [`Variants::patch_of_active_flow`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PatchOfActiveFlow {
    /// It is taken and the flow stays on (public clients do it; field notes).
    #[default]
    Accepted,
    /// 403 `ConnectionAuthorizationFailed` (issues of the Center of Excellence kit).
    Refused,
    /// It is taken, and the flow is off afterwards (public client: always re-read the state).
    TurnsOff,
    /// It is taken, and the text is what it was (third-party measurement).
    Reverted,
}

/// See [`Variants::grant_without_privilege`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum GrantWithoutPrivilege {
    /// The share is stored and gives nothing (Learn: a share cannot give what no role gives).
    #[default]
    Stored,
    /// 403 `0x80042f09` or `0x80042f0a`.
    Refused,
}

/// See [`Variants::revoked_share`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RevokedShare {
    /// The row is gone.
    #[default]
    Gone,
    /// The row stays with mask 0 until it is cleaned up (field notes).
    MaskZero,
}

/// See [`Variants::stale_way`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StaleWay {
    /// Neither.
    #[default]
    Neither,
    /// The sets of rows: `roleprivilegescollection`, `principalobjectaccessset`.
    Sets,
    /// The functions: `RetrieveRolePrivilegesRole`, `RetrieveSharedPrincipalsAndAccess`.
    Functions,
}

impl Variants {
    /// For how many reads one of two ways is stale.
    pub fn stale_one_way(&self) -> u32 {
        match self.stale_way {
            StaleWay::Neither => 0,
            StaleWay::Sets | StaleWay::Functions => self.stale_reads.max(2),
        }
    }
}

/// See [`Variants::share_rows`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ShareRows {
    /// The principal's row (inferred).
    #[default]
    Principal,
    /// Only holders of System Administrator see shares.
    Administrator,
}

/// See [`Variants::remove_privilege_action`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RemovePrivilegeAction {
    /// It is there (Learn: table role).
    #[default]
    Present,
    /// 404 with `0x80060888`.
    Missing,
}

/// See [`Variants::forbidden_sharing`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ForbiddenSharing {
    /// 403 (Learn: managed environment sharing limits).
    #[default]
    Refused,
    /// The service does not look at it for this route.
    Ignored,
}

/// See [`Variants::embedded_under_app_trigger`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EmbeddedUnderAppTrigger {
    /// What was written stays.
    #[default]
    Kept,
    /// The service makes it `invoker` again (third-party measurement; 57 of 59 published references fit).
    SetBack,
}

/// See [`Variants::mode_effect`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ModeEffect {
    /// At once (public client: edits of a flow's text are live immediately).
    #[default]
    AtOnce,
    /// When it was turned off and on again (third-party notes on a child flow).
    AfterRestart,
}

/// See [`Variants::role_copy_reads`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RoleCopyReads {
    /// What its root holds (inferred: a recorded reader of role dumps joins on the root).
    #[default]
    OfRoot,
    /// Nothing: the rows are the root's alone (inferred from the same reader).
    Nothing,
}

/// See [`Variants::run_requirements`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RunRequirements {
    /// Only what Microsoft documents or an answer of the service shows.
    Documented,
    /// Also what people report: it reproduces the forum's failure.
    #[default]
    Reported,
    /// Also what nobody says but is plausible.
    Assumed,
}

/// See [`Variants::audit_history`].
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

/// See [`Variants::assignment_audit`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AssignmentAudit {
    /// 33 and 34, associate and disassociate (Learn: events of many-to-many relationships).
    #[default]
    Association,
    /// 53 to 56, a role that is assigned to or removed from a user or team (Learn: audit actions).
    OfRoles,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_names_only_what_differs() {
        let variants: Variants = serde_yaml::from_str("patchOfActiveFlow: turnsOff\nstaleReads: 2").unwrap();
        let expected =
            Variants { patch_of_active_flow: PatchOfActiveFlow::TurnsOff, stale_reads: 2, ..Variants::default() };
        assert_eq!(variants, expected);
        assert!(serde_yaml::from_str::<Variants>("patchOfActiveFlows: turnsOff").is_err());
    }
}
