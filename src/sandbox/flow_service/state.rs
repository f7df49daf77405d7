//! Turns flows on and off.

use std::collections::BTreeMap;

use serde_json::json;

use super::as_whom;
use super::refusals::denied;
use super::scope::{Kept, Scope};
use crate::sandbox::answer::Answer;
use crate::sandbox::claims::Claims;
use crate::sandbox::dataverse::{Identity, Request, Session};
use crate::sandbox::fault::Fault;
use crate::sandbox::odata::Caller;
use crate::sandbox::tenant::Tenant;

/// Turns a flow on or off. One with a row in Dataverse is written there, with the checks of that: by the bearer, and on the
/// administrators' path as its owner (inferred).
pub(super) fn set(
    tenant: &mut Tenant,
    (claims, scope): (&Claims, Scope),
    environment: &str,
    kept: Kept,
    is_on: bool,
) -> Result<Answer, Fault> {
    let key = match kept {
        Kept::Row(key) => key,
        Kept::Personal(index) => {
            let flows = tenant.personal_flows.get_mut(environment);
            if let Some(flow) = flows.and_then(|flows| flows.get_mut(index)) {
                if is_on { "Started" } else { "Stopped" }.clone_into(&mut flow.state);
            }
            return Ok(Answer::empty(200));
        }
    };
    let mut all = tenant.organizations.values_mut();
    let organization =
        all.find(|organization| organization.environment == environment).ok_or_else(|| denied(environment))?;
    let user = as_whom::begin(organization, (claims, scope), key);
    let headers = BTreeMap::from([("content-type".to_owned(), "application/json".to_owned())]);
    let mut session = Session {
        organization,
        directory: &tenant.directory,
        variants: &tenant.variants,
        faults: &mut tenant.faults,
        is_sharing_forbidden: false,
        identity: Identity { user: user.ok_or_else(|| denied(environment))?, acting_as: None },
        number: tenant.requests,
    };
    let body = json!({ "statecode": i32::from(is_on) }).to_string();
    let path = format!("workflows({key})");
    let request = Request {
        method: "PATCH",
        root: "",
        path: &path,
        query: "",
        headers: &headers,
        body: &body,
        caller: Caller::default(),
    };
    let answer = session.handle(&request);
    Ok(if answer.status < 300 { Answer::empty(200) } else { answer })
}
