//! The Business App Platform: environments, their roles without Dataverse, and users brought into them.

mod applications;
mod environment;
mod maker;
mod members;
mod roles;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::answer::Answer;
use super::claims::Claims;
use super::directory::Directory;
use super::fault::Fault;
use super::provider::{Access, Request};
pub use environment::{BapEnvironment, EnvironmentRole, LinkedDataverse, RoleAssignment, SHARING_OFF, SHARING_SETTING};

/// The versions that public clients were seen to use.
const VERSIONS: [&str; 8] =
    ["2016-11-01", "2018-10-01", "2019-05-01", "2020-06-01", "2020-08-01", "2020-10-01", "2021-04-01", "2023-06-01"];

/// What the platform knows while it answers.
#[derive(Debug, Clone, Copy)]
pub struct Bap<'a> {
    /// The environments by name.
    pub environments: &'a BTreeMap<String, BapEnvironment>,
    /// Who may call.
    pub access: &'a Access,
    /// The directory of the tenant.
    pub directory: &'a Directory,
    /// The tenant.
    pub tenant: Uuid,
}

/// An answer, and what has to happen for it to be true.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The answer.
    pub answer: Answer,
    /// The changes, in order.
    pub effects: Vec<Effect>,
}

/// A change that an answer promises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// A user comes into an environment's Dataverse, or is synchronised with it.
    AddUser {
        /// The environment.
        environment: String,
        /// The user's object id.
        user: Uuid,
    },
    /// An application user is made, who becomes System Administrator (Learn: create an application user).
    AddApplicationUser {
        /// The environment.
        environment: String,
        /// The service principal's object id.
        service_principal: Uuid,
    },
    /// A principal gets an environment role.
    Assign {
        /// The environment.
        environment: String,
        /// The assignment's id.
        id: Uuid,
        /// The role and the principal.
        assignment: RoleAssignment,
    },
    /// A principal loses an environment role.
    Unassign {
        /// The environment.
        environment: String,
        /// The assignment's id.
        id: Uuid,
    },
}

impl Effect {
    /// Carries out what concerns environment roles; users come in elsewhere.
    pub fn apply(&self, environments: &mut BTreeMap<String, BapEnvironment>) {
        match self {
            Self::AddUser { .. } | Self::AddApplicationUser { .. } => {}
            Self::Assign { environment, id, assignment } => {
                if let Some(environment) = environments.get_mut(environment) {
                    environment.role_assignments.insert(*id, *assignment);
                }
            }
            Self::Unassign { environment, id } => {
                if let Some(environment) = environments.get_mut(environment) {
                    environment.role_assignments.remove(id);
                }
            }
        }
    }
}

impl From<Answer> for Outcome {
    fn from(answer: Answer) -> Self {
        Self { answer, effects: Vec::new() }
    }
}

impl Bap<'_> {
    /// Answers a request of the token's bearer.
    pub fn handle(self, request: Request<'_>, claims: &Claims) -> Outcome {
        self.route(request, claims).unwrap_or_else(|fault| Answer::from(fault).into())
    }

    fn route(self, request: Request<'_>, claims: &Claims) -> Result<Outcome, Fault> {
        let segments = request.segments_below("Microsoft.BusinessAppPlatform").ok_or_else(|| unknown(request))?;
        request.require_version(&VERSIONS)?;
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        if let ("GET", ["tenant"]) = (request.method, segments.as_slice()) {
            return Ok(Answer::json(200, json!({ "tenantId": self.tenant })).into());
        }
        match segments.as_slice() {
            ["environments", rest @ ..] => return self.of_maker(request, rest, claims).map(Outcome::from),
            ["adminApplications", rest @ ..] if request.method == "GET" => {
                return self.applications(request, rest, claims).map(Outcome::from);
            }
            // A tenant without data policies (recorded); none can be made here.
            ["scopes", "admin", "apiPolicies"] if request.method == "GET" => {
                self.access.admit_application(request, claims)?;
                return Ok(Answer::json(200, json!({ "value": [] })).into());
            }
            _ => {}
        }
        let ["scopes", "admin", "environments", rest @ ..] = segments.as_slice() else {
            return Err(unknown(request));
        };
        self.access.admit_application(request, claims)?;
        let (name, operation) = match rest {
            // An empty name is the list, with 200 (a public client guards against it).
            [] if request.method == "GET" => {
                // What is embedded or chosen is sent anyway.
                request.refuse_others(&["$expand", "$select", "$top", "$skiptoken"])?;
                return self.list(request, claims).map(Outcome::from);
            }
            [name] => (*name, ""),
            [name, operation] => (*name, *operation),
            _ => return Err(unknown(request)),
        };
        let environment = self.environment(name, claims)?;
        match (request.method, operation) {
            ("GET", "") => Ok(Answer::json(200, environment.to_json(self.tenant)).into()),
            ("GET", "roleAssignments") => roles::list(self, environment).map(Outcome::from),
            ("POST", "modifyRoleAssignments") => roles::modify(self, environment, body(request)?),
            ("POST", "addUser") => members::add_user(self, environment, body(request)?),
            ("POST", "addAppUser") => members::add_application_user(self, environment, body(request)?),
            _ => Err(unknown(request)),
        }
    }

    // All of them in one answer, however many, unless a number is asked for (recorded with 118 to 151). Users see those that they
    // administer.
    fn list(self, request: Request<'_>, claims: &Claims) -> Result<Answer, Fault> {
        let environments = self.environments.values().filter(|environment| self.administers(environment, claims));
        request.list(environments.map(|environment| environment.to_json(self.tenant)).collect())
    }

    fn environment(&self, name: &str, claims: &Claims) -> Result<&BapEnvironment, Fault> {
        let environment = self.find(name)?;
        if self.administers(environment, claims) {
            return Ok(environment);
        }
        Err(self.no_access(name, claims))
    }

    // Reported code and number; the rest of the text is inferred.
    fn no_access(&self, name: &str, claims: &Claims) -> Fault {
        Fault::new(
            403,
            "EnvironmentAccess",
            format!(
                "The user with object id '{}' in tenant '{}' does not have access to permission 'ReadEnvironment' in environment \
                 '{name}'. Error Code: 'UserMissingRequiredPermission'",
                claims.oid, self.tenant
            ),
        )
    }

    fn find(&self, name: &str) -> Result<&BapEnvironment, Fault> {
        let mut all = self.environments.values();
        let found = all.find(|environment| {
            environment.name.eq_ignore_ascii_case(name)
                // A public client asks for the default environment by this name.
                || (environment.is_default && name.eq_ignore_ascii_case("~default"))
        });
        // Recorded by a public client.
        found.ok_or_else(|| {
            Fault::new(
                404,
                "EnvironmentNotFound",
                format!("The environment '{name}' could not be found in the tenant '{}'.", self.tenant),
            )
        })
    }

    fn administers(&self, environment: &BapEnvironment, claims: &Claims) -> bool {
        self.access.is_administrator(claims) || environment.administrators.contains(&claims.oid)
    }
}

fn body(request: Request<'_>) -> Result<&Value, Fault> {
    request
        .body
        .filter(|body| body.is_object())
        .ok_or_else(|| invalid_content("The request has no JSON object as its body."))
}

fn invalid_content(message: impl Into<String>) -> Fault {
    Fault::new(400, "InvalidRequestContent", message)
}

fn unknown(request: Request<'_>) -> Fault {
    Fault::new(404, "ResourceNotFound", format!("No resource answers {} '{}'.", request.method, request.path))
}
