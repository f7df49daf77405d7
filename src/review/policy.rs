//! Policies: whether the manifests of an environment keep the rules that a Policy document switches on. Offline.
use crate::compile::desired::{
    ConnectionTarget, DesiredEnvironment, Flow, List, Member, Policy, PolicyRule, RoleName, State, Weight,
};
use crate::finding::{Finding, Severity};
use crate::names::{BuiltInRole, ConnectionMode, Depth, EnvironmentRole, Membership, Operation, folded};
use crate::place::Place;
use crate::principal::PrincipalName;
use crate::rules::Rule;

/// Checks what manifests want of an environment against every policy that is for it.
pub fn check(desired: &DesiredEnvironment) -> Vec<Finding> {
    if desired.policies.is_empty() {
        let message = format!("no Policy document is for {}, so nothing was checked there", desired.environment.name);
        let finding = Finding::error(Rule::NoPolicy, &desired.environment.place, message);
        return vec![finding.hint("write a Policy document, or name the environments that have one with `-e`")];
    }
    let mut findings = Vec::new();
    for policy in &desired.policies {
        let mut check = Check { policy, findings: &mut findings };
        check.assignments(desired);
        check.flows(desired);
        check.roles(desired);
    }
    findings
}

/// What a list gives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Given {
    Role,
    Administration,
    RunOnly,
    CoOwnership,
}

struct Check<'run> {
    policy: &'run Policy,
    findings: &'run mut Vec<Finding>,
}

impl Check<'_> {
    fn assignments(&mut self, desired: &DesiredEnvironment) {
        for assignment in &desired.assignments {
            let given = if is_administrative(&assignment.role.value) { Given::Administration } else { Given::Role };
            self.list(&assignment.members, given);
        }
        for roles in &desired.environment_roles {
            let given = match roles.role.value {
                EnvironmentRole::Admin => Given::Administration,
                EnvironmentRole::Maker => Given::Role,
            };
            self.list(&roles.members, given);
        }
    }

    fn flows(&mut self, desired: &DesiredEnvironment) {
        for flow in &desired.flows {
            for (list, given) in [(&flow.run_only_users, Given::RunOnly), (&flow.owners, Given::CoOwnership)] {
                let Some(list) = list else { continue };
                self.list(list, given);
                self.lent_to_everyone(desired, flow, list);
            }
        }
    }

    fn list(&mut self, list: &List, given: Given) {
        for member in list.members.iter().filter(|member| member.state == State::Present) {
            self.member(member, given);
        }
    }

    fn member(&mut self, member: &Member, given: Given) {
        let rules = self.policy.rules;
        let words = words(&member.principal);
        let is_named = match &member.principal {
            PrincipalName::User { .. } | PrincipalName::Application { .. } => true,
            PrincipalName::Group { .. } | PrincipalName::Team { .. } => false,
        };
        let is_person = matches!(member.principal, PrincipalName::User { .. });
        if is_named && !self.is_excepted(PolicyRule::GroupsOnly, member) {
            let message = format!("{words} is given this by name");
            self.say(
                rules.groups_only,
                Rule::GroupsOnly,
                &member.place,
                message,
                "give it to a group, and put them into it",
            );
        }
        if is_person && given == Given::Administration && !self.is_excepted(PolicyRule::NoDirectAdmins, member) {
            let message = format!("{words} is made an administrator by name");
            let hint = "give the role to a group whose membership is approved and ends";
            self.say(rules.no_direct_admins, Rule::NoDirectAdmins, &member.place, message, hint);
        }
        if given == Given::CoOwnership
            && let Some(guests) = guests(&member.principal)
            && !self.is_excepted(PolicyRule::NoGuestOwners, member)
        {
            let message = format!("{words} {guests}, and co-owns the flow");
            let hint = "name a member of the organisation, or write `membership: members` for the group";
            self.say(rules.no_guest_owners, Rule::NoGuestOwners, &member.place, message, hint);
        }
        if (is_named || given == Given::Administration)
            && member.expires.is_none()
            && !self.is_excepted(PolicyRule::ExpiryRequired, member)
        {
            let message = format!("{words} is given this for ever");
            let hint = "add `expires:` with the last day on which it is needed";
            self.say(rules.expiry_required, Rule::ExpiryRequired, &member.place, message, hint);
        }
    }

    /// A flow that lends a connection, as far as any document says, must not be given to everyone.
    fn lent_to_everyone(&mut self, desired: &DesiredEnvironment, flow: &Flow, list: &List) {
        let same = |other: &&Flow| other.flow.value == flow.flow.value;
        let lines = desired.flows.iter().filter(same).flat_map(|flow| &flow.connections);
        let lent = lines.filter(|line| line.mode == ConnectionMode::UseThisConnection).map(|line| match &line.target {
            ConnectionTarget::All => "every other connection".to_owned(),
            ConnectionTarget::Connector(name) | ConnectionTarget::LogicalName(name) | ConnectionTarget::Key(name) => {
                name.clone()
            }
        });
        let lent: Vec<String> = lent.collect();
        if lent.is_empty() {
            return;
        }
        for member in list.members.iter().filter(|member| member.state == State::Present) {
            let is_everyone =
                self.policy.everyone.iter().any(|known| same_principal(&known.principal, &member.principal));
            if is_everyone && !self.is_excepted(PolicyRule::NoSharedConnectionForEveryone, member) {
                let message =
                    format!("{} stands for everyone, and the flow lends {}", words(&member.principal), lent.join(", "));
                self.say(
                    self.policy.rules.no_shared_connection_for_everyone,
                    Rule::NoSharedConnectionForEveryone,
                    &member.place,
                    message,
                    "write `providedByRunOnlyUser` for the connection, or name a smaller group",
                );
            }
        }
    }

    fn roles(&mut self, desired: &DesiredEnvironment) {
        for privilege in desired.roles.iter().flat_map(|role| &role.privileges) {
            let changes = match privilege.operation {
                Operation::Write | Operation::Delete | Operation::Assign | Operation::Share => true,
                Operation::Create | Operation::Read | Operation::Append | Operation::AppendTo => false,
            };
            if changes && privilege.depth == Some(Depth::Organization) {
                let message = format!(
                    "{} on {} reaches every row of the organisation",
                    privilege.operation, privilege.table.value
                );
                let hint = "write `user` or `businessUnit`, and share the rows that others need";
                self.say(
                    self.policy.rules.no_organization_write,
                    Rule::NoOrganizationWrite,
                    &privilege.place,
                    message,
                    hint,
                );
            }
        }
    }

    fn is_excepted(&self, rule: PolicyRule, member: &Member) -> bool {
        self.policy
            .exceptions
            .iter()
            .any(|(of, excepted)| *of == rule && same_principal(&excepted.principal, &member.principal))
    }

    fn say(&mut self, weight: Option<Weight>, rule: Rule, place: &Place, message: String, hint: &str) {
        let severity = match weight {
            None => return,
            Some(Weight::Error) => Severity::Error,
            Some(Weight::Warning) => Severity::Warning,
        };
        let finding = Finding::new(severity, rule, Some(place.clone()), message).hint(hint);
        self.findings.push(finding.also(&self.policy.place, "by this policy"));
    }
}

