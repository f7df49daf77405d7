//! Answers a request as the schedule of disturbances has it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::dispatch::dispatch;
use crate::sandbox::answer::Answer;
use crate::sandbox::faults::{Disturbance, Recorded, Rule, When};
use crate::sandbox::incoming::Incoming;
use crate::sandbox::percent;
use crate::sandbox::tenant::Tenant;

/// Answers a request as the schedule of disturbances has it.
pub(super) fn disturbed(tenant: &mut Tenant, incoming: &Incoming<'_>, now: i64) -> Answer {
    let target = incoming.target();
    let readable = percent::decode(&target.replace('+', " ")).unwrap_or(target);
    let Some(Rule { when, answer: disturbance, .. }) = tenant.faults.meet(incoming.method, incoming.host, &readable)
    else {
        return dispatch(tenant, incoming, now);
    };
    let planned = match &disturbance {
        Disturbance::Refuse(refusal) => Some(Answer::from(refusal.fault())),
        Disturbance::Recorded(Recorded { status, headers, body }) => {
            Some(Answer { status: *status, headers: headers.clone(), body: body.clone() })
        }
        Disturbance::Html(status) => {
            let page = "<!DOCTYPE html><html><head><title>Error</title></head><body>Service unavailable</body></html>";
            Some(Answer::json(*status, page.into()).with_header("Content-Type", "text/html; charset=utf-8"))
        }
        Disturbance::Truncated
        | Disturbance::ForeignNextLink(_)
        | Disturbance::Reverted
        | Disturbance::Status(_)
        | Disturbance::Rewritten(_) => None,
    };
    if let (When::BeforeCommit, Some(planned)) = (when, &planned) {
        return planned.clone();
    }
    let marks: BTreeMap<String, usize> =
        tenant.organizations.iter().map(|(name, organization)| (name.clone(), organization.mark())).collect();
    let mut answer = dispatch(tenant, incoming, now);
    match disturbance {
        Disturbance::Refuse(_) | Disturbance::Recorded(_) | Disturbance::Html(_) => planned.unwrap_or(answer),
        Disturbance::Reverted => {
            for (name, mark) in marks {
                if let Some(organization) = tenant.organizations.get_mut(&name) {
                    organization.roll_back(mark);
                }
            }
            answer
        }
        Disturbance::Truncated => {
            let whole = answer.body.as_ref().map(Value::to_string).unwrap_or_default();
            let half: String = whole.chars().take(whole.chars().count() / 2).collect();
            answer.body = Some(half.into());
            answer
        }
        Disturbance::Status(status) => Answer { status, ..answer },
        Disturbance::Rewritten(replacement) => replacement.rewrite(answer),
        Disturbance::ForeignNextLink(host) => {
            if let Some(Value::Object(body)) = &mut answer.body {
                body.insert("@odata.nextLink".into(), format!("https://{host}/next").into());
            }
            answer
        }
    }
}
