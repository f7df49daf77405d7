//! The registry of rule ids: every finding and every rail names one of these, and only these.
use std::fmt;

use serde::{Serialize, Serializer};

macro_rules! rules {
    ($($variant:ident => $id:literal, $meaning:literal;)*) => {
        /// A rule that a manifest, a plan or a run can break.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $(#[doc = $meaning] $variant,)*
        }

        impl Rule {
            /// Every rule, in the order of this file.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The id that is printed, documented and used in flags; it never changes its meaning.
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// What breaking it means, in one sentence.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }
        }
    };
}

rules! {
    Unreadable => "unreadable", "A path that does not exist, cannot be read, is too large or is not UTF-8.";
    Syntax => "syntax", "Text that is not YAML, or YAML that powergrant refuses: tabs, duplicate keys, unknown tags, alias bombs.";
    NoDocuments => "no-documents", "Paths that hold no powergrant document.";
    UnknownKind => "unknown-kind", "A document whose `apiVersion` or `kind` is missing or unknown.";
    Shape => "shape", "A field that is unknown, missing or of the wrong type.";
    InvalidValue => "invalid-value", "A value that is of the right type and still cannot be: an id that is no GUID, a date that is none.";
    DuplicateDocument => "duplicate-document", "Two documents of one kind and name.";
    UnknownEnvironment => "unknown-environment", "A document names an environment, or selects labels, that no Environment document has.";
    DuplicateEnvironment => "duplicate-environment", "Two Environment documents are one environment.";
    UndefinedVariable => "undefined-variable", "A variable that an addressed environment does not define, or defines as something else.";
    Contradiction => "contradiction", "One entry at two levels, present and absent, or one list with two extents.";
    Expired => "expired", "An entry whose last day has passed.";
    ExpiresSoon => "expires-soon", "An entry whose last day comes within two weeks.";
    NoPolicy => "no-policy", "A check against policies where no Policy document is for the environment.";
    GroupsOnly => "groups-only", "Policy: a person or an application is given something by name instead of through a group.";
    NoDirectAdmins => "no-direct-admins", "Policy: a person is given an administrator's role by name.";
    NoGuestOwners => "no-guest-owners", "Policy: a guest, or a group whose guests count too, co-owns a flow.";
    NoSharedConnectionForEveryone => "no-shared-connection-for-everyone", "Policy: a flow that lends a connection is given to a group that stands for everyone.";
    ExpiryRequired => "expiry-required", "Policy: somebody who is named, or an administrator, is given something without a last day.";
    NoOrganizationWrite => "no-organization-write", "Policy: a role can change every row of the organisation.";
    NewAccess => "new-access", "Somebody could gain something that the baseline does not give.";
    EmptyExact => "empty-exact", "An exact list that names nobody and does not say `allowEmpty: true`.";
    UnknownRole => "unknown-role", "A security role that the environment does not have.";
    UnknownTable => "unknown-table", "A table that the environment does not have.";
    UnknownPrivilege => "unknown-privilege", "A privilege that the table or the environment does not have.";
    ForbiddenDepth => "forbidden-depth", "A depth that the privilege does not allow.";
    NoPrivileges => "no-privileges", "A table that has no privileges of its own, so there is nothing to grant.";
    UnknownFlow => "unknown-flow", "A flow that the environment does not have.";
    FlowOutsideDataverse => "flow-outside-dataverse", "A flow that exists only outside Dataverse and so has no row to share.";
    UnknownReference => "unknown-connection-reference", "A connection reference that the flow does not have.";
    UnknownPrincipal => "unknown-principal", "A user, group, application or team that is not to be found.";
    UnknownUnit => "unknown-business-unit", "A business unit that the environment does not have.";
    Ambiguous => "ambiguous", "A name that several things have.";
    NameMismatch => "name-mismatch", "A name beside an id that is not the name the id has today.";
    NotInteractive => "not-interactive", "A mode or run-only users on a flow that nobody starts by hand.";
    UnusualTrigger => "unusual-trigger", "A trigger for which little is known about run-only users.";
    WrongEnvironmentType => "wrong-environment-type", "A security role where there is no Dataverse, or an environment role where there is one.";
    NeedsInheritance => "needs-inheritance", "A role for a group team that does not reach the members: `isinherited` is 0.";
    NoUserLevelPrivilege => "no-user-level-privilege", "A role for a group team that holds no User-level privilege, so its members count as having no role.";
    NoReadForShare => "no-read-for-share", "A share for a principal that does not hold Read on the table, so the share gives nothing.";
    ChildFlow => "child-flow", "A child flow accepts only connections of its own; another mode breaks its parents.";
    ActOnBehalf => "act-on-behalf", "The flow's owner does not hold the act-on-behalf privilege through a role of his own.";
    WithOrganization => "with-organization", "An action on another environment cannot run with the run-only user's connection.";
    AppTrigger => "app-trigger", "An app-triggered flow whose connection the service may set back.";
    SharingDisabled => "sharing-disabled", "A managed environment that forbids sharing of solution flows.";
    LikelyRefused => "likely-refused", "A change that the service probably refuses this caller.";
    NeedsMembership => "needs-membership", "A principal that nothing here brings into the environment.";
    NotWritable => "not-writable", "A managed, built-in or inherited object that is not changed here.";
    MaxRemovals => "max-removals", "More removals than the environment allows in one run.";
    ProtectSelf => "protect-self", "The plan takes away what the caller needs to go on.";
    MinAdmins => "min-admins", "Fewer enabled human administrators would be left than required.";
    RequiredAdmins => "required-admins", "A required administrator would not hold the role any more.";
    Protected => "protected", "A protected principal would lose something, or somebody would lose a protected role.";
    PrivilegedGrant => "privileged-grant", "Somebody would gain an administrator's role or power, or everyone would gain something.";
    UnmanagedLayer => "unmanaged-layer", "A managed object would get an unmanaged layer.";
    IncompleteRead => "incomplete-read", "A list that was read only in part, so nothing of it is revoked.";
    SharedConnection => "shared-connection", "A principal gains a flow that lends its owner's connection, and the manifest does not say so.";
}