fn is_administrative(role: &RoleName) -> bool {
    match role {
        RoleName::BuiltIn(BuiltInRole::SystemAdministrator | BuiltInRole::SystemCustomizer) => true,
        RoleName::BuiltIn(
            BuiltInRole::BasicUser
            | BuiltInRole::EnvironmentMaker
            | BuiltInRole::AppOpener
            | BuiltInRole::Delegate
            | BuiltInRole::SupportUser
            | BuiltInRole::PowerAutomateOperator,
        ) => false,
        // Names of built-in roles became built-in roles when the document was read; an id may be anybody's.
        RoleName::Name(name) => BuiltInRole::named(name) == Some(BuiltInRole::SystemAdministrator),
        RoleName::Id { name, .. } => {
            name.as_deref().and_then(BuiltInRole::named) == Some(BuiltInRole::SystemAdministrator)
        }
    }
}

/// How a principal may be or bring a guest, if it may.
fn guests(principal: &PrincipalName) -> Option<&'static str> {
    match principal {
        // Entra marks the name of a guest (Learn: properties of a B2B guest user).
        PrincipalName::User { name: Some(name), .. } => {
            name.to_ascii_uppercase().contains("#EXT#").then_some("is a guest")
        }
        PrincipalName::Group { membership, .. } => match membership {
            Membership::Guests => Some("is the guests of a group"),
            Membership::MembersAndGuests => Some("lets the guests of the group in too"),
            Membership::Members | Membership::Owners => None,
        },
        PrincipalName::User { name: None, .. } | PrincipalName::Application { .. } | PrincipalName::Team { .. } => None,
    }
}

/// Whether two names mean one principal: the ids decide where both have one.
pub(super) fn same_principal(one: &PrincipalName, other: &PrincipalName) -> bool {
    let names = |one: &Option<String>, other: &Option<String>| match (one, other) {
        (Some(one), Some(other)) => folded(one) == folded(other),
        (None, _) | (_, None) => false,
    };
    match (one, other) {
        (PrincipalName::User { id: Some(one), .. }, PrincipalName::User { id: Some(other), .. })
        | (PrincipalName::Group { id: Some(one), .. }, PrincipalName::Group { id: Some(other), .. })
        | (PrincipalName::Team { id: Some(one), .. }, PrincipalName::Team { id: Some(other), .. })
        | (PrincipalName::Application { id: one, .. }, PrincipalName::Application { id: other, .. }) => one == other,
        (PrincipalName::User { name: one, .. }, PrincipalName::User { name: other, .. })
        | (PrincipalName::Group { name: one, .. }, PrincipalName::Group { name: other, .. })
        | (PrincipalName::Team { name: one, .. }, PrincipalName::Team { name: other, .. }) => names(one, other),
        (
            PrincipalName::User { .. }
            | PrincipalName::Group { .. }
            | PrincipalName::Application { .. }
            | PrincipalName::Team { .. },
            _,
        ) => false,
    }
}

/// A principal as its document names it.
pub(super) fn words(principal: &PrincipalName) -> String {
    let name = |name: &Option<String>, id: Option<&uuid::Uuid>| {
        name.clone().or_else(|| id.map(ToString::to_string)).unwrap_or_default()
    };
    match principal {
        PrincipalName::User { name: own, id } => format!("user {}", name(own, id.as_ref())),
        PrincipalName::Group { name: own, id, .. } => format!("group {}", name(own, id.as_ref())),
        PrincipalName::Application { name: own, id } => format!("application {}", name(own, Some(id))),
        PrincipalName::Team { name: own, id, .. } => format!("team {}", name(own, id.as_ref())),
    }
}
