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
    RequiredAdmins => "required-admins", "A required administrator would lose the role.";
    Protected => "protected", "A protected principal or role would lose something.";
    PrivilegedGrant => "privileged-grant", "An administrator role, or everyone, would gain something.";
    UnmanagedLayer => "unmanaged-layer", "A managed object would get an unmanaged layer.";
    IncompleteRead => "incomplete-read", "A list that was read only in part, so nothing of it is revoked.";
    SharedConnection => "shared-connection", "A principal gains a flow that lends its owner's connection, and the manifest does not say so.";
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

    #[test]
    fn ids_are_unique_and_kebab_case() {
        let ids: std::collections::BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.id()).collect();
        assert_eq!(ids.len(), Rule::ALL.len());
        assert!(ids.iter().all(|id| id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')));
    }
}
