//! As whom the service writes rows of Dataverse.

use uuid::Uuid;

use super::scope::Scope;
use crate::sandbox::claims::Claims;
use crate::sandbox::organization::{Actor, Organization, id};
use crate::sandbox::principals;

/// Begins a write to a flow's row and says as which user: the bearer, and on the administrators' path the flow's owner
/// (inferred). Dataverse audits what is written, whoever sent the request (Learn: auditing is of tables and their rows);
/// that its record names this user is inferred too.
pub(super) fn begin(organization: &mut Organization, (claims, scope): (&Claims, Scope), flow: Uuid) -> Option<Uuid> {
    let user = match scope {
        Scope::Maker => principals::user_of(organization, claims.oid),
        Scope::Admin => organization.row("workflow", flow).and_then(|row| id(row, "_ownerid_value")),
    }?;
    if organization.under_way.is_none() {
        organization.under_way = Some((organization.mark(), Actor { user, caller: None }));
    }
    Some(user)
}
