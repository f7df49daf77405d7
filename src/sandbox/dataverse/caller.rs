//! Who calls, and as whom.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::sandbox::claims::Claims;
use crate::sandbox::directory::Directory;
use crate::sandbox::fault::Fault;
use crate::sandbox::organization::Organization;
use crate::sandbox::principals;
use crate::sandbox::variants::{GroupMembers, Variants};

/// Who calls, and as whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) struct Identity {
    /// The user of the token.
    pub user: Uuid,
    /// The user of `CallerObjectId` or `MSCRMCallerID`.
    pub acting_as: Option<Uuid>,
}

/// Finds the user of a token. A person who signs in comes in with that, and into the teams of his groups
/// (Learn: manage group teams); an application has to be there.
pub(in crate::sandbox) fn identify(
    organization: &mut Organization,
    directory: &Directory,
    claims: &Claims,
    headers: &BTreeMap<String, String>,
    variants: &Variants,
) -> Result<Identity, Fault> {
    let user = if let Some(application) = claims.appid {
        principals::application_user(organization, application).ok_or_else(|| principals::not_a_member(claims.oid))?
    } else {
        let is_first = principals::user_of(organization, claims.oid).is_none();
        let user = principals::add_user(organization, directory, claims.oid)?;
        if is_first || variants.group_members == GroupMembers::AtAccess {
            principals::access(organization, directory, claims.oid);
        }
        user
    };
    let by_object = headers.get("callerobjectid").map(|text| {
        let object = Uuid::try_parse(text).map_err(|_| Fault::malformed("CallerObjectId is not a GUID."))?;
        principals::user_of(organization, object).ok_or_else(|| principals::not_a_member(object))
    });
    let by_user = headers.get("mscrmcallerid").map(|text| {
        let user = Uuid::try_parse(text).map_err(|_| Fault::malformed("MSCRMCallerID is not a GUID."))?;
        organization.row("systemuser", user).map(|_| user).ok_or_else(|| Fault::no_such_row("systemuser", user))
    });
    let acting_as = by_object.or(by_user).transpose()?;
    Ok(Identity { user, acting_as })
}
