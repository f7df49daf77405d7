//! Open questions about roles and their privileges.
use serde::{Deserialize, Serialize};

/// See [`super::Variants::add_over_existing_privilege`].
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

/// See [`super::Variants::remove_privilege_action`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RemovePrivilegeAction {
    /// It is there (Learn: table role).
    #[default]
    Present,
    /// 404 with `0x80060888`.
    Missing,
}

/// See [`super::Variants::role_copy_reads`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RoleCopyReads {
    /// What its root holds (inferred: a recorded reader of role dumps joins on the root).
    #[default]
    OfRoot,
    /// Nothing: the rows are the root's alone (inferred from the same reader).
    Nothing,
}

/// See [`super::Variants::share_point_privileges`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SharePointPrivileges {
    /// `AddPrivilegesRole` puts them back, and `ReplacePrivilegesRole` leaves them (third-party notes of live runs).
    #[default]
    ComeBack,
    /// Removed is removed, and replaced is replaced (Learn: `ReplacePrivilegesRole` sets the role to the list).
    StayAway,
}

/// See [`super::Variants::delete_of_held_role`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DeleteOfHeldRole {
    /// 400 (two public clients say so; the code is inferred).
    #[default]
    Refused,
    /// The role goes, and its assignments with it (Learn: deleting a security role removes its assignments).
    Accepted,
}