/// A limit on what one run may do: what it is for, who learned to need it, and what lifts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rail {
    /// The rule that a plan breaks.
    pub rule: Rule,
    /// Why nothing is written then.
    pub reason: &'static str,
    /// Who learned to need it.
    pub precedent: &'static str,
    /// What a reviewed manifest says to lift or to set it.
    pub setting: &'static str,
    /// The flag of `apply` that lifts it for one run.
    pub flag: &'static str,
}

/// Every rail. There is no flag that lifts all of them.
pub const RAILS: [Rail; 11] = [
    Rail {
        rule: Rule::MaxRemovals,
        reason: "a slip of the pen or an emptied group must not take everybody's access",
        precedent: "peribolos `--maximum-removal-delta`; octoDNS delete thresholds",
        setting: "`max-removals: { absolute: 20, share: 0.25, floor: 10 }`",
        flag: "--allow max-removals",
    },
    Rail {
        rule: Rule::ProtectSelf,
        reason: "who locks itself out cannot mend it with the next run",
        precedent: "peribolos `--require-self`; AWS KMS policy lockout check",
        setting: "name it in the document that would take it away",
        flag: "--allow protect-self",
    },
    Rail {
        rule: Rule::MinAdmins,
        reason: "somebody must be left who can help; disabled users and applications cannot",
        precedent: "peribolos `--min-admins`; Azure refuses to delete the last owner",
        setting: "`min-admins: 2`",
        flag: "--allow min-admins",
    },
    Rail {
        rule: Rule::RequiredAdmins,
        reason: "the break-glass account is needed on the day when nobody thinks of it",
        precedent: "peribolos `--required-admins`",
        setting: "`required-admins: [ { user: breakglass@contoso.com } ]`",
        flag: "--allow required-admins",
    },
    Rail {
        rule: Rule::Protected,
        reason: "some access is never taken away by a pipeline",
        precedent: "cf-mgmt `protected-users`; octoDNS root name servers",
        setting: "`protected: [ { user: … }, { role: … } ]`",
        flag: "--allow protected",
    },
    Rail {
        rule: Rule::PrivilegedGrant,
        reason: "who may give away the administrator's role may give away everything",
        precedent: "Kubernetes RBAC escalation check; safe-settings validators; otterdog threat model",
        setting: "`privileged-grant: [ { user: admin@contoso.com } ]`: who may gain it",
        flag: "--allow privileged-grant",
    },
    Rail {
        rule: Rule::EmptyExact,
        reason: "an exact list in which everybody has expired revokes everybody",
        precedent: "Argo CD `allowEmpty`",
        setting: "`allowEmpty: true` beside the list",
        flag: "--allow empty-exact",
    },
    Rail {
        rule: Rule::UnmanagedLayer,
        reason: "a layer over a managed object hides every later version of its solution",
        precedent: "Learn: solution layers; Kubernetes `autoupdate: false`",
        setting: "`unmanaged-layer: allowed`, beside `allowUnmanagedLayer: true` of the document",
        flag: "--allow unmanaged-layer",
    },
    Rail {
        rule: Rule::ChildFlow,
        reason: "a child flow accepts only connections of its own, and its parents would not start any more",
        precedent: "`ChildFlowUnsupportedForInvokerConnections` in issues of the CoE Starter Kit since 2022",
        setting: "`useThisConnection` for the connection",
        flag: "--allow child-flow",
    },
    Rail {
        rule: Rule::SharedConnection,
        reason: "who may run the flow acts with its owner's connection",
        precedent: "Learn: share a cloud flow, run-only users",
        setting: "`useThisConnection` for the connection; `max-audience: 200`",
        flag: "--allow shared-connection",
    },
    Rail {
        rule: Rule::IncompleteRead,
        reason: "from a list that was read in part nothing is revoked; the rest goes on and the run exits with 1",
        precedent: "octoDNS `MIN_EXISTING_RECORDS`",
        setting: "give powergrant's identity Read at Organization",
        flag: "--allow-incomplete",
    },
];

