//! What is wrong with an application, a job or a clock.
use super::{Case, ENTRA, TOKEN, granted};
use crate::desk::{shown, text};
use crate::proxied::{APPLICATION, PUBLIC, Stage};
use crate::ways::{self, CONNECTION};

#[test]
fn what_is_wrong_with_an_application_or_a_job_is_explained() {
    let stage = Stage::public();
    let secret = ways::client_secret(&stage);
    let certificate = ways::certificate(&stage);
    stage.desk.write("not.pem", "hunter2");
    stage.desk.write("expired.pem", &expired(&stage));
    stage.desk.write("garbage", "hunter2");
    let (pod, pipelines, github) =
        (ways::workload_identity(&stage), ways::azure_pipelines(&stage), ways::github_oidc(&stage));
    let file = "POWERGRANT_PROD_CLIENT_CERTIFICATE_FILE";
    let of_pipelines =
        pipelines.variables.iter().find(|(name, _)| name.starts_with("SYSTEM_OIDC")).expect("set").1.clone();
    let of_github = github.variables.iter().find(|(name, _)| name.ends_with("REQUEST_URL")).expect("set").1.clone();
    let of_job = "(GitHub's token service GET 127.0.0.1:";
    let of_pipeline = "(Azure Pipelines' token service POST 127.0.0.1:";
    let cases = [
        Case::new(
            "wrong secret",
            secret.clone().with("POWERGRANT_PROD_CLIENT_SECRET", "hunter2").hiding("hunter2"),
            "401 AADSTS7000215 Invalid client secret provided.",
            ENTRA,
            "use the secret's value, not its id",
        ),
        Case::new(
            "unknown application",
            secret.clone().with("POWERGRANT_PROD_CLIENT_ID", CONNECTION),
            "AADSTS700016",
            ENTRA,
            "check the client id and the tenant",
        ),
        Case::new(
            "unknown tenant",
            secret.clone().with("POWERGRANT_PROD_TENANT_ID", CONNECTION),
            "AADSTS90002",
            "55555555-5555-5555-5555-555555555555/oauth2",
            "check the tenant's id",
        ),
        Case::new(
            "audience mismatch",
            secret.clone(),
            "the token is for `https://graph.microsoft.com`, and `https://contoso.crm4.dynamics.com` was asked for",
            "",
            "the scope that they are asked for",
        )
        .when(TOKEN, granted(&ways::token(&stage, "https://graph.microsoft.com", 0))),
        Case::new(
            "another tenant's token",
            secret.clone(),
            "the token is of tenant 55555555-5555-5555-5555-555555555555",
            "",
            "sign in to that tenant",
        )
        .when(TOKEN, granted(&ways::forged(&stage, "tid", CONNECTION))),
        Case::new(
            "another cloud's token",
            secret.clone(),
            "the token was issued by `sts.chinacloudapi.cn`",
            "",
            "correct `cloud:`",
        )
        .when(TOKEN, granted(&ways::forged(&stage, "iss", "https://sts.chinacloudapi.cn/x/"))),
        Case::new(
            "not a certificate",
            certificate.clone().with(file, "not.pem").hiding("hunter2"),
            "POWERGRANT_PROD_CLIENT_CERTIFICATE_FILE (`not.pem`): the certificate cannot be used",
            "POWERGRANT_PROD_",
            "give a file with certificate and RSA key",
        ),
        Case::new(
            "no file",
            certificate.clone().with(file, "nowhere.pem"),
            "names `nowhere.pem`, which cannot be read",
            "POWERGRANT_PROD_",
            "name a file that can be read",
        ),
        Case::new(
            "expired certificate",
            certificate.clone().with(file, "expired.pem"),
            "AADSTS700027",
            ENTRA,
            "certificate",
        ),
        Case::new(
            "no pod's file",
            pod.clone().with("POWERGRANT_PROD_FEDERATED_TOKEN_FILE", "nowhere"),
            "the token file `nowhere` cannot be read",
            "",
            "azure.workload.identity/use",
        ),
        Case::new(
            "a pod's file of garbage",
            pod.with("POWERGRANT_PROD_FEDERATED_TOKEN_FILE", "garbage").hiding("hunter2"),
            "AADSTS",
            ENTRA,
            "",
        ),
        Case::new(
            "no permission",
            github.clone().with("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "hunter2").hiding("hunter2"),
            "401",
            of_job,
            "id-token: write",
        ),
        Case::new(
            "not mapped",
            pipelines.clone().with("SYSTEM_ACCESSTOKEN", "hunter2").hiding("hunter2"),
            "401",
            of_pipeline,
            "map SYSTEM_ACCESSTOKEN",
        ),
        Case::new(
            "405 from the wrong verb",
            github.with("ACTIONS_ID_TOKEN_REQUEST_URL", of_pipelines),
            "405",
            "(GitHub's token service GET 127.0.0.1:",
            "choose `--auth azure-pipelines`",
        ),
        Case::new(
            "405 from the wrong verb",
            pipelines.clone().with("SYSTEM_OIDCREQUESTURI", of_github),
            "405",
            of_pipeline,
            "choose `--auth github-oidc`",
        ),
        Case::new(
            "an untrusted connection",
            pipelines.with("POWERGRANT_PROD_SERVICE_CONNECTION_ID", APPLICATION),
            "AADSTS700213",
            ENTRA,
            "subject `sc://contoso/powergrant/33333333-3333-3333-3333-333333333333`",
        ),
    ];
    for case in cases {
        case.run(&stage);
    }
}

/// A certificate of the application whose days are over, with its key.
fn expired(stage: &Stage) -> String {
    let key = ways::PEM.split_at(ways::PEM.find("-----BEGIN CERT").expect("a certificate")).0;
    let pair = rcgen::KeyPair::from_pem(key).expect("a key");
    let mut about = rcgen::CertificateParams::new(vec!["app.example".to_owned()]).expect("a name");
    (about.not_before, about.not_after) = (rcgen::date_time_ymd(2020, 1, 1), rcgen::date_time_ymd(2021, 1, 1));
    let certificate = about.self_signed(&pair).expect("a certificate").pem();
    ways::trust_certificate(stage, &certificate);
    format!("{key}{certificate}")
}

#[test]
fn a_clock_that_is_wrong_is_named_as_the_cause_whichever_way_is_taken() {
    let early = Stage::at("public", PUBLIC, |options| powergrant::sandbox::Options {
        now: || jiff::Timestamp::now().as_second() + 3_600,
        ..options
    });
    let late = Stage::at("public", PUBLIC, |options| powergrant::sandbox::Options {
        now: || jiff::Timestamp::now().as_second() - 7_200,
        ..options
    });
    let from = "the token holds from";
    let until = "the token has expired at";
    Case::new(
        "an early clock",
        ways::client_secret(&early),
        from,
        "and the clock here shows",
        "set this machine's clock",
    )
    .run(&early);
    Case::new(
        "a late clock",
        ways::client_secret(&late),
        until,
        "and the clock here shows",
        "set this machine's clock",
    )
    .run(&late);
    Case::new("an early clock", ways::certificate(&early), "AADSTS700024", ENTRA, "set this machine's clock")
        .run(&early);
    Case::new("a late clock", ways::certificate(&late), "AADSTS700024", ENTRA, "set this machine's clock").run(&late);
    Case::new("an early clock", ways::managed_identity(&early), from, "", "set this machine's clock").run(&early);
    Case::new("an early clock", ways::machine(&early), from, "", "set this machine's clock").run(&early);
    Case::new("an early clock", ways::github_oidc(&early), from, "", "set this machine's clock").run(&early);
}

#[test]
fn a_pfx_file_is_read_or_says_what_is_missing() {
    let stage = Stage::public();
    let file = "POWERGRANT_PROD_CLIENT_CERTIFICATE_FILE";
    if !cfg!(feature = "pfx") {
        let says = "a PFX file, which this build of powergrant does not read";
        return Case::new("another build", ways::pfx(&stage), says, file, "--features pfx").run(&stage);
    }
    let whoami = ways::pfx(&stage).run(&stage, &["whoami", "-v", "."]);
    assert!(text(&whoami.stdout).contains("Nothing is missing."), "{}", shown(&whoami));
    let password = "POWERGRANT_PROD_CLIENT_CERTIFICATE_PASSWORD";
    let wrong = ways::pfx(&stage).with(password, "hunter3").hiding("hunter");
    Case::new(
        "a wrong password",
        wrong,
        "its password is not that of the PFX file",
        file,
        "_CLIENT_CERTIFICATE_PASSWORD",
    )
    .run(&stage);
    let none = ways::pfx(&stage).with(password, "");
    Case::new("no password", none, "no variable holds it", file, "_CLIENT_CERTIFICATE_PASSWORD").run(&stage);
    stage.desk.write("half.pfx", "");
    let half =
        std::fs::read(stage.desk.path("half.pfx")).map(|_| ways::pfx(&stage).with(file, "half.pfx")).expect("a file");
    Case::new("an empty file", half, "the certificate cannot be used", file, "give a file").run(&stage);
}
