//! Directory objects as Graph shows them: their properties, and which of them it sends and filters by.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::sandbox::directory::{Group, Object, Person, ServicePrincipal};
use crate::sandbox::odata::Row;

/// A type of directory object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum Kind {
    User,
    Group,
    ServicePrincipal,
}

impl Kind {
    pub(super) fn of(object: Object<'_>) -> Self {
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
    pub(super) fn default_properties(self) -> &'static [&'static str] {
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
    pub(super) fn filterable(self) -> &'static [&'static str] {
        match self {
            Self::User => &["id", "accountEnabled", "displayName", "mail", "userPrincipalName", "userType"],
            Self::Group => {
                &["id", "displayName", "groupTypes", "mail", "mailEnabled", "mailNickname", "securityEnabled"]
            }
            Self::ServicePrincipal => &["id", "accountEnabled", "appId", "displayName", "servicePrincipalType"],
        }
    }
}

/// Returns all properties of an object.
pub(super) fn row(id: Uuid, object: Object<'_>) -> Row {
    let value = match object {
        Object::User(person) => user(id, person),
        Object::Group(group) => of_group(id, group),
        Object::ServicePrincipal(service_principal) => of_service_principal(id, service_principal),
    };
    if let Value::Object(row) = value { row } else { Row::new() }
}

/// The service of a plan (Learn: assignedPlan names `exchange`; the others as public lists of plans have them); the name of a
/// plan that is not known stands for its service.
fn service_of(plan: &str) -> &str {
    [("FLOW_", "ProcessSimple"), ("SHAREPOINT", "SharePoint"), ("EXCHANGE_", "exchange"), ("TEAMS", "TeamspaceAPI")]
        .into_iter()
        .find_map(|(prefix, service)| plan.starts_with(prefix).then_some(service))
        .unwrap_or(plan)
}

fn user(id: Uuid, person: &Person) -> Value {
    let plans = person.plans.iter().map(|plan| {
        json!({
            "capabilityStatus": "Enabled",
            "service": service_of(plan),
            "servicePlanId": Uuid::new_v5(&Uuid::NAMESPACE_OID, plan.as_bytes()),
        })
    });
    json!({
        "id": id,
        "businessPhones": [],
        "displayName": person.display_name,
        "givenName": null,
        "jobTitle": null,
        "mail": person.mail,
        "mobilePhone": null,
        "officeLocation": null,
        "preferredLanguage": null,
        "surname": null,
        "userPrincipalName": person.upn,
        "accountEnabled": person.enabled,
        "userType": if person.guest { "Guest" } else { "Member" },
        "assignedPlans": plans.collect::<Vec<_>>(),
    })
}

fn of_group(id: Uuid, group: &Group) -> Value {
    let nickname = group.mail.as_deref().and_then(|mail| mail.split('@').next());
    json!({
        "id": id,
        "displayName": group.display_name,
        "groupTypes": if group.mail.is_some() { json!(["Unified"]) } else { json!([]) },
        "mail": group.mail,
        "mailEnabled": group.mail.is_some(),
        "mailNickname": nickname.unwrap_or("none"),
        "securityEnabled": group.security,
    })
}

fn of_service_principal(id: Uuid, service_principal: &ServicePrincipal) -> Value {
    json!({
        "id": id,
        "accountEnabled": true,
        "appId": service_principal.app_id,
        "displayName": service_principal.display_name,
        "servicePrincipalType": "Application",
    })
}
