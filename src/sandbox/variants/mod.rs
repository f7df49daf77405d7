//! Questions that the evidence answers differently, and which answer this tenant gives.

mod flows;
mod people;
mod reads;
mod roles;
mod shares;

use serde::{Deserialize, Serialize};

pub use flows::{EmbeddedUnderAppTrigger, ModeEffect, PatchOfActiveFlow, ReferenceCheck, RunRequirements};
pub use people::{AbsentAssociation, DuplicateAssociation, GroupMembers, UserById};
pub use reads::StaleWay;
pub use roles::{AddOverExisting, DeleteOfHeldRole, RemovePrivilegeAction, RoleCopyReads, SharePointPrivileges};
pub use shares::{
    CoOwnerMask, FlowServiceShares, ForbiddenSharing, GrantOverExisting, GrantWithoutPrivilege, RevokedShare, ShareRows,
};

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
    /// The four privileges for SharePoint that every new role holds, once they were taken away.
    pub share_point_privileges: SharePointPrivileges,
    /// `DELETE` of a role that somebody holds.
    pub delete_of_held_role: DeleteOfHeldRole,
    /// When the members of a group team follow the group.
    pub group_members: GroupMembers,
    /// `GET systemusers(id)` by an application.
    pub user_by_id: UserById,
    /// Which rights the portal and the Flow service give a co-owner of a flow.
    pub co_owner_mask: CoOwnerMask,
    /// What sharing a flow with a row in Dataverse through the Flow service does.
    pub flow_service_shares: FlowServiceShares,
    /// When the caller must be able to read a flow's connection references.
    pub reference_check: ReferenceCheck,
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
