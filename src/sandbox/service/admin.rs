//! The Business App Platform, and what its answers do to Dataverse.

use uuid::Uuid;

use crate::sandbox::answer::Answer;
use crate::sandbox::bap::{Bap, Effect};
use crate::sandbox::claims::Claims;
use crate::sandbox::directory::Directory;
use crate::sandbox::fault::Fault;
use crate::sandbox::incoming::Incoming;
use crate::sandbox::organization::{Organization, row_of};
use crate::sandbox::tenant::Tenant;
use crate::sandbox::{builtin, principals, provider, roles};

/// Answers a request of the token's bearer.
pub(super) fn admin(tenant: &mut Tenant, incoming: &Incoming<'_>, root: &str, claims: &Claims) -> Answer {
    let body = serde_json::from_str(incoming.body).ok();
    let request = provider::Request::of(incoming, root, body.as_ref());
    let platform = Bap {
        environments: &tenant.environments,
        access: &tenant.access,
        directory: &tenant.directory,
        tenant: tenant.issuer.tenant,
    };
    let outcome = platform.handle(request, claims);
    for effect in &outcome.effects {
        effect.apply(&mut tenant.environments);
        let (Effect::AddUser { environment, .. } | Effect::AddApplicationUser { environment, .. }) = effect else {
            continue;
        };
        let mut all = tenant.organizations.values_mut();
        let Some(organization) = all.find(|organization| organization.environment == *environment) else { continue };
        let added = match effect {
            Effect::AddUser { user, .. } => principals::add_user(organization, &tenant.directory, *user)
                .map(|_| principals::access(organization, &tenant.directory, *user)),
            Effect::AddApplicationUser { service_principal, .. } => {
                add_administrator(organization, &tenant.directory, *service_principal)
            }
            Effect::Assign { .. } | Effect::Unassign { .. } => Ok(()),
        };
        if let Err(fault) = added {
            return fault.into();
        }
    }
    outcome.answer
}

// `addAppUser` gives System Administrator (public client, which uses it for that).
fn add_administrator(organization: &mut Organization, directory: &Directory, object: Uuid) -> Result<(), Fault> {
    let Some(application) = directory.service_principals.get(&object).map(|principal| principal.app_id) else {
        return Err(Fault::new(400, "PrincipalNotFound", "Principal not found."));
    };
    let unit = organization.root_unit();
    let user = match principals::application_user(organization, application) {
        Some(user) => user,
        None => principals::add_application(organization, directory, application, unit)?,
    };
    if let Some(role) = roles::root_named(organization, builtin::SYSTEM_ADMINISTRATOR) {
        let joint = organization.joint_id("systemuserroles", user, role);
        organization.put("systemuserroles", joint, row_of(serde_json::json!({ "systemuserid": user, "roleid": role })));
    }
    Ok(())
}