impl Rule {
    /// The rail of this rule, if it is one.
    pub fn rail(self) -> Option<&'static Rail> {
        RAILS.iter().find(|rail| rail.rule == self)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.id())
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of README.md.
    fn table() -> String {
        let row = |rail: &Rail| {
            let Rail { rule, reason, precedent, setting, flag } = rail;
            format!(
                "| `{rule}` | {} | {reason} | {precedent} | {setting} | `{flag}` |\n",
                rule.meaning().trim_end_matches('.')
            )
        };
        let head =
            "| rail | trips when | why | learned from | setting | flag of `apply` |\n|---|---|---|---|---|---|\n";
        head.to_owned() + &RAILS.iter().map(row).collect::<String>()
    }

    #[test]
    fn the_readme_lists_every_rail() {
        let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("there is one");
        let table = table();
        assert!(readme.replace("\r\n", "\n").contains(&table), "put this into README.md:\n{table}");
    }

    #[test]
    fn every_rail_says_why_and_how_it_is_lifted() {
        for rail in &RAILS {
            assert!(!rail.reason.is_empty() && !rail.precedent.is_empty() && !rail.setting.is_empty(), "{}", rail.rule);
            assert!(rail.flag.starts_with("--allow"), "{}", rail.rule);
            assert_eq!(rail.rule.rail(), Some(rail), "a rail is listed twice");
        }
        assert_eq!(Rule::Syntax.rail(), None);
    }

    #[test]
    fn ids_are_unique_and_kebab_case() {
        let ids: std::collections::BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.id()).collect();
        assert_eq!(ids.len(), Rule::ALL.len());
        assert!(ids.iter().all(|id| id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')));
    }
}
