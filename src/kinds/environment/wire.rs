//! The words that Dataverse and the admin API use for an environment, its people and their roles.
use url::form_urlencoded::byte_serialize;

use crate::inventory::EnvironmentFacts;
use crate::kinds::Lacks;
use crate::names::{EnvironmentRole, Membership};

/// The environment's path in the admin API, or what is lacking to know it.
pub(super) fn admin_path(environment: &EnvironmentFacts) -> Result<String, Lacks> {
    let id = environment
        .environment_id
        .as_ref()
        .ok_or_else(|| Lacks::Fact("the Environment document names its `environmentId`".to_owned()))?;
    let id: String = byte_serialize(id.as_bytes()).collect();
    Ok(format!("providers/Microsoft.BusinessAppPlatform/scopes/admin/environments/{id}"))
}

/// The number of a membership type (`membershiptype`; recorded team metadata).
pub(super) fn membership_type(membership: Membership) -> u8 {
    match membership {
        Membership::MembersAndGuests => 0,
        Membership::Members => 1,
        Membership::Owners => 2,
        Membership::Guests => 3,
    }
}

/// The name of a role definition (recorded role assignments of an environment without Dataverse).
pub(super) fn role_definition(role: EnvironmentRole) -> &'static str {
    match role {
        EnvironmentRole::Admin => "EnvironmentAdmin",
        EnvironmentRole::Maker => "EnvironmentMaker",
    }
}
