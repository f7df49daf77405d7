//! Tells the service by the host, and by the path where the host is the sandbox itself.

use crate::sandbox::discovery;
use crate::sandbox::hosts::{self, Place};
use crate::sandbox::identity::voucher::Voucher;
use crate::sandbox::incoming::Incoming;
use crate::sandbox::instances;
use crate::sandbox::tenant::Tenant;

/// A service of the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Service {
    SignIn,
    /// Who vouches for jobs and machines.
    Voucher(Voucher),
    Graph,
    /// Graph in a version that is not served.
    GraphElsewhere,
    Admin,
    PowerApps,
    Flow,
    /// The global discovery service.
    Discovery,
    /// Dataverse of the environment with that display name; the path behind the host's.
    Dataverse(String),
}

/// Tells the service by the host, and by the path where the host is the sandbox itself.
pub(super) fn route(tenant: &Tenant, incoming: &Incoming<'_>) -> Option<(Service, String)> {
    let name = hosts::name(incoming.host);
    let path = incoming.path;
    if let Some(voucher) = Voucher::of(&name, path) {
        return Some((Service::Voucher(voucher), path.to_owned()));
    }
    match hosts::place(&name) {
        Some(Place::SignIn) => return Some((Service::SignIn, path.to_owned())),
        Some(Place::Graph) => {
            let rest = path.strip_prefix("/v1.0").filter(|rest| rest.is_empty() || rest.starts_with('/'));
            return Some(
                rest.map_or((Service::GraphElsewhere, path.to_owned()), |rest| (Service::Graph, rest.to_owned())),
            );
        }
        Some(Place::Admin) => return Some((Service::Admin, path.to_owned())),
        Some(Place::PowerApps) => return Some((Service::PowerApps, path.to_owned())),
        Some(Place::Flow) => return Some((Service::Flow, path.to_owned())),
        Some(Place::Discovery) => return Some((Service::Discovery, path.to_owned())),
        Some(Place::Dataverse) | None => {}
    }
    // `contoso.api.crm4.dynamics.com` is the same organisation (recorded: both forms answer).
    let plain = name.replacen(".api.crm", ".crm", 1);
    let of_host = tenant.organizations.iter().find(|(_, organization)| organization.host.eq_ignore_ascii_case(&plain));
    if let Some((environment, _)) = of_host {
        return Some((Service::Dataverse(environment.clone()), path.to_owned()));
    }
    if !hosts::is_loopback(&name) {
        return None;
    }
    let below = |prefix: &str| path.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    if let Some(rest) = path.strip_prefix("/_org/") {
        let (unique_name, rest) = rest.split_once('/')?;
        let mut all = tenant.organizations.iter();
        let (environment, _) = all.find(|(_, organization)| organization.unique_name == unique_name)?;
        return Some((Service::Dataverse(environment.clone()), format!("/{rest}")));
    }
    if below("/api/data/") {
        let environment = tenant.organizations.keys().next()?;
        return Some((Service::Dataverse(environment.clone()), path.to_owned()));
    }
    if let Some(rest) = path.strip_prefix("/v1.0") {
        return Some((Service::Graph, rest.to_owned()));
    }
    if below("/providers/Microsoft.BusinessAppPlatform") {
        return Some((Service::Admin, path.to_owned()));
    }
    if below(discovery::PATH) {
        return Some((Service::Discovery, path.to_owned()));
    }
    if below("/providers/Microsoft.PowerApps") {
        return Some((Service::PowerApps, path.to_owned()));
    }
    if below("/providers/Microsoft.ProcessSimple") {
        return Some((Service::Flow, path.to_owned()));
    }
    let is_sign_in = path == instances::PATH
        || path.ends_with("/oauth2/v2.0/token")
        || path.ends_with("/oauth2/token")
        || path.ends_with("/oauth2/v2.0/devicecode")
        || path.ends_with("/.well-known/openid-configuration");
    is_sign_in.then(|| (Service::SignIn, path.to_owned()))
}
