//! The applications that were registered to manage Power Platform.

use serde_json::{Value, json};

use super::{Bap, unknown};
use crate::sandbox::answer::Answer;
use crate::sandbox::claims::Claims;
use crate::sandbox::fault::Fault;
use crate::sandbox::provider::Request;

impl Bap<'_> {
    /// Answers `GET adminApplications` and `GET adminApplications/{id}`, of people who administer and of registered applications
    /// (Learn: create a service principal application using the API); registering is not served.
    pub(super) fn applications(self, request: Request<'_>, rest: &[&str], claims: &Claims) -> Result<Answer, Fault> {
        self.access.admit_application(request, claims)?;
        if !self.access.is_administrator(claims) {
            return Err(Fault::new(403, "Forbidden", "The caller is not a Power Platform administrator."));
        }
        let registered = self.access.administrators.iter().filter_map(|object| {
            let application = self.directory.service_principals.get(object)?;
            Some(json!({ "applicationId": application.app_id }))
        });
        let mut registered: Vec<Value> = registered.collect();
        match rest {
            [] => Ok(Answer::json(200, json!({ "value": registered }))),
            [id] => {
                registered.retain(|found| found["applicationId"] == *id);
                let found = registered.pop();
                let missing =
                    || Fault::new(404, "ApplicationNotFound", format!("The application '{id}' is not registered."));
                found.map(|found| Answer::json(200, found)).ok_or_else(missing)
            }
            _ => Err(unknown(request)),
        }
    }
}
