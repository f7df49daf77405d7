//! Refusals of the Flow service.

use crate::sandbox::fault::Fault;

/// The same answer for one who may not see it and for one that is not there (recorded by public clients).
pub(super) fn denied(environment: &str) -> Fault {
    Fault::new(403, "EnvironmentAccessDenied", format!("Access to the environment '{environment}' is denied."))
}

/// Says that applications may use the administrator's paths only (text reported in an issue of a public client; code inferred).
pub(super) fn no_makers() -> Fault {
    Fault::new(403, "ClientScopeAuthorizationFailed", "The x-ms-client-scope header must not be null or empty.")
}

/// Says that a flow in a solution is not shared here (issues of the Center of Excellence kit; code and words are inferred).
pub(super) fn not_here() -> Fault {
    Fault::new(403, "SolutionFlowPermissionsNotEditable", "Permissions of flows in solutions cannot be edited here.")
}

/// Says that sharing is turned off (Learn: limit sharing in Managed Environments; code and words are inferred).
pub(super) fn sharing_is_off() -> Fault {
    let text =
        "Sharing of solution-aware cloud flows is turned off by the governance settings of this managed environment.";
    Fault::new(403, "FlowSharingNotAllowed", text)
}
