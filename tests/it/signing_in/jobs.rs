//! Jobs of pipelines and pods sign in with a token that the application trusts.
use super::*;

#[tokio::test]
async fn a_job_of_github_signs_in_and_without_the_permission_is_told_of_it() {
    let stage = Stage::start().await;
    stage.whoever(federated(github(JOB_TOKEN))).await.expect("signed in");
    let problem = stage.whoever(federated(github("stale"))).await.expect_err("refused");
    assert_eq!(problem.status, Some(401));
    assert!(problem.next.contains("id-token: write"), "{}", problem.next);
}

#[tokio::test]
async fn a_job_that_is_not_trusted_is_told_exactly_what_to_trust() {
    let stage = Stage::start().await;
    stage.change(|tenant| {
        let application: Uuid = APPLICATION.parse().expect("an id");
        let credential = Federated {
            issuer: "https://token.actions.githubusercontent.com".to_owned(),
            subject: "repo:contoso/powergrant:pull_request".to_owned(),
            audience: "api://AzureADTokenExchange".to_owned(),
        };
        tenant.identities.federated.insert(application, [credential].into());
    });
    let problem = stage.whoever(federated(github(JOB_TOKEN))).await.expect_err("refused");
    assert_eq!(problem.code.as_deref(), Some("AADSTS700213"));
    assert_eq!(
        problem.next,
        "give the application a federated credential with exactly issuer `https://token.actions.githubusercontent.com`, subject \
         `repo:contoso/powergrant:environment:prod` and audience `api://AzureADTokenExchange`"
    );
}

#[tokio::test]
async fn a_job_of_azure_pipelines_signs_in_through_its_service_connection() {
    let stage = Stage::start().await;
    stage.whoever(federated(pipelines(JOB_TOKEN, Some(CONNECTION)))).await.expect("signed in");
    // Without a connection the token is the pipeline's own, which nobody trusts here.
    let problem = stage.whoever(federated(pipelines(JOB_TOKEN, None))).await.expect_err("refused");
    assert!(problem.next.contains("subject `p://contoso/powergrant/deploy`"), "{}", problem.next);
    let problem = stage.whoever(federated(pipelines("unmapped", Some(CONNECTION)))).await.expect_err("refused");
    assert!(problem.next.contains("map SYSTEM_ACCESSTOKEN"), "{}", problem.next);
}

#[tokio::test]
async fn the_wrong_verb_is_a_405_and_not_tried_again() {
    let stage = Stage::start().await;
    let Federation::AzurePipelines { url, token, .. } = pipelines(JOB_TOKEN, None) else { unreachable!() };
    let problem = stage.whoever(federated(Federation::GitHub { url, token })).await.expect_err("refused");
    assert_eq!((problem.status, problem.cause), (Some(405), Cause::SignedOut));
    assert_eq!(stage.asked("oidctoken"), 1);
}

#[tokio::test]
async fn a_pod_signs_in_with_its_file_which_is_read_anew_each_time() {
    let stage = Stage::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("token");
    let credentials = federated(Federation::File(file.clone()));
    let problem = stage.whoever(credentials.clone()).await.expect_err("refused");
    assert!(problem.says.contains("cannot be read"), "{problem}");
    stage.change(|tenant| {
        let application: Uuid = APPLICATION.parse().expect("an id");
        let credential = Federated {
            issuer: "https://cluster.example/".to_owned(),
            subject: "system:serviceaccount:powergrant:apply".to_owned(),
            audience: "api://AzureADTokenExchange".to_owned(),
        };
        let claims = serde_json::json!({ "iss": credential.issuer, "sub": credential.subject, "aud": credential.audience, "nbf": NOW, "exp": NOW + 600 });
        tenant.identities.federated.insert(application, [credential].into());
        fs::write(&file, tenant.issuer.sign_value(&claims) + "\n").expect("a file");
    });
    stage.whoever(credentials).await.expect("signed in");
}
