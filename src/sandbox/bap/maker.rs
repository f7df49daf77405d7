//! Environments as those who make something in them see them: the same objects under the path without `scopes/admin`.

use serde_json::{Value, json};

use super::environment::PROVIDER;
use super::{Bap, BapEnvironment, unknown};
use crate::sandbox::answer::Answer;
use crate::sandbox::claims::Claims;
use crate::sandbox::fault::Fault;
use crate::sandbox::provider::Request;

impl Bap<'_> {
    /// Answers `GET environments` and `GET environments/{name}` (addresses: CLI for Microsoft 365; the shape is that of the
    /// recorded environments of administrators, which is inferred).
    pub(super) fn of_maker(self, request: Request<'_>, rest: &[&str], claims: &Claims) -> Result<Answer, Fault> {
        match (request.method, rest) {
            ("GET", []) => {
                let mut open: Vec<Value> = Vec::new();
                for environment in self.environments.values().filter(|environment| self.is_open(environment, claims)) {
                    open.push(self.as_maker(environment));
                }
                Ok(Answer::json(200, json!({ "value": open })))
            }
            ("GET", [name]) => {
                let found = self.find(name)?;
                if self.is_open(found, claims) {
                    return Ok(Answer::json(200, self.as_maker(found)));
                }
                Err(self.no_access(name, claims))
            }
            _ => Err(unknown(request)),
        }
    }

    /// Says whether the bearer gets into an environment: its security group is who does (Learn: control user access to
    /// environments), and without one it is everybody; without Dataverse, who holds a role (inferred).
    fn is_open(&self, environment: &BapEnvironment, claims: &Claims) -> bool {
        let holds_role = || environment.role_assignments.values().any(|assignment| assignment.principal == claims.oid);
        let is_let_in = || match &environment.dataverse {
            None => holds_role(),
            Some(dataverse) => dataverse
                .security_group
                .is_none_or(|group| self.directory.transitive_groups(claims.oid).contains(&group)),
        };
        self.administers(environment, claims) || is_let_in()
    }

    fn as_maker(&self, environment: &BapEnvironment) -> Value {
        let mut written = environment.to_json(self.tenant);
        written["id"] = json!(format!("{PROVIDER}/environments/{}", environment.name));
        written["type"] = json!("Microsoft.BusinessAppPlatform/environments");
        written
    }
}
