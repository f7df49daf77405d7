//! Tokens of others that an application trusts: GitHub Actions, Azure Pipelines, a cluster's file.
use reqwest::Url;
use serde_json::Value;

use super::endpoint::located;
use super::{Asked, Asker, Counted, Federation, Parcel, Secret, SignIn};
use crate::problem::{Cause, Problem, clip};
use crate::tenant::answer::Answer;
use crate::tenant::near::is_loopback;
use crate::tenant::parcel::Body;
use crate::tenant::token::payload;

impl SignIn {
    /// Fetches the token that stands for this job or pod.
    pub(super) async fn of_federation(&self, source: &Federation, run: &Asker<'_>) -> Result<Secret, Problem> {
        match source {
            Federation::GitHub { url, token } => {
                // The address has a query already (GitHub: OpenID Connect reference; client code of the toolkit).
                let mut address = safe("ACTIONS_ID_TOKEN_REQUEST_URL", url)?;
                address.query_pairs_mut().append_pair("audience", self.endpoints.exchange_audience());
                let parcel = parcel("GET", "GitHub's token service", address, Vec::new());
                self.ask(&parcel, Some(token), run, |answer, _| member(&parcel.asked, answer, "value", &GITHUB)).await
            }
            Federation::AzurePipelines { url, token, connection } => {
                // A POST: the same address answers 405 to GitHub's GET (client code of azure_identity; reported).
                let mut address = safe("SYSTEM_OIDCREQUESTURI", url)?;
                address.query_pairs_mut().append_pair("api-version", "7.1");
                if let Some(connection) = connection {
                    address.query_pairs_mut().append_pair("serviceConnectionId", connection);
                }
                let suppress = ("X-TFS-FedAuthRedirect".to_owned(), "Suppress".to_owned());
                let mut parcel = parcel("POST", "Azure Pipelines' token service", address, vec![suppress]);
                parcel.body = Some(Body { kind: "application/json".to_owned(), text: String::new() });
                self.ask(&parcel, Some(token), run, |answer, _| member(&parcel.asked, answer, "oidcToken", &PIPELINES))
                    .await
            }
            Federation::File(path) => {
                let text = std::fs::read_to_string(path).map_err(|error| {
                    Problem::without_request(
                        Cause::SignedOut,
                        "sign-in",
                        format!("the token file `{}` cannot be read: {error}", path.display()),
                        "see that the pod has the label `azure.workload.identity/use` and a service account that is federated",
                    )
                })?;
                Ok(Secret::new(text.trim()))
            }
        }
    }
}

/// Adds to Entra's refusal what the other token says of itself: that is what the application's federated credential must say.
pub(super) fn explained(mut problem: Problem, assertion: &Secret) -> Problem {
    // No matching federated identity record (Learn: Microsoft Entra error codes).
    let is_mismatch = problem
        .code
        .as_deref()
        .is_some_and(|code| matches!(code, "AADSTS70021" | "AADSTS700213" | "AADSTS700212" | "AADSTS700211"));
    if is_mismatch && let Some(claims) = payload(assertion.reveal()) {
        let text = |name: &str| claims[name].as_str().map_or_else(|| "nothing".to_owned(), clip);
        problem.next = format!(
            "give the application a federated credential with exactly issuer `{}`, subject `{}` and audience `{}`",
            text("iss"),
            text("sub"),
            text("aud")
        );
    }
    problem
}

/// What to do where there is no token, and where the address knows another verb (reported: GitHub's GET at Azure Pipelines' address).
struct Remedy {
    refused: &'static str,
    wrong_verb: &'static str,
}

const GITHUB: Remedy = Remedy {
    refused: "give the job `permissions: id-token: write`",
    wrong_verb: "the address in ACTIONS_ID_TOKEN_REQUEST_URL is not GitHub's: leave the variable as GitHub sets it, or choose `--auth azure-pipelines`",
};
const PIPELINES: Remedy = Remedy {
    refused: "map SYSTEM_ACCESSTOKEN to $(System.AccessToken) in the step's `env:`, and let a task of the job use the service connection",
    wrong_verb: "the address in SYSTEM_OIDCREQUESTURI is not that of Azure Pipelines: leave the variable as the pipeline sets it, or choose `--auth github-oidc`",
};

fn parcel(method: &'static str, service: &'static str, url: Url, mut headers: Vec<(String, String)>) -> Parcel {
    headers.push(("Accept".to_owned(), "application/json".to_owned()));
    let asked = Asked { service, method, path: located(&url) };
    Parcel { asked, who: Counted::SignIn, url, headers, body: None }
}

/// An address out of a variable, to which a secret goes.
fn safe(variable: &str, address: &str) -> Result<Url, Problem> {
    let url = Url::parse(address).ok().filter(|url| url.scheme() == "https" || is_loopback(url));
    url.ok_or_else(|| {
        Problem::without_request(
            Cause::SignedOut,
            "sign-in",
            format!("{variable} is not an https address"),
            "leave the variable as the pipeline sets it",
        )
    })
}

/// The token in an answer.
fn member(asked: &Asked, answer: &Answer, name: &str, remedy: &Remedy) -> Result<Secret, Problem> {
    if !answer.is_success() {
        let mut problem = asked.refusal(answer);
        if matches!(
            problem.cause,
            Cause::SignedOut | Cause::Forbidden | Cause::Gone | Cause::Refused | Cause::Malformed
        ) {
            problem.cause = Cause::SignedOut;
            let next = if answer.status == 405 { remedy.wrong_verb } else { remedy.refused };
            next.clone_into(&mut problem.next);
        }
        return Err(problem);
    }
    // Azure DevOps shows its sign-in page with 203 where the token is not accepted (Learn: REST API, status 203).
    let value: Value = asked.json(answer)?;
    value[name].as_str().map(Secret::new).ok_or_else(|| {
        let mut problem = asked.problem(Cause::SignedOut, Some(answer.status), &format!("the answer has no `{name}`"));
        remedy.refused.clone_into(&mut problem.next);
        problem
    })
}
