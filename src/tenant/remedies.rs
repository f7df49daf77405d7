//! What to do about the answers that Microsoft's services are known to give.
use crate::problem::Cause;

/// One known answer.
pub(super) struct Known {
    /// The kind of trouble, where the status alone does not say it.
    pub(super) cause: Option<Cause>,
    /// What to do next.
    pub(super) next: &'static str,
}

const fn next(next: &'static str) -> Known {
    Known { cause: None, next }
}

const fn really(cause: Cause, next: &'static str) -> Known {
    Known { cause: Some(cause), next }
}

/// What is known of a service's error code.
// Codes without another source: Learn, web service error codes.
pub(super) fn of_code(code: &str) -> Option<Known> {
    let known = match code {
        // PrivilegeDenied, PrincipalPrivilegeDenied (recorded: "Principal user … is missing prv… privilege").
        "0x80040220" | "0x80040231" => {
            really(Cause::Forbidden, "give the caller a security role with the privilege that the message names")
        }
        // A right on one row is missing (recorded: on a connection reference).
        "0x80048306" => really(
            Cause::Forbidden,
            "give the caller a security role that reaches this row, or share the row with the caller",
        ),
        // UserNotAssignedRoles, TeamNotAssignedRoles (recorded: RetrievePrivilegeForUser).
        "0x80042f09" | "0x80042f0a" => {
            really(Cause::Forbidden, "assign a security role to the user or team that the message names")
        }
        // UserNotMemberOfOrg.
        "0x80072560" => really(
            Cause::Forbidden,
            "add the caller to the environment: an application as an application user, a person as a user",
        ),
        // Disabled, or without a business unit.
        "0x80040225" => really(
            Cause::Forbidden,
            "enable the user in the environment: it needs a licence, an enabled account and the environment's security group",
        ),
        // ConcurrencyVersionMismatch.
        "0x80060882" => really(Cause::Conflict, "somebody changed the row since it was read; plan again"),
        // OptimisticConcurrencyNotEnabled.
        "0x8006088d" | "0x8006088D" => next("report this: the table does not know row versions"),
        // Requests, execution time and concurrency over the limit (Learn: service protection API limits); the name that Microsoft
        // Graph has for it (Learn: Graph throttling).
        "0x80072322" | "0x80072321" | "0x80072326" | "TooManyRequests" => really(Cause::Throttled, THROTTLED),
        // The row does not exist (recorded: "Entity 'role' With Id = … Does Not Exist").
        "0x80040217" => really(Cause::Gone, "it was removed, or the id is of another environment; plan again"),
        // A segment of the address is unknown: that is not a row that is absent (recorded: "Resource not found for the segment").
        "0x80060888" => really(
            Cause::Refused,
            "the environment does not know this table, property or id; check that Dataverse there is up to date",
        ),
        // Unknown table (recorded: "was not found in the MetadataCache").
        "0x80041102" => really(Cause::Refused, "the environment does not have this table"),
        // DuplicateRecord (client code: "Cannot insert duplicate key" when an association is there already).
        "0x80040237" | "0x80060892" => really(Cause::Conflict, "it is there already; plan again"),
        // RoleAlreadyExists; RoleMissing.
        "0x80041403" => {
            really(Cause::Conflict, "a security role of this name exists in the business unit; plan again to adopt it")
        }
        "0x80041402" => really(Cause::Gone, "the security role is gone; plan again"),
        // InvalidPrivilegeDepth.
        "0x8004140b" | "0x800404bb" => next("name a depth that the privilege allows"),
        // DuplicatedPrivilege.
        "0x8004140f" => next("report this: a privilege was sent twice"),
        // CannotUpdateInheritedRole, CannotDeleteInheritedRole.
        "0x80044152" | "0x8004140c" => next("change the role in the root business unit, not its copy"),
        // AadGroupTeamsCanOnlyAssignInheritableRoles; the same for access teams.
        "0x80048350" => next(
            "set the role's member's privilege inheritance to \"Direct User (Basic) access level and Team privileges\"",
        ),
        "0x80048331" => next("an access team cannot hold roles; name an owner team or a group"),
        // CannotRemoveTenantAdminFromSysAdminRole.
        "0x80041d64" => next("Dataverse keeps System Administrator for tenant administrators; name it in the manifest"),
        // CannotAssignRolesToSupportUser, CannotAssignSupportUser.
        "0x80041d51" | "0x80041d44" => next("roles of support users cannot be changed"),
        // An id of zeros (recorded: "Expected non-empty Guid.").
        "0x80040203" => next("report this: an empty id was sent"),
        // BusinessUnitMissing.
        "0x80041406" => next("the business unit is gone; plan again"),
        // A solution is being imported or removed.
        "0x80071151" => {
            really(Cause::Conflict, "a solution operation is running in the environment; run again when it has ended")
        }
        // The Flow service's names (recorded and reported errors of public clients).
        "ChildFlowUnsupportedForInvokerConnections" => {
            next("another flow calls this one as a child flow, and child flows accept only `useThisConnection`")
        }
        "ConnectionAuthorizationFailed" => really(
            Cause::Forbidden,
            "let an identity write that may use every connection of the flow: share the connections with the caller, or set `actAs: owner`",
        ),
        "EnvironmentAccessDenied" => {
            really(Cause::Forbidden, "check the environment's id, and give the caller a role in that environment")
        }
        "UserNotMemberOfCdsSecurityGroup" | "userNotPartOfSecurityGroup" => {
            really(Cause::Forbidden, "add the user to the environment's security group")
        }
        "userNotLicensed" => really(Cause::Forbidden, "give the user a licence that includes Power Platform"),
        "FlowNotFound" => really(Cause::Gone, "the flow is gone, or is one of another environment"),
        // The admin API and Microsoft Graph (recorded errors).
        "EnvironmentNotFound" => really(Cause::Gone, "check `environmentId:` of the Environment document"),
        "ServiceToServiceEnvironmentNotFound" => {
            really(Cause::Failed, "a new environment is not visible to applications at once; run again later")
        }
        "Request_ResourceNotFound" => really(Cause::Gone, "the user, group or application is not in this tenant"),
        "Authorization_RequestDenied" => really(
            Cause::Forbidden,
            "grant the application the Microsoft Graph permissions User.ReadBasic.All, GroupMember.Read.All and Application.Read.All, or name principals by id",
        ),
        _ => return None,
    };
    Some(known)
}

