//! One way is chosen, out of one family, or the run says what is missing.
use std::collections::BTreeMap;

use super::*;

/// What is chosen with these variables, and with these programs on the path.
fn chosen(variables: &[(&str, &str)], programs: &[&str], wish: Wish<'_>) -> Result<Chosen, Problem> {
    let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
    let variable = |name: &str| variables.get(name).map(|value| (*value).to_owned());
    let has_program = |name: &str| programs.contains(&name);
    choose(&Surroundings { variable: &variable, has_program: &has_program }, wish)
}

fn method(variables: &[(&str, &str)]) -> Result<(Method, String), String> {
    let chosen = chosen(variables, &["az", "azd"], Wish::default());
    chosen.map(|chosen| (chosen.method, chosen.from)).map_err(|problem| problem.says)
}

const OWN: [(&str, &str); 2] = [("POWERGRANT_TENANT_ID", "t"), ("POWERGRANT_CLIENT_ID", "c")];
const PIPELINE: [(&str, &str); 2] = [("SYSTEM_OIDCREQUESTURI", "https://dev.azure.com/x"), ("SYSTEM_ACCESSTOKEN", "a")];
const JOB: [(&str, &str); 2] =
    [("ACTIONS_ID_TOKEN_REQUEST_URL", "https://x/?a=b"), ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "a")];

#[test]
fn the_first_evidence_decides() {
    let pem = crate::tenant::tests::PEM;
    let evidence: [(&str, &str, Method); 4] = [
        ("POWERGRANT_TOKEN_COMMAND", "print", Method::Command),
        ("POWERGRANT_CLIENT_SECRET", "s", Method::ClientSecret),
        ("POWERGRANT_CLIENT_CERTIFICATE", pem, Method::Certificate),
        ("POWERGRANT_FEDERATED_TOKEN_FILE", "/f", Method::WorkloadIdentity),
    ];
    let mut variables =
        [&OWN[..], &PIPELINE, &JOB, &[("IDENTITY_ENDPOINT", "http://localhost"), ("IDENTITY_HEADER", "h")]].concat();
    assert_eq!(method(&variables).unwrap().0, Method::AzurePipelines);
    for (name, value, expected) in evidence.iter().rev() {
        variables.push((name, value));
        assert_eq!(method(&variables).unwrap(), (*expected, "POWERGRANT_*".to_owned()));
    }
    assert_eq!(method(&[&OWN[..], &JOB].concat()).unwrap().0, Method::GithubOidc);
    let identity = [("IDENTITY_ENDPOINT", "http://localhost"), ("IDENTITY_HEADER", "h")];
    assert_eq!(method(&identity).unwrap().0, Method::ManagedIdentity);
}

#[test]
fn without_any_variable_it_is_whoever_is_signed_in_here_and_never_the_metadata_service() {
    let of = |programs: &[&str]| chosen(&[], programs, Wish::default()).map(|chosen| chosen.method);
    assert_eq!(of(&["az", "azd"]), Ok(Method::AzureCli));
    assert_eq!(of(&["azd"]), Ok(Method::Azd));
    let metadata = [("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:4141")];
    assert_eq!(chosen(&metadata, &["az"], Wish::default()).map(|chosen| chosen.method), Ok(Method::AzureCli));
    assert!(of(&[]).unwrap_err().says.contains("no identity to sign in as"));
}

#[test]
fn families_are_never_mixed() {
    let mixed = [("POWERGRANT_CLIENT_ID", "c"), ("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_SECRET", "s")];
    let asked = Wish { method: Some(Method::ClientSecret), ..Wish::default() };
    let problem = chosen(&mixed, &[], asked).unwrap_err();
    assert_eq!(
        problem.says,
        "client-secret from POWERGRANT_*: POWERGRANT_TENANT_ID, POWERGRANT_CLIENT_SECRET not set; AZURE_* is set too, and two families are never mixed"
    );
    let whole =
        [("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_ID", "c"), ("AZURE_CLIENT_SECRET", "s"), ("ARM_CLIENT_SECRET", "no")];
    let chosen = chosen(&whole, &[], Wish::default()).unwrap();
    assert_eq!(chosen.from, "AZURE_*");
    let expected = Credentials::ClientSecret { tenant: "t".into(), client_id: "c".into(), secret: Secret::new("s") };
    assert_eq!(chosen.credentials, expected);
}

#[test]
fn a_document_that_names_a_prefix_means_it() {
    let variables = [
        ("POWERGRANT_CLIENT_SECRET", "s"),
        ("PROD_TENANT_ID", "t"),
        ("PROD_CLIENT_ID", "c"),
        ("PROD_CLIENT_SECRET", "p"),
    ];
    let wish = Wish { prefix: Some("PROD"), ..Wish::default() };
    assert_eq!(chosen(&variables, &["az"], wish).unwrap().from, "PROD_*");
    let problem = chosen(&variables[..1], &["az"], wish).unwrap_err();
    assert!(problem.says.contains("nothing is set of PROD_CLIENT_SECRET"), "{problem}");
    let asked = Wish { method: Some(Method::AzureCli), tenant: Some("contoso.com"), ..wish };
    let expected = Credentials::AzureCli { tenant: Some("contoso.com".to_owned()) };
    assert_eq!(chosen(&[], &["az"], asked).unwrap().credentials, expected);
}

