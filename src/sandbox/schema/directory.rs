//! The types of directory objects as Graph shows them: their names, their properties, and what of it can be asked for.

use crate::sandbox::directory::Object;

/// A type of directory object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum Kind {
    User,
    Group,
    ServicePrincipal,
}

impl Kind {
    pub(in crate::sandbox) fn of(object: Object<'_>) -> Self {
        match object {
            Object::User(_) => Self::User,
            Object::Group(_) => Self::Group,
            Object::ServicePrincipal(_) => Self::ServicePrincipal,
        }
    }

    pub(in crate::sandbox) const ALL: [Self; 3] = [Self::User, Self::Group, Self::ServicePrincipal];

    /// The type's name behind `microsoft.graph.`.
    pub(in crate::sandbox) fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::ServicePrincipal => "servicePrincipal",
        }
    }

    /// The name of the collection.
    pub(in crate::sandbox) fn set(self) -> &'static str {
        match self {
            Self::User => "users",
            Self::Group => "groups",
            Self::ServicePrincipal => "servicePrincipals",
        }
    }

    /// Every property that it can be asked for, with its type (published `$metadata` of Graph).
    pub(in crate::sandbox) fn properties(self) -> Vec<(&'static str, &'static str)> {
        let mut names: Vec<&str> = [self.default_properties(), self.filterable()].concat();
        if self == Self::User {
            names.push("assignedPlans");
        }
        names.sort_unstable();
        names.dedup();
        let kind = |name: &str| match name {
            "businessPhones" | "groupTypes" => "Collection(Edm.String)",
            "accountEnabled" | "mailEnabled" | "securityEnabled" => "Edm.Boolean",
            "assignedPlans" => "Collection(graph.assignedPlan)",
            _ => "Edm.String",
        };
        names.into_iter().map(|name| (name, kind(name))).collect()
    }

    /// The collections of other objects that it can be asked for.
    pub(in crate::sandbox) fn relations(self) -> &'static [&'static str] {
        match self {
            Self::User => &["memberOf", "transitiveMemberOf"],
            Self::Group => &["members", "owners", "transitiveMembers"],
            Self::ServicePrincipal => &[],
        }
    }

    /// What is sent without `$select`: of a user neither `accountEnabled` nor `userType` (Learn: user resource type).
    pub(in crate::sandbox) fn default_properties(self) -> &'static [&'static str] {
        match self {
            Self::User => &[
                "id",
                "businessPhones",
                "displayName",
                "givenName",
                "jobTitle",
                "mail",
                "mobilePhone",
                "officeLocation",
                "preferredLanguage",
                "surname",
                "userPrincipalName",
            ],
            Self::Group => {
                &["id", "displayName", "groupTypes", "mail", "mailEnabled", "mailNickname", "securityEnabled"]
            }
            Self::ServicePrincipal => &["id", "accountEnabled", "appId", "displayName", "servicePrincipalType"],
        }
    }

    /// What `$filter` takes of the properties shown here (Learn: resource types, supported `$filter`).
    pub(in crate::sandbox) fn filterable(self) -> &'static [&'static str] {
        match self {
            Self::User => &["id", "accountEnabled", "displayName", "mail", "userPrincipalName", "userType"],
            Self::Group => {
                &["id", "displayName", "groupTypes", "mail", "mailEnabled", "mailNickname", "securityEnabled"]
            }
            Self::ServicePrincipal => &["id", "accountEnabled", "appId", "displayName", "servicePrincipalType"],
        }
    }
}
