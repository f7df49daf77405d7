//! Machines, apps and connected servers sign in as the identity that Azure gave them.
use super::*;

#[tokio::test]
async fn a_machine_an_app_and_a_connected_server_sign_in_as_what_azure_made_of_them() {
    let stage = Stage::start().await;
    stage.whoever(managed(ManagedIdentity::Machine)).await.expect("signed in");
    stage.whoever(managed(app_service(JOB_TOKEN))).await.expect("signed in");
    let unknown =
        Credentials::ManagedIdentity { source: ManagedIdentity::Machine, client_id: Some(CONNECTION.to_owned()) };
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
