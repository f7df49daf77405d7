//! Every way to sign in by every way in which it can fail, through the real binary: what is wrong, where, and what to do next.
mod applications;
mod machines;
mod programs;
mod services;

use powergrant::sandbox::faults::{Disturbance, Recorded, Rule};
use serde_json::json;

use crate::desk::{shown, text};
use crate::proxied::Stage;
use crate::ways::{self, Way};

/// One failure: what was done to the way, and what has to be said of it.
struct Case {
    about: String,
    way: Way,
    fault: Option<Rule>,
    arguments: &'static [&'static str],
    says: String,
    place: &'static str,
    next: &'static str,
}

impl Case {
    fn new(about: &str, way: Way, says: &str, place: &'static str, next: &'static str) -> Self {
        let (about, says) = (about.to_owned(), says.to_owned());
        Self { about, way, fault: None, arguments: &[], says, place, next }
    }

    fn when(self, path: &str, answer: Disturbance) -> Self {
        Self { fault: Some(Rule::on(path, answer).from_nth(1, 0)), ..self }
    }

    /// Without patience: nothing passes over while a test waits for it.
    fn at_once(self) -> Self {
        Self { arguments: &["--patience", "0"], ..self }
    }

    fn run(self, stage: &Stage) {
        let about = format!("{}, {}", self.way.name, self.about);
        stage.with(|tenant| {
            tenant.faults.clear();
            tenant.log.clear();
            if let Some(fault) = self.fault {
                tenant.faults.schedule(fault);
            }
        });
        let mut arguments = vec!["plan", "-vv"];
        arguments.extend(self.arguments);
        arguments.push(".");
        let plan = self.way.run(stage, &arguments);
        let all = shown(&plan);
        assert_eq!(plan.status.code(), Some(1), "{about}: {all}");
        let said = text(&plan.stderr);
        let (problem, hint) = said.split_once("\nhint: ").unwrap_or_else(|| panic!("{about}: no hint in {all}"));
        let problem = problem.lines().last().unwrap_or_default();
        assert!(problem.starts_with("error: contoso-prod could not be read: "), "{about}: {all}");
        assert!(problem.contains(&self.says), "{about}: `{}` is not what is said: {all}", self.says);
        assert!(problem.contains(self.place), "{about}: it is not said that it was at `{}`: {all}", self.place);
        let hint = hint.lines().next().unwrap_or_default();
        assert!(!hint.is_empty() && hint.contains(self.next), "{about}: `{}` is not what to do next: {all}", self.next);
        assert_eq!(text(&plan.stdout), "Plan: nothing was planned.\n", "{about}");
        assert_eq!(ways::services_asked(stage), [""; 0], "{about}: a service was asked");
        let is_named = said.contains(&format!("{} from POWERGRANT_PROD_*", self.way.name));
        assert!(is_named || self.place.starts_with("POWERGRANT_"), "{about}: the way is not in the log: {all}");
        for secret in self.way.secrets.iter().map(String::as_str).chain(["eyJ", "Bearer "]) {
            assert!(!all.contains(secret), "{about}: `{secret}` is shown: {all}");
        }
    }
}

const ENTRA: &str = "(sign-in POST login.microsoftonline.com/11111111-1111-1111-1111-111111111111/oauth2/v2.0/token)";
const TOKEN: &str = "oauth2/v2.0/token";

/// An answer in place of a token.
fn answer(body: &serde_json::Value) -> Disturbance {
    Disturbance::Recorded(Recorded { status: 200, headers: [].into(), body: Some(body.clone()) })
}

fn granted(token: &str) -> Disturbance {
    answer(&json!({ "token_type": "Bearer", "expires_in": 3_599, "access_token": token }))
}
