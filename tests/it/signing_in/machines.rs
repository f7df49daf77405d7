//! Machines, apps and connected servers sign in as the identity that Azure gave them.
use super::*;

#[tokio::test]
async fn a_machine_an_app_and_a_connected_server_sign_in_as_what_azure_made_of_them() {
    let stage = Stage::start().await;
    stage.whoever(managed(ManagedIdentity::Machine { host: None })).await.expect("signed in");
    stage.whoever(managed(app_service(JOB_TOKEN))).await.expect("signed in");
    let unknown = Credentials::ManagedIdentity {
        source: ManagedIdentity::Machine { host: None },
        client_id: Some(CONNECTION.to_owned()),
    };
    let problem = stage.whoever(unknown).await.expect_err("refused");
    assert_eq!(problem.says, "Identity not found");
    let problem = stage.whoever(managed(app_service("stale"))).await.expect_err("refused");
    assert_eq!((problem.status, problem.cause), (Some(401), Cause::SignedOut));
}

#[tokio::test]
async fn a_connected_server_proves_itself_with_the_agents_file_and_no_other() {
    let stage = Stage::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let keys = folder.path().join("tokens");
    fs::create_dir(&keys).expect("a folder");
    let endpoint = "http://127.0.0.1:40342/metadata/identity/oauth2/token".to_owned();
    let credentials = managed(ManagedIdentity::Arc { endpoint, keys: keys.clone() });
    let prove = |path: std::path::PathBuf| {
        fs::write(&path, "proof-of-arc").expect("a file");
        let proof = Proof { path: path.display().to_string(), text: "proof-of-arc".to_owned() };
        stage.change(|tenant| tenant.identities.proof = Some(proof));
    };
    prove(keys.join("1.key"));
    stage.whoever(credentials.clone()).await.expect("signed in");
    for elsewhere in [folder.path().join("1.key"), keys.join("1.txt")] {
        prove(elsewhere);
        let problem = stage.whoever(credentials.clone()).await.expect_err("refused");
        assert!(problem.says.contains("outside of the agent's folder"), "{problem}");
    }
}

/// The address of the metadata service of a machine.
const METADATA: &str = "169.254.169.254";

#[tokio::test]
async fn the_metadata_service_is_asked_by_whoever_was_told_to_and_by_nobody_else() {
    use powergrant::tenant::sign_in::choice::{Surroundings, Wish, choose};
    use powergrant::tenant::sign_in::methods::Method;

    let stage = Stage::start().await;
    let asked = |stage: &Stage| {
        let mut hosts = 0;
        stage.change(|tenant| hosts = tenant.log.iter().filter(|logged| logged.host == METADATA).count());
        hosts
    };
    let token = token(&stage, "https://contoso.crm4.dynamics.com", NOW);
    let print = format!("printf '{{\"token\":\"{token}\"}}'");
    let app = [("POWERGRANT_TENANT_ID", TENANT), ("POWERGRANT_CLIENT_ID", APPLICATION)];
    let job = [
        ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://run.actions.githubusercontent.com/token?api-version=2.0"),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "stale"),
    ];
    // What signs in and what is refused: after neither is anything else tried.
    for (variables, method, is_let_in) in [
        (vec![("POWERGRANT_CLIENT_SECRET", "sandbox")], Method::ClientSecret, true),
        (vec![("POWERGRANT_CLIENT_SECRET", "wrong")], Method::ClientSecret, false),
        (vec![("POWERGRANT_CLIENT_CERTIFICATE", PEM)], Method::Certificate, true),
        (job.to_vec(), Method::GithubOidc, false),
        (vec![("POWERGRANT_TOKEN_COMMAND", print.as_str())], Method::Command, cfg!(unix)),
        (
            vec![("IDENTITY_ENDPOINT", "http://127.0.0.1:41741/msi/token"), ("IDENTITY_HEADER", "stale")],
            Method::ManagedIdentity,
            false,
        ),
    ] {
        let variables = [&app[..], &variables].concat();
        let variable =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let surroundings = Surroundings { variable: &variable, has_program: &|_| true };
        let chosen = choose(&surroundings, Wish::default()).expect("a way");
        assert_eq!(chosen.method, method);
        assert_eq!(stage.whoever(chosen.credentials).await.is_ok(), is_let_in, "{}", method.name());
        assert_eq!(asked(&stage), 0, "{} asked the metadata service", method.name());
    }
    stage.whoever(managed(ManagedIdentity::Machine { host: None })).await.expect("signed in");
    assert_eq!(asked(&stage), 1);
}