#[test]
fn a_job_that_nothing_was_given_to_is_told_what_its_pipeline_has_to_give() {
    let wish = Wish { prefix: Some("PROD"), ..Wish::default() };
    let problem = |variables: &[(&str, &str)]| chosen(variables, &["az"], wish).unwrap_err();
    let application = [("PROD_TENANT_ID", "t"), ("PROD_CLIENT_ID", "c")];
    let unmapped = problem(&[&application[..], &PIPELINE[..1]].concat());
    assert!(unmapped.next.contains("map SYSTEM_ACCESSTOKEN to $(System.AccessToken)"), "{}", unmapped.next);
    let forbidden = problem(&[&application[..], &[("GITHUB_ACTIONS", "true")]].concat());
    assert!(forbidden.next.contains("`permissions: id-token: write`"), "{}", forbidden.next);
    let nameless = problem(&[&JOB[..], &[("GITHUB_ACTIONS", "true")]].concat());
    assert_eq!(nameless.next, "to sign in as this job of GitHub Actions, set PROD_TENANT_ID and PROD_CLIENT_ID");
    let elsewhere = problem(&[("AZURE_CLIENT_ID", "c"), ("POWERGRANT_CLIENT_SECRET", "s")]);
    assert_eq!(
        elsewhere.says,
        "there is no identity to sign in as: nothing is set of PROD_CLIENT_SECRET and the like; variables of POWERGRANT_* and AZURE_* \
         are set, and `credentials: PROD` of the Environment document means its own alone"
    );
    assert!(elsewhere.next.contains("`--sandbox`"), "{}", elsewhere.next);
}

#[test]
fn what_is_asked_for_is_chosen_or_fails() {
    let secret = [&OWN[..], &[("POWERGRANT_CLIENT_SECRET", "s"), ("POWERGRANT_AUTH", "github-oidc")]].concat();
    assert_eq!(
        method(&secret).unwrap_err(),
        "github-oidc from POWERGRANT_*: ACTIONS_ID_TOKEN_REQUEST_URL, ACTIONS_ID_TOKEN_REQUEST_TOKEN not set"
    );
    let wrong = [("POWERGRANT_AUTH", "auto")];
    assert!(method(&wrong).unwrap_err().contains("`auto`, which is no way to sign in"));
}

#[test]
fn the_verb_is_chosen_by_the_address_that_is_set_and_never_by_the_service_connection() {
    let family = [
        ("ARM_TENANT_ID", "t"),
        ("ARM_CLIENT_ID", "c"),
        ("ARM_USE_OIDC", "true"),
        ("ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID", "n"),
    ];
    assert_eq!(method(&[&family[..], &JOB].concat()).unwrap().0, Method::GithubOidc);
    assert_eq!(method(&[&family[..3], &PIPELINE].concat()).unwrap().0, Method::AzurePipelines);
}

#[test]
fn inside_of_an_azure_cli_task_the_connection_names_itself() {
    let task = [
        ("AZURESUBSCRIPTION_TENANT_ID", "t"),
        ("AZURESUBSCRIPTION_CLIENT_ID", "c"),
        ("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "n"),
    ];
    let chosen = chosen(&[&task[..], &PIPELINE].concat(), &["az"], Wish::default()).unwrap();
    let source = Federation::AzurePipelines {
        url: "https://dev.azure.com/x".to_owned(),
        token: Secret::new("a"),
        connection: Some("n".to_owned()),
    };
    assert_eq!(chosen.credentials, Credentials::Federated { tenant: "t".into(), client_id: "c".into(), source });
}

#[test]
fn the_flags_of_other_tools_are_honoured() {
    for (name, expected) in [
        ("POWER_PLATFORM_USE_CLI", Method::AzureCli),
        ("POWER_PLATFORM_USE_DEV_CLI", Method::Azd),
        ("ARM_USE_MSI", Method::ManagedIdentity),
    ] {
        assert_eq!(method(&[(name, "true")]).unwrap().0, expected, "{name}");
        assert_eq!(method(&[(name, "false")]).unwrap().0, Method::AzureCli, "{name}");
    }
}

#[test]
fn a_managed_identity_is_of_an_app_a_server_or_when_asked_for_a_machine() {
    let source = |variables: &[(&str, &str)]| {
        let wish = Wish { method: Some(Method::ManagedIdentity), ..Wish::default() };
        chosen(variables, &[], wish).map(|chosen| chosen.credentials).map_err(|problem| problem.says)
    };
    let of = |source, client_id: Option<&str>| {
        Ok(Credentials::ManagedIdentity { source, client_id: client_id.map(str::to_owned) })
    };
    assert_eq!(source(&[("AZURE_CLIENT_ID", "c")]), of(ManagedIdentity::Machine { host: None }, Some("c")));
    let instead = ManagedIdentity::Machine { host: Some("http://127.0.0.1:4141".to_owned()) };
    assert_eq!(source(&[("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:4141")]), of(instead, None));
    let app = ManagedIdentity::AppService { endpoint: "http://e".to_owned(), header: Secret::new("h") };
    assert_eq!(source(&[("IDENTITY_ENDPOINT", "http://e"), ("IDENTITY_HEADER", "h")]), of(app, None));
    let server = ManagedIdentity::Arc { endpoint: "http://e".to_owned(), keys: "/var/opt/azcmagent/tokens".into() };
    if cfg!(unix) {
        assert_eq!(source(&[("IDENTITY_ENDPOINT", "http://e"), ("IMDS_ENDPOINT", "http://i")]), of(server, None));
    }
    assert!(source(&[("IDENTITY_SERVER_THUMBPRINT", "x")]).unwrap_err().contains("Service Fabric"));
}
