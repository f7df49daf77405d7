//! Which service vouches for a request's sender, told by the address that is asked.

use super::{managed, pipelines};
use crate::sandbox::answer::Answer;
use crate::sandbox::incoming::Incoming;
use crate::sandbox::tenant::Tenant;

/// A service that vouches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum Voucher {
    /// GitHub Actions.
    GitHub,
    /// Azure Pipelines.
    Pipelines,
    /// The metadata service of a machine, or the agent of Azure Arc.
    Metadata,
    /// App Service.
    AppService,
}

impl Voucher {
    /// Tells the service by the host, and by the path where the host is the sandbox itself.
    pub(in crate::sandbox) fn of(host: &str, path: &str) -> Option<Self> {
        let metadata = "/metadata/identity/oauth2/token";
        if host.ends_with(".actions.githubusercontent.com") || path.starts_with("/_github/") {
            Some(Self::GitHub)
        } else if path.ends_with("/oidctoken") {
            Some(Self::Pipelines)
        } else if path == metadata {
            Some(Self::Metadata)
        } else if path == "/msi/token" {
            Some(Self::AppService)
        } else {
            None
        }
    }

    /// Answers a request.
    pub(in crate::sandbox) fn respond(self, tenant: &Tenant, incoming: &Incoming<'_>, now: i64) -> Answer {
        match self {
            Self::GitHub => pipelines::github(tenant, incoming, now),
            Self::Pipelines => pipelines::azure(tenant, incoming, now),
            Self::Metadata => managed::metadata(tenant, incoming, now),
            Self::AppService => managed::app_service(tenant, incoming, now),
        }
    }
}