/// What is known of a message that has no code of its own.
pub(super) fn of_text(text: &str) -> Option<Known> {
    // An application that is not registered as management application (client code of the public Terraform provider).
    if text.contains("does not have permission to access the path") {
        return Some(really(
            Cause::Forbidden,
            "have a Power Platform administrator register the application: `New-PowerAppManagementApp -ApplicationId …`",
        ));
    }
    // The maker's half of the Flow service has no access for applications (reported to CLI for Microsoft 365).
    if text.contains("x-ms-client-scope header must not be null")
        || text.contains("Principal Service authentication is supported for administrative actions only")
    {
        return Some(really(
            Cause::Forbidden,
            "this part of Power Automate answers people only; sign in as a user for it",
        ));
    }
    // Recorded by a third party: Dataverse has pages behind links, and no `$skip`.
    if text.contains("Skip Clause is not supported") {
        return Some(really(
            Cause::Refused,
            "report this: the pages of a set were asked for in a way that Dataverse does not know",
        ));
    }
    // Associating what is associated, in other words than the code's (client code of the public Terraform provider).
    if text.contains("Cannot insert duplicate key") || text.contains("matching key values already exists") {
        return Some(really(Cause::Conflict, "it is there already; plan again"));
    }
    None
}

/// What to do about a refusal of the token service.
// Numbers and meanings: Learn, Microsoft Entra authentication and authorization error codes.
pub(super) fn of_sign_in(number: &str) -> Option<&'static str> {
    match number {
        "AADSTS7000215" => Some("the client secret is wrong: use the secret's value, not its id"),
        "AADSTS7000222" => Some("the client secret has expired: make a new one"),
        "AADSTS7000218" => {
            Some("give a client secret or a certificate, or let the application allow public client flows")
        }
        // Unknown, expired or not the application's (Learn: certificate credentials).
        "AADSTS700027" => {
            Some("give the application this certificate, or use one that it has and that has not expired")
        }
        "AADSTS700024" => Some("set this machine's clock: the assertion's time does not fit that of the token service"),
        "AADSTS700021" | "AADSTS700023" => Some("check the client id, the tenant and the cloud"),
        "AADSTS70011" | "AADSTS1002012" => Some("check the audience, if it was replaced by a variable"),
        "AADSTS70018" => Some("let the person who enters the code accept the sign-in"),
        "AADSTS50027" => Some("what was presented is no token: check the file or the service that it comes from"),
        "AADSTS700016" => Some("check the client id and the tenant: the application is not in this tenant"),
        "AADSTS7000112" => Some("the application is disabled in this tenant"),
        "AADSTS90002" | "AADSTS900023" => Some("check the tenant's id, and the cloud it is in"),
        "AADSTS500011" | "AADSTS500014" | "AADSTS650052" => Some(
            "the tenant does not know this service or organisation: check the address, the cloud and that the environment is in this tenant",
        ),
        "AADSTS65001" => Some("have an administrator consent to the application"),
        "AADSTS50034" | "AADSTS50057" => Some("the account is not in this tenant, or is disabled"),
        "AADSTS50076" | "AADSTS50079" | "AADSTS53003" | "AADSTS530003" => {
            Some("a Conditional Access policy stands in the way: use an identity that it allows")
        }
        _ => None,
    }
}

/// What to do when a Conditional Access policy took a token back.
pub(super) const REVOKED: &str =
    "a Conditional Access policy revoked the sign-in: sign in again from where the policy allows it";

/// What to do when a service refuses further requests.
pub(super) const THROTTLED: &str =
    "too many requests were sent for this identity; run again later, or with fewer environments at a time";

/// What to do when nothing more is known than the kind of trouble.
pub(super) fn of_cause(cause: Cause) -> &'static str {
    match cause {
        Cause::SignedOut => "sign in again, and check that the identity belongs to this tenant",
        Cause::Forbidden => "give the caller the right that the message names",
        Cause::Trimmed => "give the caller Read at organization level on the table",
        Cause::Throttled => THROTTLED,
        Cause::Incomplete => "the answer broke off; run again",
        Cause::Malformed => "something other than the service answered; check the address and proxies on the way",
        Cause::Gone => "it is not there; plan again",
        Cause::Conflict => "it has changed; plan again",
        Cause::Refused => "the service does not accept this; see its message",
        Cause::Failed => "the service failed; run again, and give the request's id to Microsoft support if it lasts",
        Cause::Unreachable => "check the network, the proxy and the address",
        Cause::NotAsked => "ask for it",
    }
}
